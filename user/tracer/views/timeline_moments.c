/* SPDX-License-Identifier: BSD-2-Clause */
/* Moments on the tracks of threads: what one does to another, warnings, losses. */
#include "describe.h"
#include "timeline_track.h"
#include <base/text.h>
#include <inttypes.h>

void moments_wake(struct tracks *tracks, const struct model_interval *interval)
{
	const struct model_task *task = interval->task, *waker;
	unsigned int type = AT_ID_TYPE(interval->woken_by);
	char who[DESCRIBE_SIZE], name[DESCRIBE_SIZE + 8];
	struct marks *marks = task->user;
	struct trace_event event = { .category = "wake", .name = name };

	if (!marks || marks->wake || interval->open || interval->woken_by == task->id ||
	    (type != AT_TASK && type != AT_CALLBACK))
		return;
	waker = model_find_task(tracks->model, interval->process, interval->woken_by);
	marks->wake = event.flow = ++tracks->flows;
	event.track = track_of_thread(tracks, interval->process,
				      waker ? waker->thread : interval->thread, "loop");
	event.time_ns = interval->woken_ns;
	snprintf(name, sizeof(name), "wake %s", describe_task(who, sizeof(who), task));
	tracks->format->instant(&tracks->trace, &event);
}

void moments_cancel(void *view, uint64_t now_ns, const struct model_cancel *cancel)
{
	char who[DESCRIBE_SIZE], name[DESCRIBE_SIZE + 8], by[DESCRIBE_SIZE], place[DESCRIBE_SIZE],
		through[DESCRIBE_SIZE];
	struct marks *marks = cancel->task ? cancel->task->user : NULL;
	struct tracks *tracks = view;
	const struct model *model = tracks->model;
	uint32_t process = cancel->process;
	struct trace_event event = {
		.track = track_of_thread(tracks, process, cancel->thread, "loop"),
		.time_ns = now_ns,
		.category = "cancel",
		.name = name,
		.details = {
			{ "by", describe_id(by, sizeof(by), model, process, cancel->by) },
			{ "at", describe_place(place, sizeof(place), model, process,
					       cancel->place) },
			{ "through", cancel->through ? describe_id(through, sizeof(through), model,
								   process, cancel->through)
						     : NULL },
			{ "refused", cancel->refused ? "it was done already" : NULL },
		},
	};

	snprintf(name, sizeof(name), "cancel %s",
		 describe_id(who, sizeof(who), model, process, cancel->subject));
	if (cancel->existing)
		return;
	if (marks && !marks->cancel && !cancel->refused)
		marks->cancel = event.flow = ++tracks->flows;
	tracks->format->instant(&tracks->trace, &event);
}

void moments_warning(void *view, uint64_t now_ns, const struct model_warning *warning)
{
	char subject[DESCRIBE_SIZE], place[DESCRIBE_SIZE], where[DESCRIBE_SIZE];
	struct tracks *tracks = view;
	const struct model *model = tracks->model;
	uint32_t process = warning->process;
	const struct trace_event event = {
		.track = track_of_thread(tracks, process, warning->thread, "loop"),
		.time_ns = now_ns,
		.category = "warning",
		.name = warning->text ? warning->text : "warning",
		.details = {
			{ "about", describe_id(subject, sizeof(subject), model, process,
					       warning->subject) },
			{ "where", describe_function(where, sizeof(where), warning->function) },
			{ "created at", describe_place(place, sizeof(place), model, process,
						       warning->place) },
		},
	};

	tracks->format->instant(&tracks->trace, &event);
}

void moments_lost(void *view, uint64_t begin_ns, uint64_t end_ns, uint32_t process, uint32_t thread,
		  uint64_t count)
{
	char name[48], duration[TEXT_DURATION_SIZE];
	struct tracks *tracks = view;
	const struct trace_event event = {
		.track = track_of_thread(tracks, process, thread, "loop"),
		.time_ns = begin_ns,
		.category = "lost",
		.name = name,
		.details = { { "within", text_duration(duration, end_ns - begin_ns) } },
	};

	snprintf(name, sizeof(name), "lost %" PRIu64 " record%s", count, count == 1 ? "" : "s");
	tracks->format->instant(&tracks->trace, &event);
}
