/* SPDX-License-Identifier: BSD-2-Clause */
/* What is written after an option, and the complaint if it makes no sense. */
#include "options_internal.h"
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_MIN (64UL << 10)

static const struct {
	const char *name, *ending;
	enum view_format format;
} formats[] = {
	{ "svg", ".svg", VIEW_SVG },
	{ "folded", ".folded", VIEW_FOLDED },
	{ "speedscope", ".speedscope.json", VIEW_SPEEDSCOPE },
	{ "perfetto", ".perfetto-trace", VIEW_PERFETTO },
	{ "chrome", ".json", VIEW_CHROME },
	{ "csv", ".csv", VIEW_CSV },
};

enum { FORMATS = sizeof(formats) / sizeof(*formats) };

static unsigned long parse_number(const char *text, unsigned long max)
{
	unsigned long number;
	char *end;

	errno = 0;
	number = strtoul(text, &end, 10);
	return isdigit(*text) && !*end && !errno && number <= max ? number : 0;
}

pid_t options_pid(const char *text)
{
	pid_t pid = parse_number(text, INT_MAX);

	if (!pid)
		options_reject("-p takes the number of a process, not '%s': try -p $(pidof NAME)",
			       text);
	return pid;
}

uint32_t options_thread(const char *text)
{
	uint32_t thread = parse_number(text, UINT32_MAX);

	if (!thread)
		options_reject("--thread takes the kernel's number of a thread, not '%s': ps -L "
			       "shows it",
			       text);
	return thread;
}

/* How many ns the unit has; 0 for what is none. */
static double unit_ns(const char *unit)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = { { "", 1e9 },   { "s", 1e9 }, { "ms", 1e6 },
		      { "us", 1e3 }, { "ns", 1 },  { "m", 60e9 } };
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (!strcmp(units[i].name, unit))
			return units[i].ns;
	}
	return 0;
}

uint64_t options_duration_ns(enum option_id id, const char *text)
{
	bool positive = id == OPTION_DURATION || id == OPTION_UNTIL;
	char *unit;
	double ns = strtod(text, &unit);

	ns = unit > text && (isdigit(*text) || *text == '.') ? ns * unit_ns(unit) + 0.5 : -1;
	if (!(ns >= 0 && ns <= 1e18) || !unit_ns(unit) || (positive && ns < 1))
		options_reject("--%s takes a time, such as 2m, 10s, 0.5, 100ms or 250us, not '%s'",
			       option_rows[id].name, text);
	return ns;
}

size_t options_buffer(const char *text)
{
	static const char units[] = "KMG";
	const char *unit;
	char *end;
	double size = strtod(text, &end);
	size_t rounded;

	unit = *end ? strchr(units, *end & ~0x20) : NULL;
	if (unit) {
		size *= 1UL << (10 * (unit - units + 1));
		end++;
	}
	if (end == text || *end || !(size >= BUFFER_MIN && size <= OPTIONS_BUFFER_MAX))
		options_reject("--buffer takes a size from 64K to 1G, such as 8M, not '%s'", text);
	for (rounded = BUFFER_MIN; rounded < size;)
		rounded *= 2;
	return rounded;
}

/* Which of these words it is, the last of which is followed by null; or -1. */
static int choose(const char *const *words, const char *text, size_t length)
{
	int i;

	for (i = 0; words[i]; i++) {
		if (strlen(words[i]) == length && !strncmp(words[i], text, length))
			return i;
	}
	return -1;
}

enum options_source options_source(const char *text)
{
	if (!strcmp(text, "auto"))
		return OPTIONS_SOURCE_AUTO;
	if (!strcmp(text, "bpf"))
		return OPTIONS_SOURCE_BPF;
	if (strcmp(text, "ring"))
		options_reject("--source takes auto, bpf or ring, not '%s'", text);
	return OPTIONS_SOURCE_RING;
}

double options_budget(const char *text)
{
	char *end;
	double percent = strtod(text, &end);

	if (!isdigit(*text) || (*end && strcmp(end, "%")) || !(percent > 0 && percent <= 100))
		options_reject(
			"--budget takes a part of the target's CPU time, 1%% for example, not "
			"'%s'",
			text);
	return percent / 100;
}

bool options_probes(const char *text)
{
	static const char *const ways[] = { "batch", "direct", NULL };
	int way = choose(ways, text, strlen(text));

	if (way < 0)
		options_reject("--probes takes batch or direct, not '%s'", text);
	return way;
}

unsigned int options_columns(const char *text)
{
	static const char *const names[] = { "task", "time", "where", NULL };
	static const unsigned int columns[] = { VIEW_TASK, VIEW_TIME, VIEW_WHERE };
	unsigned int chosen = 0;
	const char *end;
	int i;

	for (;; text = end + 1) {
		end = strchrnul(text, ',');
		i = choose(names, text, end - text);
		if (i < 0)
			options_reject("--columns takes task, time and where, such as time,task, "
				       "not '%.*s'",
				       (int)(end - text), text);
		chosen |= columns[i];
		if (!*end)
			return chosen;
	}
}

enum view_weight options_weight(const char *text)
{
	static const char *const names[] = { "wall", "running", "ready", "awaiting", NULL };
	static const enum view_weight weights[] = { VIEW_WALL, VIEW_RUNNING, VIEW_READY,
						    VIEW_AWAITING };
	int i = choose(names, text, strlen(text));

	if (i < 0)
		options_reject("--weight takes wall, running, ready or awaiting, not '%s'", text);
	return weights[i];
}

enum options_colour options_color(const char *text)
{
	static const char *const names[] = { "auto", "always", "never", NULL };
	static const enum options_colour colours[] = { OPTIONS_AUTO, OPTIONS_ALWAYS,
						       OPTIONS_NEVER };
	int i = choose(names, text, strlen(text));

	if (i < 0)
		options_reject("--color takes auto, always or never, not '%s'", text);
	return colours[i];
}

enum view_format options_format(const char *path)
{
	size_t i, length = strlen(path), ending;

	for (i = 0; i < FORMATS; i++) {
		ending = strlen(formats[i].ending);
		if (length > ending && !strcmp(path + length - ending, formats[i].ending))
			return formats[i].format;
	}
	return VIEW_TEXT;
}

const char *options_ending(enum view_format format)
{
	size_t i;

	for (i = 0; i < FORMATS; i++) {
		if (formats[i].format == format)
			return formats[i].ending;
	}
	return NULL;
}

const char *options_format_name(enum view_format format)
{
	size_t i;

	for (i = 0; i < FORMATS; i++) {
		if (formats[i].format == format)
			return formats[i].name;
	}
	return "text";
}

enum view_format options_format_named(const char *name)
{
	enum view_format format;

	for (format = 0; format < VIEW_FORMATS_END; format++) {
		if (!strcmp(options_format_name(format), name))
			return format;
	}
	options_reject("--format takes text, csv, svg, folded, speedscope, perfetto or chrome, not "
		       "'%s'",
		       name);
}
