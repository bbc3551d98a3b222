/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams that go on and on and never end anything: each kind grows another thing without limit.
 */
#ifndef TESTS_FLOOD_H
#define TESTS_FLOOD_H

#include "events.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct flood {
	const char *name;

	/* Writes a few records: those of number i, from 1 on. */
	void (*push)(struct stream *stream, uint64_t i);

	bool crowds; /* more and more of what it makes is alive at once */
};

static inline void flood_tasks(struct stream *s, uint64_t i)
{
	push(s, AT_TASK_CREATE, 0, TASK(i), 0x1000, 0, 0x2000);
}

/* Each runs, and is left in a coroutine with a text for an argument. */
static inline void flood_coroutines(struct stream *s, uint64_t i)
{
	if (i == 1)
		function(s, 0x1000, "work", "flood.c", 1, AT_ARGUMENT_STRING);
	push(s, AT_TASK_CREATE, 0, TASK(i), 0x1000, TASK(i - 1), 0x2000);
	change(s, TASK(i), i > 1 ? TASK(i - 1) : LOOP(1), 0, s->now_ns);
	text(s, "abcdefghijklmnopqrstuvwxyz");
	begin(s, i, 0x1000);
}

/* One chain, ever deeper. */
static inline void flood_chain(struct stream *s, uint64_t i)
{
	if (i == 1)
		change(s, TASK(1), LOOP(1), 0, s->now_ns);
	begin(s, i, 0x1000 + i % 7);
}

/* The same within a state, told as the outermost over and over. */
static inline void flood_outermost(struct stream *s, uint64_t i)
{
	if (i == 1)
		push(s, AT_STATE, 0, LOOP(1), 0, 0, 0);
	push(s, AT_TASK_CREATE, AT_EXISTING, TASK(1), 0x1000, 0, 0);
	push(s, AT_COROUTINE_BEGIN, AT_EXISTING, COROUTINE(i), 0x1000, 0, 0);
}

static inline void flood_functions(struct stream *s, uint64_t i)
{
	char name[AT_TEXT_MAX + 1];

	snprintf(name, sizeof(name), "function %zu", (size_t)i);
	if (i == 1)
		change(s, TASK(1), LOOP(1), 0, s->now_ns);
	function(s, 16 * i, name, "flood.c", i, 0);
	begin(s, i, 16 * i);
	s->now_ns += i;
	end(s, i);
}

/* Functions called for such durations that each needs all of its histogram. */
static inline void flood_durations(struct stream *s, uint64_t i)
{
	if (i == 1)
		change(s, TASK(1), LOOP(1), 0, s->now_ns);
	begin(s, i, 16 * (1 + i / 128));
	s->now_ns += 1ULL << i % 40;
	end(s, i);
}

static inline void flood_back(struct stream *s, uint64_t i)
{
	s->now_ns -= i % 2000;
	push(s, AT_TASK_CREATE, 0, TASK(i % 1000), 0x1000, 0, 0);
	change(s, TASK(i % 1000), TASK((i - 1) % 1000), 0, s->now_ns - 1000000);
	begin(s, i, 0x1000);
	s->now_ns -= 10;
	push(s, AT_COROUTINE_END, AT_FAILED, COROUTINE(i), -1, 0, 0);
}

/* One id for all that there is. */
static inline void flood_reuse(struct stream *s, uint64_t i)
{
	(void)i;
	push(s, AT_TASK_CREATE, 0, TASK(1), 0x1000, TASK(1), 0x2000);
	change(s, TASK(1), TASK(1), 0, s->now_ns);
	begin(s, 1, 0x1000);
	push(s, AT_DEPENDS, 0, TASK(1), TASK(1), 0, 0);
	push(s, AT_TASK_CANCEL, 0, TASK(1), TASK(1), 0x2000, TASK(1));
	end(s, 1);
	push(s, AT_TASK_DONE, AT_CANCELLED, TASK(1), 0, 0, 0);
}

static inline void flood_loops(struct stream *s, uint64_t i)
{
	push(s, AT_LOOP_START, 0, LOOP(i), 0, 0, 0);
}

