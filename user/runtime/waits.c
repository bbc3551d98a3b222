/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any number of tasks that wait for the same event. Each awaits a future on its own stack, so that
 * cancelling one does not concern the others; giving its last reference up, be it that the await
 * has ended or that the task was destroyed, takes it out of the list.
 */
#include "runtime.h"

struct wait {
	struct async_future future;
	struct list link;
};

static void leave(struct async_future *future)
{
	list_remove(&container_of(future, struct wait, future)->link);
}

int64_t async__waits_await(struct list *waits, enum at_type type, uint64_t number)
{
	struct wait wait;

	async__future_init(&wait.future, async__running, type);
	wait.future.number = number;
	wait.future.free = leave;
	list_add(waits, &wait.link);
	return async_await_future(&wait.future);
}

void async__waits_finish(struct list *waits, int64_t result)
{
	struct list *link, *next;

	list_for_each_safe (link, next, waits) {
		struct wait *wait = container_of(link, struct wait, link);

		list_remove(link);
		if (wait->future.state == PENDING)
			async__future_finish(&wait->future, FINISHED, result);
	}
}
