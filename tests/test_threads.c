/* SPDX-License-Identifier: BSD-2-Clause */
/* Loops in several threads at once: each has its own tasks, and their numbers are nobody else's. */
#include <async.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { THREADS = 4, TASKS = 1000, ROUNDS = 3 };

struct worker {
	pthread_t thread;
	unsigned long numbers[ROUNDS * TASKS];
	size_t count;
	int64_t sums[ROUNDS];
	bool alone;
};

ASYNC(works, struct worker *, worker, int, number)
{
	unsigned long *name = &worker->numbers[worker->count++];
	int64_t err = async_sleep(number % 10 ? 0 : 0.0001);

	if (sscanf(async_task_get_name(async_current_task()), "Task-%lu", name) != 1)
		return -1;
	return err < 0 ? err : number;
}

ASYNC(runs_workers, struct worker *, worker)
{
	struct async_task *tasks[TASKS];
	int64_t sum = 0;
	int i;

	worker->alone = worker->alone && async_all_tasks(NULL, NULL, 0) == 1;
	for (i = 0; i < TASKS; i++)
		tasks[i] = async_create_task(works(worker, i));
	for (i = 0; i < TASKS; i++)
		sum += async_await(tasks[i]);
	return sum;
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	int i;

	for (i = 0; i < ROUNDS; i++)
		worker->sums[i] = async_run(runs_workers(worker));
	return NULL;
}

static int compare(const void *a, const void *b)
{
	unsigned long one = *(const unsigned long *)a, two = *(const unsigned long *)b;

	return (one > two) - (one < two);
}

static void loops__in_four_threads(void **state)
{
	static struct worker workers[THREADS];
	static unsigned long all[THREADS * ROUNDS * TASKS];
	size_t count = 0, i, j;

	(void)state;
	for (i = 0; i < THREADS; i++) {
		workers[i].alone = true;
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
	for (i = 0; i < THREADS; i++) {
		assert_true(workers[i].alone);
		assert_int_equal(workers[i].count, ROUNDS * TASKS);
		for (j = 0; j < ROUNDS; j++)
			assert_int_equal(workers[i].sums[j], TASKS * (TASKS - 1) / 2);
		for (j = 0; j < workers[i].count; j++)
			all[count++] = workers[i].numbers[j];
	}
	qsort(all, count, sizeof(all[0]), compare);
	for (i = 1; i < count; i++)
		assert_int_not_equal(all[i], all[i - 1]);
}

ASYNC(returns, int64_t, value)
{
	return value;
}

static void *run_loop(void *arg)
{
	return (void *)(intptr_t)async_loop_run_until_complete((struct async_loop *)arg,
							       returns(5));
}

static void loop__may_be_made_in_another_thread(void **state)
{
	struct async_loop *loop;
	pthread_t thread;
	void *result;

	(void)state;
	assert_int_equal(async_loop_new(&loop), 0);
	assert_int_equal(async_loop_run_until_complete(loop, returns(4)), 4);
	assert_int_equal(pthread_create(&thread, NULL, run_loop, loop), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_int_equal((intptr_t)result, 5);
	assert_int_equal(async_loop_close(loop), 0);
}

/* What the runtime keeps of it. */
pid_t async__thread_id(void);

static void thread__is_another_one_in_a_child(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(async__thread_id(), gettid());
	pid = fork();
	if (!pid)
		_exit(async__thread_id() != gettid());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loops__in_four_threads),
		cmocka_unit_test(loop__may_be_made_in_another_thread),
		cmocka_unit_test(thread__is_another_one_in_a_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
