/* SPDX-License-Identifier: BSD-2-Clause */
/* What the first word of the command line can be: a view, or one of the few other things to do. */
#ifndef TRACER_ACTIONS_H
#define TRACER_ACTIONS_H

#include "views/view.h"

struct options;

struct action {
	const char *name;
	const char *question;	 /* for --help: what it answers */
	const struct view *view; /* that shows the records; null if nothing does */
	int (*run)(const struct options *options); /* returns the exit status */
	unsigned int takes;			   /* OPTION_BIT()s */
	enum view_format format;		   /* unless the command line says otherwise */

	/*
	 * For --help: commands that can be pasted in the folder of the sources, one a line, with %
	 * for the name of this program.
	 */
	const char *examples;
};

/* All there are, closed by one without a name. */
extern const struct action actions[];

#endif
