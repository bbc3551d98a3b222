/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Detail that the target leaves out. It is asked of all threads at once, but each hears of it when
 * it writes its next record; the model goes by the first, so that all of it is of one detail.
 */
#include "model_internal.h"

/* From which detail on records of that kind tell nothing that could be relied upon. */
static enum at_detail told_before(unsigned int kind)
{
	switch (kind) {
	case AT_COROUTINE_BEGIN:
	case AT_COROUTINE_END:
		return AT_DETAIL_NO_COROUTINES;
	case AT_LOOP_START:
	case AT_LOOP_STOP:
	case AT_STATE:
	case AT_SWITCH:
		return AT_DETAIL_NO_SWITCHES;
	case AT_TASK_CREATE:
	case AT_TASK_NAME:
	case AT_TASK_CANCEL:
	case AT_TASK_DONE:
	case AT_WARNING:
	case AT_DEPENDS:
	case AT_JOB_BEGIN:
	case AT_JOB_END:
		return AT_DETAIL_COUNTS;
	default:
		return AT_DETAIL_COUNTS + 1;
	}
}

bool shed_leaves_out(const struct model *model, unsigned int kind)
{
	return model->totals.detail >= told_before(kind);
}

static void forget_coroutines(struct model *model, uint64_t now_ns)
{
	struct thread *thread;
	struct task *task;

	for (task = model->tasks; task; task = task->hh.next)
		coroutine_end_inner(model, &task->pub.innermost, NULL, now_ns);
	for (thread = model->threads; thread; thread = thread->hh.next)
		coroutine_end_inner(model, &thread->outside, NULL, now_ns);
}

static void forget_switches(struct model *model, uint64_t now_ns)
{
	struct thread *thread;
	struct task *task;

	for (task = model->tasks; task; task = task->hh.next)
		task_forget_state(model, task, now_ns);
	for (thread = model->threads; thread; thread = thread->hh.next)
		loop_forget(model, thread, now_ns);
}

static void forget_others(struct model *model, uint64_t now_ns)
{
	struct thread *thread;
	struct task *task, *next;

	HASH_ITER (hh, model->tasks, task, next)
		task_forget(model, task, now_ns);
	for (thread = model->threads; thread; thread = thread->hh.next) {
		if (thread->job)
			interval_of_job(model, thread, now_ns, 0, true);
		thread->job = 0;
	}
}

void shed_record(struct model *model, const struct at_event *event)
{
	static void (*const forget[])(struct model *, uint64_t) = {
		[AT_DETAIL_NO_COROUTINES] = forget_coroutines,
		[AT_DETAIL_NO_SWITCHES] = forget_switches,
		[AT_DETAIL_COUNTS] = forget_others,
	};
	struct model_totals *totals = &model->totals;

	totals->shed_coroutines += event->a;
	totals->shed_switches += event->b;
	totals->shed_others += event->c;
	while (totals->detail < AT_DETAIL_COUNTS && totals->detail < event->subject) {
		forget[++totals->detail](model, event->time_ns);
		totals->shed_ns[totals->detail] = event->time_ns;
	}
}
