/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The timeline for the eye. A thread's track has the steps, one after the other; a task's has its
 * coroutines, inside of each other, and what the innermost waits for. Flows lead from who wakes a
 * task to the step that follows, and from who cancels it to the one in which it is told.
 */
#include "../formats/chrome.h"
#include "../formats/perfetto.h"
#include "describe.h"
#include "timeline.h"
#include "timeline_track.h"
#include <base/text.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void *tracks_new(const struct view_options *options)
{
	struct tracks *tracks = calloc(1, sizeof(*tracks));

	if (!tracks)
		return NULL;
	tracks->format = options->format == VIEW_CHROME ? &chrome : &perfetto;
	tracks->trace.out = options->out;
	return tracks;
}

static void tracks_open(void *view, const struct model *model)
{
	struct tracks *tracks = view;

	tracks->model = model;
}

/* The first record is that of attaching, which knows both clocks; or it is missing. */
static void tracks_record(void *view, const struct at_event *event)
{
	struct tracks *tracks = view;

	tracks_start(tracks, event->time_ns, event->kind == AT_ATTACH ? event->subject : 0);
}

/* A chain of tasks each of which creates the next one goes on, but not its depth. */
static void tracks_task_begin(void *view, uint64_t now_ns, struct model_task *task)
{
	struct tracks *tracks = view;
	const struct model_task *creator =
		model_find_task(tracks->model, task->process, task->creator);
	const struct marks *above = creator && creator != task ? creator->user : NULL;
	struct marks *marks = calloc(1, sizeof(*marks));

	(void)now_ns;
	if (!marks) {
		tracks->error = -ENOMEM;
		return;
	}
	marks->parent = track_of_process(tracks, task->process);
	marks->depth = 1;
	if (above && above->depth < TRACKS_DEPTH) {
		track_tell(tracks, creator);
		marks->parent = track_of_task(creator);
		marks->depth = above->depth + 1;
	}
	task->user = marks;
}

static void tracks_task_end(void *view, uint64_t now_ns, struct model_task *task)
{
	struct trace_event event = { .track = track_of_task(task), .category = "task" };
	char result[DESCRIBE_SIZE], by[DESCRIBE_SIZE];
	struct marks *marks = task->user;
	struct tracks *tracks = view;

	if (!marks)
		return;
	track_tell(tracks, task);
	event.time_ns = now_ns;
	event.name = marks->name ? marks->name : "";
	event.details[0].name = "result";
	event.details[0].value =
		task->end ? describe_end(result, sizeof(result), task->end) : "open";
	if (task->cancelled_by)
		event.details[1] = (struct trace_detail){
			"cancelled by",
			describe_id(by, sizeof(by), tracks->model, task->process,
				    task->cancelled_by),
		};
	tracks->format->end(&tracks->trace, &event);
	free(marks->name);
	free(marks);
	task->user = NULL;
}

/* One outside of tasks has a track of its own. */
static struct trace_track track_of_coroutine(struct tracks *tracks,
					     const struct model_coroutine *coroutine)
{
	struct trace_track parent = track_of_process(tracks, coroutine->process);
	struct trace_track track = { .process = coroutine->process };

	if (coroutine->task) {
		track_tell(tracks, coroutine->task);
		return track_of_task(coroutine->task);
	}
	track.number = 2 * (coroutine->id & AT_ID_NUMBER) + 1;
	tracks->format->track(&tracks->trace, &track, &parent, coroutine->function->name);
	return track;
}

static void tracks_begin(void *view, uint64_t now_ns, struct model_coroutine *coroutine)
{
	struct tracks *tracks = view;
	char where[DESCRIBE_SIZE];
	const struct trace_event event = {
		.track = track_of_coroutine(tracks, coroutine),
		.time_ns = coroutine->begun_ns,
		.category = "coroutine",
		.name = coroutine->function->name,
		.details = { { "where",
			       describe_function(where, sizeof(where), coroutine->function) },
			     { "began", coroutine->existing ? "earlier" : NULL } },
	};

	(void)now_ns;
	coroutine->user = (void *)(uintptr_t)event.track.number;
	tracks->format->begin(&tracks->trace, &event);
}

