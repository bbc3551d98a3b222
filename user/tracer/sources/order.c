/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue for each thread, a heap of those that hold something, by their oldest record, and a merge
 * that copies runs: as long as the thread with the oldest record stays the oldest, its records go
 * over in one piece.
 */
#include "order.h"
#include <base/hash.h>
#include <base/heap.h>
#include <base/list.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* With more threads than this, empty queues give their memory back: most of them have died. */
#define KEEP 64

/* Room for fewer records than this is never given back. */
#define ROOM_KEPT 4096

struct events {
	struct at_event *at;
	size_t first, count, room; /* those before `first` have been given */
};

struct thread {
	uint32_t number;
	uint32_t last; /* sequence */
	struct events queue;
	struct heap_node node; /* of those that hold something */
	bool wrote;	       /* since it was considered last whether to forget it */
	UT_hash_handle hh;
};

struct order {
	uint64_t window_ns, since_ns;
	uint64_t newest_ns, seen_ns; /* the greatest time of a record, and when it came */
	bool newer;		     /* it has come since the last order_take() */
	size_t held;
	struct thread *threads, *latest;
	struct thread *taken; /* its queue is what order_take() gave last; or null */
	struct heap holding;
	struct events merged;
};

struct order *order_new(uint64_t window_ns, uint64_t since_ns)
{
	struct order *order = calloc(1, sizeof(*order));

	if (!order)
		return NULL;
	order->window_ns = window_ns;
	order->since_ns = since_ns;
	return order;
}

static void thread_free(struct order *order, struct thread *thread)
{
	HASH_DEL(order->threads, thread);
	free(thread->queue.at);
	free(thread);
}

void order_free(struct order *order)
{
	struct thread *thread, *next;

	if (!order)
		return;
	HASH_ITER (hh, order->threads, thread, next)
		thread_free(order, thread);
	heap_free(&order->holding);
	free(order->merged.at);
	free(order);
}

/* Room for `count` more; those that were given make room too. */
static int events_reserve(struct events *events, size_t count)
{
	size_t kept = events->count - events->first, room = events->room ? events->room : 256;
	struct at_event *at;

	if (events->first && (!kept || events->count + count > events->room)) {
		memmove(events->at, events->at + events->first, kept * sizeof(*at));
		events->first = 0;
		events->count = kept;
	}
	if (events->count + count <= events->room)
		return 0;
	while (room < events->count + count)
		room *= 2;
	at = reallocarray(events->at, room, sizeof(*at));
	if (!at)
		return -ENOMEM;
	events->at = at;
	events->room = room;
	return 0;
}

static void events_free(struct events *events)
{
	free(events->at);
	*events = (struct events){ 0 };
}

/* A backlog is over: its memory goes when the last ones needed an eighth of it at most. */
static void events_shrink(struct events *events)
{
	if (events->room > ROOM_KEPT && events->count <= events->room / 8)
		events_free(events);
}

static void events_append(struct events *events, const struct at_event *from, size_t count)
{
	memcpy(events->at + events->count, from, count * sizeof(*from));
	events->count += count;
}

static struct thread *find_thread(const struct order *order, uint32_t number)
{
	struct thread *thread = order->latest;

	if (!thread || thread->number != number)
		HASH_FIND(hh, order->threads, &number, sizeof(number), thread);
	return thread;
}

/* The table has them in the order in which they came, or were considered last. */
static void forget_one(struct order *order)
{
	unsigned int considered;
	struct thread *thread;

	for (considered = 0; considered < 64; considered++) {
		thread = order->threads;
		if (!thread->wrote && thread->node.index == HEAP_NONE) {
			order->latest = NULL;
			order->taken = NULL;
			thread_free(order, thread);
			return;
		}
		thread->wrote = false;
		HASH_DEL(order->threads, thread);
		HASH_ADD(hh, order->threads, number, sizeof(thread->number), thread);
	}
}

static struct thread *add_thread(struct order *order, uint32_t number)
{
	struct thread *thread;

	if (HASH_COUNT(order->threads) >= ORDER_THREADS_MAX)
		forget_one(order);
	if (heap_reserve(&order->holding, HASH_COUNT(order->threads) + 1))
		return NULL;
	thread = calloc(1, sizeof(*thread));
	if (!thread)
		return NULL;
	thread->number = number;
	thread->node.index = HEAP_NONE;
	HASH_ADD(hh, order->threads, number, sizeof(number), thread);
	if (!thread->hh.tbl) {
		free(thread);
		return NULL;
	}
	return thread;
}

/*
 * A target may write what it likes, but not in the tracer's name: neither its kinds nor as thread
 * 0.
 */
static void disown(struct at_event *events, size_t count, uint32_t number)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (events[i].kind >= AT_KINDS_END)
			events[i].kind = 0;
		if (!events[i].thread)
			events[i].thread = number;
	}
}

static void note_newest(struct order *order, const struct at_event *events, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (events[i].time_ns <= order->newest_ns)
			continue;
		order->newest_ns = events[i].time_ns;
		order->newer = true;
	}
}

