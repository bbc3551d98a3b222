/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loops and their switches: who runs on a thread. A step lasts from the switch that enters it to
 * the next one; the loop's own id stands for waiting.
 */
#include "model_internal.h"
#include <errno.h>

enum { WAKERS = AT_TASKS_ONLY | AT_ONE_THREAD };

/* The loop of that id, which runs on the thread from now on; none does if there is no room. */
static struct loop *loop_of(struct model *model, struct thread *thread, uint64_t id,
			    uint64_t now_ns)
{
	const struct model_key key = { .id = id, .process = thread->key.process };
	struct loop *loop;

	MODEL_FIND(model->loops, &key, loop);
	if (!loop) {
		thread->loop = NULL;
		if (!model_keep(model, sizeof(*loop)))
			return NULL;
		loop = calloc(1, sizeof(*loop));
		if (!loop)
			return model_fail(model);
		loop->pub.id = id;
		loop->pub.process = key.process;
		loop->pub.first_ns = now_ns;
		loop->pub.last_ns = now_ns;
		MODEL_ADD(model->loops, loop);
		if (!loop->hh.tbl) {
			free(loop);
			return model_fail(model);
		}
		if (model->last_loop)
			model->last_loop->pub.next = &loop->pub;
		model->last_loop = loop;
	}
	loop->pub.thread = thread->key.id;
	thread->loop = loop;
	return loop;
}

void loop_clear(struct model *model, struct thread *thread, uint64_t now_ns)
{
	if (thread->task && !thread->in_doubt)
		task_settle(model, thread->task, now_ns);
	task_leave(model, thread->task, MODEL_AWAITING, 0);
	thread->step = 0;
	thread->in_doubt = false;
	if (thread->loop)
		thread->loop->pub.runs = 0;
}

static void step_begin(struct model *model, struct thread *thread, uint64_t id, uint64_t now_ns)
{
	thread->step = id;
	thread->step_ns = now_ns;
	if (thread->loop)
		thread->loop->pub.runs = id;
	interval_note_step(model, thread, id, now_ns);
}

/* The loop has waited until then, if it was waiting. */
static void count_idle(struct model *model, struct thread *thread, uint64_t now_ns, bool open)
{
	if (!thread->loop || AT_ID_TYPE(thread->step) != AT_LOOP || now_ns <= thread->step_ns)
		return;
	interval_of_step(model, thread, now_ns, open);
	thread->loop->pub.idle_ns += now_ns - thread->step_ns;
	thread->step_ns = now_ns;
}

int loop_start_record(struct model *model, struct thread *thread, const struct at_event *event)
{
	const struct loop *before = thread->loop;
	struct loop *loop;

	if (AT_ID_TYPE(event->subject) != AT_LOOP)
		return 0;
	count_idle(model, thread, event->time_ns, false);
	loop_clear(model, thread, event->time_ns);
	loop = loop_of(model, thread, event->subject, event->time_ns);
	if (!loop)
		return 0;
	/* A loop that is not run is not busy. */
	if (loop != before && event->time_ns > loop->pub.last_ns)
		loop->pub.idle_ns += event->time_ns - loop->pub.last_ns;
	step_begin(model, thread, event->subject, event->time_ns);
	return 0;
}

/* A long one must be beyond doubt. */
int loop_step_end(struct model *model, struct thread *thread, uint64_t id, uint64_t now_ns)
{
	uint64_t took = now_ns > thread->step_ns ? now_ns - thread->step_ns : 0;
	struct model_function *function = thread->step_function;
	struct model_loop *loop;

	if (!thread->loop || !id || id != thread->step)
		return 0;
	interval_of_step(model, thread, now_ns, false);
	interval_end_step(thread, now_ns);
	thread->step = 0;
	loop = &thread->loop->pub;
	if (AT_ID_TYPE(id) == AT_LOOP) {
		loop->idle_ns += took;
		return 0;
	}
	loop->steps++;
	if (thread->in_doubt || took <= loop->longest_ns)
		return 0;
	if (AT_ID_TYPE(id) != AT_TASK)
		function = model_function(model, thread->key.process, id & AT_ID_NUMBER);
	else if (!function)
		return 0;
	if (!function)
		return -ENOMEM;
	loop->longest_ns = took;
	loop->longest_what = id;
	loop->longest_function = function;
	return 0;
}

