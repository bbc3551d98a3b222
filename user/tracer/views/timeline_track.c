/* SPDX-License-Identifier: BSD-2-Clause */
/* Tracks are told of when something first happens on them. */
#include "timeline_track.h"
#include "describe.h"
#include <base/hash.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/*
 * A stream can name any number of both: late threads are on the track of their process, and late
 * processes share that of a number which none has.
 */
enum { TRACKS_MAX = 1 << 16 };
static const uint32_t others = UINT32_MAX;

/* A thread, or of thread 0 its process. */
struct known {
	uint32_t process, thread;
	UT_hash_handle hh;
};

void tracks_start(struct tracks *tracks, uint64_t time_ns, uint64_t realtime_ns)
{
	if (!tracks->opened)
		tracks->format->open(&tracks->trace, time_ns, realtime_ns);
	tracks->opened = true;
}

static struct known *find_known(const struct tracks *tracks, uint32_t process, uint32_t thread)
{
	const uint32_t key[] = { process, thread };
	struct known *known = tracks->recent;

	if (!known || known->process != process || known->thread != thread)
		HASH_FIND(hh, tracks->known, key, sizeof(key), known);
	return known;
}

/* Whether it has its track by now; it is taken to have from here on. */
static bool is_known(struct tracks *tracks, uint32_t process, uint32_t thread)
{
	struct known *known;

	/* A filter may have left out the first record. */
	tracks_start(tracks, 0, 0);
	known = find_known(tracks, process, thread);
	if (known) {
		tracks->recent = known;
		return true;
	}
	known = calloc(1, sizeof(*known));
	if (known) {
		known->process = process;
		known->thread = thread;
		HASH_ADD(hh, tracks->known, process, 2 * sizeof(uint32_t), known);
	}
	if (!known || !known->hh.tbl) {
		tracks->error = -ENOMEM;
		free(known);
	}
	return false;
}

static bool has_room(const struct tracks *tracks, uint32_t process, uint32_t thread)
{
	return !tracks->known || HASH_COUNT(tracks->known) < TRACKS_MAX ||
	       find_known(tracks, process, thread);
}

struct trace_track track_of_process(struct tracks *tracks, uint32_t process)
{
	const struct trace_track track = {
		.process = has_room(tracks, process, 0) ? process : others,
	};
	char name[32];

	if (!is_known(tracks, track.process, 0)) {
		if (track.process == others)
			snprintf(name, sizeof(name), "other processes");
		else
			snprintf(name, sizeof(name), "process %" PRIu32, process);
		tracks->format->track(&tracks->trace, &track, NULL, name);
	}
	return track;
}

struct trace_track track_of_thread(struct tracks *tracks, uint32_t process, uint32_t thread,
				   const char *name)
{
	const struct trace_track track = { .process = process, .thread = thread };
	struct trace_track parent;

	if (!has_room(tracks, process, thread))
		return track_of_process(tracks, process);
	if (!is_known(tracks, process, thread)) {
		parent = track_of_process(tracks, process);
		tracks->format->track(&tracks->trace, &track, &parent, name);
	}
	return track;
}

/* Tasks and coroutines share the numbers of a process's tracks. */
struct trace_track track_of_task(const struct model_task *task)
{
	return (struct trace_track){ .process = task->process,
				     .number = 2 * (task->id & AT_ID_NUMBER) };
}

/* By now its creator has given it its name. */
void track_tell(struct tracks *tracks, const struct model_task *task)
{
	struct trace_event event = { .track = track_of_task(task), .category = "task" };
	char name[DESCRIBE_SIZE], by[DESCRIBE_SIZE], place[DESCRIBE_SIZE];
	struct marks *marks = task->user;

	if (!marks || marks->name)
		return;
	marks->name = strdup(describe_task(name, sizeof(name), task));
	if (!marks->name) {
		tracks->error = -ENOMEM;
		return;
	}
	tracks->format->track(&tracks->trace, &event.track, &marks->parent, marks->name);
	event.time_ns = task->created_ns;
	event.name = marks->name;
	event.details[0] = (struct trace_detail){ "began", task->existing ? "earlier" : NULL };
	if (task->creator)
		event.details[1] = (struct trace_detail){
			"created by",
			describe_id(by, sizeof(by), tracks->model, task->process, task->creator),
		};
	if (task->place)
		event.details[2] = (struct trace_detail){
			"created at",
			describe_place(place, sizeof(place), tracks->model, task->process,
				       task->place),
		};
	tracks->format->begin(&tracks->trace, &event);
}

void tracks_clear(struct tracks *tracks)
{
	struct known *known, *next;

	HASH_ITER (hh, tracks->known, known, next) {
		HASH_DEL(tracks->known, known);
		free(known);
	}
}
