/* SPDX-License-Identifier: BSD-2-Clause */
/* Sleeping: to await a future, kept on the stack, that a timer completes. */
#include "runtime.h"
#include <errno.h>

struct sleeper {
	struct async_future future;
	struct timer timer;
};

uint64_t async__ns_of(double seconds)
{
	double ns = seconds * 1e9;

	if (!(ns > 0))
		return 0;
	/* Some 292 years: for ever, without overflow when the time of day is added. */
	return ns < 0x1p63 ? (uint64_t)ns : 1ULL << 63;
}

uint64_t async__deadline(const struct async_loop *loop, double timeout)
{
	return timeout < 0 || !loop ? UINT64_MAX : loop_now(loop) + async__ns_of(timeout);
}

static void wake_up(struct timer *timer)
{
	struct sleeper *sleeper = container_of(timer, struct sleeper, timer);

	if (sleeper->future.state == PENDING)
		async__future_finish(&sleeper->future, FINISHED, 0);
}

static __attribute__((noinline)) int64_t sleep_for(struct async_loop *loop, uint64_t ns)
{
	struct sleeper sleeper;
	uint64_t now = loop_now(loop);
	int64_t result;

	if (heap_reserve(&loop->timers, loop->timers.count + 1))
		return async__fail_plain(-ENOMEM);
	async__future_init(&sleeper.future, loop, AT_TIMER);
	sleeper.future.references = 2; /* the await gives one up; this frame keeps the other */
	sleeper.future.number = ns < UINT64_MAX - now ? now + ns : UINT64_MAX;
	sleeper.timer.fire = wake_up;
	heap_add(&loop->timers, &sleeper.timer.node, sleeper.future.number);
	result = async_await_future(&sleeper.future);
	heap_remove(&loop->timers, &sleeper.timer.node);
	return result;
}

int64_t async_sleep_ns(uint64_t ns)
{
	struct async_loop *loop = async__running;
	struct async_task *task = loop ? loop->current : NULL;

	if (unlikely(!task))
		return -EPERM;
	return ns ? sleep_for(loop, ns) : async__yield(task);
}

int64_t async_sleep(double seconds)
{
	return async_sleep_ns(async__ns_of(seconds));
}