/* A filter may have left out its begin. */
static void tracks_end(void *view, uint64_t now_ns, struct model_coroutine *coroutine,
		       const struct model_end *end)
{
	bool open = end->outcome == MODEL_OPEN;
	struct tracks *tracks = view;
	char result[DESCRIBE_SIZE];
	struct trace_event event = {
		.track = { .process = coroutine->process, .number = (uintptr_t)coroutine->user },
		.time_ns = coroutine->ended_ns,
		.category = "coroutine",
		.name = coroutine->function->name,
		.details = { { "result",
			       open ? "open" : describe_end(result, sizeof(result), end) } },
	};

	(void)now_ns;
	if (coroutine->user) {
		tracks->format->end(&tracks->trace, &event);
		return;
	}
	event.track = track_of_coroutine(tracks, coroutine);
	event.time_ns = coroutine->begun_ns;
	event.duration_ns = coroutine->ended_ns - coroutine->begun_ns;
	tracks->format->slice(&tracks->trace, &event);
}

/* On the track of its thread: a step, a callback, or a job. */
static void tell_step(struct tracks *tracks, const struct model_interval *interval)
{
	const struct model_task *task = interval->task;
	struct marks *marks = task ? task->user : NULL;
	char name[DESCRIBE_SIZE];
	struct trace_event event = {
		.time_ns = interval->begin_ns,
		.duration_ns = interval->end_ns - interval->begin_ns,
		.category = interval->kind == MODEL_STEP  ? "step"
			    : interval->kind == MODEL_JOB ? "job"
							  : "callback",
		.details = { { "end", interval->open ? "open" : NULL },
			     { "records", interval->torn ? "lost" : NULL } },
	};

	event.track = track_of_thread(tracks, interval->process, interval->thread,
				      interval->kind == MODEL_JOB ? "executor" : "loop");
	if (interval->kind == MODEL_JOB && interval->function)
		event.name = interval->function->name;
	else
		event.name = describe_id(name, sizeof(name), tracks->model, interval->process,
					 interval->id);
	if (marks) {
		event.ends[0] = marks->wake;
		event.ends[1] = marks->told || task->end ? marks->cancel : 0;
		marks->wake = 0;
		if (event.ends[1])
			marks->cancel = 0;
		marks->told = false;
	}
	tracks->format->slice(&tracks->trace, &event);
}

/* On the track of its task: what it waits for, or that it could run. */
static void tell_wait(struct tracks *tracks, const struct model_interval *interval)
{
	char what[DESCRIBE_SIZE], name[DESCRIBE_SIZE + 8], by[DESCRIBE_SIZE];
	const bool awaits = interval->kind == MODEL_AWAIT;
	struct trace_event event = {
		.track = track_of_task(interval->task),
		.time_ns = interval->begin_ns,
		.duration_ns = interval->end_ns - interval->begin_ns,
		.category = awaits ? "await" : "ready",
		.name = awaits ? name : "ready",
		.details = { { "end", interval->open ? "open" : NULL },
			     { "began", interval->existing ? "earlier" : NULL } },
	};

	track_tell(tracks, interval->task);
	if (awaits)
		snprintf(name, sizeof(name), "await %s",
			 describe_id(what, sizeof(what), tracks->model, interval->process,
				     interval->awaits));
	if (interval->woken_by)
		event.details[2] = (struct trace_detail){
			"woken by",
			describe_id(by, sizeof(by), tracks->model, interval->process,
				    interval->woken_by),
		};
	tracks->format->slice(&tracks->trace, &event);
	moments_wake(tracks, interval);
}

static void tracks_interval(void *view, const struct model_interval *interval)
{
	struct tracks *tracks = view;

	if (interval->kind == MODEL_IDLE)
		return;
	if (interval->kind == MODEL_AWAIT || interval->kind == MODEL_QUEUE)
		tell_wait(tracks, interval);
	else
		tell_step(tracks, interval);
}

static void tracks_deliver(void *view, uint64_t now_ns, struct model_task *task)
{
	struct marks *marks = task->user;

	(void)view;
	(void)now_ns;
	if (marks)
		marks->told = true;
}

static int tracks_finish(void *state, const struct model *model)
{
	struct tracks *tracks = state;

	(void)model;
	tracks_start(tracks, 0, 0);
	tracks->format->close(&tracks->trace);
	return tracks->error;
}

static void tracks_free(void *state)
{
	if (state)
		tracks_clear(state);
	free(state);
}

const struct view timeline_tracks = {
	.listener = {
		.open = tracks_open,
		.record = tracks_record,
		.task_begin = tracks_task_begin,
		.task_end = tracks_task_end,
		.begin = tracks_begin,
		.end = tracks_end,
		.interval = tracks_interval,
		.cancel = moments_cancel,
		.deliver = tracks_deliver,
		.warning = moments_warning,
		.lost = moments_lost,
	},
	.open = tracks_new,
	.finish = tracks_finish,
	.free = tracks_free,
};
