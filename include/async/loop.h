/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Event loops: they run tasks and callbacks, one at a time, on the thread that runs the loop.
 *
 * An iteration runs what is ready when it begins. Timers, descriptors, signals and other threads'
 * calls are looked at between two iterations: whenever nothing is ready, in debug mode always, else
 * once 61 steps or some 30 microseconds have gone by.
 *
 * Most programs need async_run() only. A loop is used by one thread; any number of threads may run
 * one loop each. No function here may be called from another thread than the loop's.
 *
 * A child that was forked while the loop runs shares its descriptors, and has none of its threads:
 * it must not use the loop or what belongs to it, nor return from async_run(), but exec or _exit().
 */
#ifndef ASYNC_LOOP_H
#define ASYNC_LOOP_H

#include <async/future.h>

#ifdef __cplusplus
extern "C" {
#endif

struct async_loop;

typedef void async_callback(void *arg);

/*
 * Runs the coroutine as the main task of a new loop and returns its result, or -errno as it failed;
 * then cancels the tasks that are left, waits for them and for the jobs of the loop's own executor,
 * and closes the loop. Consumes the coroutine. -EINTR if SIGINT has ended it (see signal.h); -EBUSY
 * if the thread is running a loop already; -ENOMEM for null; the errors of async_loop_new().
 */
int64_t async_run(struct async_coroutine *main);

/* A new loop. 0 or -errno: -ENOMEM, or what epoll and eventfd say. The caller closes it. */
int async_loop_new(struct async_loop **ret);

/*
 * Closes the loop and frees it. Tasks that are not done are destroyed where they wait, without
 * running any further, and what only their stacks knew of is lost; callbacks are dropped. 0, or
 * -EBUSY while it runs. Takes null.
 */
int async_loop_close(struct async_loop *loop);

/*
 * Runs the loop until the coroutine, task or future is done, and returns its result. Consumes it.
 * -EINTR if the loop was stopped before: the task goes on in the next run; -EBUSY if this loop, or
 * another one in this thread, is running; -EXDEV for a task or future of another loop.
 */
int64_t async_loop_run_coroutine_until_complete(struct async_loop *loop,
						struct async_coroutine *coroutine);
int64_t async_loop_run_future_until_complete(struct async_loop *loop, struct async_future *future);
int64_t async_loop_run_task_until_complete(struct async_loop *loop, struct async_task *task);
#ifndef __cplusplus
/* clang-format off */
#define async_loop_run_until_complete(loop, awaitable)                                             \
	_Generic((awaitable),                                                                      \
		struct async_coroutine *: async_loop_run_coroutine_until_complete,                 \
		struct async_task *: async_loop_run_task_until_complete,                           \
		struct async_future *: async_loop_run_future_until_complete)(loop, awaitable)
/* clang-format on */
#endif

/* Runs the loop until async_loop_stop(). 0 or -EBUSY, as above. */
int async_loop_run_forever(struct async_loop *loop);

/*
 * Makes the loop return once the iteration at hand is over; if it does not run, the next run makes
 * one iteration.
 */
void async_loop_stop(struct async_loop *loop);

/* The loop that the calling thread is running, or null. */
struct async_loop *async_get_running_loop(void);

bool async_loop_is_running(const struct async_loop *loop);

/* The loop's clock: nanoseconds of CLOCK_MONOTONIC, unless it was given another one. */
uint64_t async_loop_time(const struct async_loop *loop);

/*
 * A clock of one's own, for tests that shall neither wait nor depend on how fast a machine is.
 */
struct async_clock {
	/* Never less than before. */
	uint64_t (*now)(void *self);
	/*
	 * Called in place of sleeping if nothing is ready before `when_ns`: the clock may move there
	 * at once. Returning early is harmless.
	 */
	void (*sleep_until)(void *self, uint64_t when_ns);
};

/*
 * Gives the loop a clock, which must live as long as the loop has it, and the clock its `self`.
 * Null gives CLOCK_MONOTONIC back. Timers keep the times that they were set to. Without any timer
 * the loop sleeps until a descriptor or another thread wakes it, as ever.
 */
void async_loop_set_clock(struct async_loop *loop, const struct async_clock *clock, void *self);

/*
 * The name of a callback that was scheduled. It is no reference: it costs nothing to keep or to
 * drop, and cancelling it when the callback has run is harmless, until the loop is closed.
 */
struct async_handle {
	void *slot;
	uint64_t serial; /* 0: it could not be scheduled, for lack of memory or of a loop */
};

/*
 * Have `callback` called with `arg`: in the next iteration, first scheduled first called; after
 * `delay` seconds (NaN counts as 0, what exceeds 292 years as that); or when the loop's clock
 * reaches `when_ns`. A callback never runs early, and never at once. A null `loop` is the running
 * one.
 */
struct async_handle async_call_soon(struct async_loop *loop, async_callback *callback, void *arg);
struct async_handle async_call_later(struct async_loop *loop, double delay,
				     async_callback *callback, void *arg);
struct async_handle async_call_at(struct async_loop *loop, uint64_t when_ns,
				  async_callback *callback, void *arg);

/*
 * Have `callback` called whenever the descriptor can be read, or written, without blocking, as long
 * as it is so; in place of what was added before. The descriptor stays the caller's, who removes
 * both before he closes it. 0; -EBUSY if a stream or transport has it; -ENOMEM; -EPERM for a file
 * that cannot be waited for, or without a loop; -EBADF. The latter two are true if there was
 * something to remove. A null `loop` is the running one.
 */
int async_loop_add_reader(struct async_loop *loop, int fd, async_callback *callback, void *arg);
int async_loop_add_writer(struct async_loop *loop, int fd, async_callback *callback, void *arg);
bool async_loop_remove_reader(struct async_loop *loop, int fd);
bool async_loop_remove_writer(struct async_loop *loop, int fd);

/* The callback shall not be called. False if it has been, or was cancelled before. */
bool async_handle_cancel(struct async_handle handle);

/* The callback was cancelled, or has been called: nothing is to come. */
bool async_handle_done(struct async_handle handle);

#ifdef __cplusplus
}
#endif

#endif
