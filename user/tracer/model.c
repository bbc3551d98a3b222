/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entrance of the model: which records count. Each thread numbers its own, so that here it is
 * decided what is lost, what comes twice, and what was before the trace; the rest of the model sees
 * a clean sequence and is told of its holes.
 */
#include "model_internal.h"
#include <errno.h>

static const struct model_limits defaults = MODEL_LIMITS;

struct model *model_new(const struct model_listener *listener, void *view)
{
	struct model *model = calloc(1, sizeof(*model));

	if (!model)
		return NULL;
	model->listener = *listener;
	model->view = view;
	model->limits = defaults;
	if (listener->open)
		listener->open(view, model);
	return model;
}

void model_limit(struct model *model, const struct model_limits *limits)
{
	model->limits = *limits;
}

bool model_keep(struct model *model, size_t bytes)
{
	if (model->kept + bytes > model->limits.bytes) {
		model->totals.unkept++;
		return false;
	}
	model->kept += bytes;
	return true;
}

void *model_fail(struct model *model)
{
	model->error = -ENOMEM;
	return NULL;
}

void model_free(struct model *model)
{
	if (!model)
		return;
	coroutine_free_all(model);
	task_free_all(model);
	object_free_all(model);
	function_free_all(model);
	loop_free_all(model);
	thread_free_all(model);
	free(model->title);
	free(model);
}

/* The number of a thread that died has been given to a new one. */
static void thread_restart(struct model *model, struct thread *thread)
{
	loop_hole(model, thread);
	loop_clear(model, thread, thread->last_ns);
	interval_free_steps(model, thread);
	thread->loop = NULL;
	thread->torn = false;
	thread->job = 0;
	thread->job_runner = 0;
	thread->synchronised = false;
}

/* So many records of the thread are missing between its last one and that time. */
static void note_lost(struct model *model, struct thread *thread, uint32_t count, uint64_t now_ns)
{
	uint64_t begin_ns = thread->last_ns < now_ns ? thread->last_ns : now_ns;

	model->totals.lost += count;
	loop_hole(model, thread);
	if (model->listener.lost)
		model->listener.lost(model->view, begin_ns, now_ns, thread->key.process,
				     thread->key.id, count);
}

/*
 * Whether its records mean something from this one on. What would have told so can be lost: then
 * they count in doubt.
 */
static bool thread_begins(struct model *model, struct thread *thread, const struct at_event *event)
{
	int32_t missing = event->sequence - thread->expected;

	if (event->kind == AT_LOOP_START || event->kind == AT_JOB_BEGIN ||
	    (event->kind == AT_STATE && !(event->flags & AT_END)))
		return true;
	if (thread->last_ns >= model->attached_ns && thread->last_ns && missing > 0) {
		note_lost(model, thread, missing, event->time_ns);
		return true;
	}
	if (event->kind != AT_STATE || event->time_ns < model->attached_ns)
		return false;
	loop_hole(model, thread);
	return true;
}

/*
 * Whether the record is the thread's next, after a hole or not. Else it is a duplicate or not ours.
 */
static bool thread_accepts(struct model *model, struct thread *thread, const struct at_event *event)
{
	int32_t ahead = event->sequence - thread->expected;

	if (ahead && event->sequence == 1 && event->time_ns > thread->last_ns)
		thread_restart(model, thread);
	if (!thread->synchronised) {
		if (!thread_begins(model, thread, event))
			return false;
		thread->synchronised = true;
	} else if (ahead < 0) {
		return false;
	} else if (ahead > 0) {
		note_lost(model, thread, ahead, event->time_ns);
	}
	thread->expected = event->sequence + 1;
	return true;
}

static void warning_record(struct model *model, const struct thread *thread,
			   const struct at_event *event)
{
	const struct model_warning warning = {
		.subject = event->subject,
		.process = event->process,
		.thread = event->thread,
		.kind = event->flags,
		.text = text_pending(thread, 0),
		.function = model_find_function(model, event->process, event->a),
		.place = event->b,
	};

	if (model->listener.warning)
		model->listener.warning(model->view, event->time_ns, &warning);
}

static int dispatch(struct model *model, struct thread *thread, const struct at_event *event)
{
	if (shed_leaves_out(model, event->kind))
		return 0;
	switch (event->kind) {
	case AT_LOOP_START:
		return loop_start_record(model, thread, event);
	case AT_LOOP_STOP:
		return loop_stop_record(model, thread, event);
	case AT_STATE:
		return loop_state_record(model, thread, event);
	case AT_TEXT:
		return text_append(thread, event);
	case AT_ARGUMENTS:
		return text_arguments(thread, event);
	case AT_FUNCTION:
		return function_record(model, thread, event);
	case AT_PLACE:
		return place_record(model, thread, event);
	case AT_TASK_CREATE:
		return task_create_record(model, thread, event);
	case AT_TASK_NAME:
		return task_name_record(model, thread, event);
	case AT_TASK_CANCEL:
		task_cancel_record(model, thread, event);
		return 0;
	case AT_TASK_DONE:
		return task_done_record(model, thread, event);
	case AT_COROUTINE_BEGIN:
		return coroutine_begin_record(model, thread, event);
	case AT_COROUTINE_END:
		coroutine_end_record(model, thread, event);
		return 0;
	case AT_WARNING:
		warning_record(model, thread, event);
		return 0;
	case AT_DEPENDS:
		return object_depends_record(model, event);
	case AT_JOB_BEGIN:
		return job_begin_record(model, thread, event);
	case AT_JOB_END:
		job_end_record(model, thread, event);
		return 0;
	case AT_SWITCH:
		return loop_switch_record(model, thread, event);
	case AT_SHED:
		shed_record(model, event);
		return 0;
	default:
		return 0;
	}
}

