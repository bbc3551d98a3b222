/* SPDX-License-Identifier: BSD-2-Clause */
/* Callbacks: to be called soon, at a time, or when a future is done. */
#include "runtime.h"
#include <errno.h>

struct slot *async__slot_take(struct async_loop *loop)
{
	struct slot *slot;

	if (async__ready_reserve(loop))
		return NULL;
	slot = pool_take(&loop->spare_slots, sizeof(*slot));
	if (!slot) {
		async__ready_release(loop);
		return NULL;
	}
	slot->serial = ++loop->serial;
	slot->loop = loop;
	slot->callback = NULL;
	slot->done = NULL;
	slot->future = NULL;
	slot->owned = NULL;
	slot->timer.node.index = HEAP_NONE;
	slot->ready_ns = 0;
	slot->when_ns = 0;
	slot->place.address = 0;
	slot->has_origin = false;
	slot->queued = false;
	slot->lasting = false;
	slot->depends = false;
	list_add(&loop->slots, &slot->link);
	return slot;
}

struct slot *async__slot_take_lasting(struct async_loop *loop, async_callback *callback, void *arg)
{
	struct slot *slot = async__slot_take(loop);

	if (!slot)
		return NULL;
	slot->callback = callback;
	slot->arg = arg;
	slot->lasting = true;
	return slot;
}

void async__slot_queue(struct slot *slot)
{
	if (!slot->queued)
		async__wake(slot->loop, entry_of_slot(slot));
}

/* Forgets the callback. A slot that is queued is given back when its turn comes. */
void async__slot_drop(struct slot *slot)
{
	struct async_loop *loop = slot->loop;

	slot->serial = 0;
	heap_remove(&loop->timers, &slot->timer.node);
	if (slot->future) {
		async__future_remove_waiter(slot->future, &slot->waiter);
		async_future_unref(slot->future);
		async_future_unref(slot->owned);
		slot->future = NULL;
	}
	if (slot->queued)
		return;
	list_remove(&slot->link);
	async__ready_release(loop);
	pool_give(&loop->spare_slots, slot, POOL_KEEP_ALL);
}

void async__slot_run(struct slot *slot)
{
	struct async_loop *loop = slot->loop;
	async_callback *callback = slot->callback;
	async_done_callback *done = slot->done;
	struct async_future *future = async_future_ref(slot->future);
	void *arg = slot->arg;
	uint64_t ready_ns = slot->ready_ns;
	bool cancelled = !slot->serial;
	uintptr_t address = done ? (uintptr_t)done : (uintptr_t)callback;

	slot->queued = false;
	slot->owned = NULL;
	if (cancelled || !slot->lasting)
		async__slot_drop(slot);
	if (cancelled)
		return;
	if (at_listening())
		async__trace_enter(loop, AT_ID(AT_CALLBACK, address), ready_ns, 0);
	if (done)
		done(future, arg);
	else
		callback(arg);
	if (at_listening())
		async__trace_leave(loop, AT_ENDED, NULL);
	async_future_unref(future);
}

void async__slots_free(struct async_loop *loop)
{
	/* Who is told of what goes may drop others. */
	while (!list_empty(&loop->slots)) {
		struct slot *slot = container_of(loop->slots.next, struct slot, link);

		slot->queued = false;
		async__slot_drop(slot);
	}
	pool_free(&loop->spare_slots);
}

static struct async_handle handle_of(struct slot *slot)
{
	return (struct async_handle){ .slot = slot, .serial = slot ? slot->serial : 0 };
}

static void note_place(struct slot *slot, void *place)
{
	slot->place.address = (uintptr_t)place;
	slot->has_origin = async__origin_keep(&slot->place, DEBUG_DEPTH);
}

struct async_handle async_call_soon(struct async_loop *loop, async_callback *callback, void *arg)
{
	struct slot *slot;

	loop = loop ? loop : async__running;
	slot = loop && !wrong_thread(loop) ? async__slot_take(loop) : NULL;
	if (slot) {
		if (unlikely(loop->debug))
			note_place(slot, __builtin_return_address(0));
		slot->callback = callback;
		slot->arg = arg;
		async__wake(loop, entry_of_slot(slot));
	}
	return handle_of(slot);
}

