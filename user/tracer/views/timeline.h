/* SPDX-License-Identifier: BSD-2-Clause */
/* The forms that a timeline has: each is a view of its own. */
#ifndef TRACER_TIMELINE_H
#define TRACER_TIMELINE_H

#include "view.h"

/*
 * A row for each interval, as it ends; memory holds those that have not. Spans are numbered as they
 * begin, or else as they are written. A task belongs to the coroutine that created it, a coroutine
 * to the one that awaits it or to its task, all else of a task to the task: its steps, awaits and
 * readies add up to it. Callbacks, jobs and losses have no parent.
 */
extern const struct view timeline_rows;

/* A row for each record. */
extern const struct view timeline_events;

/* Tracks of threads and tasks in a file for a trace viewer. */
extern const struct view timeline_tracks;

#endif
