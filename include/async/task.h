/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tasks: coroutines that the loop runs beside each other.
 *
 * Memory: async_create_task() returns a reference. Awaiting the task consumes it;
 * async_task_detach() gives it up, and the task goes on by itself. A null pointer, which a function
 * returned that had no memory, counts as a task that is done and whose result is -ENOMEM. The
 * arguments of a coroutine stay the caller's until it has begun: a task that is cancelled before
 * that never sees them.
 *
 * Stacks: a task has one of 64 KiB, of which 56 are its own at least, with a guard page below. It
 * takes a page of memory until it needs more. A coroutine that is awaited as such runs on the stack
 * of its awaiter; where that has no room for one more, the await fails with -EOVERFLOW. Other
 * functions that need more than there is die by SIGSEGV, with a line on standard error that names
 * the task: nobody could say what state they left behind. Build with -fstack-clash-protection so
 * that large frames cannot step over the guard.
 *
 * Threads: all functions belong to the thread of the task's loop.
 */
#ifndef ASYNC_TASK_H
#define ASYNC_TASK_H

#include <async/future.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Makes a coroutine a task of the running loop, or of `loop`, which runs it as soon as it can.
 * Consumes the coroutine. Null without memory or loop. Who drops the reference leaks the task and
 * never hears of its failure: detach it.
 */
struct async_task *async_create_task(struct async_coroutine *coroutine) ASYNC_RESULT_MATTERS_;
struct async_task *async_loop_create_task(struct async_loop *loop,
					  struct async_coroutine *coroutine) ASYNC_RESULT_MATTERS_;

/* One more reference; returns `task`. Takes null. */
struct async_task *async_task_ref(struct async_task *task);

/* Gives a reference up. Takes null. */
void async_task_detach(struct async_task *task);

/* The future that the task is: the same object and reference, for functions that take futures. */
struct async_future *async_task_future(struct async_task *task);

/* The task that a future is, without a reference of its own; null if it is a plain future. */
struct async_task *async_task_of(struct async_future *future);

bool async_task_done(const struct async_task *task);
bool async_task_cancelled(const struct async_task *task);

/* As async_future_result() and async_future_message(). */
int64_t async_task_result(const struct async_task *task);
const char *async_task_message(const struct async_task *task);

/*
 * Asks the task to end. What it awaits is cancelled, and its await returns -ECANCELED; a task that
 * is not waiting gets it from its next await that does, one that has not begun never begins. The
 * task may swallow it. Returns false if the task is done already, or, in debug mode, another thread
 * runs its loop.
 */
bool async_task_cancel(struct async_task *task);

/*
 * Takes one request to cancel back and returns how many remain; the last one is no longer
 * delivered.
 */
unsigned int async_task_uncancel(struct async_task *task);

/* How many requests to cancel there are, less those that were taken back. */
unsigned int async_task_cancelling(const struct async_task *task);

/*
 * The name, at first "Task-1" and so on. Setting copies it; 0, -ENOMEM, or -EINVAL for null. What
 * get returns is valid until the next call of set for that task, as long as the caller's reference.
 */
int async_task_set_name(struct async_task *task, const char *name);
const char *async_task_get_name(struct async_task *task);

/* The task that is running, without a reference of its own, or null outside of tasks. */
struct async_task *async_current_task(void);

/*
 * Puts up to `size` tasks of `loop` (the running one if null) that are not done into `tasks`, with
 * a reference each, and returns how many there are in all.
 */
size_t async_all_tasks(struct async_loop *loop, struct async_task *tasks[], size_t size);

/*
 * Suspends the calling task for so many seconds, or nanoseconds; never for less. 0 lets the other
 * tasks that are ready run once. NaN counts as 0, what exceeds 292 years as that. Returns 0,
 * -ECANCELED, -ENOMEM, or -EPERM outside of a task.
 */
int64_t async_sleep(double seconds);
int64_t async_sleep_ns(uint64_t ns);

#ifdef __cplusplus
}
#endif

#endif
