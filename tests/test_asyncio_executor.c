/* SPDX-License-Identifier: BSD-2-Clause */
/* Jobs on threads: results, names, limits, cancellation, and all ways to shut down. */
#include <async.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MANY = 1000 };

/* What jobs do; raised and lowered by them, so with atomics. */
static struct {
	int began, ended, most, at_once;
	sem_t begun, go;
} jobs;

static struct {
	int64_t result, results[8], early;
	char message[64];
	bool cancelled, again, done, null;
} seen;

static struct async_executor *executor;

static int setup(void **state)
{
	(void)state;
	memset(&jobs, 0, sizeof(jobs));
	memset(&seen, 0, sizeof(seen));
	sem_init(&jobs.begun, 0, 0);
	sem_init(&jobs.go, 0, 0);
	return 0;
}

static int teardown_none(void **state)
{
	(void)state;
	executor = NULL;
	return 0;
}

static int teardown(void **state)
{
	async_executor_shutdown(executor, true);
	return teardown_none(state);
}

static int setup_pool(void **state)
{
	executor = async_thread_pool_executor_new(1, "pool");
	return setup(state);
}

static int64_t twice(void *arg)
{
	return 2 * (intptr_t)arg;
}

static int64_t fails(void *arg)
{
	return async_fail(-EPROTO, "no luck with %s", (const char *)arg);
}

static int64_t fails_plainly(void *arg)
{
	async_fail(-EPROTO, "this is another matter");
	return -(intptr_t)arg;
}