int loop_stop_record(struct model *model, struct thread *thread, const struct at_event *event)
{
	int ret = loop_step_end(model, thread, thread->in_doubt ? 0 : thread->step, event->time_ns);

	loop_clear(model, thread, event->time_ns);
	if (thread->loop && event->time_ns > thread->loop->pub.last_ns)
		thread->loop->pub.last_ns = event->time_ns;
	thread->loop = NULL;
	interval_free_steps(model, thread);
	free(thread->pending);
	thread->pending = NULL;
	return ret;
}

/* It is written between two steps: nobody runs, and who ran tells below why not. */
int loop_state_record(struct model *model, struct thread *thread, const struct at_event *event)
{
	int ret;

	thread->told_task = 0;
	thread->told_coroutine = 0;
	if (AT_ID_TYPE(event->subject) != AT_LOOP)
		return 0;
	if (event->flags & AT_END) {
		if (thread->loop) {
			thread->loop->pub.callbacks = event->a;
			thread->loop->pub.timers = event->b;
			thread->loop->pub.wakers = event->flags & WAKERS;
		}
		return 0;
	}
	ret = loop_step_end(model, thread, thread->in_doubt ? 0 : thread->step, event->time_ns);
	if (thread->task)
		thread->task->unsettled = true;
	loop_clear(model, thread, event->time_ns);
	if (!loop_of(model, thread, event->subject, event->time_ns))
		return ret;
	thread->loop->pub.silent_ns = event->flags & AT_OUTSIDE ? event->a : 0;
	thread->loop->pub.thread_state = event->flags & AT_OUTSIDE ? event->b : 0;
	step_begin(model, thread, event->subject, event->time_ns);
	return ret;
}

/* A task that is known to await may have become ready; else nothing is learnt of known ones. */
static void switch_existing(struct model *model, const struct at_event *event)
{
	struct task *task = task_find(model, event->process, event->a);
	bool ready = event->flags & AT_YIELDED;

	if (!task || (!task->unsettled && task->pub.state != MODEL_AWAITING))
		return;
	if (!task->unsettled && ready) {
		task_settle(model, task, event->time_ns);
		task_leave(model, task, MODEL_READY, 0);
	}
	task->pub.state = ready ? MODEL_READY : MODEL_AWAITING;
	task->unsettled = false;
	if (ready) {
		task->woken_by = 0;
	} else if (!task->pub.awaits) {
		task->pub.awaits = event->b;
		object_await(model, task);
	}
}

/* Who leaves is who was believed to run, or the belief is corrected. */
static int switch_leave(struct model *model, struct thread *thread, const struct at_event *event)
{
	bool ended = event->flags & AT_ENDED;
	struct task *task = thread->task;

	if (!task || task->pub.id != event->a) {
		task_leave(model, task, MODEL_AWAITING, 0);
		task = NULL;
		if (AT_ID_TYPE(event->a) == AT_TASK)
			task = task_find(model, event->process, event->a);
		if (!task && thread->in_doubt && !ended && AT_ID_TYPE(event->a) == AT_TASK) {
			task = task_meet(model, thread, event->a,
					 coroutine_doubt_ns(thread, event->time_ns));
		}
	}
	if (!task)
		return 0;
	if (thread->in_doubt)
		coroutine_adopt(model, thread, task, event->time_ns);
	task_settle(model, task, event->time_ns);
	if (event->flags & AT_YIELDED)
		task_leave(model, task, MODEL_READY, 0);
	else
		task_leave(model, task, MODEL_AWAITING, event->b);
	/* The record of its end came before, and is lost. */
	if (ended && thread->in_doubt)
		task_end(model, task, event->time_ns);
	return 0;
}

