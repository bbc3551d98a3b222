/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Callbacks from other threads. The loop makes them handles as if it had been asked by its own
 * thread; those that find no memory there stay in line, and are tried again at the next turn.
 */
#include "runtime.h"
#include <errno.h>

struct soon {
	struct call call;
	async_callback *callback;
	void *arg;
};

/* The loop is null if it is closed: then it has nothing but to be freed. */
static bool schedule(struct call *call, struct async_loop *loop)
{
	struct soon *soon = container_of(call, struct soon, call);

	if (loop && !async_call_soon(loop, soon->callback, soon->arg).serial)
		return false;
	free(soon);
	return true;
}

static void try_again(struct call *retry, struct async_loop *or_null)
{
	struct async_loop *loop = container_of(retry, struct async_loop, retry);
	struct call *call, *next;

	for (call = loop->late; call; call = next) {
		next = call->next;
		if (!schedule(call, or_null))
			break;
	}
	loop->late = call;
	if (call)
		async__post(loop, retry);
}

static void take(struct call *call, struct async_loop *loop)
{
	/* Nobody may overtake those who wait. */
	if (!loop || !loop->late) {
		if (schedule(call, loop))
			return;
		loop->last_late = &loop->late;
		loop->retry.run = try_again;
		async__post(loop, &loop->retry);
	}
	call->next = NULL;
	*loop->last_late = call;
	loop->last_late = &call->next;
}

int async_call_soon_threadsafe(struct async_loop *loop, async_callback *callback, void *arg)
{
	struct soon *soon;

	if (!loop)
		return -EPERM;
	soon = malloc(sizeof(*soon));
	if (!soon)
		return -ENOMEM;
	soon->call.run = take;
	soon->callback = callback;
	soon->arg = arg;
	async__post(loop, &soon->call);
	return 0;
}
