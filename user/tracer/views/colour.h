/* SPDX-License-Identifier: BSD-2-Clause */
/* Text in colour, where the output is a terminal that wants it. */
#ifndef TRACER_VIEWS_COLOUR_H
#define TRACER_VIEWS_COLOUR_H

#include "view.h"

/* Escape sequences of a terminal. */
#define COLOUR_BOLD   "1"
#define COLOUR_DIM    "2"
#define COLOUR_RED    "31" /* failures */
#define COLOUR_GREEN  "32"
#define COLOUR_YELLOW "33" /* cancellations */
#define COLOUR_CYAN   "36"

static inline void colour_begin(const struct view_options *options, const char *how)
{
	if (options->colour)
		fprintf(options->out, "\x1b[%sm", how);
}

static inline void colour_end(const struct view_options *options)
{
	if (options->colour)
		fputs("\x1b[0m", options->out);
}

/* Prints text that is safe to print. */
static inline void colour_print(const struct view_options *options, const char *how,
				const char *text)
{
	colour_begin(options, how);
	fputs(text, options->out);
	colour_end(options);
}

#endif
