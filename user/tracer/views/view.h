/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A view: one question about a stream of records, answered as text. One file each; actions.c
 * lists them.
 */
#ifndef TRACER_VIEW_H
#define TRACER_VIEW_H

#include "../model.h"
#include <stdio.h>

struct view_options {
	FILE *out;
	bool task;  /* timed: a column with the task's name */
	bool time;  /* timed: a column with the seconds since the trace began */
	bool where; /* timed: a column with FILE:LINE of the function */
};

struct view {
	struct model_listener listener;

	/* State of one run, or null without memory. `options` outlives it. */
	void *(*open)(const struct view_options *options);

	/*
	 * The stream has ended: prints what is still to be said. Null if nothing is. 0 or -errno.
	 */
	int (*finish)(void *state, const struct model *model);

	/* Takes null. */
	void (*free)(void *state);
};

extern const struct view view_timed, view_summary;

#endif
