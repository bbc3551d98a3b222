/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls and coroutines from other threads, as asyncio's RunCoroutineThreadsafeTests has the latter.
 */
#include <async.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { THREADS = 4, CALLS = 10000 };

static struct async_loop *loop;

static int setup(void **state)
{
	(void)state;
	return async_loop_new(&loop);
}

static int teardown(void **state)
{
	(void)state;
	return async_loop_close(loop);
}

static void stop(void *arg)
{
	(void)arg;
	async_loop_stop(loop);
}

/*
 * --- Callbacks
 * -----------------------------------------------------------------------------------
 */

static struct {
	int last[THREADS]; /* number of each thread's last call */
	int calls, disorder;
	pthread_t thread;
	bool timely;
} heard;

static void hear(void *arg)
{
	intptr_t number = (intptr_t)arg;
	int *last = &heard.last[number / CALLS];

	heard.disorder += number % CALLS != *last;
	*last = number % CALLS + 1;
	heard.thread = pthread_self();
	if (++heard.calls == THREADS * CALLS)
		async_loop_stop(loop);
}

static void *call_often(void *arg)
{
	intptr_t first = (intptr_t)arg * CALLS, i;

	for (i = 0; i < CALLS; i++)
		async_call_soon_threadsafe(loop, hear, (void *)(first + i));
	return NULL;
}

static void call_soon_threadsafe__all_arrive_in_order(void **state)
{
	pthread_t threads[THREADS];
	intptr_t i;

	(void)state;
	memset(&heard, 0, sizeof(heard));
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, call_often, (void *)i), 0);
	async_loop_run_forever(loop);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(heard.calls, THREADS * CALLS);
	assert_int_equal(heard.disorder, 0);
	assert_true(pthread_equal(heard.thread, pthread_self()));
}

static void *stop_when_it_sleeps(void *arg)
{
	(void)arg;
	usleep(2000);
	async_call_soon_threadsafe(loop, stop, NULL);
	return NULL;
}

/* Without the wake-up it would never end. */
static void call_soon_threadsafe__wakes_the_loop(void **state)
{
	pthread_t thread;

	(void)state;
	pthread_create(&thread, NULL, stop_when_it_sleeps, NULL);
	assert_int_equal(async_loop_run_forever(loop), 0);
	pthread_join(thread, NULL);
}

static void count(void *arg)
{
	++*(int *)arg;
}

static void call_soon_threadsafe__before_the_loop_runs(void **state)
{
	int calls = 0;

	(void)state;
	assert_int_equal(async_call_soon_threadsafe(loop, count, &calls), 0);
	assert_int_equal(async_call_soon_threadsafe(loop, stop, NULL), 0);
	assert_int_equal(calls, 0);
	async_loop_run_forever(loop);
	assert_int_equal(calls, 1);
}

/* From a callback: not in this iteration, and after what was called by the loop's own thread. */
static void call_from_within(void *arg)
{
	async_call_soon_threadsafe(loop, count, arg);
	heard.timely = *(int *)arg == 0;
	async_call_soon_threadsafe(loop, stop, NULL);
}

static void call_soon_threadsafe__by_the_loop_itself(void **state)
{
	int calls = 0;

	(void)state;
	async_call_soon(loop, call_from_within, &calls);
	async_loop_run_forever(loop);
	assert_true(heard.timely);
	assert_int_equal(calls, 1);
}

static void call_soon_threadsafe__closed_loop_drops_it(void **state)
{
	struct async_loop *other;
	int calls = 0;

	(void)state;
	assert_int_equal(async_loop_new(&other), 0);
	assert_int_equal(async_call_soon_threadsafe(other, count, &calls), 0);
	assert_int_equal(async_loop_close(other), 0);
	assert_int_equal(calls, 0);
}

/*
 * --- Coroutines
 * ----------------------------------------------------------------------------------
 */

static struct {
	struct async_concurrent_future *future;
	int64_t result, early;
	char message[32];
	bool cancelled, cancelled_again, done, ran;
	int64_t met;
	sem_t sleeps;
} asked;

static ASYNC(adds, int, a, int, b)
{
	asked.ran = true;
	async_sleep(0);
	return a + b;
}

static ASYNC(fails)
{
	return async_fail(-EPROTO, "it is %d", 5);
}

static ASYNC(sleeps)
{
	sem_post(&asked.sleeps);
	asked.met = async_sleep(3600);
	return asked.met;
}

