/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The short functions that every task, future or callback goes through, inlined across files
 * (measured: create + run + join 63 ns with calls, 56 so). Part of runtime.h.
 */
#ifndef RUNTIME_INLINE_H
#define RUNTIME_INLINE_H

#include "runtime.h"

#pragma GCC visibility push(hidden)

/* What they leave to the files that they stand for. */
bool async__future_cancel_plain(struct async_future *future, struct cancellation cancellation);
void async__future_free_plain(struct async_future *future);
int async__ready_grow(struct async_loop *loop);
void async__ready_note_time(entry_t entry);
void *async__stack_carve(struct stacks *stacks);

#pragma GCC visibility pop

static inline void async__future_init(struct async_future *future, struct async_loop *loop,
				      uint8_t type)
{
	future->loop = loop;
	future->waiters = NULL;
	future->last_waiter = &future->waiters;
	future->message = NULL;
	future->number = 0;
	future->references = 1;
	future->state = PENDING;
	future->type = type;
	future->unretrieved = false;
	future->reports = false;
	future->has_origin = false;
	future->place.address = 0;
	future->cancel = async__future_cancel_plain;
	future->free = async__future_free_plain;
}

static inline void async__future_add_waiter(struct async_future *future, struct waiter *waiter,
					    entry_t entry)
{
	waiter->next = NULL;
	waiter->entry = entry;
	*future->last_waiter = waiter;
	future->last_waiter = &waiter->next;
}

static inline int async__ready_reserve(struct async_loop *loop)
{
	if (unlikely(loop->reserved >= loop->mask)) {
		int err = async__ready_grow(loop);

		if (err)
			return err;
	}
	loop->reserved++;
	return 0;
}

static inline void async__ready_release(struct async_loop *loop)
{
	loop->reserved--;
}

static inline void async__ready_push(struct async_loop *loop, entry_t entry)
{
	if (entry & 1)
		slot_of_entry(entry)->queued = true;
	loop->ready[loop->tail++ & loop->mask] = entry;
}

static inline void async__wake(struct async_loop *loop, entry_t entry)
{
	if (at_listening())
		async__ready_note_time(entry);
	async__ready_push(loop, entry);
}

static inline void *async__stack_take(struct stacks *stacks)
{
	if (unlikely(!stacks->count))
		return async__stack_carve(stacks);
	if (unlikely(stacks->trimmed == stacks->count))
		stacks->trimmed--;
	return stacks->spare[--stacks->count];
}

static inline void async__stack_give(struct stacks *stacks, void *top)
{
	stacks->spare[stacks->count++] = top;
}

#endif
