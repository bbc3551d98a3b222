/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits in time. A block with a deadline:
 *
 *	struct async_timeout timeout;
 *
 *	async_timeout_begin(&timeout, 2.5);
 *	result = async_await(fetch(url));
 *	result = async_timeout_end(&timeout, result);
 *
 * When the deadline passes, the task is cancelled, so whatever it awaits returns -ECANCELED; the
 * end of the block makes -ETIMEDOUT of that. A cancellation that somebody else asked for stays one.
 *
 * Threads: all functions belong to the thread of the loop.
 */
#ifndef ASYNC_TIMEOUT_H
#define ASYNC_TIMEOUT_H

#include <async/loop.h>
#include <async/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Instead of a number of seconds: no limit. Every negative number says so, and 0 says now. NaN
 * counts as 0, what exceeds 292 years as that.
 */
#define ASYNC_NO_TIMEOUT (-1.0)

/* All of it is the runtime's own. It lives on the stack of the task, from begin to end. */
struct async_timeout {
	struct async_task *task;
	struct async_handle handle;
	uint64_t when_ns;
	uintptr_t place;
	uint64_t number; /* for tracers; 0 unless one listened when it fired */
	unsigned int cancelling;
	int state;
	int type;
};

/*
 * Begins a block that shall end within `delay` seconds (negative, as ASYNC_NO_TIMEOUT is: without a
 * limit so far), or before the loop's clock reaches `when_ns` (UINT64_MAX: no limit). A deadline
 * that has passed cancels at the block's first await that waits. 0, -EPERM outside of a task, or
 * -ENOMEM; then async_timeout_end() returns the same. A block that has begun must be ended.
 */
int async_timeout_begin(struct async_timeout *timeout, double delay);
int async_timeout_begin_at(struct async_timeout *timeout, uint64_t when_ns);

/*
 * Ends the block with what it came to, and returns that; or -ETIMEDOUT for -ECANCELED if the
 * deadline passed and nobody else has cancelled the task meanwhile.
 */
int64_t async_timeout_end(struct async_timeout *timeout, int64_t result);

/*
 * A new deadline: 0; -EALREADY if the block has expired or ended; -ENOMEM, and then the old one
 * holds; or what begin() failed with.
 */
int async_timeout_reschedule(struct async_timeout *timeout, uint64_t when_ns);

/* The deadline on the loop's clock; UINT64_MAX for none. */
uint64_t async_timeout_when(const struct async_timeout *timeout);

/* The deadline passed before the end of the block. */
bool async_timeout_expired(const struct async_timeout *timeout);

/*
 * Awaits with a limit: -ETIMEDOUT if that takes longer than `timeout` seconds, after what was
 * awaited has been cancelled and has ended. If it is done in time, or ends with a result all the
 * same, that is returned. A timeout of 0 cancels at once what is not done already, and a coroutine
 * does not begin; a negative one, as ASYNC_NO_TIMEOUT is, is no limit. Consumes the awaitable.
 * Written async_wait_for(awaitable, timeout).
 */
int64_t async_wait_for_coroutine(struct async_coroutine *coroutine, double timeout);
int64_t async_wait_for_task(struct async_task *task, double timeout);
int64_t async_wait_for_future(struct async_future *future, double timeout);
#ifndef __cplusplus
/* clang-format off */
#define async_wait_for(awaitable, timeout)                                                         \
	_Generic((awaitable),                                                                      \
		struct async_coroutine *: async_wait_for_coroutine,                                \
		struct async_task *: async_wait_for_task,                                          \
		struct async_future *: async_wait_for_future)(awaitable, timeout)
/* clang-format on */
#endif

#ifdef __cplusplus
}
#endif

#endif
