/* SPDX-License-Identifier: BSD-2-Clause */
/* What the first word of the command line can be: a view, or one of the few other things to do. */
#ifndef TRACER_ACTIONS_H
#define TRACER_ACTIONS_H

struct options;
struct view;

struct action {
	const char *name;
	const char *question;	 /* for --help: what it answers */
	const struct view *view; /* that shows the records; null if nothing does */
	int (*run)(const struct options *options); /* returns the exit status */
};

/* All there are, closed by one without a name. */
extern const struct action actions[];

#endif
