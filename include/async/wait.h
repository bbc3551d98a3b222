/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting for several things, and protecting one from being cancelled.
 *
 * Memory: async_gather() and async_shield() consume the references that they are given;
 * async_wait() and async_as_completed() only look.
 *
 * Threads: all functions belong to the thread of the loop.
 */
#ifndef ASYNC_WAIT_H
#define ASYNC_WAIT_H

#include <async/task.h>
#include <async/timeout.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Flags of async_gather(). */
enum {
	/* A failure is a result as any other and does not end the gathering. */
	ASYNC_RETURN_EXCEPTIONS = 1 << 0,
};

/*
 * A future, the caller's to await or to give up, that is done when all of the `count` tasks (or
 * futures) are, with result 0, and their results in `results` (unless null; it must live until all
 * are done, also if the future is given up before). The first failure makes it fail at once, while
 * the others go on, and `results` stays as it was. Cancelling it cancels them; for that, gatherings
 * and task groups within each other must not be more than 300 deep. Coroutines become tasks of the
 * running loop. Consumes their references, even when it fails: null without memory or loop, if one
 * of them is null, or if they are not all of one loop. Written async_gather(array, …).
 */
struct async_future *async_gather_coroutines(struct async_coroutine *const coroutines[],
					     size_t count, int64_t results[],
					     unsigned int flags) ASYNC_RESULT_MATTERS_;
struct async_future *async_gather_tasks(struct async_task *const tasks[], size_t count,
					int64_t results[],
					unsigned int flags) ASYNC_RESULT_MATTERS_;
struct async_future *async_gather_futures(struct async_future *const futures[], size_t count,
					  int64_t results[],
					  unsigned int flags) ASYNC_RESULT_MATTERS_;

/* When async_wait() returns; all three do if everything is done. */
enum async_return_when {
	ASYNC_ALL_COMPLETED,
	ASYNC_FIRST_COMPLETED,
	ASYNC_FIRST_EXCEPTION, /* one failed; being cancelled is no failure */
};

/*
 * Waits until as many of the `count` tasks (or futures) are done as `when` says, at most `timeout`
 * seconds (see timeout.h), and returns how many are done. These come first in the array afterwards,
 * then those that are not; both in their order. Nothing is cancelled, neither after the timeout nor
 * when the caller is: -ECANCELED then. Null ones count as done. Does not suspend if enough are done
 * already. -EINVAL if there are none (asyncio: ValueError) or `when` is out of range, -EXDEV if
 * they are not of the running loop, -EPERM outside of a task, -ENOMEM. Written async_wait(array,
 * …).
 */
int64_t async_wait_tasks(struct async_task *tasks[], size_t count, double timeout,
			 enum async_return_when when);
int64_t async_wait_futures(struct async_future *futures[], size_t count, double timeout,
			   enum async_return_when when);

/* Coroutines are no tasks yet, and would not be found among what is done: does not compile. */
int64_t async_wait_coroutines(struct async_coroutine *coroutines[], size_t count, double timeout,
			      enum async_return_when when)
	__attribute__((error("Passing coroutines is forbidden, use tasks explicitly.")));

/*
 * Hands out the `count` tasks (or futures) in the order in which they get done. Null without memory
 * or loop, if one of them is null, or if they are not all of one loop. The caller frees it, and
 * keeps his references as long as he needs them. Written async_as_completed(array, …).
 */
struct async_as_completed;
struct async_as_completed *async_as_completed_tasks(struct async_task *const tasks[], size_t count,
						    double timeout);
struct async_as_completed *async_as_completed_futures(struct async_future *const futures[],
						      size_t count, double timeout);

/*
 * Waits until the next one is done. Returns 1, and puts its place in the array into *index; 0 if
 * all have been handed out; -ETIMEDOUT if `timeout` seconds have passed since the object was made,
 * and all that was done by then has been handed out. -ECANCELED, after which it may be called
 * again; -EBUSY if another task is waiting for the next one; -EPERM outside of a task; -ENOMEM also
 * for a null object.
 */
int64_t async_as_completed_next(struct async_as_completed *completed, size_t *index);

/* Takes null. */
void async_as_completed_free(struct async_as_completed *completed);

/*
 * A future, the caller's, that ends as the inner one does; the inner one itself if that is done.
 * Whoever awaits it may be cancelled: the new future is cancelled, the inner one goes on. A failure
 * of the inner one after that is reported (see log.h), since nobody else hears of it. A coroutine
 * becomes a task of the running loop. Consumes the inner reference, even when it fails: null
 * without memory or loop. Written async_shield(awaitable).
 */
struct async_future *async_shield_coroutine(struct async_coroutine *inner) ASYNC_RESULT_MATTERS_;
struct async_future *async_shield_task(struct async_task *inner) ASYNC_RESULT_MATTERS_;
struct async_future *async_shield_future(struct async_future *inner) ASYNC_RESULT_MATTERS_;

#ifndef __cplusplus
/* clang-format off */
#define async_gather(awaitables, count, results, flags)                                            \
	_Generic((awaitables),                                                                     \
		struct async_coroutine **: async_gather_coroutines,                                \
		struct async_coroutine *const *: async_gather_coroutines,                          \
		struct async_task **: async_gather_tasks,                                          \
		struct async_task *const *: async_gather_tasks,                                    \
		struct async_future **: async_gather_futures,                                      \
		struct async_future *const *: async_gather_futures)(awaitables, count, results, flags)
#define async_wait(awaitables, count, timeout, when)                                               \
	_Generic((awaitables),                                                                     \
		struct async_task **: async_wait_tasks,                                            \
		struct async_future **: async_wait_futures,                                        \
		struct async_coroutine **: async_wait_coroutines)(awaitables, count, timeout, when)
#define async_as_completed(awaitables, count, timeout)                                             \
	_Generic((awaitables),                                                                     \
		struct async_task **: async_as_completed_tasks,                                    \
		struct async_task *const *: async_as_completed_tasks,                              \
		struct async_future **: async_as_completed_futures,                                \
		struct async_future *const *: async_as_completed_futures)(awaitables, count, timeout)
#define async_shield(awaitable)                                                                    \
	_Generic((awaitable),                                                                      \
		struct async_coroutine *: async_shield_coroutine,                                  \
		struct async_task *: async_shield_task,                                            \
		struct async_future *: async_shield_future)(awaitable)
/* clang-format on */
#endif

#ifdef __cplusplus
}
#endif

#endif