/* Each thread writes a few records, and is heard of no more. */
static inline void flood_threads(struct stream *s, uint64_t i)
{
	struct at_event *event;
	uint32_t k;

	for (k = 0; k < 3; k++) {
		event = k == 1 ? push(s, AT_TASK_CREATE, 0, TASK(i), 0x1000, 0, 0)
			: k    ? push(s, AT_SWITCH, 0, TASK(i), LOOP(i), 0, 0)
			       : push(s, AT_LOOP_START, 0, LOOP(i), 0, 0, 0);
		event->thread = 1000 + i;
		event->sequence = 1 + k;
	}
}

/* Each thread runs one loop for one callback, and that is all. */
static inline void flood_stops(struct stream *s, uint64_t i)
{
	struct at_event *event;
	uint32_t k;

	for (k = 0; k < 4; k++) {
		event = k == 0	 ? push(s, AT_LOOP_START, 0, LOOP(1), 0, 0, 0)
			: k == 1 ? push(s, AT_SWITCH, 0, CALLBACK(0x1000), LOOP(1), 0, 0)
			: k == 2 ? push(s, AT_SWITCH, 0, LOOP(1), CALLBACK(0x1000), 0, 0)
				 : push(s, AT_LOOP_STOP, 0, LOOP(1), 0, 0, 0);
		event->time_ns += k;
		event->thread = 1000 + i;
		event->sequence = 1 + k;
	}
}

/* Each stops in the middle of a callback. */
static inline void flood_breaks(struct stream *s, uint64_t i)
{
	struct at_event *event;
	uint32_t k;

	for (k = 0; k < 3; k++) {
		event = k == 1 ? push(s, AT_SWITCH, 0, CALLBACK(0x1000), LOOP(1), 0, 0)
			: k    ? push(s, AT_LOOP_STOP, 0, LOOP(1), 0, 0, 0)
			       : push(s, AT_LOOP_START, 0, LOOP(1), 0, 0, 0);
		event->time_ns += k;
		event->thread = 1000 + i;
		event->sequence = 1 + k;
	}
}

static inline void flood_processes(struct stream *s, uint64_t i)
{
	struct at_event *event = push(s, AT_JOB_BEGIN, 0, AT_ID(AT_JOB, i), 0x1000, i, 0);

	event->process = 1000 + i;
	event->sequence = 1;
	event = push(s, AT_JOB_END, 0, AT_ID(AT_JOB, i), 0, 0, 0);
	event->process = 1000 + i;
	event->sequence = 2;
}

/* Each run by another thread, as it is said. */
static inline void flood_jobs(struct stream *s, uint64_t i)
{
	push(s, AT_JOB_BEGIN, 0, AT_ID(AT_JOB, i), 0x1000, i, 0);
	push(s, AT_JOB_END, 0, AT_ID(AT_JOB, i), 0, 0, 0);
}

static inline void flood_locks(struct stream *s, uint64_t i)
{
	push(s, AT_DEPENDS, AT_HOLDER, AT_ID(AT_LOCK, i), TASK(1), 0, 0);
	push(s, AT_TASK_CREATE, 0, TASK(i), 0x1000, 0, 0);
	change(s, TASK(i), LOOP(1), 0, 0);
	push(s, AT_SWITCH, 0, LOOP(1), TASK(i), AT_ID(AT_LOCK, i), 0);
}

/* Gathers of gathers, each of which depends on each task. */
static inline void flood_gathers(struct stream *s, uint64_t i)
{
	uint64_t k;

	push(s, AT_TASK_CREATE, 0, TASK(i), 0x1000, 0, 0);
	for (k = 1; k <= 64; k++)
		push(s, AT_DEPENDS, 0, AT_ID(AT_GATHER, k), TASK(i), 0, 0);
	push(s, AT_DEPENDS, 0, AT_ID(AT_GATHER, i % 64 + 1), AT_ID(AT_GATHER, i % 63 + 1), 0, 0);
}

