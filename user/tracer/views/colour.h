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

/* Prints text that is safe to print. */
static inline void colour_print(const struct view_options *options, const char *how,
				const char *text)
{
	if (options->colour)
		fprintf(options->out, "\x1b[%sm%s\x1b[0m", how, text);
	else
		fputs(text, options->out);
}

#endif
