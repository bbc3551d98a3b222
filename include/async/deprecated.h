/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What asyncio has deprecated, under its old names, for those who come with old code. Each does
 * what its replacement does, and the compiler says which that is.
 */
#ifndef ASYNC_DEPRECATED_H
#define ASYNC_DEPRECATED_H

#include <async/debug.h>
#include <async/timeout.h>
#include <async/wait.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ASYNC_DEPRECATED_(message) __attribute__((deprecated(message)))

/* Takes the loop of async_get_event_loop() if none runs. */
ASYNC_DEPRECATED_("use async_create_task()")
struct async_task *async_ensure_future(struct async_coroutine *coroutine);

/*
 * The running loop; else one that the thread gets at its first call, and keeps until the caller
 * closes it. Null without memory or descriptors.
 */
ASYNC_DEPRECATED_("use async_run() or async_get_running_loop()")
struct async_loop *async_get_event_loop(void);

ASYNC_DEPRECATED_("use async_current_task()")
struct async_task *async_task_current_task(void);

ASYNC_DEPRECATED_("use async_all_tasks()")
size_t async_task_all_tasks(struct async_loop *loop, struct async_task *tasks[], size_t size);

/* With a loop, which is no longer passed. */
ASYNC_DEPRECATED_("use async_sleep(), without a loop")
int64_t async_sleep_loop(double seconds, struct async_loop *loop);
ASYNC_DEPRECATED_("use async_wait_for(), without a loop")
int64_t async_wait_for_loop(struct async_task *task, double timeout, struct async_loop *loop);
ASYNC_DEPRECATED_("use async_wait(), without a loop")
int64_t async_wait_loop(struct async_task *tasks[], size_t count, struct async_loop *loop);

/*
 * Has `wrapper` called for each coroutine that the thread makes, but for those that it makes
 * itself; what it returns takes their place. Null for none.
 */
ASYNC_DEPRECATED_("use async_set_coroutine_origin_tracking_depth()")
void async_set_coroutine_wrapper(struct async_coroutine *(*wrapper)(struct async_coroutine *));

#ifdef __cplusplus
}
#endif

#endif
