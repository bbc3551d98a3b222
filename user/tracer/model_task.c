/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tasks and their three times. `settled_ns` moves only forward, and what it moves over is added to
 * one of the times: so they add up whatever the records say.
 */
#include "model_internal.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

enum { SPARE_MAX = 65536 };

static uint64_t *time_in(struct model_times *times, enum model_state state)
{
	if (state == MODEL_RUNNING)
		return &times->running;
	return state == MODEL_READY ? &times->ready : &times->awaiting;
}

void task_settle(struct model *model, struct task *task, uint64_t now_ns)
{
	uint64_t before_ns = task->settled_ns;

	if (now_ns <= before_ns)
		return;
	*time_in(&task->pub.times, task->pub.state) += now_ns - before_ns;
	task->settled_ns = now_ns;
	if (model->listener.time)
		model->listener.time(model->view, &task->pub, task->pub.state, before_ns, now_ns);
}

/* One state ends and another begins, where the time is settled; `awaits` is what it awaits then. */
static void turn(struct model *model, struct task *task, enum model_state state, uint64_t awaits)
{
	struct model_task *pub = &task->pub;

	interval_of_task(model, task, awaits, false);
	pub->steps += pub->state == MODEL_RUNNING;
	if (pub->state == MODEL_AWAITING)
		object_leave(model, task);
	task->first = false;
	task->woken_by = 0;
	pub->awaits = awaits;
	pub->state = state;
	pub->since_ns = task->settled_ns;
}

struct task *task_find(const struct model *model, uint32_t process, uint64_t id)
{
	const struct model_key key = { .id = id, .process = process };
	struct task *task;

	MODEL_FIND(model->tasks, &key, task);
	return task;
}

static struct task *task_add(struct model *model, const struct thread *thread, uint64_t id,
			     uint64_t now_ns, uint64_t function)
{
	uint32_t process = thread->key.process;
	struct task *task;

	if (!model_keep(model, sizeof(*task)))
		return NULL;
	task = pool_take(&model->spare_tasks, sizeof(*task));
	if (!task)
		return model_fail(model);
	memset(task, 0, sizeof(*task));
	task->pub.id = id;
	task->pub.process = process;
	task->pub.created_ns = now_ns;
	task->pub.function = model_function(model, process, function);
	task->pub.name = task->number;
	task->pub.thread = thread->key.id;
	task->pub.since_ns = now_ns;
	task->settled_ns = now_ns;
	task->first = true;
	snprintf(task->number, sizeof(task->number), "Task-%" PRIu64,
		 (uint64_t)(id & AT_ID_NUMBER));
	if (task->pub.function)
		MODEL_ADD(model->tasks, task);
	if (!task->hh.tbl) {
		free(task);
		return model_fail(model);
	}
	return task;
}

static void tell_begin(struct model *model, struct task *task, uint64_t now_ns)
{
	if (model->listener.task_begin)
		model->listener.task_begin(model->view, now_ns, &task->pub);
}

struct task *task_meet(struct model *model, const struct thread *thread, uint64_t id,
		       uint64_t now_ns)
{
	struct task *task = task_add(model, thread, id, now_ns, 0);

	if (!task)
		return NULL;
	task->pub.existing = true;
	task->met = true;
	model->totals.tasks_created++;
	tell_begin(model, task, now_ns);
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
	task->pub.place = event->c;
	if (event->flags & AT_EXISTING) {
		model->totals.tasks_created--;
		model->totals.tasks_existing++;
		return 0;
	}
	if (event->time_ns < task->pub.created_ns)
		earlier = task->pub.created_ns - event->time_ns;
	task->pub.existing = false;
	task->pub.creator = event->b;
	task->pub.created_ns -= earlier;
	task->pub.times.ready += earlier;
	if (earlier && model->listener.time)
		model->listener.time(model->view, &task->pub, MODEL_READY, event->time_ns,
				     event->time_ns + earlier);
	if (earlier)
		interval_of_creation(model, task, event->time_ns, event->time_ns + earlier);
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
	task = task_add(model, thread, event->subject, event->time_ns, event->a);
	if (!task)
		return 0;
	task->pub.existing = existing;
	task->pub.creator = event->b;
	task->pub.place = event->c;
	task->unsettled = existing;
	task->pub.state = existing ? MODEL_AWAITING : MODEL_READY;
	task->woken_by = event->b;
	task->woken_ns = event->time_ns;
	if (existing)
		model->totals.tasks_existing++;
	else
		model->totals.tasks_created++;
	tell_begin(model, task, event->time_ns);
	return 0;
}

static void name_free(struct model *model, struct task *task)
{
	if (task->name)
		model_drop(model, strlen(task->name) + 1);
	free(task->name);
	task->name = NULL;
	task->pub.name = task->number;
}