static void fire(struct timer *timer)
{
	struct slot *slot = container_of(timer, struct slot, timer);

	async__wake(slot->loop, entry_of_slot(slot));
}

static struct async_handle call_at(struct async_loop *loop, uint64_t when_ns,
				   async_callback *callback, void *arg, void *place)
{
	struct slot *slot = NULL;

	loop = loop ? loop : async__running;
	if (loop && !wrong_thread(loop) && !heap_reserve(&loop->timers, loop->timers.count + 1))
		slot = async__slot_take(loop);
	if (slot) {
		if (unlikely(loop->debug))
			note_place(slot, place);
		slot->callback = callback;
		slot->arg = arg;
		slot->when_ns = when_ns;
		slot->timer.fire = fire;
		heap_add(&loop->timers, &slot->timer.node, when_ns);
	}
	return handle_of(slot);
}

struct async_handle async_call_at(struct async_loop *loop, uint64_t when_ns,
				  async_callback *callback, void *arg)
{
	return call_at(loop, when_ns, callback, arg, __builtin_return_address(0));
}

struct async_handle async_call_later(struct async_loop *loop, double delay,
				     async_callback *callback, void *arg)
{
	uint64_t now;

	loop = loop ? loop : async__running;
	now = loop ? loop_now(loop) : 0;
	/* Its time has come: it must not wait for the end of a turn. */
	if (loop && !(delay > 0))
		loop->turn = loop->head;
	return call_at(loop, now + async__ns_of(delay), callback, arg, __builtin_return_address(0));
}

bool async_handle_done(struct async_handle handle)
{
	const struct slot *slot = handle.slot;

	return !handle.serial || slot->serial != handle.serial;
}

bool async_handle_cancel(struct async_handle handle)
{
	if (async_handle_done(handle))
		return false;
	async__slot_drop(handle.slot);
	return true;
}

static struct slot *add_done_callback(struct async_future *future, async_done_callback *callback,
				      void *arg, struct async_future *owned)
{
	struct slot *slot = future && future->loop ? async__slot_take(future->loop) : NULL;

	if (!slot)
		return NULL;
	slot->done = callback;
	slot->arg = arg;
	slot->owned = owned;
	slot->future = async_future_ref(future);
	async__future_add_waiter(future, &slot->waiter, entry_of_slot(slot));
	if (async_future_done(future))
		async__wake(slot->loop, entry_of_slot(slot));
	return slot;
}

int async_future_add_done_callback(struct async_future *future, async_done_callback *callback,
				   void *arg)
{
	struct slot *slot = add_done_callback(future, callback, arg, NULL);

	if (!slot)
		return async__fail_plain(-ENOMEM);
	if (unlikely(slot->loop->debug))
		note_place(slot, __builtin_return_address(0));
	return 0;
}

struct async_handle async__future_watch(struct async_future *future, async_done_callback *callback,
					void *arg, struct async_future *owner)
{
	struct slot *slot = add_done_callback(future, callback, arg, owner);

	if (!slot)
		async_future_unref(owner);
	return handle_of(slot);
}

struct async_handle async__future_depend(struct async_future *future, async_done_callback *callback,
					 void *arg, struct async_future *owner)
{
	struct async_handle handle = async__future_watch(future, callback, arg, owner);
	struct slot *slot = handle.slot;

	if (!slot)
		return handle;
	slot->depends = true;
	if (at_listening())
		async__trace_depends(slot);
	return handle;
}

int async__future_add_owner(struct async_future *future, async_done_callback *callback,
			    struct async_future *owner)
{
	return async__future_watch(future, callback, owner, owner).serial ? 0 : -ENOMEM;
}

int async_future_remove_done_callback(struct async_future *future, async_done_callback *callback,
				      const void *arg)
{
	struct waiter *waiter, *next;
	int count = 0;

	for (waiter = future ? future->waiters : NULL; waiter; waiter = next) {
		struct slot *slot = slot_of_entry(waiter->entry);

		next = waiter->next;
		if (!(waiter->entry & 1) || slot->done != callback || slot->arg != arg)
			continue;
		async__slot_drop(slot);
		count++;
	}
	return count;
}
