/* SPDX-License-Identifier: BSD-2-Clause */
#include "terminal.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_DEFAULT 100
#define WIDTH_MAX     10000

bool terminal_wants_colour(int fd)
{
	const char *no_colour = getenv("NO_COLOR"), *kind = getenv("TERM");

	return isatty(fd) && !(no_colour && no_colour[0]) && kind && strcmp(kind, "dumb");
}

unsigned int terminal_width(int fd)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	char *end;
	long width;

	if (!ioctl(fd, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	width = columns ? strtol(columns, &end, 10) : 0;
	return width > 0 && width <= WIDTH_MAX && !*end ? width : WIDTH_DEFAULT;
}
