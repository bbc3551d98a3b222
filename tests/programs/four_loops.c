/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Four loops in four threads, each with tasks that sleep. four_loops [TIMES] ends after so many
 * sleeps of each task.
 */
#include <async.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

#define LOOPS 4
#define TASKS 5

static long times;

ASYNC(nap, int, loop, long, time)
{
	return async_sleep_ns(1000000 + (loop * 7 + time * 13) % 5 * 300000);
}

ASYNC(sleeper, int, loop)
{
	long i;

	for (i = 0; i < times; i++)
		async_await(nap(loop, i));
	return 0;
}

ASYNC(loop_main, int, loop)
{
	struct async_task *tasks[TASKS];
	int i;

	for (i = 0; i < TASKS; i++)
		tasks[i] = async_create_task(sleeper(loop));
	for (i = 0; i < TASKS; i++)
		async_await(tasks[i]);
	return 0;
}

static void *run(void *loop)
{
	async_run(loop_main((intptr_t)loop));
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[LOOPS];
	intptr_t i;

	times = argc > 1 ? atol(argv[1]) : LONG_MAX;
	for (i = 0; i < LOOPS; i++)
		if (pthread_create(&threads[i], NULL, run, (void *)i))
			return 1;
	for (i = 0; i < LOOPS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
