/* SPDX-License-Identifier: BSD-2-Clause */
#include "terminal.h"
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_DEFAULT 100
#define WIDTH_MAX     10000

bool terminal_can_redraw(int fd)
{
	const char *kind = getenv("TERM");

	return isatty(fd) && kind && kind[0] && strcmp(kind, "dumb");
}

bool terminal_wants_colour(int fd)
{
	const char *unwanted = getenv("NO_COLOR");

	return terminal_can_redraw(fd) && !(unwanted && unwanted[0]);
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

bool terminal_draws_unicode(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool unicode;

	if (!locale)
		return false;
	unicode = !strcmp(nl_langinfo_l(CODESET, locale), "UTF-8");
	freelocale(locale);
	return unicode;
}