int task_name_record(struct model *model, const struct thread *thread, const struct at_event *event)
{
	struct task *task = task_find(model, event->process, event->subject);
	const char *text = text_pending(thread, 0);
	char *name;

	if (!task || !text)
		return 0;
	name_free(model, task);
	if (!model_keep(model, strlen(text) + 1))
		return 0;
	name = strdup(text);
	if (!name)
		return -ENOMEM;
	task->name = name;
	task->pub.name = name;
	return 0;
}

void task_enter(struct model *model, struct task *task, struct thread *thread, uint64_t now_ns,
		uint64_t ready_ns)
{
	bool yielded = task->pub.state == MODEL_READY;
	uint64_t waker;

	if (ready_ns) {
		task_settle(model, task, ready_ns < now_ns ? ready_ns : now_ns);
		if (!yielded) {
			/* Of the await that ends, and of the time in the queue. */
			interval_find_waker(thread, task, ready_ns);
			waker = task->woken_by;
			turn(model, task, MODEL_READY, 0);
			task->woken_by = waker;
			task->pub.self_wakes += task->woken_by == task->pub.id;
		}
	}
	task_settle(model, task, now_ns);
	task->pub.thread = thread->key.id;
	task_leave(model, task, MODEL_RUNNING, 0);
	task->unsettled = false;
	task->thread = thread;
	thread->task = task;
}

void task_leave(struct model *model, struct task *task, enum model_state state, uint64_t awaits)
{
	if (!task)
		return;
	turn(model, task, state, state == MODEL_AWAITING ? awaits : 0);
	if (task->thread)
		task->thread->task = NULL;
	task->thread = NULL;
	if (state == MODEL_AWAITING) {
		object_await(model, task);
	} else if (state == MODEL_READY) {
		task->woken_by = task->pub.id;
		task->woken_ns = task->pub.since_ns;
		task->pub.self_wakes++;
	}
}

static void task_free(struct model *model, struct task *task)
{
	HASH_DEL(model->tasks, task);
	object_forget_task(model, task);
	name_free(model, task);
	model_drop(model, sizeof(*task));
	pool_give(&model->spare_tasks, task, SPARE_MAX);
}

/* `end` is null if how it ended is not known. */
static void end(struct model *model, struct task *task, uint64_t now_ns,
		const struct model_end *end)
{
	coroutine_end_inner(model, &task->pub.innermost, NULL, now_ns);
	task_settle(model, task, now_ns);
	task->pub.end = end;
	task_leave(model, task, MODEL_AWAITING, 0);
	model->totals.tasks_done++;
	if (model->listener.task_end)
		model->listener.task_end(model->view, now_ns, &task->pub);
	task_free(model, task);
}

void task_end(struct model *model, struct task *task, uint64_t now_ns)
{
	end(model, task, now_ns, NULL);
}

int task_done_record(struct model *model, struct thread *thread, const struct at_event *event)
{
	struct task *task = task_find(model, event->process, event->subject);
	struct model_end how;

	if (!task)
		return 0;
	text_take_end(thread, event, &how);
	end(model, task, event->time_ns, &how);
	return loop_step_end(model, thread, event->subject, event->time_ns);
}

void task_cancel_record(struct model *model, const struct thread *thread,
			const struct at_event *event)
{
	struct task *task = NULL;
	struct model_cancel cancel = {
		.subject = event->subject,
		.process = event->process,
		.thread = thread->key.id,
		.by = event->a,
		.place = event->b,
		.through = event->c,
		.refused = event->flags & AT_REFUSED,
		.existing = event->flags & AT_EXISTING,
		.timed_out = event->flags & AT_TIMED_OUT,
	};
	bool taken_back = event->flags & AT_TAKEN_BACK;

	if (AT_ID_TYPE(event->subject) == AT_TASK)
		task = task_find(model, event->process, event->subject);
	if (task) {
		cancel.task = &task->pub;
		if (!cancel.refused && !taken_back)
			task->pub.cancelled_by = event->a;
	}
	if (taken_back && model->listener.uncancel)
		model->listener.uncancel(model->view, event->time_ns, &cancel);
	if (!taken_back && model->listener.cancel)
		model->listener.cancel(model->view, event->time_ns, &cancel);
}

void task_finish_intervals(struct model *model, uint64_t now_ns)
{
	struct task *task, *next;

	HASH_ITER (hh, model->tasks, task, next) {
		task_settle(model, task, now_ns);
		interval_of_task(model, task, 0, true);
	}
}

void task_finish_all(struct model *model, uint64_t now_ns)
{
	struct task *task, *next;

	if (!model->listener.task_end)
		return;
	HASH_ITER (hh, model->tasks, task, next)
		model->listener.task_end(model->view, now_ns, &task->pub);
}

const struct model_task *model_next_task(const struct model *model, const struct model_task *task)
{
	const struct task *next = task ? ((const struct task *)task)->hh.next : model->tasks;

	return next ? &next->pub : NULL;
}

void task_free_all(struct model *model)
{
	struct task *task, *next;

	HASH_ITER (hh, model->tasks, task, next)
		task_free(model, task);
	pool_free(&model->spare_tasks);
}
