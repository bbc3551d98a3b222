/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locks and their kin, between the tasks of one loop. They are fair: who waited first goes first.
 *
 * Functions that wait return 0, or -ECANCELED if the calling task is cancelled, -EPERM outside of a
 * task, -ENOMEM also for a null object, and -EXDEV if they would have to wait at an object that is
 * bound to a different event loop: it may be made before its loop runs, and is bound by the first
 * task that waits.
 *
 * Memory: objects belong to who made them, and must not be freed while a task waits for them,
 * unless its loop is being closed. The functions that free take null.
 *
 * Threads: all functions belong to the thread of the loop.
 */
#ifndef ASYNC_SYNC_H
#define ASYNC_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One at a time. */
struct async_lock;
struct async_lock *async_lock_new(void);
void async_lock_free(struct async_lock *lock);
int64_t async_lock_acquire(struct async_lock *lock);
/* 0, or -EPERM if it is not locked. Any task may do it, as in asyncio. */
int async_lock_release(struct async_lock *lock);
bool async_lock_locked(const struct async_lock *lock);

/* Something that happens once, until it is cleared. */
struct async_event;
struct async_event *async_event_new(void);
void async_event_free(struct async_event *event);
int64_t async_event_wait(struct async_event *event); /* 0 at once if it is set */
void async_event_set(struct async_event *event);     /* wakes all who wait */
void async_event_clear(struct async_event *event);
bool async_event_is_set(const struct async_event *event);

/*
 * A condition goes with a lock, which wait() gives up while it waits and holds again whenever it
 * returns, be it with -ECANCELED. A null `lock` makes one of its own. wait() and notify() are
 * -EPERM while the lock is not held.
 */
struct async_condition;
struct async_condition *async_condition_new(struct async_lock *lock);
void async_condition_free(struct async_condition *condition);
int64_t async_condition_acquire(struct async_condition *condition);
int async_condition_release(struct async_condition *condition);
bool async_condition_locked(const struct async_condition *condition);
int64_t async_condition_wait(struct async_condition *condition);
/* Waits until `predicate` is true, and at least for a look at it. */
int64_t async_condition_wait_for(struct async_condition *condition, bool (*predicate)(void *arg),
				 void *arg);
int async_condition_notify(struct async_condition *condition, size_t count);
int async_condition_notify_all(struct async_condition *condition);

/*
 * A number of permits. A bounded one refuses (-EOVERFLOW) to be released more often than it was
 * acquired.
 */
struct async_semaphore;
struct async_semaphore *async_semaphore_new(size_t value);
struct async_semaphore *async_bounded_semaphore_new(size_t value);
void async_semaphore_free(struct async_semaphore *semaphore);
int64_t async_semaphore_acquire(struct async_semaphore *semaphore);
int async_semaphore_release(struct async_semaphore *semaphore);
bool async_semaphore_locked(const struct async_semaphore *semaphore);

/*
 * A place where `parties` tasks meet: wait() returns when the last one has come, with a different
 * number from 0 up for each. It can be used again and again. Null for 0 parties.
 *
 * abort() breaks it: who waits, and who comes, gets -EPIPE (asyncio: BrokenBarrierError), until
 * reset() makes it new; reset() gives -EPIPE to those who wait. A waiter that is cancelled leaves
 * the others waiting. abort() and reset() do not wait themselves: 0, or -ENOMEM for null.
 */
struct async_barrier;
struct async_barrier *async_barrier_new(size_t parties);
void async_barrier_free(struct async_barrier *barrier);
int64_t async_barrier_wait(struct async_barrier *barrier);
int async_barrier_reset(struct async_barrier *barrier);
int async_barrier_abort(struct async_barrier *barrier);
size_t async_barrier_parties(const struct async_barrier *barrier);
size_t async_barrier_waiting(const struct async_barrier *barrier);
bool async_barrier_broken(const struct async_barrier *barrier);

#ifdef __cplusplus
}
#endif

#endif