static struct at_event *oldest(const struct thread *thread)
{
	return thread->queue.at + thread->queue.first;
}

int order_add(struct order *order, uint32_t number, const struct at_event *events, size_t count,
	      bool again)
{
	struct thread *thread = find_thread(order, number);
	bool known = thread;
	int err;

	if (!thread)
		thread = add_thread(order, number);
	if (!thread)
		return -ENOMEM;
	for (; !known && count && events->time_ns < order->since_ns; count--)
		thread->last = events++->sequence;
	for (; known && again && count && !order_after(events->sequence, thread->last); count--)
		events++;
	order->latest = thread;
	thread->wrote = true;
	err = events_reserve(&thread->queue, count);
	if (err || !count)
		return err;
	events_append(&thread->queue, events, count);
	disown(thread->queue.at + thread->queue.count - count, count, number);
	if (thread->node.index == HEAP_NONE)
		heap_add(&order->holding, &thread->node, oldest(thread)->time_ns);
	thread->last = events[count - 1].sequence;
	note_newest(order, events, count);
	order->held += count;
	return 0;
}

/* How many of the thread's next records are not after `until_ns`. */
static size_t run_length(const struct thread *thread, uint64_t until_ns)
{
	const struct events *queue = &thread->queue;
	size_t i = queue->first;

	while (i < queue->count && queue->at[i].time_ns <= until_ns)
		i++;
	return i - queue->first;
}

/* Memory of what has been given and is not read any more. */
static void release(struct order *order, struct thread *thread)
{
	if (thread->node.index != HEAP_NONE)
		return;
	if (HASH_COUNT(order->threads) > KEEP)
		events_free(&thread->queue);
	else
		events_shrink(&thread->queue);
}

/* The first thread has given so many of its records. */
static void advance(struct order *order, struct thread *thread, size_t count)
{
	thread->queue.first += count;
	if (thread->queue.first == thread->queue.count)
		heap_remove(&order->holding, &thread->node);
	else
		heap_first_becomes(&order->holding, oldest(thread)->time_ns);
}

static struct thread *first_thread(const struct order *order)
{
	return container_of(heap_first(&order->holding), struct thread, node);
}

/* The next run: of the thread with the oldest record, up to where another one has an older. */
static int merge_run(struct order *order, uint64_t until_ns)
{
	struct thread *thread = first_thread(order);
	uint64_t second_ns = heap_second_least(&order->holding);
	size_t length = run_length(thread, second_ns < until_ns ? second_ns : until_ns);
	int err = events_reserve(&order->merged, length);

	if (err)
		return err;
	events_append(&order->merged, oldest(thread), length);
	advance(order, thread, length);
	release(order, thread);
	return 0;
}

static int merge(struct order *order, uint64_t until_ns)
{
	int err = 0;

	events_shrink(&order->merged);
	order->merged.count = 0;
	while (order->holding.count && heap_least(&order->holding) <= until_ns && !err)
		err = merge_run(order, until_ns);
	return err;
}

/* The time up to which records are settled. */
static uint64_t settled(struct order *order, uint64_t now_ns)
{
	uint64_t until_ns;

	if (order->newer)
		order->seen_ns = now_ns;
	order->newer = false;
	if (now_ns == UINT64_MAX || order->held > ORDER_HELD_MAX || HASH_COUNT(order->threads) == 1)
		return UINT64_MAX;
	if (__builtin_add_overflow(order->newest_ns, now_ns - order->seen_ns, &until_ns))
		return UINT64_MAX;
	return until_ns > order->window_ns ? until_ns - order->window_ns : 0;
}

/* One thread has something to give, and no other. */
static bool gives_single(const struct heap *holding, uint64_t until_ns)
{
	if (!holding->count || heap_least(holding) > until_ns)
		return false;
	return holding->count == 1 || heap_second_least(holding) > until_ns;
}

/* What a single thread has to give stays where it is. */
static void take_single(struct order *order, uint64_t until_ns, const struct at_event **events,
			size_t *count)
{
	order->taken = first_thread(order);
	*events = oldest(order->taken);
	*count = run_length(order->taken, until_ns);
	advance(order, order->taken, *count);
}

int order_take(struct order *order, uint64_t now_ns, const struct at_event **events, size_t *count)
{
	uint64_t until_ns = settled(order, now_ns);
	int err;

	if (order->taken)
		release(order, order->taken);
	order->taken = NULL;
	if (gives_single(&order->holding, until_ns)) {
		take_single(order, until_ns, events, count);
	} else {
		err = merge(order, until_ns);
		if (err)
			return err;
		*events = order->merged.at;
		*count = order->merged.count;
	}
	order->held -= *count;
	return 0;
}

bool order_last(const struct order *order, uint32_t number, uint32_t *ret)
{
	const struct thread *thread = find_thread(order, number);

	if (thread)
		*ret = thread->last;
	return thread;
}
