/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits in time: a callback at the deadline cancels the task, and the end of the block takes that
 * request back. Waiting for something with a limit is to await it within such a block. Semantics
 * are asyncio's since Python 3.12.
 */
#include "runtime.h"
#include <errno.h>

/* Or the negative errno for which the block could not begin. */
enum state { ACTIVE, EXPIRING, EXPIRED, ENDED };

static void expire(void *arg)
{
	struct async_timeout *timeout = arg;
	struct cancellation cancellation = { .place = timeout->place };

	timeout->state = EXPIRING;
	/* Only those that fire are told of, and need a number. */
	if (at_listening()) {
		timeout->number = async__number_of(timeout->type);
		cancellation.through = AT_ID(timeout->type, timeout->number);
	}
	async__task_cancel(timeout->task, cancellation);
}

static int schedule(struct async_timeout *timeout, uint64_t when_ns)
{
	struct async_loop *loop = timeout->task->future.loop;
	struct async_handle handle = { 0 };

	if (when_ns != UINT64_MAX) {
		handle = when_ns <= loop_now(loop) ? async_call_soon(loop, expire, timeout)
						   : async_call_at(loop, when_ns, expire, timeout);
		if (!handle.serial)
			return async__fail_plain(-ENOMEM);
	}
	async_handle_cancel(timeout->handle);
	timeout->handle = handle;
	timeout->when_ns = when_ns;
	return 0;
}

static int begin(struct async_timeout *timeout, uint64_t when_ns, enum at_type type,
		 uintptr_t place)
{
	struct async_task *task = current_task();

	*timeout = (struct async_timeout){
		.task = task,
		.when_ns = when_ns,
		.place = place,
		.state = -EPERM,
		.type = type,
	};
	if (!task)
		return -EPERM;
	/* A request that the task has not been told of yet comes within the block. */
	timeout->cancelling = task->cancelling - task->must_cancel;
	timeout->state = schedule(timeout, when_ns);
	return timeout->state;
}

int async_timeout_begin_at(struct async_timeout *timeout, uint64_t when_ns)
{
	return begin(timeout, when_ns, AT_TIMEOUT, (uintptr_t)__builtin_return_address(0));
}

int async_timeout_begin(struct async_timeout *timeout, double delay)
{
	return begin(timeout, async__deadline(async__running, delay), AT_TIMEOUT,
		     (uintptr_t)__builtin_return_address(0));
}

int async_timeout_reschedule(struct async_timeout *timeout, uint64_t when_ns)
{
	if (timeout->state < 0)
		return timeout->state;
	return timeout->state == ACTIVE ? schedule(timeout, when_ns) : -EALREADY;
}

int64_t async__timed_out(struct async_task *task)
{
	async__task_failed(task, -ETIMEDOUT, NULL);
	return -ETIMEDOUT;
}

/* The deadline passed, and what that led to. `future` is what was awaited, or null. */
static void trace_end(const struct async_timeout *timeout, const struct async_future *future,
		      bool timed_out, uintptr_t place)
{
	uint64_t number = timeout->number ?: async__number_of(timeout->type);
	const struct cancellation cancellation = {
		.place = place,
		.through = AT_ID(timeout->type, number),
	};
	unsigned int flags = AT_TAKEN_BACK;

	if (timed_out)
		flags |= future && future->state == FINISHED ? AT_REFUSED : AT_TIMED_OUT;
	async__trace_cancel(&timeout->task->future, flags, cancellation);
}

static int64_t end(struct async_timeout *timeout, int64_t result, const struct async_future *future,
		   uintptr_t place)
{
	bool timed_out;

	if (timeout->state < 0)
		return timeout->state;
	if (timeout->state == ACTIVE) {
		async_handle_cancel(timeout->handle);
		timeout->state = ENDED;
	}
	if (timeout->state != EXPIRING)
		return result;
	timeout->state = EXPIRED;
	timed_out =
		async__task_uncancel(timeout->task) <= timeout->cancelling && result == -ECANCELED;
	if (at_listening())
		trace_end(timeout, future, timed_out, place);
	return timed_out ? async__timed_out(timeout->task) : result;
}

int64_t async_timeout_end(struct async_timeout *timeout, int64_t result)
{
	return end(timeout, result, NULL, (uintptr_t)__builtin_return_address(0));
}

uint64_t async_timeout_when(const struct async_timeout *timeout)
{
	return timeout->when_ns;
}

bool async_timeout_expired(const struct async_timeout *timeout)
{
	return timeout->state == EXPIRING || timeout->state == EXPIRED;
}

static bool is_now(double timeout)
{
	return !(timeout < 0) && !async__ns_of(timeout);
}

/* It never begins; but the others have a turn, as with every await that waits. */
static int64_t refuse(struct async_task *task, struct async_coroutine *coroutine)
{
	int64_t result;

	async_coroutine_close(coroutine);
	result = async__yield(task);
	return result < 0 ? result : async__timed_out(task);
}

int64_t async_wait_for_coroutine(struct async_coroutine *coroutine, double timeout)
{
	struct async_task *task = current_task();
	struct async_timeout limit;
	int err;

	if (!coroutine)
		return async__fail_plain(-ENOMEM);
	if (task && is_now(timeout))
		return refuse(task, coroutine);
	err = begin(&limit, async__deadline(async__running, timeout), AT_WAIT_FOR,
		    (uintptr_t)__builtin_return_address(0));
	if (err) {
		async_coroutine_close(coroutine);
		return err;
	}
	return end(&limit, async_await_coroutine(coroutine), NULL, limit.place);
}

static int64_t wait_for(struct async_future *future, double timeout, uintptr_t place)
{
	bool now = is_now(timeout);
	struct async_timeout limit;
	int64_t result;
	int err;

	if (async_future_done(future))
		return async_await_future(future);
	err = begin(&limit, now ? UINT64_MAX : async__deadline(async__running, timeout),
		    AT_WAIT_FOR, place);
	if (err) {
		async_future_unref(future);
		return err;
	}
	/* Who is cancelled before he waits hands it on at once. */
	if (now)
		expire(&limit);
	result = end(&limit, async__await(future), future, place);
	/* It was done when the deadline passed, but the task had not been told yet. */
	if (result == -ETIMEDOUT && future->state == FINISHED)
		return async_await_future(future);
	async_future_unref(future);
	return result;
}

int64_t async_wait_for_future(struct async_future *future, double timeout)
{
	return wait_for(future, timeout, (uintptr_t)__builtin_return_address(0));
}

int64_t async_wait_for_task(struct async_task *task, double timeout)
{
	return wait_for(async_task_future(task), timeout, (uintptr_t)__builtin_return_address(0));
}
