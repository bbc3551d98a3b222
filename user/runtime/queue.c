/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queues. A task that is woken looks again, for another one may have come first; if it was
 * cancelled instead, the next one gets its chance.
 */
#include "items.h"
#include "waiting.h"
#include <errno.h>
#include <stdlib.h>

struct async_queue {
	size_t maxsize;
	size_t unfinished;
	struct items items;
	struct waiting getters, putters, joiners;
};

static struct async_queue *queue_new(size_t maxsize, bool last_first, async_queue_compare *compare)
{
	struct async_queue *queue = calloc(1, sizeof(*queue));
	uint64_t number;

	if (!queue)
		return NULL;
	queue->maxsize = maxsize;
	queue->items.last_first = last_first;
	queue->items.compare = compare;
	number = async__number_of(AT_QUEUE);
	async__waiting_init(&queue->getters, AT_QUEUE, number);
	async__waiting_init(&queue->putters, AT_QUEUE, number);
	async__waiting_init(&queue->joiners, AT_QUEUE, number);
	return queue;
}

struct async_queue *async_queue_new(size_t maxsize)
{
	return queue_new(maxsize, false, NULL);
}

struct async_queue *async_lifo_queue_new(size_t maxsize)
{
	return queue_new(maxsize, true, NULL);
}

struct async_queue *async_priority_queue_new(size_t maxsize, async_queue_compare *compare)
{
	return compare ? queue_new(maxsize, false, compare) : NULL;
}

void async_queue_free(struct async_queue *queue)
{
	if (!queue)
		return;
	async__waiting_free(&queue->getters);
	async__waiting_free(&queue->putters);
	async__waiting_free(&queue->joiners);
	free(queue->items.array);
	free(queue);
}

/* Waits as long as the queue is in the state that hinders. */
static int64_t wait_while(struct async_queue *queue, struct waiting *waiting,
			  bool (*hinders)(const struct async_queue *queue))
{
	int64_t err = async__waiting_allowed(queue);
	bool woken = false;

	while (!err && hinders(queue))
		err = async__waiting_wait(waiting, &woken);
	if (err && woken && !hinders(queue))
		async__waiting_wake(waiting, 1);
	return err;
}

int64_t async_queue_put(struct async_queue *queue, void *item)
{
	int64_t err = wait_while(queue, queue ? &queue->putters : NULL, async_queue_full);

	return err ? err : async_queue_put_nowait(queue, item);
}

int64_t async_queue_get(struct async_queue *queue, void **item)
{
	int64_t err = wait_while(queue, queue ? &queue->getters : NULL, async_queue_empty);

	return err ? err : async_queue_get_nowait(queue, item);
}

int async_queue_put_nowait(struct async_queue *queue, void *item)
{
	int err;

	if (!queue)
		return async__fail_plain(-ENOMEM);
	if (async_queue_full(queue))
		return async__fail_plain(-EAGAIN);
	err = async__items_put(&queue->items, item);
	if (err)
		return async__fail_plain(err);
	queue->unfinished++;
	async__waiting_wake(&queue->getters, 1);
	return 0;
}

int async_queue_get_nowait(struct async_queue *queue, void **item)
{
	if (!queue)
		return async__fail_plain(-ENOMEM);
	if (async_queue_empty(queue))
		return async__fail_plain(-EAGAIN);
	*item = async__items_get(&queue->items);
	async__waiting_wake(&queue->putters, 1);
	return 0;
}

int64_t async_queue_join(struct async_queue *queue)
{
	int64_t err = async__waiting_allowed(queue);
	bool woken;

	if (err || !queue->unfinished)
		return err;
	return async__waiting_wait(&queue->joiners, &woken);
}

int async_queue_task_done(struct async_queue *queue)
{
	if (!queue)
		return async__fail_plain(-ENOMEM);
	if (!queue->unfinished)
		return async_fail(-EINVAL, "task_done() called too many times");
	if (!--queue->unfinished)
		async__waiting_wake(&queue->joiners, SIZE_MAX);
	return 0;
}

size_t async_queue_size(const struct async_queue *queue)
{
	return queue ? queue->items.count : 0;
}

size_t async_queue_maxsize(const struct async_queue *queue)
{
	return queue ? queue->maxsize : 0;
}

bool async_queue_empty(const struct async_queue *queue)
{
	return !async_queue_size(queue);
}

bool async_queue_full(const struct async_queue *queue)
{
	return queue && queue->maxsize && queue->items.count >= queue->maxsize;
}
