/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Task groups. The group is the future that its end awaits; to cancel that is to cancel the tasks.
 * Semantics are asyncio's TaskGroup.
 *
 * A callback of the parent task owns the group until its end, so that nothing is lost if the loop
 * is closed before; each callback of a task owns it too.
 */
#include "runtime.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct async_task_group {
	struct async_future future;
	struct async_task *parent;
	struct async_handle handle; /* of the parent's callback */
	struct list members;
	size_t failures;
	int error; /* the first failure, and its message or null */
	char *message;
	bool aborting, ending;
	bool parent_cancelled; /* by us */
	bool cancelled;	       /* by somebody else, while it ended */
};

struct member {
	struct list link;
	struct async_task_group *group;
	struct async_task *task; /* its callback keeps it */
};

static struct async_task_group *group_of(struct async_future *future)
{
	return container_of(future, struct async_task_group, future);
}

static void free_group(struct async_future *future)
{
	struct async_task_group *group = group_of(future);
	struct list *link, *next;

	list_for_each_safe (link, next, &group->members)
		free(container_of(link, struct member, link));
	free(group->message);
	free(group);
}

static void abort_tasks(struct async_task_group *group, struct cancellation cancellation)
{
	struct list *link;

	group->aborting = true;
	list_for_each (link, &group->members) {
		struct member *member = container_of(link, struct member, link);

		if (!async_task_done(member->task))
			async__task_cancel(member->task, cancellation);
	}
}

/* The parent goes on waiting until the tasks have ended. */
static bool cancel_group(struct async_future *future, struct cancellation cancellation)
{
	struct async_task_group *group = group_of(future);

	if (future->state != PENDING)
		return false;
	if (at_listening())
		cancellation = async__trace_cancel(future, 0, cancellation);
	if (!group->aborting) {
		group->cancelled = true;
		abort_tasks(group, cancellation);
	}
	return true;
}

/* The parent has ended without having ended the group. */
static void on_parent_done(struct async_future *parent, void *arg)
{
	struct async_task_group *group = group_of(arg);

	(void)parent;
	group->parent = NULL;
	abort_tasks(group, cancellation_through(&group->future, 0));
	async_future_unref(&group->future);
}

struct async_task_group *async_task_group_new(void)
{
	struct async_task *parent = current_task();
	struct async_task_group *group = parent ? calloc(1, sizeof(*group)) : NULL;
	struct async_handle handle;

	if (!group)
		return NULL;
	async__future_init(&group->future, parent->future.loop, AT_GROUP);
	group->future.cancel = cancel_group;
	group->future.free = free_group;
	group->parent = parent;
	list_init(&group->members);
	handle = async__future_watch(&parent->future, on_parent_done, &group->future,
				     &group->future);
	if (!handle.serial)
		return NULL; /* and the group, whose only reference that was, is gone */
	group->handle = handle;
	return group;
}

static void note_failure(struct async_task_group *group, int error, const char *message,
			 struct cancellation cancellation)
{
	if (!group->failures++) {
		group->error = error;
		group->message = message ? strdup(message) : NULL;
	}
	if (!group->aborting)
		abort_tasks(group, cancellation);
}

/* Nobody will end the group, and hear of the failure. */
static void report(struct async_future *future)
{
	char *task = async_future_repr(future), *message = NULL;
	struct async_exception_context context = {
		.exception = future->result,
		.exception_message = future->message,
		.task = task_of(future),
	};

	if (task &&
	    asprintf(&message, "Task %s has errored out but its parent task is already completed",
		     task) < 0)
		message = NULL;
	context.message = message ? message : "a task of a group has failed";
	async_loop_call_exception_handler(future->loop, &context);
	free(message);
	free(task);
}