static ASYNC(sleeps_on)
{
	sem_post(&asked.sleeps);
	asked.met = async_sleep(3600);
	return 7;
}

static void ask(struct async_coroutine *coroutine)
{
	memset(&asked, 0, sizeof(asked));
	sem_init(&asked.sleeps, 0, 0);
	asked.future = async_run_coroutine_threadsafe(coroutine, loop);
}

/* In another thread: waits, perhaps cancels what sleeps after a while, and stops the loop. */
static void *wait_for_result(void *arg)
{
	const char *message;

	if (arg) {
		sem_wait(&asked.sleeps);
		asked.early = async_concurrent_future_result(asked.future, *(double *)arg);
		asked.cancelled = async_concurrent_future_cancel(asked.future);
	}
	asked.result = async_concurrent_future_result(asked.future, -1);
	message = async_concurrent_future_message(asked.future);
	strcpy(asked.message, message ? message : "");
	asked.done = async_concurrent_future_done(asked.future);
	asked.cancelled_again = async_concurrent_future_cancel(asked.future);
	async_concurrent_future_free(asked.future);
	async_call_soon_threadsafe(loop, stop, NULL);
	return NULL;
}

static void run_with_waiter(double *timeout)
{
	pthread_t thread;

	pthread_create(&thread, NULL, wait_for_result, timeout);
	async_loop_run_forever(loop);
	pthread_join(thread, NULL);
}

static void run_coroutine_threadsafe__result(void **state)
{
	(void)state;
	ask(adds(1, 2));
	run_with_waiter(NULL);
	assert_int_equal(asked.result, 3);
	assert_string_equal(asked.message, "");
	assert_true(asked.done);
	assert_false(asked.cancelled_again);
}

static void run_coroutine_threadsafe__exception_with_message(void **state)
{
	(void)state;
	ask(fails());
	run_with_waiter(NULL);
	assert_int_equal(asked.result, -EPROTO);
	assert_string_equal(asked.message, "it is 5");
}

static void run_coroutine_threadsafe__timeout_then_cancel(void **state)
{
	double timeout = 0.002;

	(void)state;
	ask(sleeps());
	run_with_waiter(&timeout);
	assert_int_equal(asked.early, -ETIMEDOUT);
	assert_true(asked.cancelled);
	assert_int_equal(asked.result, -ECANCELED);
	assert_int_equal(asked.met, -ECANCELED);
	assert_false(asked.cancelled_again);
}

static void run_coroutine_threadsafe__cancellation_is_swallowed(void **state)
{
	double timeout = 0.002;

	(void)state;
	ask(sleeps_on());
	run_with_waiter(&timeout);
	assert_true(asked.cancelled);
	assert_int_equal(asked.result, 7);
}

/* Both wait for the loop to take them up: the task is cancelled before its first step. */
static void run_coroutine_threadsafe__cancelled_before_it_begins(void **state)
{
	(void)state;
	ask(adds(1, 2));
	assert_true(async_concurrent_future_cancel(asked.future));
	assert_true(async_concurrent_future_cancel(asked.future));
	run_with_waiter(NULL);
	assert_int_equal(asked.result, -ECANCELED);
	assert_false(asked.ran);
}

static void run_coroutine_threadsafe__no_time_to_wait(void **state)
{
	(void)state;
	ask(adds(1, 2));
	assert_int_equal(async_concurrent_future_result(asked.future, 0), -ETIMEDOUT);
	run_with_waiter(NULL);
	assert_int_equal(asked.result, 3);
}

static ASYNC(asks_itself)
{
	struct async_concurrent_future *future = async_run_coroutine_threadsafe(adds(1, 2), loop);

	asked.early = async_concurrent_future_result(future, -1);
	while (!async_concurrent_future_done(future))
		async_sleep(0);
	asked.result = async_concurrent_future_result(future, -1);
	async_concurrent_future_free(future);
	return 0;
}

static void run_coroutine_threadsafe__in_the_loops_own_thread(void **state)
{
	(void)state;
	assert_int_equal(async_loop_run_until_complete(loop, asks_itself()), 0);
	assert_int_equal(asked.early, -EDEADLK);
	assert_int_equal(asked.result, 3);
}

static void run_coroutine_threadsafe__goes_on_when_it_is_given_up(void **state)
{
	(void)state;
	ask(adds(1, 2));
	async_concurrent_future_free(asked.future);
	while (async_all_tasks(loop, NULL, 0) || !asked.ran) {
		async_loop_stop(loop);
		async_loop_run_forever(loop);
	}
	assert_true(asked.ran);
}

