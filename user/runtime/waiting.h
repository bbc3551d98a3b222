/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What locks and their kin share: the tasks that wait at one, the first one first.
 *
 * Each awaits a future of its own stack, which it alone refers to. Giving that reference up takes
 * the future out of the lists below, be it that the await ended, or that the task was destroyed
 * with its loop. So an object never points to a stack that has gone.
 */
#ifndef WAITING_H
#define WAITING_H

#include "runtime.h"

struct waiting {
	struct list asleep; /* struct turn */
	struct list woken;  /* their tasks have not run since */
	uint64_t loop;	    /* the number of the one that it is bound to; 0 until a task waits */
	uint64_t number;    /* of the object, for tracers */
	enum at_type type;
};

/* A task that waits: in one of the two lists, or in none if it was cancelled. */
struct turn {
	struct async_future future;
	struct list link;
	struct waiting *waiting;
	uint64_t task; /* its number */
};

struct async_lock {
	uint64_t holder; /* the number of the task that has taken it; 0 while it is not locked */
	struct waiting waiting;
};

#pragma GCC visibility push(hidden)

/* waiting.c */
void async__waiting_init(struct waiting *waiting, enum at_type type, uint64_t number);

/* The object goes: who waits, in a loop that is being closed, no longer does so here. */
void async__waiting_free(struct waiting *waiting);

/* 0; -ENOMEM for a null object; -EPERM outside of a task. */
int async__waiting_allowed(const void *object);

/* Binds the object to the running loop. 0, or -EXDEV if it is bound to another one. */
int async__waiting_bind(struct waiting *waiting);

/*
 * Waits until woken. 0, -ECANCELED, or -EXDEV. *woken is true with -ECANCELED if the task was woken
 * first and cancelled before it could run: it may have to wake another one in its place.
 */
int64_t async__waiting_wait(struct waiting *waiting, bool *woken);

/* Wakes up to `count` tasks; returns how many. */
size_t async__waiting_wake(struct waiting *waiting, size_t count);

/* The number of the task that was woken first and has not run since; 0 if there is none. */
uint64_t async__waiting_woken(const struct waiting *waiting);

/* Where the task waits that awaits this future. */
const struct waiting *async__waiting_of(struct async_future *future);

/* lock.c: as above; and the number of the task that holds it or is about to, or 0. */
int async__lock_bind(struct async_lock *lock);
uint64_t async__lock_holder(const struct waiting *waiting);

/* trace.c: who holds the lock. Only if at_listening(). */
void async__trace_holder(const struct waiting *lock);

#pragma GCC visibility pop

#endif
