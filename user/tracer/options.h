/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line: a view of a source. Every view takes every source. */
#ifndef TRACER_OPTIONS_H
#define TRACER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The largest buffer that can be asked for. */
#define OPTIONS_BUFFER_MAX (1UL << 30)

struct action;
struct view;

struct options {
	const struct action *action;
	const struct view *view; /* of the action */

	/* The source: one of these; the others are 0 or null. */
	pid_t pid;
	const char *input;
	char **command;

	const char *output;   /* null if not given; record always has one */
	const char *write;    /* where to keep the records besides; null if not given */
	uint64_t duration_ns; /* 0 if not given */
	size_t buffer;	      /* bytes, a power of two */
	bool direct, follow;
	unsigned int columns; /* of timed: VIEW_TASK... */
};

/*
 * Reads the command line. The result points into `argv`. Prints and exits itself for --help and
 * --version, and with status 2 if the line makes no sense.
 */
void options_parse(struct options *ret, int argc, char **argv);

#endif
