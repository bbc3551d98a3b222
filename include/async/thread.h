/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Talking to a loop from other threads. Of the functions that take a loop, only these may be called
 * from any thread. The loop must not be closed meanwhile; one that does not run takes the calls up
 * when it runs next.
 */
#ifndef ASYNC_THREAD_H
#define ASYNC_THREAD_H

#include <async/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * As async_call_soon(), and wakes the loop if it sleeps. Calls of one thread keep their order. 0;
 * -ENOMEM; -EPERM for a null loop, which is not the running one here.
 */
int async_call_soon_threadsafe(struct async_loop *loop, async_callback *callback, void *arg);

/*
 * The result of a coroutine that another thread's loop runs: Python's concurrent.futures.Future.
 */
struct async_concurrent_future;

/*
 * Has the loop run the coroutine as a task. Consumes the coroutine. Null without memory, or for a
 * null loop. The caller owns what it returns and gives it up with async_concurrent_future_free(),
 * while the coroutine goes on.
 */
struct async_concurrent_future *async_run_coroutine_threadsafe(struct async_coroutine *coroutine,
							       struct async_loop *loop);

/*
 * Blocks the thread until the coroutine has ended, at most `timeout` seconds (negative: for ever),
 * and returns its result, or its error; -ETIMEDOUT, while it goes on. Must not be called by the
 * loop's own thread: -EDEADLK, if it is not done. -ENOMEM for null. -ECANCELED also if the loop was
 * closed before.
 */
int64_t async_concurrent_future_result(struct async_concurrent_future *future, double timeout);

/* The message of the failure, or null. Valid as long as the future. */
const char *async_concurrent_future_message(const struct async_concurrent_future *future);

bool async_concurrent_future_done(const struct async_concurrent_future *future);

/* Asks the loop to cancel the task. False if it is done already. */
bool async_concurrent_future_cancel(struct async_concurrent_future *future);

/* Takes null. */
void async_concurrent_future_free(struct async_concurrent_future *future);

/*
 * The name of the calling thread: "MainThread" for the first of the process, the whole name for one
 * of an executor, of which the kernel keeps 15 bytes, and else what the kernel knows. Valid until
 * the thread asks again.
 */
const char *async_thread_name(void);

#ifdef __cplusplus
}
#endif

#endif
