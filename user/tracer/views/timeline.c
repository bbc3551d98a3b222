/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything, in the form that is asked for: all that is told goes to the view of that form. */
#include "timeline.h"
#include <stdlib.h>

struct timeline {
	const struct view *form;
	void *state; /* of the form */
};

static const struct view *form_of(const struct view_options *options)
{
	if (options->format == VIEW_PERFETTO || options->format == VIEW_CHROME)
		return &timeline_tracks;
	return options->events ? &timeline_events : &timeline_rows;
}

static void *timeline_new(const struct view_options *options)
{
	struct timeline *timeline = calloc(1, sizeof(*timeline));

	if (!timeline)
		return NULL;
	timeline->form = form_of(options);
	timeline->state = timeline->form->open(options);
	if (!timeline->state) {
		free(timeline);
		return NULL;
	}
	return timeline;
}

/* A function of the listener with these parameters, which come after the view. */
#define FORWARD(function, arguments, ...)                                                          \
	static void timeline_##function(void *view, __VA_ARGS__)                                   \
	{                                                                                          \
		const struct timeline *timeline = view;                                            \
		const struct model_listener *listener = &timeline->form->listener;                 \
                                                                                                   \
		if (listener->function)                                                            \
			listener->function arguments;                                              \
	}

FORWARD(open, (timeline->state, model), const struct model *model)
FORWARD(record, (timeline->state, event), const struct at_event *event)
FORWARD(task_begin, (timeline->state, now_ns, task), uint64_t now_ns, struct model_task *task)
FORWARD(task_end, (timeline->state, now_ns, task), uint64_t now_ns, struct model_task *task)
FORWARD(begin, (timeline->state, now_ns, coroutine), uint64_t now_ns,
	struct model_coroutine *coroutine)
FORWARD(end, (timeline->state, now_ns, coroutine, end), uint64_t now_ns,
	struct model_coroutine *coroutine, const struct model_end *end)
FORWARD(interval, (timeline->state, interval), const struct model_interval *interval)
FORWARD(cancel, (timeline->state, now_ns, cancel), uint64_t now_ns,
	const struct model_cancel *cancel)
FORWARD(deliver, (timeline->state, now_ns, task), uint64_t now_ns, struct model_task *task)
FORWARD(warning, (timeline->state, now_ns, warning), uint64_t now_ns,
	const struct model_warning *warning)
FORWARD(lost, (timeline->state, begin_ns, end_ns, process, thread, count), uint64_t begin_ns,
	uint64_t end_ns, uint32_t process, uint32_t thread, uint64_t count)

static int timeline_finish(void *state, const struct model *model)
{
	const struct timeline *timeline = state;

	return timeline->form->finish(timeline->state, model);
}

static void timeline_free(void *state)
{
	struct timeline *timeline = state;

	if (timeline)
		timeline->form->free(timeline->state);
	free(timeline);
}

const struct view view_timeline = {
	.listener = {
		.open = timeline_open,
		.record = timeline_record,
		.task_begin = timeline_task_begin,
		.task_end = timeline_task_end,
		.begin = timeline_begin,
		.end = timeline_end,
		.interval = timeline_interval,
		.cancel = timeline_cancel,
		.deliver = timeline_deliver,
		.warning = timeline_warning,
		.lost = timeline_lost,
	},
	.formats = 1 << VIEW_CSV | 1 << VIEW_PERFETTO | 1 << VIEW_CHROME,
	.open = timeline_new,
	.finish = timeline_finish,
	.free = timeline_free,
};