/* Whether the kernel or a job ends its wait. */
static bool waits_outside(const struct task *task)
{
	switch (task->pub.state == MODEL_AWAITING ? AT_ID_TYPE(task->pub.awaits) : AT_NOTHING) {
	case AT_TIMER:
	case AT_READ:
	case AT_WRITE:
	case AT_JOB:
	case AT_PROCESS:
	case AT_SIGNAL:
		return true;
	default:
		return false;
	}
}

/* Who enters has become ready while the loop slept: by what it watches, or was it called? */
static void note_waking(struct model *model, const struct thread *thread,
			const struct at_event *event)
{
	struct model_loop *loop = thread->loop ? &thread->loop->pub : NULL;
	const struct task *task;

	if (!loop || loop->id != event->a || AT_ID_TYPE(event->subject) == AT_LOOP)
		return;
	if (loop->wakers & AT_TASKS_ONLY && !loop->timers && event->c > thread->step_ns) {
		task = task_find(model, event->process, event->subject);
		loop->called |= !task || !waits_outside(task);
	}
	loop->wakers = 0;
}

static int switch_enter(struct model *model, struct thread *thread, const struct at_event *event)
{
	struct task *task;

	note_waking(model, thread, event);
	step_begin(model, thread, event->subject, event->time_ns);
	if (AT_ID_TYPE(event->subject) == AT_LOOP) {
		if ((!thread->loop || thread->loop->pub.id != event->subject) &&
		    !loop_of(model, thread, event->subject, event->time_ns))
			return 0;
		thread->loop->pub.timers = event->c;
		thread->loop->pub.callbacks = 0;
		thread->loop->pub.wakers = event->flags & WAKERS;
		return 0;
	}
	if (AT_ID_TYPE(event->subject) != AT_TASK)
		return 0;
	task = task_find(model, event->process, event->subject);
	if (!task)
		task = task_meet(model, thread, event->subject, event->time_ns);
	thread->step_function = NULL;
	if (!task)
		return 0;
	task_enter(model, task, thread, event->time_ns, event->c);
	thread->step_function = task->pub.function;
	if (event->flags & AT_DELIVERS && model->listener.deliver)
		model->listener.deliver(model->view, event->time_ns, &task->pub);
	return 0;
}

int loop_switch_record(struct model *model, struct thread *thread, const struct at_event *event)
{
	int ret;

	if (event->flags & AT_EXISTING) {
		switch_existing(model, event);
		return 0;
	}
	ret = switch_leave(model, thread, event);
	if (!ret)
		ret = loop_step_end(model, thread, event->a, event->time_ns);
	thread->in_doubt = false;
	if (!ret)
		ret = switch_enter(model, thread, event);
	if (thread->loop && event->flags & AT_ITERATION)
		thread->loop->pub.iterations++;
	return ret;
}

void loop_hole(struct model *model, struct thread *thread)
{
	if (thread->task)
		task_settle(model, thread->task, thread->last_ns);
	count_idle(model, thread, thread->last_ns, true);
	interval_forget_steps(thread);
	coroutine_end_inner(model, &thread->outside, NULL, thread->last_ns);
	text_forget(thread);
	thread->told_task = 0;
	thread->told_coroutine = 0;
	thread->torn = true;
	thread->in_doubt = true;
}

void loop_finish(struct model *model, struct thread *thread, uint64_t now_ns)
{
	if (thread->job)
		interval_of_job(model, thread, now_ns, 0, true);
	if (!thread->loop)
		return;
	if (AT_ID_TYPE(thread->step) == AT_CALLBACK)
		interval_of_step(model, thread, now_ns, true);
	if (!thread->in_doubt)
		count_idle(model, thread, now_ns, true);
	if (now_ns > thread->loop->pub.last_ns)
		thread->loop->pub.last_ns = now_ns;
}

void loop_free_all(struct model *model)
{
	struct loop *loop, *next;

	HASH_ITER (hh, model->loops, loop, next) {
		HASH_DEL(model->loops, loop);
		free(loop);
	}
}
