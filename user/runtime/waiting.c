/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting at an object until somebody wakes the first who waits there. */
#include "waiting.h"
#include <errno.h>

static struct turn *turn_of(struct async_future *future)
{
	return container_of(future, struct turn, future);
}

static bool cancel_turn(struct async_future *future, struct cancellation cancellation)
{
	(void)cancellation;
	if (future->state != PENDING)
		return false;
	list_remove(&turn_of(future)->link);
	async__future_finish(future, CANCELLED, -ECANCELED);
	return true;
}

static void leave_turn(struct async_future *future)
{
	list_remove(&turn_of(future)->link);
}

void async__waiting_init(struct waiting *waiting, enum at_type type, uint64_t number)
{
	list_init(&waiting->asleep);
	list_init(&waiting->woken);
	waiting->loop = 0;
	waiting->number = number;
	waiting->type = type;
}

void async__waiting_free(struct waiting *waiting)
{
	struct list *link, *next;

	list_for_each_safe (link, next, &waiting->asleep)
		list_remove(link);
	list_for_each_safe (link, next, &waiting->woken)
		list_remove(link);
}

int async__waiting_allowed(const void *object)
{
	if (!object)
		return async__fail_plain(-ENOMEM);
	return current_task() ? 0 : -EPERM;
}

int async__waiting_bind(struct waiting *waiting)
{
	if (!waiting->loop)
		waiting->loop = async__running->number;
	if (waiting->loop != async__running->number)
		return async_fail(-EXDEV, "it is bound to a different event loop");
	return 0;
}

int64_t async__waiting_wait(struct waiting *waiting, bool *woken)
{
	struct turn turn;
	int64_t err = async__waiting_bind(waiting);

	*woken = false;
	if (err)
		return err;
	async__future_init(&turn.future, async__running, waiting->type);
	turn.future.number = waiting->number;
	turn.future.cancel = cancel_turn;
	turn.future.free = leave_turn;
	turn.waiting = waiting;
	turn.task = current_task()->future.number;
	list_add(&waiting->asleep, &turn.link);
	if (at_listening() && waiting->type == AT_LOCK)
		async__trace_holder(waiting);
	err = async_await_future(&turn.future);
	*woken = turn.future.state == FINISHED;
	return err;
}

uint64_t async__waiting_woken(const struct waiting *waiting)
{
	return list_empty(&waiting->woken)
		       ? 0
		       : container_of(waiting->woken.next, struct turn, link)->task;
}

const struct waiting *async__waiting_of(struct async_future *future)
{
	return turn_of(future)->waiting;
}

size_t async__waiting_wake(struct waiting *waiting, size_t count)
{
	size_t woken = 0;

	for (; woken < count && !list_empty(&waiting->asleep); woken++) {
		struct list *link = waiting->asleep.next;

		list_remove(link);
		list_add(&waiting->woken, link);
		async__future_finish(&container_of(link, struct turn, link)->future, FINISHED, 0);
	}
	return woken;
}
