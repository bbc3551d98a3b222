/* SPDX-License-Identifier: BSD-2-Clause */
/* Gathering: one future for many tasks. Semantics are asyncio's _GatheringFuture. */
#include "runtime.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct gathering {
	struct async_future future;
	size_t count, finished;
	int64_t *results;
	unsigned int flags;
	bool cancelled; /* it was asked to: it ends so when the last task has ended */
	struct async_task *tasks[];
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
		async_task_detach(gathering->tasks[i]);
	free(gathering);
}

static bool cancel_gathering(struct async_future *future)
{
	struct gathering *gathering = gathering_of(future);
	bool any = false;
	size_t i;

	if (future->state != PENDING)
		return false;
	for (i = 0; i < gathering->count; i++) {
		if (async_task_cancel(gathering->tasks[i]))
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
		gathering->results[i] = async_task_result(gathering->tasks[i]);
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
		if (result < 0 && !(gathering->flags & ASYNC_RETURN_EXCEPTIONS)) {
			if (future->message)
				gathering->future.message = strdup(future->message);
			async__future_finish(&gathering->future,
					     result == -ECANCELED ? CANCELLED : FINISHED, result);
		} else if (gathering->finished == gathering->count) {
			finish(gathering);
		}
	}
	async_future_unref(&gathering->future);
}

struct async_future *async_gather(struct async_task *const tasks[], size_t count, int64_t results[],
				  unsigned int flags)
{
	struct async_loop *loop = async__running;
	struct gathering *gathering = NULL;
	size_t i;

	for (i = 0; i < count && tasks[i]; i++) {
		if (i && tasks[i]->future.loop != loop)
			break;
		loop = tasks[i]->future.loop;
	}
	if (loop && i == count)
		gathering = malloc(sizeof(*gathering) + count * sizeof(*tasks));
	if (!gathering)
		goto error;
	async__future_init(&gathering->future, loop, AT_FUTURE);
	gathering->future.cancel = cancel_gathering;
	gathering->future.free = free_gathering;
	gathering->count = count;
	gathering->finished = 0;
	gathering->results = results;
	gathering->flags = flags;
	gathering->cancelled = false;
	for (i = 0; i < count; i++)
		gathering->tasks[i] = tasks[i];
	for (i = 0; i < count; i++) {
		if (async__future_add_owner(&tasks[i]->future, on_done,
					    async_future_ref(&gathering->future)))
			goto error_callbacks;
	}
	if (!count)
		finish(gathering);
	return &gathering->future;

error_callbacks:
	while (i--)
		async_future_remove_done_callback(&tasks[i]->future, on_done, &gathering->future);
	async_future_unref(&gathering->future);
	return NULL;
error:
	for (i = 0; i < count; i++)
		async_task_detach(tasks[i]);
	return NULL;
}
