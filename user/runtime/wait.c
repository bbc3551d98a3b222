/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting for several tasks or futures: one future, completed by callbacks of theirs or by a timer.
 * The callbacks that are left are dropped by their handles, so that no list is searched.
 */
#include "runtime.h"
#include <errno.h>
#include <stdlib.h>

struct entry {
	struct async_future *future;
	struct async_future *sorted; /* in its place afterwards */
	struct async_handle handle;  /* of its callback */
};

struct wait {
	struct async_future future;
	struct timer timer;
	enum async_return_when when;
	size_t count, pending;
	struct entry entries[];
};

static struct wait *waiting_of(struct async_future *future)
{
	return container_of(future, struct wait, future);
}

static void free_waiting(struct async_future *future)
{
	struct wait *waiting = waiting_of(future);

	heap_remove(&future->loop->timers, &waiting->timer.node);
	free(waiting);
}

static void time_is_up(struct timer *timer)
{
	struct wait *waiting = container_of(timer, struct wait, timer);

	if (waiting->future.state == PENDING)
		async__future_finish(&waiting->future, FINISHED, 0);
}

/* One more is done: is that enough? */
static bool is_enough(struct wait *waiting, const struct async_future *future)
{
	if (!--waiting->pending || waiting->when == ASYNC_FIRST_COMPLETED)
		return true;
	return waiting->when == ASYNC_FIRST_EXCEPTION && !async_future_cancelled(future) &&
	       async_future_result(future) < 0;
}

static void on_done(struct async_future *future, void *arg)
{
	struct wait *waiting = waiting_of(arg);

	if (is_enough(waiting, future) && waiting->future.state == PENDING)
		async__future_finish(&waiting->future, FINISHED, 0);
	async_future_unref(&waiting->future);
}

/* 0 or -errno; its entries are to be filled then. */
static int waiting_new(struct wait **ret, size_t count, enum async_return_when when)
{
	struct async_loop *loop = async__running;
	struct wait *waiting;

	if (!current_task())
		return -EPERM;
	if (!count || when < ASYNC_ALL_COMPLETED || when > ASYNC_FIRST_EXCEPTION)
		return async__fail_plain(-EINVAL);
	if (heap_reserve(&loop->timers, loop->timers.count + 1))
		return async__fail_plain(-ENOMEM);
	waiting = calloc(1, sizeof(*waiting) + count * sizeof(*waiting->entries));
	if (!waiting)
		return async__fail_plain(-ENOMEM);
	async__future_init(&waiting->future, loop, AT_WAIT);
	waiting->future.free = free_waiting;
	waiting->timer.node.index = HEAP_NONE;
	waiting->timer.fire = time_is_up;
	waiting->when = when;
	waiting->count = waiting->pending = count;
	*ret = waiting;
	return 0;
}

/* 1 if enough are done already, 0 if not, -EXDEV. */
static int look(struct wait *waiting)
{
	int enough = 0;
	size_t i;

	for (i = 0; i < waiting->count; i++) {
		const struct async_future *future = waiting->entries[i].future;

		if (future && future->loop != waiting->future.loop)
			return async__fail_plain(-EXDEV);
		if (async_future_done(future))
			enough |= is_enough(waiting, future);
	}
	return enough;
}

static int watch(struct wait *waiting)
{
	size_t i;

	for (i = 0; i < waiting->count; i++) {
		struct entry *entry = &waiting->entries[i];

		if (async_future_done(entry->future))
			continue;
		entry->handle = async__future_depend(entry->future, on_done, &waiting->future,
						     async_future_ref(&waiting->future));
		if (!entry->handle.serial)
			return async__fail_plain(-ENOMEM);
	}
	return 0;
}

static void unwatch(struct wait *waiting)
{
	size_t i;

	for (i = 0; i < waiting->count; i++)
		async_handle_cancel(waiting->entries[i].handle);
}

static int64_t await_enough(struct wait *waiting, double timeout)
{
	uint64_t when_ns = async__deadline(async__running, timeout);
	int64_t result = look(waiting);

	if (result)
		return result < 0 ? result : 0;
	result = watch(waiting);
	if (!result) {
		if (when_ns != UINT64_MAX)
			heap_add(&waiting->future.loop->timers, &waiting->timer.node, when_ns);
		result = async__await(&waiting->future);
	}
	unwatch(waiting);
	return result;
}

/* Those that are done first. Returns how many these are. */
static size_t sort(struct wait *waiting)
{
	size_t place = 0, done, i;

	for (i = 0; i < waiting->count; i++) {
		if (async_future_done(waiting->entries[i].future))
			waiting->entries[place++].sorted = waiting->entries[i].future;
	}
	done = place;
	for (i = 0; i < waiting->count; i++) {
		if (!async_future_done(waiting->entries[i].future))
			waiting->entries[place++].sorted = waiting->entries[i].future;
	}
	return done;
}

int64_t async_wait_futures(struct async_future *futures[], size_t count, double timeout,
			   enum async_return_when when)
{
	struct wait *waiting;
	int64_t result = waiting_new(&waiting, count, when);
	size_t i;

	if (result < 0)
		return result;
	for (i = 0; i < count; i++)
		waiting->entries[i].future = futures[i];
	result = await_enough(waiting, timeout);
	if (!result) {
		result = sort(waiting);
		for (i = 0; i < count; i++)
			futures[i] = waiting->entries[i].sorted;
	}
	async_future_unref(&waiting->future);
	return result;
}

int64_t async_wait_tasks(struct async_task *tasks[], size_t count, double timeout,
			 enum async_return_when when)
{
	struct wait *waiting;
	int64_t result = waiting_new(&waiting, count, when);
	size_t i;

	if (result < 0)
		return result;
	for (i = 0; i < count; i++)
		waiting->entries[i].future = async_task_future(tasks[i]);
	result = await_enough(waiting, timeout);
	if (!result) {
		result = sort(waiting);
		for (i = 0; i < count; i++)
			tasks[i] = async_task_of(waiting->entries[i].sorted);
	}
	async_future_unref(&waiting->future);
	return result;
}