static int64_t counts(void *arg)
{
	int now = __atomic_add_fetch(&jobs.at_once, 1, __ATOMIC_RELAXED);
	int most = __atomic_load_n(&jobs.most, __ATOMIC_RELAXED);

	while (now > most && !__atomic_compare_exchange_n(&jobs.most, &most, now, false,
							  __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	__atomic_fetch_add(&jobs.began, 1, __ATOMIC_RELAXED);
	__atomic_fetch_sub(&jobs.at_once, 1, __ATOMIC_RELAXED);
	return (intptr_t)arg;
}

/* Lets the test know of its begin, and ends when it is told to. */
static int64_t blocks(void *arg)
{
	__atomic_fetch_add(&jobs.began, 1, __ATOMIC_RELAXED);
	sem_post(&jobs.begun);
	sem_wait(&jobs.go);
	__atomic_fetch_add(&jobs.ended, 1, __ATOMIC_RELAXED);
	return (intptr_t)arg;
}

static int began(void)
{
	return __atomic_load_n(&jobs.began, __ATOMIC_RELAXED);
}

static int ended(void)
{
	return __atomic_load_n(&jobs.ended, __ATOMIC_RELAXED);
}

static void note(int64_t result)
{
	const char *message = async_error_message(result);

	seen.result = result;
	strcpy(seen.message, message ? message : "");
}

/*
 * --- Results
 * -------------------------------------------------------------------------------------
 */

static ASYNC(runs, async_job *, job, void *, arg)
{
	note(async_await(async_run_in_executor(executor, job, arg)));
	return seen.result;
}

static void run_in_executor__result(void **state)
{
	(void)state;
	assert_int_equal(async_run(runs(twice, (void *)21)), 42);
}

static void run_in_executor__exception_with_message(void **state)
{
	(void)state;
	assert_int_equal(async_run(runs(fails, "dice")), -EPROTO);
	assert_string_equal(seen.message, "no luck with dice");
}

static void run_in_executor__exception_without_message(void **state)
{
	(void)state;
	assert_int_equal(async_run(runs(fails_plainly, (void *)EIO)), -EIO);
	assert_string_equal(seen.message, "");
}

static ASYNC(gathers)
{
	struct async_future *futures[8];
	intptr_t i;

	for (i = 0; i < 8; i++)
		futures[i] = async_run_in_executor(executor, twice, (void *)i);
	return async_await(async_gather(futures, 8, seen.results, 0));
}

static void run_in_executor__gathered(void **state)
{
	int i;

	(void)state;
	assert_int_equal(async_run(gathers()), 0);
	for (i = 0; i < 8; i++)
		assert_int_equal(seen.results[i], 2 * i);
}

static ASYNC(runs_many, int, count)
{
	static struct async_future *futures[MANY];
	int64_t sum = 0;
	intptr_t i;

	for (i = 0; i < count; i++)
		futures[i] = async_run_in_executor(executor, counts, (void *)i);
	for (i = 0; i < count; i++)
		sum += async_await(futures[i]);
	return sum;
}

static void run_in_executor__more_jobs_than_workers(void **state)
{
	(void)state;
	executor = async_thread_pool_executor_new(3, NULL);
	assert_int_equal(async_run(runs_many(MANY)), MANY * (MANY - 1) / 2);
	assert_int_equal(began(), MANY);
	assert_in_range(jobs.most, 1, 3);
}

static ASYNC(occupies, int, count, int, more)
{
	struct async_future *futures[8];
	int i;

	for (i = 0; i < count + more; i++)
		futures[i] = async_run_in_executor(executor, blocks, NULL);
	for (i = 0; i < count; i++)
		sem_wait(&jobs.begun);
	seen.early = began();
	for (i = 0; i < count + more; i++)
		sem_post(&jobs.go);
	return async_await(async_gather(futures, count + more, NULL, 0));
}

/* They run beside each other, and no more than there may be. */
static void run_in_executor__max_workers(void **state)
{
	(void)state;
	executor = async_thread_pool_executor_new(3, NULL);
	assert_int_equal(async_run(occupies(3, 2)), 0);
	assert_int_equal(seen.early, 3);
	assert_int_equal(ended(), 5);
}

static void run_in_executor__default_has_five_workers_at_least(void **state)
{
	(void)state;
	executor = async_thread_pool_executor_new(0, NULL);
	assert_int_equal(async_run(occupies(5, 0)), 0);
	assert_int_equal(seen.early, 5);
}

static void run_in_executor__outside_of_a_loop(void **state)
{
	(void)state;
	assert_null(async_run_in_executor(executor, twice, NULL));
	assert_null(async_run_in_executor(NULL, twice, NULL));
	assert_int_equal(async_to_thread(twice, NULL), -EPERM);
}

static ASYNC(sleeps_beside)
{
	struct async_future *future = async_run_in_executor(executor, blocks, (void *)5);

	sem_wait(&jobs.begun);
	async_sleep(0.001);
	seen.done = async_future_done(future);
	sem_post(&jobs.go);
	return async_await(future);
}

static void run_in_executor__loop_goes_on_meanwhile(void **state)
{
	(void)state;
	assert_int_equal(async_run(sleeps_beside()), 5);
	assert_false(seen.done);
}

static ASYNC(threads_in_use)
{
	int i;

	for (i = 0; i < 100; i++) {
		async_await(async_run_in_executor(executor, counts, NULL));
		/* It says that it is done before it is idle. */
		async_sleep(0.0005);
	}
	return 0;
}

static int threads_of_process(void)
{
	DIR *folder = opendir("/proc/self/task");
	int count = 0;

	while (readdir(folder))
		count++;
	closedir(folder);
	return count - 2;
}

/* A thread that was joined is still listed for a moment. True if that passes. */
static bool threads_end(int before)
{
	int tries = 10000;

	while (threads_of_process() > before && tries--)
		usleep(100);
	return tries > 0;
}

static int64_t count_threads(void *arg)
{
	(void)arg;
	return threads_of_process();
}

static void thread_pool__starts_no_thread_while_one_is_idle(void **state)
{
	(void)state;
	executor = async_thread_pool_executor_new(50, NULL);
	async_run(threads_in_use());
	assert_in_range(async_run(runs(count_threads, NULL)), 2, 25);
}

/*
 * --- Threads
 * -------------------------------------------------------------------------------------
 */

static int64_t tells_name(void *arg)
{
	pthread_getname_np(pthread_self(), arg, 16);
	strcpy((char *)arg + 16, async_thread_name());
	return 0;
}

static void thread_pool__names(void **state)
{
	char name[64];
	int number;

	(void)state;
	async_run(runs(tells_name, name));
	assert_string_equal(name, "pool_0");
	assert_string_equal(name + 16, "pool_0");
	async_executor_shutdown(executor, true);
	executor = async_thread_pool_executor_new(2, NULL);
	async_run(runs(tells_name, name));
	assert_string_equal(name, "ThreadPoolExe_0");
	assert_int_equal(sscanf(name + 16, "ThreadPoolExecutor-%d_0", &number), 1);
	async_executor_shutdown(executor, true);
	executor = NULL;
	async_run(runs(tells_name, name));
	assert_string_equal(name, "asyncio_0");
	assert_string_equal(async_thread_name(), "MainThread");
}

static void *asks_name(void *arg)
{
	pthread_setname_np(pthread_self(), "somebody");
	return strcpy(arg, async_thread_name());
}

static void thread_name__of_a_thread_of_nobody(void **state)
{
	char name[64];
	pthread_t thread;

	(void)state;
	pthread_create(&thread, NULL, asks_name, name);
	pthread_join(thread, NULL);
	assert_string_equal(name, "somebody");
}

static int64_t tells_mask(void *arg)
{
	sigset_t mask;

	(void)arg;
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	return sigismember(&mask, SIGINT) && sigismember(&mask, SIGCHLD) &&
	       !sigismember(&mask, SIGSEGV);
}

static void thread_pool__signals_are_blocked(void **state)
{
	sigset_t mask;

	(void)state;
	assert_int_equal(async_run(runs(tells_mask, NULL)), 1);
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	assert_false(sigismember(&mask, SIGINT));
}

/*
 * --- Cancellation
 * --------------------------------------------------------------------------------
 */

static ASYNC(cancels_queued)
{
	struct async_future *first = async_run_in_executor(executor, blocks, (void *)1);
	struct async_future *second = async_run_in_executor(executor, blocks, (void *)2);

	sem_wait(&jobs.begun);
	seen.cancelled = async_future_cancel(second);
	seen.again = async_future_cancel(second);
	seen.done = async_future_cancelled(second);
	sem_post(&jobs.go);
	seen.result = async_await(second);
	return async_await(first);
}

static void cancel__takes_back_what_no_worker_has_begun(void **state)
{
	(void)state;
	assert_int_equal(async_run(cancels_queued()), 1);
	assert_true(seen.cancelled);
	assert_false(seen.again);
	assert_true(seen.done);
	assert_int_equal(seen.result, -ECANCELED);
	assert_int_equal(async_run(runs(twice, (void *)4)), 8);
	assert_int_equal(began(), 1);
}

static ASYNC(cancels_running)
{
	struct async_future *future = async_run_in_executor(executor, blocks, (void *)1);

	sem_wait(&jobs.begun);
	seen.cancelled = async_future_cancel(future);
	seen.early = ended();
	sem_post(&jobs.go);
	seen.result = async_await(future);
	/* The only worker comes to this when it has done that. */
	return async_await(async_run_in_executor(executor, twice, (void *)4));
}

static void cancel__running_job_goes_on_unheard(void **state)
{
	(void)state;
	assert_int_equal(async_run(cancels_running()), 8);
	assert_true(seen.cancelled);
	assert_int_equal(seen.early, 0);
	assert_int_equal(seen.result, -ECANCELED);
	assert_int_equal(ended(), 1);
}

static ASYNC(awaits_job)
{
	seen.result = async_await(async_run_in_executor(executor, blocks, NULL));
	return seen.result;
}

static ASYNC(cancels_awaiter)
{
	struct async_task *task = async_create_task(awaits_job());

	async_sleep(0);
	sem_wait(&jobs.begun);
	async_task_cancel(task);
	seen.early = async_await(task);
	sem_post(&jobs.go);
	return 0;
}

static void cancel__of_the_task_that_awaits(void **state)
{
	(void)state;
	async_run(cancels_awaiter());
	assert_int_equal(seen.result, -ECANCELED);
	assert_int_equal(seen.early, -ECANCELED);
}

static ASYNC(finishes_it_himself)
{
	struct async_future *future = async_run_in_executor(executor, blocks, (void *)1);

	async_future_set_result(future, 9);
	sem_post(&jobs.go);
	async_await(async_run_in_executor(executor, twice, NULL));
	return async_await(future);
}

static void run_in_executor__future_that_the_caller_finished(void **state)
{
	(void)state;
	assert_int_equal(async_run(finishes_it_himself()), 9);
}

/*
 * --- Shutting down
 * -------------------------------------------------------------------------------
 */

static struct async_future *kept;

static ASYNC(leaves_running, int, count)
{
	int i;

	for (i = 0; i < count; i++) {
		async_future_unref(kept);
		kept = async_run_in_executor(executor, blocks, NULL);
	}
	sem_wait(&jobs.begun);
	return 0;
}

static void shutdown__waits_for_all_that_were_given(void **state)
{
	struct async_loop *loop;
	int i;

	(void)state;
	async_loop_new(&loop);
	async_loop_run_until_complete(loop, leaves_running(4));
	assert_int_equal(began(), 1);
	for (i = 0; i < 4; i++)
		sem_post(&jobs.go);
	assert_int_equal(async_executor_shutdown(executor, true), 0);
	assert_int_equal(ended(), 4);
	/* It still hears of them, though the executor is no more. */
	assert_false(async_future_done(kept));
	assert_int_equal(async_loop_run_until_complete(loop, kept), 0);
	kept = NULL;
	async_loop_close(loop);
}

static void shutdown__without_waiting_cancels_what_waits(void **state)
{
	struct async_loop *loop;

	(void)state;
	async_loop_new(&loop);
	async_loop_run_until_complete(loop, leaves_running(4));
	assert_int_equal(async_executor_shutdown(executor, false), 0);
	assert_int_equal(async_loop_run_until_complete(loop, async_future_ref(kept)), -ECANCELED);
	assert_int_equal(ended(), 0);
	sem_post(&jobs.go);
	while (!ended())
		usleep(100);
	assert_int_equal(began(), 1);
	async_loop_close(loop);
	async_future_unref(kept);
	kept = NULL;
}

static void shutdown__of_an_unused_executor(void **state)
{
	(void)state;
	assert_int_equal(async_executor_shutdown(async_thread_pool_executor_new(3, NULL), true), 0);
	assert_int_equal(async_executor_shutdown(async_thread_pool_executor_new(3, NULL), false),
			 0);
	assert_int_equal(async_executor_shutdown(NULL, true), 0);
}

static int64_t shuts_down(void *arg)
{
	return async_executor_shutdown(arg, false);
}

static void shutdown__by_its_own_thread(void **state)
{
	(void)state;
	assert_int_equal(async_run(runs(shuts_down, executor)), -EDEADLK);
	assert_int_equal(async_run(runs(twice, (void *)1)), 2);
}

static void close__while_jobs_run(void **state)
{
	struct async_loop *loop;

	(void)state;
	async_loop_new(&loop);
	async_loop_run_until_complete(loop, leaves_running(3));
	async_loop_close(loop);
	assert_true(async_future_cancelled(kept));
	assert_false(async_future_cancel(kept));
	sem_post(&jobs.go);
	async_executor_shutdown(executor, true);
	/* Those that had not begun did not. */
	assert_int_equal(began(), 1);
	assert_int_equal(ended(), 1);
	async_future_unref(kept);
	kept = NULL;
}

static void close__after_the_job_ended_unheard(void **state)
{
	struct async_loop *loop;

	(void)state;
	async_loop_new(&loop);
	async_loop_run_until_complete(loop, leaves_running(1));
	sem_post(&jobs.go);
	async_executor_shutdown(executor, true);
	async_loop_close(loop);
	assert_int_equal(async_future_result(kept), -ECANCELED);
	async_future_unref(kept);
	kept = NULL;
}

static ASYNC(awaits_forever)
{
	return async_await(async_run_in_executor(executor, blocks, NULL));
}

static ASYNC(leaves_awaiter)
{
	async_task_detach(async_create_task(awaits_forever()));
	async_sleep(0);
	sem_wait(&jobs.begun);
	return 0;
}

static void close__while_a_task_awaits_a_job(void **state)
{
	struct async_loop *loop;

	(void)state;
	async_loop_new(&loop);
	async_loop_run_until_complete(loop, leaves_awaiter());
	async_loop_close(loop);
	sem_post(&jobs.go);
}

/* The loop does not wait for its own executor when it is closed. */
static void close__while_the_default_executor_works(void **state)
{
	struct async_loop *loop;

	(void)state;
	async_loop_new(&loop);
	async_loop_run_until_complete(loop, leaves_awaiter());
	async_loop_close(loop);
	assert_int_equal(ended(), 0);
	sem_post(&jobs.go);
	while (!ended())
		usleep(100);
}

/* Loops come and go while jobs of theirs end: nobody may meet a loop that is gone. */
static void close__races_with_ends(void **state)
{
	int i;

	(void)state;
	executor = async_thread_pool_executor_new(2, NULL);
	for (i = 0; i < 300; i++) {
		struct async_loop *loop;

		async_loop_new(&loop);
		async_loop_run_until_complete(loop, leaves_running(2));
		sem_post(&jobs.go);
		sem_post(&jobs.go);
		async_loop_close(loop);
		while (!sem_trywait(&jobs.begun))
			;
	}
	async_future_unref(kept);
	kept = NULL;
}

static ASYNC(uses_default, int, before)
{
	struct async_loop *loop = async_get_running_loop();

	seen.results[0] = async_to_thread(twice, (void *)3);
	seen.results[1] = async_loop_shutdown_default_executor(NULL);
	seen.done = threads_end(before);
	seen.results[3] = async_to_thread(twice, (void *)3);
	seen.results[4] = async_loop_shutdown_default_executor(loop);
	return 0;
}

static void default_executor__shutdown(void **state)
{
	(void)state;
	assert_int_equal(async_run(uses_default(threads_of_process())), 0);
	assert_int_equal(seen.results[0], 6);
	assert_int_equal(seen.results[1], 0);
	assert_true(seen.done);
	assert_int_equal(seen.results[3], -ENOMEM);
	assert_int_equal(seen.results[4], 0);
	assert_int_equal(async_loop_shutdown_default_executor(NULL), -EPERM);
}

static ASYNC(shuts_default)
{
	return seen.result = async_loop_shutdown_default_executor(async_get_running_loop());
}

static ASYNC(waits_for_default)
{
	struct async_future *future = async_run_in_executor(NULL, blocks, (void *)1);
	struct async_task *task = async_create_task(shuts_default());

	sem_wait(&jobs.begun);
	async_sleep(0.001);
	seen.done = async_task_done(task);
	sem_post(&jobs.go);
	seen.results[0] = async_await(task);
	return async_await(future);
}

static void default_executor__shutdown_waits_and_the_loop_runs(void **state)
{
	(void)state;
	assert_int_equal(async_run(waits_for_default()), 1);
	assert_false(seen.done);
	assert_int_equal(seen.results[0], 0);
}

static ASYNC(cancels_shutdown)
{
	struct async_task *task;

	async_future_unref(async_run_in_executor(NULL, blocks, (void *)1));
	task = async_create_task(shuts_default());
	sem_wait(&jobs.begun);
	async_sleep(0);
	async_task_cancel(task);
	seen.results[0] = async_await(task);
	return 0;
}

static void default_executor__shutdown_cancelled(void **state)
{
	struct async_loop *loop;

	(void)state;
	async_loop_new(&loop);
	assert_int_equal(async_loop_run_until_complete(loop, cancels_shutdown()), 0);
	assert_int_equal(seen.results[0], -ECANCELED);
	assert_int_equal(ended(), 0);
	async_loop_close(loop);
	sem_post(&jobs.go);
	while (!ended())
		usleep(100);
}

static ASYNC(leaves_default_running)
{
	async_future_unref(async_run_in_executor(NULL, blocks, NULL));
	sem_wait(&jobs.begun);
	sem_post(&jobs.go);
	return 0;
}

static void run__waits_for_the_default_executor(void **state)
{
	int before = threads_of_process();

	(void)state;
	async_run(leaves_default_running());
	assert_int_equal(ended(), 1);
	assert_true(threads_end(before));
}

static ASYNC(uses_processes)
{
	char byte = 0;

	seen.null = !async_run_in_process(executor, NULL, &byte, 1, &byte, 1);
	return 0;
}

static void run_in_process__of_threads(void **state)
{
	(void)state;
	async_run(uses_processes());
	assert_true(seen.null);
}

#define POOL_TEST(name)	  cmocka_unit_test_setup_teardown(name, setup_pool, teardown)
#define OWN_TEST(name)	  cmocka_unit_test_setup_teardown(name, setup, teardown)
#define CLOSED_TEST(name) cmocka_unit_test_setup_teardown(name, setup_pool, teardown_none)
#define NONE_TEST(name)	  cmocka_unit_test_setup_teardown(name, setup, teardown_none)

int main(void)
{
	const struct CMUnitTest tests[] = {
		POOL_TEST(run_in_executor__result),
		POOL_TEST(run_in_executor__exception_with_message),
		POOL_TEST(run_in_executor__exception_without_message),
		POOL_TEST(run_in_executor__gathered),
		OWN_TEST(run_in_executor__more_jobs_than_workers),
		OWN_TEST(run_in_executor__max_workers),
		OWN_TEST(run_in_executor__default_has_five_workers_at_least),
		POOL_TEST(run_in_executor__outside_of_a_loop),
		POOL_TEST(run_in_executor__loop_goes_on_meanwhile),
		OWN_TEST(thread_pool__starts_no_thread_while_one_is_idle),
		POOL_TEST(thread_pool__names),
		NONE_TEST(thread_name__of_a_thread_of_nobody),
		POOL_TEST(thread_pool__signals_are_blocked),
		POOL_TEST(cancel__takes_back_what_no_worker_has_begun),
		POOL_TEST(cancel__running_job_goes_on_unheard),
		POOL_TEST(cancel__of_the_task_that_awaits),
		POOL_TEST(run_in_executor__future_that_the_caller_finished),
		CLOSED_TEST(shutdown__waits_for_all_that_were_given),
		CLOSED_TEST(shutdown__without_waiting_cancels_what_waits),
		NONE_TEST(shutdown__of_an_unused_executor),
		POOL_TEST(shutdown__by_its_own_thread),
		CLOSED_TEST(close__while_jobs_run),
		CLOSED_TEST(close__after_the_job_ended_unheard),
		POOL_TEST(close__while_a_task_awaits_a_job),
		NONE_TEST(close__while_the_default_executor_works),
		OWN_TEST(close__races_with_ends),
		NONE_TEST(default_executor__shutdown),
		NONE_TEST(default_executor__shutdown_waits_and_the_loop_runs),
		NONE_TEST(default_executor__shutdown_cancelled),
		NONE_TEST(run__waits_for_the_default_executor),
		POOL_TEST(run_in_process__of_threads),
	};

	return cmocka_run_group_tests_name("asyncio_executor", tests, NULL, NULL);
}
