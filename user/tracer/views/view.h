/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A view: one question about a stream of records, answered as text or as a file for other software.
 * One file each; actions.c lists them.
 */
#ifndef TRACER_VIEW_H
#define TRACER_VIEW_H

#include "../model.h"
#include <stdio.h>

/* What is written; by its name, the end of the output's, or text by default. */
enum view_format {
	VIEW_TEXT,
	VIEW_CSV,
	VIEW_SVG,	 /* .svg */
	VIEW_FOLDED,	 /* .folded: a stack and its weight per line */
	VIEW_SPEEDSCOPE, /* .speedscope.json */
	VIEW_PERFETTO,	 /* .perfetto-trace */
	VIEW_CHROME,	 /* .json */
	VIEW_FORMATS_END,
};

/* Columns of timed; the last one of tree, too. */
enum {
	VIEW_TASK = 1 << 0,  /* the task's name */
	VIEW_TIME = 1 << 1,  /* the seconds since the trace began */
	VIEW_WHERE = 1 << 2, /* FILE:LINE of the function; tree: who created the task, and where */
};

/* What flame weighs. */
enum view_weight {
	VIEW_BUSY_AND_AWAITING, /* told apart by colour */
	VIEW_WALL,
	VIEW_RUNNING,
	VIEW_READY,
	VIEW_AWAITING,
};

struct view_options {
	FILE *out;
	enum view_format format;
	bool colour;	      /* out is a terminal that wants it */
	bool terminal;	      /* out is one */
	bool unicode;	      /* whoever reads it sees more than ASCII */
	unsigned int width;   /* of the terminal, in columns; some width if it is none */
	unsigned int columns; /* timed: VIEW_TASK... */
	enum view_weight weight;
	uint64_t threshold_ns; /* slow */
	bool events;	       /* timeline: the records themselves */
	bool raw;	       /* timeline: strings as they are, even if a spreadsheet runs them */
	bool filtered;	       /* only a part of what happened is told */
	const char *source;    /* for titles: the command, file or process */
};

struct view {
	struct model_listener listener;

	/* Bits of the formats that it writes besides VIEW_TEXT: 1 << VIEW_SVG... */
	unsigned int formats;

	/* Only the tasks alive now count: a live source ends once it has told of them. */
	bool snapshot;

	/* It shows when things happen, not how long they last: see filter.h. */
	bool moments;

	/* State of one run, or null without memory. `options` outlives it. */
	void *(*open)(const struct view_options *options);

	/*
	 * The stream has ended: prints what is still to be said. Null if nothing is. 0, -errno, or
	 * the exit status that findings ask for.
	 */
	int (*finish)(void *state, const struct model *model);

	/* Takes null. */
	void (*free)(void *state);
};

extern const struct view view_attach, view_cancel, view_check, view_flame, view_slow, view_summary,
	view_timed, view_timeline, view_tree;

#endif
