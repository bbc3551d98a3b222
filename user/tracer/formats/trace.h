/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files for trace viewers: tracks, with slices and moments on them, and flows between these. The
 * formats take the same calls; strings are any bytes.
 *
 * Events may come in any order but one: of those of a track at the same time, the outer ones begin
 * first and end last.
 */
#ifndef TRACER_FORMATS_TRACE_H
#define TRACER_FORMATS_TRACE_H

#include <stdint.h>
#include <stdio.h>

/* A thread of a process; or one of the process's own, by any number below 2^41; or itself. */
struct trace_track {
	uint32_t process;
	uint32_t thread; /* 0 if it is none */
	uint64_t number; /* 0 for the process, and for threads */
};

struct trace_detail {
	const char *name, *value; /* none where the value is null */
};

enum { TRACE_DETAILS = 4, TRACE_FLOWS = 2 };

struct trace_event {
	struct trace_track track;
	uint64_t time_ns;	    /* CLOCK_MONOTONIC */
	uint64_t duration_ns;	    /* slice() only */
	const char *category;	    /* a word of ours */
	const char *name;	    /* of an end: as at the begin */
	uint64_t flow;		    /* its number if one begins here, else 0 */
	uint64_t ends[TRACE_FLOWS]; /* flows that end here, or 0 */
	struct trace_detail details[TRACE_DETAILS];
};

struct trace {
	FILE *out;
	uint64_t count; /* of what has been written */
};

struct trace_format {
	/* The realtime clock when the monotonic one shows `time_ns`, or 0 if that is not known. */
	void (*open)(struct trace *trace, uint64_t time_ns, uint64_t realtime_ns);

	/* Before its first event, and after that of `parent`, which is null for a process. */
	void (*track)(struct trace *trace, const struct trace_track *track,
		      const struct trace_track *parent, const char *name);

	void (*begin)(struct trace *trace, const struct trace_event *event);
	void (*end)(struct trace *trace, const struct trace_event *event);
	void (*slice)(struct trace *trace, const struct trace_event *event);
	void (*instant)(struct trace *trace, const struct trace_event *event);

	/* Completes what has been opened. */
	void (*close)(struct trace *trace);
};

#endif
