/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line: a view of a source. Every view takes every source. */
#ifndef TRACER_OPTIONS_H
#define TRACER_OPTIONS_H

#include "filter.h"
#include "views/view.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The largest buffer that can be asked for. */
#define OPTIONS_BUFFER_MAX (1UL << 30)

/* In the order of --help. */
enum option_id {
	OPTION_PID,
	OPTION_INPUT,
	OPTION_OUTPUT,
	OPTION_WRITE,
	OPTION_FORMAT,
	OPTION_COLOR,
	OPTION_COLUMNS,
	OPTION_THRESHOLD,
	OPTION_WEIGHT,
	OPTION_EVENTS,
	OPTION_CSV_RAW,
	OPTION_CSV,
	OPTION_JSON,
	OPTION_FILTER,
	OPTION_TASK,
	OPTION_THREAD,
	OPTION_SINCE,
	OPTION_UNTIL,
	OPTION_MIN_DURATION,
	OPTION_SOURCE,
	OPTION_DURATION,
	OPTION_FOLLOW,
	OPTION_BUFFER,
	OPTION_PROBES,
	OPTION_BUDGET,
	OPTION_HELP,
	OPTION_VERSION,
	OPTIONS_END,
};

#define OPTION_BIT(id) (1U << (id))

enum options_source { OPTIONS_SOURCE_AUTO, OPTIONS_SOURCE_BPF, OPTIONS_SOURCE_RING };
enum options_colour { OPTIONS_AUTO, OPTIONS_ALWAYS, OPTIONS_NEVER };

struct action;

struct options {
	const char *program; /* as the user calls it */
	const struct action *action;
	const struct view *view; /* of the action */
	unsigned int given;	 /* OPTION_BIT()s of what the line has */

	/* The source: one of these; the others are 0 or null. */
	pid_t pid;
	const char *input;
	char **command;

	const char *output;   /* null if not given, "-" is standard output; record always has one */
	bool whole;	      /* it is a file for other software */
	const char *write;    /* where to keep the records besides; null if not given */
	uint64_t duration_ns; /* 0 if not given */
	size_t buffer;	      /* bytes, a power of two */
	bool direct, follow;
	enum options_source source; /* by what a live process is traced */
	double budget;		    /* part of the target's CPU time, 0.01 for 1%; 0 if not given */
	bool json;
	enum options_colour colour;
	struct filter_options filter;
	struct view_options view_options; /* what the line says of them, its defaults included */
};

/*
 * Reads the command line. The result points into `argv`. Prints and exits itself for --help and
 * --version, and with status 2 if the line makes no sense.
 */
void options_parse(struct options *ret, int argc, char **argv);

#endif
