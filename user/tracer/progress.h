/* SPDX-License-Identifier: BSD-2-Clause */
/* A line of a terminal that says how far something long has come, and goes without a trace. */
#ifndef TRACER_PROGRESS_H
#define TRACER_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Zeroed is one that shows nothing. */
struct progress {
	FILE *out; /* null if nothing is to be shown */
	uint64_t begin_ns;
	uint64_t shown_ns; /* when the line was drawn; 0 if it is not there */
};

/* `done` is from 0 to 1. Draws nothing in the first second, then ten times a second. */
void progress_show(struct progress *progress, uint64_t now_ns, double done);

/* Leaves the cursor at the begin of an empty line. */
void progress_erase(struct progress *progress);

#endif
