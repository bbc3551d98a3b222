/* SPDX-License-Identifier: BSD-2-Clause */
/* Conditions. A notification that hits a task which is being cancelled is passed on. */
#include "waiting.h"
#include <errno.h>
#include <stdlib.h>

struct async_condition {
	struct async_lock *lock;
	struct async_lock *own; /* the lock if it was made with the condition, or null */
	struct waiting waiting;
};

struct async_condition *async_condition_new(struct async_lock *lock)
{
	struct async_condition *condition = malloc(sizeof(*condition));

	if (!condition)
		return NULL;
	condition->own = lock ? NULL : async_lock_new();
	condition->lock = lock ? lock : condition->own;
	if (!condition->lock) {
		free(condition);
		return NULL;
	}
	async__waiting_init(&condition->waiting, AT_CONDITION, async__number_of(AT_CONDITION));
	return condition;
}

void async_condition_free(struct async_condition *condition)
{
	if (!condition)
		return;
	async__waiting_free(&condition->waiting);
	async_lock_free(condition->own);
	free(condition);
}

int64_t async_condition_acquire(struct async_condition *condition)
{
	return async_lock_acquire(condition ? condition->lock : NULL);
}

int async_condition_release(struct async_condition *condition)
{
	return async_lock_release(condition ? condition->lock : NULL);
}

bool async_condition_locked(const struct async_condition *condition)
{
	return condition && async_lock_locked(condition->lock);
}

/* Once the lock is given up, taking it back must not fail: it is bound before. */
static int64_t may_wait(struct async_condition *condition)
{
	int64_t err = async__waiting_allowed(condition);

	if (!err && !async_lock_locked(condition->lock))
		err = async_fail(-EPERM, "cannot wait on un-acquired lock");
	if (!err)
		err = async__lock_bind(condition->lock);
	return err;
}

int64_t async_condition_wait(struct async_condition *condition)
{
	int64_t err = may_wait(condition);
	bool woken;

	if (err)
		return err;
	async_lock_release(condition->lock);
	err = async__waiting_wait(&condition->waiting, &woken);
	while (async_lock_acquire(condition->lock) == -ECANCELED)
		err = -ECANCELED;
	if (err && woken)
		async__waiting_wake(&condition->waiting, 1);
	return err;
}

int64_t async_condition_wait_for(struct async_condition *condition, bool (*predicate)(void *arg),
				 void *arg)
{
	int64_t err = async__waiting_allowed(condition);

	while (!err && !predicate(arg))
		err = async_condition_wait(condition);
	return err;
}

int async_condition_notify(struct async_condition *condition, size_t count)
{
	if (!condition)
		return async__fail_plain(-ENOMEM);
	if (!async_lock_locked(condition->lock))
		return async_fail(-EPERM, "cannot notify on un-acquired lock");
	async__waiting_wake(&condition->waiting, count);
	return 0;
}

int async_condition_notify_all(struct async_condition *condition)
{
	return async_condition_notify(condition, SIZE_MAX);
}