/* Whoever waits for himself; and at the end all loops are stuck. */
static inline void flood_knots(struct stream *s, uint64_t i)
{
	push(s, AT_TASK_CREATE, 0, TASK(i), 0x1000, 0, 0x2000 + i);
	change(s, TASK(i), LOOP(1), 0, 0);
	push(s, AT_SWITCH, AT_TASKS_ONLY, LOOP(1), TASK(i), TASK(i), 0);
}

static inline void flood_stuck(struct stream *s, uint64_t i)
{
	struct at_event *event;
	uint32_t k;

	for (k = 0; k < 4; k++) {
		event = k == 0	 ? push(s, AT_LOOP_START, 0, LOOP(i), 0, 0, 0)
			: k == 1 ? push(s, AT_TASK_CREATE, 0, TASK(i), 0x1000, 0, 0x2000 + i)
			: k == 2
				? push(s, AT_SWITCH, 0, TASK(i), LOOP(i), 0, 0)
				: push(s, AT_SWITCH, AT_TASKS_ONLY, LOOP(i), TASK(i), FUTURE(i), 0);
		event->thread = 1000 + i;
		event->sequence = 1 + k;
	}
}

/* Requests below requests, none of which comes to an end. */
static inline void flood_cancels(struct stream *s, uint64_t i)
{
	push(s, AT_TASK_CREATE, 0, TASK(i), 0x1000, 0, 0);
	push(s, AT_TASK_CANCEL, 0, TASK(i), TASK(i / 20), 0x2000 + i, i > 1 ? TASK(i / 20) : 0);
}

/* All tasks wait for one future, which is cancelled again and again. */
static inline void flood_waiters(struct stream *s, uint64_t i)
{
	push(s, AT_TASK_CREATE, 0, TASK(i), 0x1000, 0, 0);
	change(s, TASK(i), LOOP(1), 0, 0);
	push(s, AT_SWITCH, 0, LOOP(1), TASK(i), FUTURE(1), 0);
	push(s, AT_TASK_CANCEL, 0, FUTURE(1), 0, 0x2000, 0);
	change(s, LOOP(1), LOOP(1), 0, 0);
}

static inline void flood_warnings(struct stream *s, uint64_t i)
{
	char name[AT_TEXT_MAX + 1];

	snprintf(name, sizeof(name), "coroutine %zu was never awaited", (size_t)i);
	text(s, name);
	push(s, AT_WARNING, AT_NEVER_AWAITED, COROUTINE(i), 16 * i, 0x2000 + i, 0);
	text(s, name);
	text(s, "flood.c");
	push(s, AT_PLACE, 0, 0x2000 + i, i, 0, 0);
	s->events[s->count - 1].thread = 0;
}

static inline void flood_callbacks(struct stream *s, uint64_t i)
{
	change(s, CALLBACK(16 * i), i > 1 ? CALLBACK(16 * (i - 1)) : LOOP(1), AT_ENDED, s->now_ns);
	s->now_ns += 200000000;
}

static const struct flood floods[] = {
	{ "tasks", flood_tasks, true },
	{ "coroutines", flood_coroutines, true },
	{ "chain", flood_chain, true },
	{ "outermost", flood_outermost, true },
	{ "functions", flood_functions, false },
	{ "durations", flood_durations, false },
	{ "back", flood_back, true },
	{ "reuse", flood_reuse, false },
	{ "loops", flood_loops, true },
	{ "threads", flood_threads, true },
	{ "processes", flood_processes, false },
	{ "jobs", flood_jobs, false },
	{ "locks", flood_locks, true },
	{ "gathers", flood_gathers, true },
	{ "knots", flood_knots, true },
	{ "stuck", flood_stuck, true },
	{ "cancels", flood_cancels, true },
	{ "waiters", flood_waiters, true },
	{ "warnings", flood_warnings, false },
	{ "callbacks", flood_callbacks, false },
	{ "stops", flood_stops, false },
	{ "breaks", flood_breaks, false },
};

enum { FLOODS = sizeof(floods) / sizeof(*floods) };

static inline void flood_begin(struct stream *stream)
{
	stream->now_ns = 1000000000000;
	push(stream, AT_ATTACH, 0, 0, 0, 0, 0);
	stream->sequences[0] = 0;
	loop_start(stream);
}

#endif
