/* SPDX-License-Identifier: BSD-2-Clause */
/* Gathering: one future for many. Semantics are asyncio's _GatheringFuture. */
#include "runtime.h"
#include <errno.h>
#include <stdlib.h>

struct gathering {
	struct async_future future;
	size_t count, finished;
	int64_t *results;
	unsigned int flags;
	bool cancelled; /* it was asked to: it ends so when the last task has ended */
	struct async_future *futures[];
};

static struct gathering *gathering_of(struct async_future *future)
{
	return container_of(future, struct gathering, future);
}

static void free_gathering(struct async_future *future)
{
	struct gathering *gathering = gathering_of(future);
	size_t i;

	for (i = 0; i < gathering->count; i++)
		async_future_unref(gathering->futures[i]);
	free(gathering);
}

static bool cancel_gathering(struct async_future *future, struct cancellation cancellation)
{
	struct gathering *gathering = gathering_of(future);
	bool any = false;
	size_t i;

	if (future->state != PENDING)
		return false;
	if (at_listening())
		cancellation = async__trace_cancel(future, 0, cancellation);
	for (i = 0; i < gathering->count; i++) {
		if (gathering->futures[i]->cancel(gathering->futures[i], cancellation))
			any = true;
	}
	if (any)
		gathering->cancelled = true;
	return any;
}

static void finish(struct gathering *gathering)
{
	size_t i;

	for (i = 0; gathering->results && i < gathering->count; i++)
		gathering->results[i] = async_future_result(gathering->futures[i]);
	if (gathering->cancelled)
		async__future_finish(&gathering->future, CANCELLED, -ECANCELED);
	else
		async__future_finish(&gathering->future, FINISHED, 0);
}

static void on_done(struct async_future *future, void *arg)
{
	struct gathering *gathering = gathering_of(arg);
	int64_t result = async_future_result(future);

	gathering->finished++;
	if (gathering->future.state == PENDING) {
		if (result < 0 && !(gathering->flags & ASYNC_RETURN_EXCEPTIONS))
			async__future_end_as(&gathering->future, future);
		else if (gathering->finished == gathering->count)
			finish(gathering);
	}
	async_future_unref(&gathering->future);
}

static struct gathering *gathering_new(struct async_loop *loop, size_t count, int64_t results[],
				       unsigned int flags)
{
	struct gathering *gathering =
		malloc(sizeof(*gathering) + count * sizeof(*gathering->futures));

	if (!gathering)
		return NULL;
	async__future_init(&gathering->future, loop, AT_GATHER);
	gathering->future.cancel = cancel_gathering;
	gathering->future.free = free_gathering;
	gathering->count = count;
	gathering->finished = 0;
	gathering->results = results;
	gathering->flags = flags;
	gathering->cancelled = false;
	return gathering;
}

static struct async_future *gather(struct async_future *const futures[], size_t count,
				   int64_t results[], unsigned int flags, uintptr_t place)
{
	struct async_loop *loop = async__loop_of(futures, count);
	struct gathering *gathering = loop ? gathering_new(loop, count, results, flags) : NULL;
	size_t i;

	if (!gathering) {
		for (i = 0; i < count; i++)
			async_future_unref(futures[i]);
		return NULL;
	}
	gathering->future.place.address = place;
	for (i = 0; i < count; i++)
		gathering->futures[i] = futures[i];
	for (i = 0; i < count; i++) {
		struct async_future *future = async_future_ref(&gathering->future);

		if (!async__future_depend(futures[i], on_done, future, future).serial)
			break;
	}
	if (i < count) {
		while (i--)
			async_future_remove_done_callback(futures[i], on_done, &gathering->future);
		async_future_unref(&gathering->future);
		return NULL;
	}
	if (!count)
		finish(gathering);
	return &gathering->future;
}

struct async_future *async_gather_futures(struct async_future *const futures[], size_t count,
					  int64_t results[], unsigned int flags)
{
	return gather(futures, count, results, flags, (uintptr_t)__builtin_return_address(0));
}

struct async_future *async_gather_coroutines(struct async_coroutine *const coroutines[],
					     size_t count, int64_t results[], unsigned int flags)
{
	struct async_future **futures = reallocarray(NULL, count + 1, sizeof(*futures)), *gathered;
	uintptr_t place = (uintptr_t)__builtin_return_address(0);
	size_t i;

	for (i = 0; i < count; i++) {
		if (futures)
			futures[i] = async_task_future(
				async__task_create(async__running, coroutines[i], place));
		else
			async_coroutine_close(coroutines[i]);
	}
	gathered = futures ? gather(futures, count, results, flags, place) : NULL;
	free(futures);
	return gathered;
}

struct async_future *async_gather_tasks(struct async_task *const tasks[], size_t count,
					int64_t results[], unsigned int flags)
{
	struct async_future **futures = reallocarray(NULL, count + 1, sizeof(*futures)), *gathered;
	uintptr_t place = (uintptr_t)__builtin_return_address(0);
	size_t i;

	for (i = 0; i < count; i++) {
		if (futures)
			futures[i] = async_task_future(tasks[i]);
		else
			async_task_detach(tasks[i]);
	}
	gathered = futures ? gather(futures, count, results, flags, place) : NULL;
	free(futures);
	return gathered;
}
