/* SPDX-License-Identifier: BSD-2-Clause */
/* Old names. Calls at the end of a function are jumps: a task is created where its caller is. */
#include "runtime.h"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

/* The loop that a thread got while it ran none. It is the thread's until somebody closes it. */
static __thread struct async_loop *kept;

static struct async_loop *event_loop(void)
{
	if (async__running)
		return async__running;
	return kept && async__loop_is_open(kept) ? kept : NULL;
}

struct async_loop *async_get_event_loop(void)
{
	struct async_loop *loop = event_loop();

	if (loop)
		return loop;
	if (async_loop_new(&loop))
		return NULL;
	kept = loop;
	return loop;
}

struct async_task *async_ensure_future(struct async_coroutine *coroutine)
{
	return async_loop_create_task(event_loop(), coroutine);
}

struct async_task *async_task_current_task(void)
{
	return async_current_task();
}

size_t async_task_all_tasks(struct async_loop *loop, struct async_task *tasks[], size_t size)
{
	return async_all_tasks(loop ? loop : event_loop(), tasks, size);
}

int64_t async_sleep_loop(double seconds, struct async_loop *loop)
{
	(void)loop;
	return async_sleep(seconds);
}

int64_t async_wait_for_loop(struct async_task *task, double timeout, struct async_loop *loop)
{
	(void)loop;
	return async_wait_for_task(task, timeout);
}

int64_t async_wait_loop(struct async_task *tasks[], size_t count, struct async_loop *loop)
{
	(void)loop;
	return async_wait_tasks(tasks, count, ASYNC_NO_TIMEOUT, ASYNC_ALL_COMPLETED);
}

void async_set_coroutine_wrapper(struct async_coroutine *(*wrapper)(struct async_coroutine *))
{
	async__tracking_set(async__tracking.depth, wrapper);
}
