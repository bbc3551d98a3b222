/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Barriers. One fills until all parties are in, and drains until the last one has left; who comes
 * meanwhile waits before it.
 */
#include "waiting.h"
#include <errno.h>
#include <stdlib.h>

enum barrier_state { FILLING, DRAINING, RESETTING, BROKEN };

struct async_barrier {
	size_t parties;
	size_t count; /* of tasks that are in */
	enum barrier_state state;
	struct waiting waiting; /* all, for any change of the state */
};

struct async_barrier *async_barrier_new(size_t parties)
{
	struct async_barrier *barrier = parties ? malloc(sizeof(*barrier)) : NULL;

	if (!barrier)
		return NULL;
	barrier->parties = parties;
	barrier->count = 0;
	barrier->state = FILLING;
	async__waiting_init(&barrier->waiting, AT_BARRIER, async__number_of(AT_BARRIER));
	return barrier;
}

void async_barrier_free(struct async_barrier *barrier)
{
	if (barrier)
		async__waiting_free(&barrier->waiting);
	free(barrier);
}

static void enter_state(struct async_barrier *barrier, enum barrier_state state)
{
	barrier->state = state;
	async__waiting_wake(&barrier->waiting, SIZE_MAX);
}

static bool closed(const struct async_barrier *barrier)
{
	return barrier->state == DRAINING || barrier->state == RESETTING;
}

static int64_t wait_outside(struct async_barrier *barrier)
{
	int64_t err = async__waiting_allowed(barrier);
	bool woken;

	while (!err && closed(barrier))
		err = async__waiting_wait(&barrier->waiting, &woken);
	if (!err && barrier->state == BROKEN)
		err = async_fail(-EPIPE, "Barrier aborted");
	return err;
}

static int64_t wait_inside(struct async_barrier *barrier)
{
	int64_t err = 0;
	bool woken;

	while (!err && barrier->state == FILLING)
		err = async__waiting_wait(&barrier->waiting, &woken);
	if (!err && barrier->state != DRAINING)
		err = async_fail(-EPIPE, "Abort or reset of barrier");
	return err;
}

static void leave(struct async_barrier *barrier)
{
	if (!--barrier->count && closed(barrier))
		enter_state(barrier, FILLING);
}

int64_t async_barrier_wait(struct async_barrier *barrier)
{
	int64_t err = wait_outside(barrier), index;

	if (err)
		return err;
	index = barrier->count++;
	if (barrier->count == barrier->parties)
		enter_state(barrier, DRAINING);
	else
		err = wait_inside(barrier);
	leave(barrier);
	return err ? err : index;
}

int async_barrier_reset(struct async_barrier *barrier)
{
	if (!barrier)
		return async__fail_plain(-ENOMEM);
	enter_state(barrier, barrier->count ? RESETTING : FILLING);
	return 0;
}

int async_barrier_abort(struct async_barrier *barrier)
{
	if (!barrier)
		return async__fail_plain(-ENOMEM);
	enter_state(barrier, BROKEN);
	return 0;
}

size_t async_barrier_parties(const struct async_barrier *barrier)
{
	return barrier ? barrier->parties : 0;
}

size_t async_barrier_waiting(const struct async_barrier *barrier)
{
	return barrier && barrier->state == FILLING ? barrier->count : 0;
}

bool async_barrier_broken(const struct async_barrier *barrier)
{
	return barrier && barrier->state == BROKEN;
}
