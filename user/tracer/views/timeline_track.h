/* SPDX-License-Identifier: BSD-2-Clause */
/* Which tracks a timeline has, and what is kept of them. */
#ifndef TRACER_TIMELINE_TRACK_H
#define TRACER_TIMELINE_TRACK_H

#include "../formats/trace.h"
#include "view.h"

struct known;

struct tracks {
	const struct trace_format *format;
	const struct model *model;
	struct trace trace;
	bool opened;
	struct known *known, *recent; /* threads and processes that have a track */
	uint64_t flows;		      /* so many have begun */
	int error;
};

/* Perfetto drops what is on tracks below more than 99 others. */
enum { TRACKS_DEPTH = 32 };

/* Of a task, from its begin to its end. */
struct marks {
	struct trace_track parent;
	unsigned int depth; /* 1 below the process */
	char *name;	    /* of its slice, null up to the first event on its track */
	uint64_t wake;	    /* flow that ends at its next step, or 0 */
	uint64_t cancel;    /* flow that ends when it is told, or at its last one, or 0 */
	bool told;	    /* of its cancellation, in the step that it is in */
};

/* Before all else, once; again, it does nothing. The clocks at one moment, 0 if not known. */
void tracks_start(struct tracks *tracks, uint64_t time_ns, uint64_t realtime_ns);

/* A thread is called what it does when it is first met. */
struct trace_track track_of_process(struct tracks *tracks, uint32_t process);
struct trace_track track_of_thread(struct tracks *tracks, uint32_t process, uint32_t thread,
				   const char *name);

/* It is there once track_tell() has told of it. */
struct trace_track track_of_task(const struct model_task *task);

/* Before the first event on a task's track: the track, and the slice that all others are in. */
void track_tell(struct tracks *tracks, const struct model_task *task);

void tracks_clear(struct tracks *tracks);

/* timeline_moments.c */

/* Who wakes another task does so within its step: there a flow begins. */
void moments_wake(struct tracks *tracks, const struct model_interval *interval);

/* Functions of the listener. */
void moments_cancel(void *view, uint64_t now_ns, const struct model_cancel *cancel);
void moments_warning(void *view, uint64_t now_ns, const struct model_warning *warning);
void moments_lost(void *view, uint64_t begin_ns, uint64_t end_ns, uint32_t process, uint32_t thread,
		  uint64_t count);

#endif