static void run_coroutine_threadsafe__loop_closed_before_the_call(void **state)
{
	struct async_concurrent_future *future;
	struct async_loop *other;

	(void)state;
	assert_int_equal(async_loop_new(&other), 0);
	future = async_run_coroutine_threadsafe(adds(1, 2), other);
	assert_false(async_concurrent_future_done(future));
	async_loop_close(other);
	assert_true(async_concurrent_future_done(future));
	assert_int_equal(async_concurrent_future_result(future, -1), -ECANCELED);
	assert_false(async_concurrent_future_cancel(future));
	async_concurrent_future_free(future);
}

static void run_coroutine_threadsafe__loop_closed_with_the_task_pending(void **state)
{
	struct async_concurrent_future *future;
	struct async_loop *other;

	(void)state;
	assert_int_equal(async_loop_new(&other), 0);
	future = async_run_coroutine_threadsafe(sleeps(), other);
	async_loop_stop(other);
	async_loop_run_forever(other);
	assert_int_equal(async_all_tasks(other, NULL, 0), 1);
	/* It cannot be taken up any more. */
	assert_true(async_concurrent_future_cancel(future));
	async_loop_close(other);
	assert_int_equal(async_concurrent_future_result(future, -1), -ECANCELED);
	async_concurrent_future_free(future);
}

static void run_coroutine_threadsafe__null(void **state)
{
	(void)state;
	ask(NULL);
	run_with_waiter(NULL);
	assert_int_equal(asked.result, -ENOMEM);
	assert_int_equal(async_concurrent_future_result(NULL, 0), -ENOMEM);
	assert_true(async_concurrent_future_done(NULL));
	assert_null(async_concurrent_future_message(NULL));
	assert_false(async_concurrent_future_cancel(NULL));
	async_concurrent_future_free(NULL);
}

ASYNC(never_runs)
{
	return 0;
}

static void threadsafe__null_loop(void **state)
{
	(void)state;
	assert_int_equal(async_call_soon_threadsafe(NULL, stop, NULL), -EPERM);
	assert_null(async_run_coroutine_threadsafe(never_runs(), NULL));
	assert_null(async_run_coroutine_threadsafe(NULL, NULL));
}

#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void *stops_from_outside(void *arg)
{
	async_call_soon_threadsafe(arg, stop, NULL);
	return NULL;
}

/* The thread may still be inside of the call when the loop is closed. */
static void call_soon_threadsafe__that_ends_the_loop(void **state)
{
	pthread_t thread;
	int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		assert_int_equal(pthread_create(&thread, NULL, stops_from_outside, loop), 0);
		assert_int_equal(async_loop_run_forever(loop), 0);
		assert_int_equal(async_loop_close(loop), 0);
		pthread_join(thread, NULL);
		assert_int_equal(async_loop_new(&loop), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(call_soon_threadsafe__all_arrive_in_order),
		LOOP_TEST(call_soon_threadsafe__wakes_the_loop),
		LOOP_TEST(call_soon_threadsafe__before_the_loop_runs),
		LOOP_TEST(call_soon_threadsafe__by_the_loop_itself),
		LOOP_TEST(call_soon_threadsafe__closed_loop_drops_it),
		LOOP_TEST(run_coroutine_threadsafe__result),
		LOOP_TEST(run_coroutine_threadsafe__exception_with_message),
		LOOP_TEST(run_coroutine_threadsafe__timeout_then_cancel),
		LOOP_TEST(run_coroutine_threadsafe__cancellation_is_swallowed),
		LOOP_TEST(run_coroutine_threadsafe__cancelled_before_it_begins),
		LOOP_TEST(run_coroutine_threadsafe__no_time_to_wait),
		LOOP_TEST(run_coroutine_threadsafe__in_the_loops_own_thread),
		LOOP_TEST(run_coroutine_threadsafe__goes_on_when_it_is_given_up),
		LOOP_TEST(run_coroutine_threadsafe__loop_closed_before_the_call),
		LOOP_TEST(run_coroutine_threadsafe__loop_closed_with_the_task_pending),
		LOOP_TEST(run_coroutine_threadsafe__null),
		LOOP_TEST(threadsafe__null_loop),
		LOOP_TEST(call_soon_threadsafe__that_ends_the_loop),
	};

	return cmocka_run_group_tests_name("threadsafe", tests, NULL, NULL);
}
