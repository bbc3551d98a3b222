/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queues between the tasks of one loop. Items are pointers, which the queue only keeps.
 *
 * Threads: all functions belong to the thread of the loop. A queue may be made before the loop
 * runs; it is bound to that of the first task that waits.
 */
#ifndef ASYNC_QUEUE_H
#define ASYNC_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct async_queue;

/* Negative if the item `a` shall leave before `b`; equal ones leave in the order they came. */
typedef int async_queue_compare(const void *a, const void *b);

/*
 * First in, first out; last in, first out; least item first. `maxsize` 0 is without limit. Null
 * without memory, or for a null `compare`. The caller frees it with async_queue_free(), which takes
 * null; not while a task waits for it, unless its loop is being closed. What is still in the queue
 * is not the queue's.
 */
struct async_queue *async_queue_new(size_t maxsize);
struct async_queue *async_lifo_queue_new(size_t maxsize);
struct async_queue *async_priority_queue_new(size_t maxsize, async_queue_compare *compare);
void async_queue_free(struct async_queue *queue);

/*
 * Put an item in, and take one out into *item, waiting until there is room, or an item. 0,
 * -ECANCELED, -EPERM outside of a task, -EXDEV if the queue is bound to a different event loop,
 * -ENOMEM also for a null queue. The _nowait ones do not wait: -EAGAIN (asyncio: QueueFull,
 * QueueEmpty).
 */
int64_t async_queue_put(struct async_queue *queue, void *item);
int64_t async_queue_get(struct async_queue *queue, void **item);
int async_queue_put_nowait(struct async_queue *queue, void *item);
int async_queue_get_nowait(struct async_queue *queue, void **item);

/*
 * join() waits until task_done() was called as often as items were put in: 0 or the errors above.
 * task_done() is -EINVAL if that happens more often (asyncio: ValueError).
 */
int64_t async_queue_join(struct async_queue *queue);
int async_queue_task_done(struct async_queue *queue);

size_t async_queue_size(const struct async_queue *queue);
size_t async_queue_maxsize(const struct async_queue *queue);
bool async_queue_empty(const struct async_queue *queue);
bool async_queue_full(const struct async_queue *queue);

#ifdef __cplusplus
}
#endif

#endif
