/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Semaphores. Whoever wakes a task gives it the permit, which a cancelled one gives back. Until all
 * who were woken have run, whoever comes waits behind them, even if permits are left.
 */
#include "waiting.h"
#include <errno.h>
#include <stdlib.h>

struct async_semaphore {
	size_t value;
	size_t bound;
	struct waiting waiting;
};

static struct async_semaphore *semaphore_new(size_t value, size_t bound)
{
	struct async_semaphore *semaphore = malloc(sizeof(*semaphore));

	if (!semaphore)
		return NULL;
	semaphore->value = value;
	semaphore->bound = bound;
	async__waiting_init(&semaphore->waiting, AT_SEMAPHORE, async__number_of(AT_SEMAPHORE));
	return semaphore;
}

struct async_semaphore *async_semaphore_new(size_t value)
{
	return semaphore_new(value, SIZE_MAX);
}

struct async_semaphore *async_bounded_semaphore_new(size_t value)
{
	return semaphore_new(value, value);
}

void async_semaphore_free(struct async_semaphore *semaphore)
{
	if (semaphore)
		async__waiting_free(&semaphore->waiting);
	free(semaphore);
}

int64_t async_semaphore_acquire(struct async_semaphore *semaphore)
{
	int64_t err = async__waiting_allowed(semaphore);
	bool woken;

	if (err)
		return err;
	if (!async_semaphore_locked(semaphore)) {
		semaphore->value--;
		return 0;
	}
	err = async__waiting_wait(&semaphore->waiting, &woken);
	if (err && woken)
		semaphore->value++;
	/* Permits may be left, for which others waited behind this task. */
	semaphore->value -= async__waiting_wake(&semaphore->waiting, semaphore->value);
	return err;
}

int async_semaphore_release(struct async_semaphore *semaphore)
{
	if (!semaphore)
		return async__fail_plain(-ENOMEM);
	if (semaphore->value >= semaphore->bound)
		return async_fail(-EOVERFLOW, "BoundedSemaphore released too many times");
	if (!async__waiting_wake(&semaphore->waiting, 1))
		semaphore->value++;
	return 0;
}

bool async_semaphore_locked(const struct async_semaphore *semaphore)
{
	return semaphore && (!semaphore->value || !list_empty(&semaphore->waiting.woken));
}
