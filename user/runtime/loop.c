/* SPDX-License-Identifier: BSD-2-Clause */
/* The event loop: look at the clock, sleep if nothing is ready, run what is ready, again. */
#include "runtime.h"
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const struct timespec no_time;

__thread struct async_loop *async__running __attribute__((tls_model("initial-exec")));

/* A system call, once per thread; a forked child must ask again. */
static __thread pid_t thread_id;

pid_t async__thread_id(void)
{
	if (!thread_id)
		thread_id = gettid();
	return thread_id;
}

void async__thread_forked(void)
{
	thread_id = 0;
}

int async_loop_new(struct async_loop **ret)
{
	struct async_loop *loop = calloc(1, sizeof(*loop));
	struct numbers number = { 0 };
	int err;

	if (!loop)
		return -ENOMEM;
	list_init(&loop->tasks);
	list_init(&loop->slots);
	list_init(&loop->signals);
	list_init(&loop->jobs);
	list_init(&loop->coroutines);
	err = async__poll_open(loop);
	if (err) {
		free(loop);
		return err;
	}
	loop->place = (uintptr_t)__builtin_return_address(0);
	loop->number = async__number(&number, AT_LOOP);
	async__numbers_give(&number, AT_LOOP);
	/*
	 * Who listens already is told of everything that this loop does: it needs no state of it.
	 */
	at_listeners_rose(&loop->listeners);
	if (at_listening())
		async__trace_loop(loop, true);
	async__loop_opened(loop);
	*ret = loop;
	return 0;
}

int async_loop_close(struct async_loop *loop)
{
	if (!loop)
		return 0;
	if (loop->running || loop->closing)
		return -EBUSY;
	loop->closing = true;
	/*
	 * First those who use the loop, then what they used: tasks wait for signals, jobs and
	 * descriptors; these may post a last call, and any of them has slots.
	 */
	async__loop_closes(loop);
	/* What the tasks have deferred may create some more. */
	while (!list_empty(&loop->tasks))
		async__task_destroy(container_of(loop->tasks.next, struct async_task, link));
	async__signals_close(loop);
	async__jobs_close(loop);
	async_executor_shutdown(loop->executor, false);
	async__poll_close(loop);
	async__slots_free(loop);
	async__numbers_give(&loop->task_numbers, AT_TASK);
	async__numbers_give(&loop->coroutine_numbers, AT_COROUTINE);
	async__numbers_give(&loop->future_numbers, AT_FUTURE);
	async__numbers_give(&loop->wait_numbers, AT_WAIT);
	pool_free(&loop->spare_tasks);
	async__coroutines_free(loop);
	pool_free(&loop->spare_futures);
	pool_free(&loop->spare_jobs);
	async__stacks_free(&loop->stacks);
	heap_free(&loop->timers);
	async__loop_closed(loop);
	free(loop->watchers);
	free(loop->scratch);
	free(loop->announced);
	free(loop->ready);
	free(loop);
	return 0;
}

/* How long the loop may sleep; null for ever. */
static const struct timespec *timeout(const struct async_loop *loop, struct timespec *ret)
{
	uint64_t when = heap_least(&loop->timers), now;

	if (when == UINT64_MAX)
		return NULL;
	now = loop_now(loop);
	when = when > now ? when - now : 0;
	ret->tv_sec = when / 1000000000;
	ret->tv_nsec = when % 1000000000;
	return ret;
}

static void poll_timed(struct async_loop *loop, const struct timespec *limit)
{
	uint64_t start = clock_ns();
	int events = async__poll(loop, limit);

	async__log_poll(limit, clock_ns() - start, events);
}

static void sleep_by_clock(struct async_loop *loop)
{
	uint64_t when;

	async__poll(loop, &no_time);
	when = heap_least(&loop->timers);
	if (loop->head == loop->tail && !loop->stopping && when > loop_now(loop))
		loop->clock->sleep_until(loop->clock_self, when);
}

static void sleep_until_event(struct async_loop *loop)
{
	struct timespec until;
	const struct timespec *limit = timeout(loop, &until);

	if (at_listening()) {
		async__trace_enter_loop(loop, async__trace_wakers(loop));
		at_flush();
	}
	if (async__stacks_trim(&loop->stacks))
		limit = &no_time;
	if (unlikely(loop->clock) && limit && limit != &no_time)
		sleep_by_clock(loop);
	else if (unlikely(loop->debug))
		poll_timed(loop, limit);
	else
		async__poll(loop, limit);
}

/* While tasks are ready it does not sleep, but looks all the same. */
static void hear_of_events(struct async_loop *loop)
{
	if (loop->head == loop->tail && !loop->stopping)
		sleep_until_event(loop);
	else if (!list_empty(&loop->sources) || !async__mailbox_empty(loop->mailbox))
		async__poll(loop, &no_time);
}

static void look_at_clock(struct async_loop *loop)
{
	uint64_t now;

	if (!loop->timers.count)
		return;
	now = loop_now(loop);
	while (heap_least(&loop->timers) <= now) {
		struct heap_node *node = heap_first(&loop->timers);
		struct timer *timer = container_of(node, struct timer, node);

		heap_remove(&loop->timers, node);
		timer->fire(timer);
	}
}

static void run(struct async_loop *loop)
{
	do {
		if (unlikely(at_listeners_rose(&loop->listeners)))
			async__trace_state(loop);
		hear_of_events(loop);
		look_at_clock(loop);
		async__run_ready(loop);
	} while (!loop->stopping);
	loop->stopping = false;
}

int async_loop_run_forever(struct async_loop *loop)
{
	struct watch watch;

	if (loop->running || loop->closing || async__running)
		return -EBUSY;
	loop->running = true;
	loop->thread = async__thread_id();
	async__running = loop;
	async__overflow_watch(&watch);
	if (at_listening())
		async__trace_loop(loop, true);
	async__debug_begin(loop);
	run(loop);
	async__debug_end(loop);
	if (at_listening())
		async__trace_loop(loop, false);
	at_flush();
	async__overflow_unwatch(&watch);
	async__running = NULL;
	loop->thread = 0;
	loop->running = false;
	return 0;
}

void async_loop_stop(struct async_loop *loop)
{
	loop->stopping = true;
}

struct async_loop *async_get_running_loop(void)
{
	return async__running;
}

bool async_loop_is_running(const struct async_loop *loop)
{
	return loop->running;
}

uint64_t async_loop_time(const struct async_loop *loop)
{
	return loop_now(loop);
}

void async_loop_set_clock(struct async_loop *loop, const struct async_clock *clock, void *self)
{
	loop->clock = clock;
	loop->clock_self = self;
}
