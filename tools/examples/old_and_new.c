/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What old code calls, and what takes its place. The compiler would name that for each of the old
 * names, were it not told to be quiet here.
 */
#include <async.h>
#include <stdio.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

enum { COUNT = 2, TASKS_MAX = 8 };

ASYNC(coro)
{
	puts("this works");
	return 0;
}

ASYNC(nap)
{
	return async_sleep(0.05);
}

ASYNC(ensure_future_deprecated)
{
	struct async_task *old = async_ensure_future(coro());
	struct async_task *new = async_create_task(coro());

	async_await(old);
	return async_await(new);
}

ASYNC(wait_deprecated)
{
	struct async_task *tasks[COUNT] = { async_create_task(nap()), async_create_task(nap()) };
	int64_t old = async_wait_loop(tasks, COUNT, async_get_running_loop());
	int64_t new = async_wait(tasks, COUNT, ASYNC_NO_TIMEOUT, ASYNC_ALL_COMPLETED);
	int i;

	for (i = 0; i < COUNT; i++)
		async_task_detach(tasks[i]);
	return old < 0 ? old : new;
}

ASYNC(tasks_deprecated)
{
	struct async_task *tasks[TASKS_MAX];
	size_t old = async_task_all_tasks(NULL, NULL, 0);
	size_t new = async_all_tasks(NULL, tasks, TASKS_MAX), i;

	printf("%zu and %zu tasks\n", old, new);
	for (i = 0; i < new &&i < TASKS_MAX; i++)
		async_task_detach(tasks[i]);
	return async_task_current_task() == async_current_task() ? 0 : -1;
}

ASYNC(passing_loop_deprecated)
{
	struct async_loop *loop = async_get_running_loop();

	async_sleep_loop(0.05, loop);
	async_sleep(0.05);
	async_wait_for_loop(async_create_task(nap()), 2, loop);
	return async_wait_for(async_create_task(nap()), 2);
}

ASYNC(async_main)
{
	async_await(ensure_future_deprecated());
	async_await(wait_deprecated());
	async_await(tasks_deprecated());
	return async_await(passing_loop_deprecated());
}

int main(void)
{
	struct async_loop *loop = async_get_event_loop();
	int64_t result;

	if (!loop)
		return 1;
	result = async_loop_run_until_complete(loop, async_main());
	async_loop_close(loop);
	return result < 0 ? result : async_run(async_main());
}