/* While it ends, the parent waits for the tasks anyway. */
static void on_task_failed(struct async_task_group *group, struct async_future *future)
{
	struct cancellation cancellation = cancellation_through(&group->future, 0);
	bool first = !group->aborting;

	cancellation.by = at_listening() ? async__trace_id(future) : 0;
	note_failure(group, async_future_result(future), async_future_message(future),
		     cancellation);
	if (!group->parent)
		report(future);
	if (!first || group->ending)
		return;
	group->parent_cancelled = true;
	async__task_cancel(group->parent, cancellation);
}

static void on_task_done(struct async_future *future, void *arg)
{
	struct member *member = arg;
	struct async_task_group *group = member->group;

	list_remove(&member->link);
	free(member);
	if (async_future_result(future) < 0 && future->state == FINISHED)
		on_task_failed(group, future);
	if (group->ending && list_empty(&group->members) && group->future.state == PENDING)
		async__future_finish(&group->future, FINISHED, 0);
	async_future_unref(&group->future);
}

/* Consumes the reference of the task. 0 or -ENOMEM. */
static int add(struct async_task_group *group, struct async_task *task)
{
	struct member *member = task ? malloc(sizeof(*member)) : NULL;
	struct async_handle handle = { 0 };

	if (member)
		handle = async__future_depend(&task->future, on_task_done, member,
					      async_future_ref(&group->future));
	if (!handle.serial) {
		async_task_cancel(task); /* null, too */
		async_task_detach(task);
		free(member);
		return async__fail_plain(-ENOMEM);
	}
	member->group = group;
	member->task = task;
	list_add(&group->members, &member->link);
	async_task_detach(task);
	return 0;
}

struct async_task *async_task_group_create_task(struct async_task_group *group,
						struct async_coroutine *coroutine)
{
	struct async_task *task;

	if (!group || group->aborting || group->future.state != PENDING) {
		async_coroutine_close(coroutine);
		return NULL;
	}
	task = async__task_create(group->future.loop, coroutine,
				  (uintptr_t)__builtin_return_address(0));
	if (!add(group, task))
		return task;
	note_failure(group, -ENOMEM, NULL, cancellation_through(&group->future, 0));
	return NULL;
}

/* The parent has been cancelled in its block, or has failed by itself. */
static void give_up(struct async_task_group *group, int64_t result, uintptr_t place)
{
	struct cancellation cancellation = cancellation_through(&group->future, place);

	if (result == -ECANCELED && at_listening())
		async__trace_cancel(&group->future, 0,
				    cancellation_through(&group->parent->future, place));
	abort_tasks(group, cancellation);
}

/* What the group has asked its parent for. */
static void take_back(struct async_task_group *group, uintptr_t place)
{
	struct async_task *parent = group->parent;

	async__task_uncancel(parent);
	if (at_listening())
		async__trace_cancel(&parent->future, AT_TAKEN_BACK,
				    cancellation_through(&group->future, place));
}

static void wait_for_tasks(struct async_task_group *group)
{
	if (list_empty(&group->members))
		return;
	/* Cancelled when they had ended, and before it could hear of that. */
	if (async__await(async_future_ref(&group->future)) < 0 && !group->aborting)
		group->cancelled = true;
	async_future_unref(&group->future);
}

int64_t async_task_group_end(struct async_task_group *group, int64_t result)
{
	struct async_task *task = current_task();
	bool failed_first;

	if (!group)
		return async__fail_plain(-ENOMEM);
	if (!task || group->parent != task)
		return -EPERM;
	failed_first = result < 0 && result != -ECANCELED && !group->failures;
	group->ending = true;
	if (group->parent_cancelled)
		take_back(group, (uintptr_t)__builtin_return_address(0));
	if (result < 0 && !group->aborting)
		give_up(group, result, (uintptr_t)__builtin_return_address(0));
	wait_for_tasks(group);
	if (group->failures && !failed_first) {
		result = group->error;
		async__task_failed(task, group->error, group->message);
		group->message = NULL;
	} else if (group->cancelled) {
		result = -ECANCELED;
	}
	async_handle_cancel(group->handle);
	return result;
}

size_t async_task_group_failures(const struct async_task_group *group)
{
	return group ? group->failures : 0;
}
