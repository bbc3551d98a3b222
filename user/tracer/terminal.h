/* SPDX-License-Identifier: BSD-2-Clause */
/* What the terminal behind an output can show. Takes any descriptor, and -1. */
#ifndef TRACER_TERMINAL_H
#define TRACER_TERMINAL_H

#include <stdbool.h>

/* It is one, and can draw over what it has drawn. */
bool terminal_can_redraw(int fd);

/* It can that, and its user has not set NO_COLOR. */
bool terminal_wants_colour(int fd);

/* In columns: of the terminal, else as COLUMNS says, else 100. */
unsigned int terminal_width(int fd);

/* Whatever reads the output: the locale speaks UTF-8. */
bool terminal_draws_unicode(void);

#endif
