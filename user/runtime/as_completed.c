/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tasks or futures in the order in which they get done: each has a callback that puts its place
 * into a queue.
 *
 * The callbacks own references of the object. As long as there are any, the loop is open.
 */
#include "runtime.h"
#include <errno.h>
#include <stdlib.h>

struct item {
	struct async_as_completed *completed;
	struct async_future *future;
	struct async_handle handle; /* of its callback, which keeps the future */
	size_t arrived;		    /* which one came as the nth, when this is the nth */
};

struct async_as_completed {
	struct async_future future; /* for its references, and for tracers */
	struct async_future *next;  /* what is awaited until the next one is there, or null */
	struct timer timer;
	bool expired;
	size_t count, arrived, handed;
	struct item items[];
};

static void free_completed(struct async_future *future)
{
	struct async_as_completed *completed =
		container_of(future, struct async_as_completed, future);

	async_future_unref(completed->next);
	free(completed);
}

static void wake(struct async_as_completed *completed)
{
	if (async_future_done(completed->next))
		return;
	async__future_finish(completed->next, FINISHED, 0);
}

/* No longer waits for anything. */
static void unwatch(struct async_as_completed *completed)
{
	size_t i;

	heap_remove(&completed->future.loop->timers, &completed->timer.node);
	for (i = 0; i < completed->count; i++)
		async_handle_cancel(completed->items[i].handle);
}

static void arrive(struct item *item)
{
	struct async_as_completed *completed = item->completed;

	completed->items[completed->arrived++].arrived = item - completed->items;
}

static void time_is_up(struct timer *timer)
{
	struct async_as_completed *completed =
		container_of(timer, struct async_as_completed, timer);
	size_t i;

	completed->expired = true;
	for (i = 0; i < completed->count; i++) {
		struct item *item = &completed->items[i];

		/* It came in time, and only its callback comes too late. */
		if (!async_handle_done(item->handle) && async_future_done(item->future))
			arrive(item);
	}
	unwatch(completed);
	wake(completed);
}

static void on_done(struct async_future *future, void *arg)
{
	struct item *item = arg;
	struct async_as_completed *completed = item->completed;

	(void)future;
	arrive(item);
	if (completed->arrived == completed->count)
		heap_remove(&completed->future.loop->timers, &completed->timer.node);
	wake(completed);
	async_future_unref(&completed->future);
}

static struct async_as_completed *completed_new(struct async_loop *loop, size_t count)
{
	struct async_as_completed *completed =
		calloc(1, sizeof(*completed) + count * sizeof(*completed->items));

	if (!completed)
		return NULL;
	async__future_init(&completed->future, loop, AT_WAIT);
	completed->future.number = async__number(&loop->wait_numbers, AT_WAIT);
	completed->future.free = free_completed;
	completed->timer.node.index = HEAP_NONE;
	completed->timer.fire = time_is_up;
	completed->count = count;
	return completed;
}

struct async_as_completed *async_as_completed_futures(struct async_future *const futures[],
						      size_t count, double timeout)
{
	struct async_loop *loop = async__loop_of(futures, count);
	uint64_t when_ns = async__deadline(loop, timeout);
	struct async_as_completed *completed;
	size_t i;

	if (!loop || heap_reserve(&loop->timers, loop->timers.count + 1))
		return NULL;
	completed = completed_new(loop, count);
	if (!completed)
		return NULL;
	for (i = 0; i < count; i++) {
		struct item *item = &completed->items[i];

		item->completed = completed;
		item->future = futures[i];
		item->handle = async__future_depend(futures[i], on_done, item,
						    async_future_ref(&completed->future));
		if (!item->handle.serial) {
			async_as_completed_free(completed);
			return NULL;
		}
	}
	if (count && when_ns != UINT64_MAX)
		heap_add(&loop->timers, &completed->timer.node, when_ns);
	return completed;
}

struct async_as_completed *async_as_completed_tasks(struct async_task *const tasks[], size_t count,
						    double timeout)
{
	struct async_future **futures = reallocarray(NULL, count + 1, sizeof(*futures));
	struct async_as_completed *completed;
	size_t i;

	if (!futures)
		return NULL;
	for (i = 0; i < count; i++)
		futures[i] = async_task_future(tasks[i]);
	completed = async_as_completed_futures(futures, count, timeout);
	free(futures);
	return completed;
}

static int64_t wait_for_next(struct async_as_completed *completed)
{
	int64_t result;

	if (completed->next)
		return async__fail_plain(-EBUSY);
	completed->next =
		async__future_new(completed->future.loop, AT_WAIT, completed->future.number);
	result = async_await_future(async_future_ref(completed->next));
	async_future_unref(completed->next);
	completed->next = NULL;
	return result;
}

int64_t async_as_completed_next(struct async_as_completed *completed, size_t *index)
{
	if (!current_task())
		return -EPERM;
	if (!completed)
		return async__fail_plain(-ENOMEM);
	while (completed->handed == completed->arrived) {
		int64_t result;

		if (completed->handed == completed->count)
			return 0;
		if (completed->expired)
			return async__timed_out(current_task());
		result = wait_for_next(completed);
		if (result < 0)
			return result;
	}
	*index = completed->items[completed->handed++].arrived;
	return 1;
}

void async_as_completed_free(struct async_as_completed *completed)
{
	if (!completed)
		return;
	if (completed->future.references > 1)
		unwatch(completed);
	async_future_unref(&completed->future);
}
