/* SPDX-License-Identifier: BSD-2-Clause */
/* Locks. Who was woken still has to take the lock; until he has run, nobody else may. */
#include "waiting.h"
#include <errno.h>
#include <stdlib.h>

struct async_lock *async_lock_new(void)
{
	struct async_lock *lock = malloc(sizeof(*lock));

	if (!lock)
		return NULL;
	lock->holder = 0;
	async__waiting_init(&lock->waiting, AT_LOCK, async__number_of(AT_LOCK));
	return lock;
}

void async_lock_free(struct async_lock *lock)
{
	if (lock)
		async__waiting_free(&lock->waiting);
	free(lock);
}

int async__lock_bind(struct async_lock *lock)
{
	return async__waiting_bind(&lock->waiting);
}

uint64_t async__lock_holder(const struct waiting *waiting)
{
	uint64_t holder = container_of(waiting, const struct async_lock, waiting)->holder;

	return holder ? holder : async__waiting_woken(waiting);
}

static void wake_one(struct async_lock *lock)
{
	if (!list_empty(&lock->waiting.woken) || !async__waiting_wake(&lock->waiting, 1))
		return;
	if (at_listening())
		async__trace_holder(&lock->waiting);
}

int64_t async_lock_acquire(struct async_lock *lock)
{
	int64_t err = async__waiting_allowed(lock);
	bool woken;

	if (err)
		return err;
	if (lock->holder || !list_empty(&lock->waiting.woken))
		err = async__waiting_wait(&lock->waiting, &woken);
	if (!err)
		lock->holder = current_task()->future.number;
	else if (!lock->holder)
		wake_one(lock);
	return err;
}

int async_lock_release(struct async_lock *lock)
{
	if (!lock)
		return async__fail_plain(-ENOMEM);
	if (!lock->holder)
		return async_fail(-EPERM, "Lock is not acquired.");
	lock->holder = 0;
	wake_one(lock);
	return 0;
}

bool async_lock_locked(const struct async_lock *lock)
{
	return lock && lock->holder;
}
