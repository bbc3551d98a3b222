/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Debug mode, and where things come from.
 *
 * In debug mode a loop says which steps took too long, keeps the place where each coroutine, task
 * and callback was created, and refuses to create tasks, schedule callbacks, complete or cancel
 * futures from other threads. It is on with ASYNCDEBUG=1 in the environment, in async_run_debug(),
 * or after async_loop_set_debug().
 *
 * Places are code addresses until they are printed; then libdw is loaded, if there is one, and
 * finds their files and lines.
 *
 * Threads: all functions belong to the thread of the loop, unless they say otherwise.
 */
#ifndef ASYNC_DEBUG_H
#define ASYNC_DEBUG_H

#include <async/loop.h>
#include <async/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As async_run(), with a loop in debug mode. */
int64_t async_run_debug(struct async_coroutine *main);

void async_loop_set_debug(struct async_loop *loop, bool on);
bool async_loop_get_debug(const struct async_loop *loop);

/* In debug mode, steps of a task or callback that take as many seconds are logged; at first 0.1. */
void async_loop_set_slow_callback_duration(struct async_loop *loop, double seconds);
double async_loop_get_slow_callback_duration(const struct async_loop *loop);

/*
 * How many frames of its origin each new coroutine keeps, for the calling thread; 0, at first, is
 * none, and at most 32 are kept. set returns 0, or -EINVAL for a negative depth.
 */
int async_set_coroutine_origin_tracking_depth(int depth);
int async_get_coroutine_origin_tracking_depth(void);

/*
 * A place in a program: a function, and the line that it has reached; of its first byte, the line
 * at which it is declared. What was inlined counts as its call. The strings belong to the library,
 * for good.
 */
struct async_frame {
	uintptr_t address;
	const char *file; /* null if it is not known */
	int line;
	const char *function; /* null if it is not known */
};

const char *async_coroutine_name(const struct async_coroutine *coroutine);

/*
 * Where a coroutine was created: up to `size` frames of its origin, the innermost first, without
 * those of the runtime. Returns how many there are; 0 if none were kept.
 */
size_t async_coroutine_origin(const struct async_coroutine *coroutine, struct async_frame frames[],
			      size_t size);

/*
 * Looks a code address up. A return address is that of the next instruction: take 1 from it. Any
 * thread may call it.
 */
struct async_frame async_frame_of(uintptr_t address);

/* A coroutine that took `ns` from its first step to its end, and has just ended with `result`. */
typedef void async_long_coroutine_handler(struct async_coroutine *coroutine, uint64_t ns,
					  int64_t result, void *arg);

/*
 * Has `handler` called for each coroutine of the loop that took `threshold` seconds or more, within
 * the task that ran it. Null for none.
 */
void async_loop_set_long_coroutine_handler(struct async_loop *loop, double threshold,
					   async_long_coroutine_handler *handler, void *arg);

/*
 * What asyncio prints of a task or future: "<Task finished name='Task-2' coro=<inner() done,
 * defined at demo.c:25> result=0 created at demo.c:33>". A new string, the caller's to free; null
 * without memory, and for a null task or future.
 */
char *async_task_repr(const struct async_task *task);
char *async_future_repr(const struct async_future *future);

#ifdef __cplusplus
}
#endif

#endif
