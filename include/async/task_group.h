/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Task groups: tasks that end together.
 *
 *	struct async_task_group *group = async_task_group_new();
 *
 *	async_task_group_create_task(group, fetch(1));
 *	async_task_group_create_task(group, fetch(2));
 *	result = async_task_group_end(group, 0);
 *
 * When one of them fails, the others are cancelled, and so is the task that opened the group, if it
 * is still within the block.
 *
 * Threads: all functions belong to the thread of the loop.
 */
#ifndef ASYNC_TASK_GROUP_H
#define ASYNC_TASK_GROUP_H

#include <async/task.h>

#ifdef __cplusplus
extern "C" {
#endif

struct async_task_group;

/*
 * A group of the calling task, which must end it: a task that has ended without that leaves its
 * group's tasks cancelled. Null without memory, or outside of a task.
 */
struct async_task_group *async_task_group_new(void);

/*
 * Makes the coroutine a task of the group; tasks of the group may do that too. Consumes the
 * coroutine. The task is the group's until its end (async_task_ref() keeps it longer). Null without
 * memory, which counts as a task that failed with -ENOMEM: it is enough to look at the end. Null
 * without a group, or if the group is shutting down.
 */
struct async_task *async_task_group_create_task(struct async_task_group *group,
						struct async_coroutine *coroutine);

/*
 * Ends the block with what it came to: waits for all tasks, after having cancelled them if `result`
 * is a failure. Returns `result`, or the first failure among the tasks, with its message, unless
 * the block had failed before by itself. -ECANCELED if the calling task was cancelled meanwhile by
 * somebody else and no task failed. Frees the group. -ENOMEM for a null group; -EPERM, and nothing
 * is freed, if it is another task's.
 */
int64_t async_task_group_end(struct async_task_group *group, int64_t result);

/*
 * How many of the tasks have failed so far, cancelled ones aside (asyncio: the size of the
 * ExceptionGroup).
 */
size_t async_task_group_failures(const struct async_task_group *group);

#ifdef __cplusplus
}
#endif

#endif
