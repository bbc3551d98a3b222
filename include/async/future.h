/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Futures: results that are not there yet, and the await of them.
 *
 * A future is pending, then done: with a result, with an exception (a negative errno and perhaps a
 * message) or cancelled. A task is a future too (async_task_future()).
 *
 * Memory: futures are counted. Whoever got one from a function that returns a new one owns a
 * reference, and gives it up by awaiting it or with async_future_unref(). A null pointer, which a
 * function returned that had no memory, counts as a future that is done and whose result is
 * -ENOMEM. Once its loop is closed, a future may only be looked at and given up: not awaited,
 * completed, cancelled or given callbacks.
 *
 * Threads: all functions belong to the thread of the future's loop.
 */
#ifndef ASYNC_FUTURE_H
#define ASYNC_FUTURE_H

#include <async/coroutine.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct async_future;
struct async_loop;
struct async_task;

/* Called by the loop, soon after the future is done. */
typedef void async_done_callback(struct async_future *future, void *arg);

/* A pending future of `loop`, or of the running loop if null. Null without memory or loop. */
struct async_future *async_future_new(struct async_loop *loop) ASYNC_RESULT_MATTERS_;

/* One more reference; returns `future`. Takes null. */
struct async_future *async_future_ref(struct async_future *future);

/* Gives a reference up. Takes null. */
void async_future_unref(struct async_future *future);

bool async_future_done(const struct async_future *future);
bool async_future_cancelled(const struct async_future *future);

/*
 * The result if it has one; the negative errno if it failed; -ECANCELED if it was cancelled;
 * -EINPROGRESS while it is pending (asyncio: InvalidStateError).
 */
int64_t async_future_result(const struct async_future *future);

/* The message that came with the exception, or null. Valid as long as the caller's reference. */
const char *async_future_message(const struct async_future *future);

/*
 * Make a pending future done; who awaits it wakes. `result` is 0 or more; `error` is a negative
 * errno, from -4095 to -1 and other than -ECANCELED; `message` is copied and may be null. Returns
 * 0; -EALREADY if it is done already or cancelled (asyncio: InvalidStateError); -EINVAL for a value
 * out of range, or a task, whose result is its own; in debug mode -EPERM if somebody waits for it
 * and another thread runs its loop.
 */
int async_future_set_result(struct async_future *future, int64_t result);
int async_future_set_exception(struct async_future *future, int error, const char *message);

/*
 * Cancels a pending future: who awaits it gets -ECANCELED. False if it was done already, or, in
 * debug mode, somebody waits for it and another thread runs its loop.
 */
bool async_future_cancel(struct async_future *future);

/*
 * Has `callback` called once the future is done, by the loop and not at once even if it is done
 * already; callbacks run in the order in which they were added. 0, or -ENOMEM also for a null
 * future.
 */
int async_future_add_done_callback(struct async_future *future, async_done_callback *callback,
				   void *arg);

/*
 * Forgets callbacks that were added with these two and not called yet; returns their number, 0 for
 * a null future.
 */
int async_future_remove_done_callback(struct async_future *future, async_done_callback *callback,
				      const void *arg);

/*
 * Waits until the future is done, and returns what async_future_result() says then. If the calling
 * task is cancelled meanwhile, the future is cancelled too, and -ECANCELED comes back. Does not
 * suspend if it is done already. Consumes the reference. -EPERM outside of a task; -EDEADLK if a
 * task awaits itself; -EXDEV for a pending future of another loop. Written async_await(future).
 */
int64_t async_await_future(struct async_future *future);

/* The same for a task, whose reference it consumes. Written async_await(task). */
int64_t async_await_task(struct async_task *task);

/* Waits for a coroutine, a task or a future. */
#ifndef __cplusplus
/* clang-format off */
#define async_await(awaitable)                                                                     \
	_Generic((awaitable),                                                                      \
		struct async_coroutine *: async_await_coroutine,                                   \
		struct async_task *: async_await_task,                                             \
		struct async_future *: async_await_future)(awaitable)
/* clang-format on */
#endif

#ifdef __cplusplus
}
#endif

#endif
