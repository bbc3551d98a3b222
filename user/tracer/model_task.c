/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tasks and their three times. `since_ns` moves only forward, and what it moves over is added to
 * one of the times: so they add up whatever the records say.
 */
#include "model_internal.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

enum { SPARE_MAX = 65536 };

void task_settle(struct task *task, uint64_t now_ns)
{
	struct model_times *times = &task->pub.times;

	if (now_ns <= task->since_ns)
		return;
	if (task->state == RUNNING)
		times->running += now_ns - task->since_ns;
	else if (task->state == READY)
		times->ready += now_ns - task->since_ns;
	else
		times->awaiting += now_ns - task->since_ns;
	task->since_ns = now_ns;
}

struct task *task_find(const struct model *model, uint32_t process, uint64_t id)
{
	const struct model_key key = { .id = id, .process = process };
	struct task *task;

	MODEL_FIND(model->tasks, &key, task);
	return task;
}

static struct task *task_add(struct model *model, uint32_t process, uint64_t id, uint64_t now_ns,
			     uint64_t function)
{
	struct task *task = pool_take(&model->spare_tasks, sizeof(*task));

	if (!task)
		return NULL;
	memset(task, 0, sizeof(*task));
	task->pub.id = id;
	task->pub.process = process;
	task->pub.created_ns = now_ns;
	task->pub.function = model_function(model, process, function);
	task->pub.name = task->number;
	task->since_ns = now_ns;
	snprintf(task->number, sizeof(task->number), "Task-%" PRIu64,
		 (uint64_t)(id & AT_ID_NUMBER));
	if (task->pub.function)
		MODEL_ADD(model->tasks, task);
	if (!task->hh.tbl) {
		free(task);
		return NULL;
	}
	return task;
}

struct task *task_meet(struct model *model, uint32_t process, uint64_t id, uint64_t now_ns)
{
	struct task *task = task_add(model, process, id, now_ns, 0);

	if (!task)
		return NULL;
	task->pub.existing = true;
	task->met = true;
	model->totals.tasks_created++;
	return task;
}

/*
 * The record of its creation comes after others about it, from another thread: it was ready till
 * then.
 */
static int task_complete(struct model *model, struct task *task, const struct at_event *event)
{
	struct model_function *function = model_function(model, event->process, event->a);
	struct model_coroutine *coroutine;
	uint64_t earlier = 0;

	if (!function)
		return -ENOMEM;
	task->met = false;
	task->pub.function = function;
	if (event->flags & AT_EXISTING) {
		model->totals.tasks_created--;
		model->totals.tasks_existing++;
		return 0;
	}
	if (event->time_ns < task->pub.created_ns)
		earlier = task->pub.created_ns - event->time_ns;
	task->pub.existing = false;
	task->pub.created_ns -= earlier;
	task->pub.times.ready += earlier;
	for (coroutine = task->pub.innermost; coroutine; coroutine = coroutine->awaiter)
		coroutine_of(coroutine)->before.ready += earlier;
	return 0;
}

int task_create_record(struct model *model, struct thread *thread, const struct at_event *event)
{
	struct task *task = task_find(model, event->process, event->subject);
	bool existing = event->flags & AT_EXISTING;

	if (existing) {
		thread->told_task = event->subject;
		thread->told_coroutine = 0;
	}
	if (task)
		return task->met ? task_complete(model, task, event) : 0;
	task = task_add(model, event->process, event->subject, event->time_ns, event->a);
	if (!task)
		return -ENOMEM;
	task->pub.existing = existing;
	task->unsettled = existing;
	task->state = existing ? AWAITING : READY;
	if (existing)
		model->totals.tasks_existing++;
	else
		model->totals.tasks_created++;
	return 0;
}

int task_name_record(struct model *model, const struct thread *thread, const struct at_event *event)
{
	struct task *task = task_find(model, event->process, event->subject);
	const char *text = text_pending(thread, 0);
	char *name;

	if (!task || !text)
		return 0;
	name = strdup(text);
	if (!name)
		return -ENOMEM;
	free(task->name);
	task->name = name;
	task->pub.name = name;
	return 0;
}

void task_enter(struct task *task, struct thread *thread, uint64_t now_ns, uint64_t ready_ns)
{
	if (ready_ns) {
		task_settle(task, ready_ns < now_ns ? ready_ns : now_ns);
		task->state = READY;
	}
	task_settle(task, now_ns);
	task_leave(task, RUNNING);
	task->unsettled = false;
	task->thread = thread;
	thread->task = task;
}

void task_leave(struct task *task, enum state state)
{
	if (!task)
		return;
	if (task->thread)
		task->thread->task = NULL;
	task->thread = NULL;
	task->state = state;
}

static void task_free(struct model *model, struct task *task)
{
	HASH_DEL(model->tasks, task);
	free(task->name);
	pool_give(&model->spare_tasks, task, SPARE_MAX);
}

void task_end(struct model *model, struct task *task, uint64_t now_ns)
{
	coroutine_end_inner(model, &task->pub.innermost, NULL, now_ns);
	task_leave(task, AWAITING);
	model->totals.tasks_done++;
	task_free(model, task);
}

void task_done_record(struct model *model, const struct at_event *event)
{
	struct task *task = task_find(model, event->process, event->subject);

	if (task)
		task_end(model, task, event->time_ns);
}

void task_free_all(struct model *model)
{
	struct task *task, *next;

	HASH_ITER (hh, model->tasks, task, next)
		task_free(model, task);
	pool_free(&model->spare_tasks);
}
