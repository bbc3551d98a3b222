/* SPDX-License-Identifier: BSD-2-Clause */
/* Coroutine objects: a function and its arguments, to be run once. */
#include "runtime.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
	SPARE_LIMIT = 4096,
	STACK_RESERVE = 12 << 10, /* what a coroutine finds of its stack at least when it begins */
};

/* Those that were made while no loop ran. */
static struct list homeless = { &homeless, &homeless };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static __attribute__((noinline)) struct async_coroutine *allocate(struct async_loop *loop)
{
	struct async_coroutine *coroutine = malloc(sizeof(*coroutine));

	if (!coroutine)
		return NULL;
	coroutine->loop = loop;
	if (loop) {
		list_add(&loop->coroutines, &coroutine->link);
		return coroutine;
	}
	pthread_mutex_lock(&lock);
	list_add(&homeless, &coroutine->link);
	pthread_mutex_unlock(&lock);
	return coroutine;
}

/* Takes it out of its list, whose thread we are. */
static void forget(struct async_coroutine *coroutine)
{
	if (coroutine->loop) {
		list_remove(&coroutine->link);
		return;
	}
	pthread_mutex_lock(&lock);
	list_remove(&coroutine->link);
	pthread_mutex_unlock(&lock);
}

static __attribute__((noinline)) void release(struct async_coroutine *coroutine)
{
	forget(coroutine);
	free(coroutine);
}

/* What the thread wants of new coroutines: an origin, a wrapper. */
static __attribute__((noinline)) struct async_coroutine *track(struct async_coroutine *coroutine)
{
	struct async_coroutine *(*wrapper)(struct async_coroutine *) = async__tracking.wrapper;

	if (async__tracking.depth)
		coroutine->has_origin =
			async__origin_keep(&coroutine->place, async__tracking.depth);
	if (!wrapper)
		return coroutine;
	/* It may make coroutines itself. */
	async__tracking_set(async__tracking.depth, NULL);
	coroutine = wrapper(coroutine);
	async__tracking_set(async__tracking.depth, wrapper);
	return coroutine;
}

struct async_coroutine *async_coroutine_new(struct async_function *function,
					    const uint64_t arguments[AT_ARGUMENTS_MAX],
					    uintptr_t place)
{
	struct async_loop *loop = async__running;
	struct async_coroutine *coroutine;

	coroutine = likely(loop) ? pool_pop(&loop->spare_coroutines) : NULL;
	if (unlikely(!coroutine) && !(coroutine = allocate(loop)))
		return NULL;
	coroutine->function = function;
	coroutine->awaiter = NULL;
	coroutine->number = 0;
	coroutine->deferred = NULL;
	coroutine->place.address = place;
	coroutine->state = CREATED;
	coroutine->has_origin = false;
	memcpy(coroutine->arguments, arguments, sizeof(coroutine->arguments));
	return unlikely(async__tracking.any) ? track(coroutine) : coroutine;
}

static inline void end(struct async_coroutine *coroutine)
{
	struct async_loop *loop = async__running;

	if (unlikely(!loop || coroutine->loop != loop ||
		     loop->spare_coroutines.count >= SPARE_LIMIT)) {
		release(coroutine);
		return;
	}
	coroutine->state = SPARE;
	pool_give(&loop->spare_coroutines, coroutine, SIZE_MAX);
}

void async_coroutine_close(struct async_coroutine *coroutine)
{
	if (coroutine)
		end(coroutine);
}

void async__coroutine_take(struct async_coroutine *coroutine)
{
	if (!coroutine)
		return;
	coroutine->state = TAKEN;
	if (!coroutine->loop)
		return;
	forget(coroutine);
	coroutine->loop = NULL;
}

void async__coroutines_free(struct async_loop *loop)
{
	struct list *link, *next;

	list_for_each_safe (link, next, &loop->coroutines) {
		struct async_coroutine *coroutine =
			container_of(link, struct async_coroutine, link);

		/* Another loop of this thread has it. */
		if (coroutine->state == TAKEN) {
			async__coroutine_take(coroutine);
			continue;
		}
		if (coroutine->state == CREATED)
			async__never_awaited(coroutine);
		list_remove(link);
		free(coroutine);
	}
}

/* The next one of those that are still to run; null when there are no more. */
static struct async_coroutine *take_forgotten(void)
{
	struct async_coroutine *coroutine = NULL;
	struct list *link;

	pthread_mutex_lock(&lock);
	list_for_each (link, &homeless) {
		coroutine = container_of(link, struct async_coroutine, link);
		if (coroutine->state == CREATED)
			break;
		coroutine = NULL;
	}
	if (coroutine)
		list_remove(&coroutine->link);
	pthread_mutex_unlock(&lock);
	return coroutine;
}

__attribute__((destructor)) static void free_forgotten(void)
{
	struct async_coroutine *coroutine;

	while ((coroutine = take_forgotten())) {
		async__never_awaited(coroutine);
		free(coroutine);
	}
}

/* What happens there is no longer what the coroutine has failed with. */
static __attribute__((noinline)) void run_deferred(struct async_task *task,
						   struct async_coroutine *coroutine)
{
	struct aside *aside = async__set_aside(task);

	async__run_deferred(coroutine);
	async__take_back(task, aside, 0);
}

static inline __attribute__((always_inline)) int64_t
run(struct async_task *task, struct async_coroutine *coroutine, bool timed)
{
	struct async_loop *loop = task->future.loop;
	uint64_t since_ns = timed ? clock_ns() : 0;
	int64_t result;

	coroutine->awaiter = task->innermost;
	task->innermost = coroutine;
	if (at_listening())
		async__trace_begin(loop, coroutine, 0);
	result = coroutine->function->call(coroutine->arguments);
	if (unlikely(coroutine->deferred))
		run_deferred(task, coroutine);
	if (at_listening())
		async__trace_end(task, coroutine, result);
	if (timed)
		async__long_coroutine(loop, coroutine, since_ns, result);
	task->innermost = coroutine->awaiter;
	end(coroutine);
	return result;
}

static __attribute__((noinline)) int64_t run_timed(struct async_task *task,
						   struct async_coroutine *coroutine)
{
	return run(task, coroutine, true);
}

int64_t async__coroutine_run(struct async_task *task, struct async_coroutine *coroutine)
{
	if (unlikely(task->future.loop->long_coroutine))
		return run_timed(task, coroutine);
	return run(task, coroutine, false);
}

static inline bool stack_is_low(const struct async_task *task)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	return (uintptr_t)task->stack - here > STACK_USABLE - STACK_RESERVE;
}

int64_t async_await_coroutine(struct async_coroutine *coroutine)
{
	struct async_task *task = current_task();
	struct aside *aside;
	int64_t result;

	if (!coroutine)
		return async__fail_plain(-ENOMEM);
	if (unlikely(!task)) {
		async_coroutine_close(coroutine);
		return -EPERM;
	}
	if (unlikely(stack_is_low(task))) {
		async_coroutine_close(coroutine);
		return async_fail(-EOVERFLOW, "maximum recursion depth exceeded");
	}
	coroutine->state = TAKEN;
	aside = unlikely(task->failed_message) ? async__set_aside(task) : NULL;
	result = async__coroutine_run(task, coroutine);
	if (unlikely(task->failed_message || aside))
		async__take_back(task, aside, result);
	return result;
}