static void note_time(struct model *model, uint64_t now_ns)
{
	bool earlier = now_ns < model->totals.first_ns && now_ns >= model->attach_ns;

	if (!model->started || earlier)
		model->totals.first_ns = now_ns;
	model->started = true;
	if (now_ns > model->totals.last_ns)
		model->totals.last_ns = now_ns;
}

/* Whether it is part of a warning, or counts what is left out: that needs no loop. */
static bool thread_warns(const struct model *model, struct thread *thread,
			 const struct at_event *event)
{
	if (thread->synchronised)
		return false;
	if (event->sequence != thread->expected) {
		text_forget(thread);
		thread->torn = event->sequence != 1;
	}
	thread->expected = event->sequence + 1;
	thread->last_ns = event->time_ns;
	if (event->kind == AT_TEXT || event->kind == AT_FUNCTION || event->kind == AT_WARNING)
		return true;
	text_forget(thread);
	/* Before, others may have wanted less. */
	return event->kind == AT_SHED && event->time_ns >= model->told_ns;
}

static int feed_target(struct model *model, const struct at_event *event)
{
	struct thread *thread = thread_of(model, event);
	int ret;

	if (!thread)
		return 0;
	if (!thread_accepts(model, thread, event) && !thread_warns(model, thread, event))
		return 0;
	note_time(model, event->time_ns);
	model->totals.records++;
	ret = dispatch(model, thread, event);
	if (event->kind != AT_TEXT && event->kind != AT_ARGUMENTS)
		text_forget(thread);
	if (thread->loop && event->time_ns > thread->loop->pub.last_ns)
		thread->loop->pub.last_ns = event->time_ns;
	thread->last_ns = event->time_ns;
	return ret;
}

static int title_record(struct model *model, const struct thread *thread)
{
	const char *title = text_pending(thread, 0);

	if (model->title || !title)
		return 0;
	model->title = strdup(title);
	return model->title ? 0 : -ENOMEM;
}

/* The tracer's own word: the name of a function that the target has not described. */
static int feed_name(struct model *model, const struct at_event *event)
{
	struct thread *thread = thread_of(model, event);
	int ret;

	if (!thread)
		return 0;
	switch (event->kind) {
	case AT_TITLE:
		ret = title_record(model, thread);
		break;
	case AT_TEXT:
	case AT_FUNCTION:
	case AT_PLACE:
		ret = dispatch(model, thread, event);
		break;
	default:
		/* An image, say: no view asks for it. */
		ret = 0;
	}
	if (event->kind != AT_TEXT)
		text_forget(thread);
	return ret;
}

static int feed_lost(struct model *model, const struct at_event *event)
{
	struct thread *thread = thread_of(model, event);
	int32_t missing;

	if (!thread)
		return 0;
	missing = event->sequence + 1 - thread->expected;
	if ((!thread->synchronised && !thread->last_ns) || missing <= 0)
		return 0;
	note_lost(model, thread, missing, event->time_ns);
	thread->expected = event->sequence + 1;
	return 0;
}

static int feed_one(struct model *model, const struct at_event *event)
{
	if (model->listener.record)
		model->listener.record(model->view, event);
	switch (event->kind) {
	case AT_ATTACH:
		model->attach_ns = event->time_ns;
		model->attached_ns = event->time_ns + event->b;
		model->told_ns = event->time_ns + event->c;
		return 0;
	case AT_LOST:
		return feed_lost(model, event);
	case AT_DETACH:
		note_time(model, event->time_ns);
		model->totals.dropped = event->a;
		model->totals.forked = event->b;
		model->totals.unread = event->c;
		model->totals.complete = true;
		return 0;
	default:
		return event->thread ? feed_target(model, event) : feed_name(model, event);
	}
}

int model_feed(struct model *model, const struct at_event *events, size_t count)
{
	size_t i;
	int ret;

	for (i = 0; i < count; i++) {
		ret = feed_one(model, &events[i]);
		if (ret || model->error)
			return ret ? ret : model->error;
	}
	return 0;
}

void model_finish(struct model *model)
{
	struct thread *thread, *next;

	if (model->finished)
		return;
	model->finished = true;
	HASH_ITER (hh, model->threads, thread, next)
		loop_finish(model, thread, model->totals.last_ns);
	task_finish_intervals(model, model->totals.last_ns);
	coroutine_end_all(model, model->totals.last_ns);
	task_finish_all(model, model->totals.last_ns);
}

const struct model_totals *model_totals(const struct model *model)
{
	return &model->totals;
}

const char *model_title(const struct model *model)
{
	return model->title;
}

const struct model_loop *model_loops(const struct model *model)
{
	return model->loops ? &model->loops->pub : NULL;
}

const struct model_task *model_find_task(const struct model *model, uint32_t process, uint64_t id)
{
	struct task *task = task_find(model, process, id);

	return task ? &task->pub : NULL;
}
