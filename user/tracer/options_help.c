/* SPDX-License-Identifier: BSD-2-Clause */
/* What is answered to --help, and to who has mistyped. */
#include "actions.h"
#include "complain.h"
#include "nearest.h"
#include "options_internal.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Where help begins, and ends. */
enum { HELP_COLUMN = 28, HELP_END = 98 };

static const char *const headings[GROUPS_END] = {
	[GROUP_SOURCE] = "The source", [GROUP_RESULT] = "The result",
	[GROUP_VIEW] = "Of this view", [GROUP_FILTER] = "Only a part of it",
	[GROUP_LIVE] = "Live tracing", [GROUP_ABOUT] = "About asynctrace",
};

static const char about_times[] = "TIME is 2m, 1.5s, 100ms, 250us, 40ns, or seconds.\n";

static const char about_commands[] =
	"What a command prints stays on its standard output; asynctrace then writes to its\n"
	"standard error, or to -o FILE. The first Ctrl-C is the command's alone, the second ends\n"
	"the trace, and the command runs on.\n";

static const char about_rows[] =
	"Of a row the kind is task, coroutine, step, await, ready, callback, job, lost: so many\n"
	"records are missing as its result says; or, in the last row, trace: begin and end of it\n"
	"all, whose status is open if it was cut off. The status is ok, failed,\n"
	"cancelled, or open: its end was not seen, and end_ns and duration_ns are empty. Before it\n"
	"stand existing, if it began before the trace: start_ns is when it was first seen; and\n"
	"torn, if records within it are missing. The steps, awaits and readies of a task have its\n"
	"span_id as parent_id, and add up to its duration.\n";

static const char about_status[] =
	"EXIT STATUS\n"
	"  0 if all went well, 1 if not, 2 if the command line makes no sense, 3 if check has\n"
	"  found something. With a command that fails it is the command's: 128 + N if signal N\n"
	"  killed it, 127 if it was not found, 126 if it could not be run, 1 if nothing of it\n"
	"  could be traced.\n";

void options_print_usage(FILE *out, const char *program)
{
	fprintf(out,
		"Usage: %s VIEW -p PID        watch a running process\n"
		"       %s VIEW -- COMMAND    run a command, watch its whole life\n"
		"       %s VIEW -i FILE       read what record has kept\n"
		"       %s VIEW --help        know more of a view\n"
		"       %s --help             see which views there are\n",
		program, program, program, program, program);
}

/* The text, broken into lines behind the column. */
static void print_wrapped(const char *text)
{
	int column = 0, length;

	for (; *text; text += length + !!text[length]) {
		length = strcspn(text, " ");
		if (column && HELP_COLUMN + column + 1 + length > HELP_END) {
			printf("\n%*s", HELP_COLUMN, "");
			column = 0;
		}
		column += printf("%s%.*s", column ? " " : "", length, text);
	}
	putchar('\n');
}

static void print_row(const struct option_row *row)
{
	int length = printf(row->letter ? "  -%c, " : "      ", row->letter);

	length += printf("--%s%s%s", row->name, row->argument ? " " : "",
			 row->argument ? row->argument : "");
	if (length + 2 > HELP_COLUMN) {
		putchar('\n');
		length = 0;
	}
	printf("%*s", HELP_COLUMN - length, "");
	print_wrapped(row->help);
}

/* Those options of `wanted` that there are of the group, under its heading. */
static void print_group(enum option_group group, unsigned int wanted)
{
	bool headed = false;
	enum option_id id;

	for (id = 0; id < OPTIONS_END; id++) {
		if (option_rows[id].group != group || !(wanted & OPTION_BIT(id)))
			continue;
		if (!headed)
			printf("\n%s:\n", headings[group]);
		headed = true;
		print_row(&option_rows[id]);
	}
}

static void print_examples(const char *program, const char *text)
{
	fputs("\nEXAMPLES\n  ", stdout);
	for (; *text; text++) {
		if (*text == '%')
			fputs(program, stdout);
		else
			putchar(*text);
		if (*text == '\n' && text[1])
			fputs("  ", stdout);
	}
}

static void print_formats(const struct view *view)
{
	int format;

	if (!view || !view->formats)
		return;
	fputs("\nBy its end the name of -o FILE chooses the format:", stdout);
	for (format = VIEW_TEXT + 1; format < VIEW_FORMATS_END; format++) {
		if (view->formats & 1U << format)
			printf(" %s", options_ending(format));
	}
	putchar('\n');
}

static void print_view_help(const char *program, const struct action *action)
{
	enum option_group group;

	printf("Usage: %s %s ", program, action->name);
	if (action->takes & OPTION_BIT(OPTION_INPUT))
		printf("%s | -i FILE | -- COMMAND [ARG...]",
		       action->view == &view_attach ? "[-p] PID" : "-p PID");
	else
		fputs("[-p PID]", stdout);
	printf("\n%c%s\n", action->question[0] & ~0x20, action->question + 1);
	for (group = 0; group < GROUPS_END; group++)
		print_group(group, action->takes);
	if (action->takes & OPTION_BIT(OPTION_DURATION))
		printf("\n%s", about_times);
	print_formats(action->view);
	if (action->view == &view_check)
		printf("\n%s", about_status);
	if (action->view == &view_timeline)
		printf("\n%s", about_rows);
	print_examples(program, action->examples);
}

static void print_general_help(const char *program)
{
	const struct action *action;
	enum option_group group;

	printf("Usage: %s VIEW -p PID | -i FILE | -- COMMAND [ARG...]\n"
	       "Shows where the time of asynchronous code goes.\n\nVIEWS\n",
	       program);
	for (action = actions; action->name; action++)
		printf("  %-9s %s\n", action->name, action->question);
	printf("\n%s VIEW --help has the options that only this view takes, and examples.\n",
	       program);
	for (group = 0; group < GROUPS_END; group++) {
		if (group != GROUP_VIEW)
			print_group(group, ~0U);
	}
	printf("\n%s\n%s\n%s", about_times, about_commands, about_status);
	print_examples(program, "% doctor\n"
				"% timed -- build/examples/service\n"
				"build/examples/churn 3 3 & sleep 1; % attach --duration 1s $!\n"
				"% record -o service.rec -- build/examples/service\n"
				"% flame -i service.rec\n");
}

void options_print_help(const struct options *options)
{
	if (options->action)
		print_view_help(options->program, options->action);
	else
		print_general_help(options->program);
}

void options_reject(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_list(format, arguments);
	va_end(arguments);
	exit(2);
}

void options_reject_view(const char *word)
{
	const struct action *action;
	struct nearest nearest = { .word = word };
	char list[128];

	for (action = actions; action->name; action++)
		nearest_try(&nearest, action->name);
	if (nearest.found)
		options_reject("there is no view '%s': did you mean %s?", word, nearest.found);
	options_reject("there is no view '%s': the views are %s", word,
		       options_takers(list, sizeof(list), 0));
}

void options_reject_option(const struct options *options, const char *word)
{
	const char *name = word + strspn(word, "-");
	struct nearest nearest = { .word = name };
	const struct action *action = options->action;
	enum option_id id;

	for (id = 0; id < OPTIONS_END; id++)
		nearest_try(&nearest, option_rows[id].name);
	if (nearest.found)
		options_reject("there is no option '%s': did you mean --%s?", word, nearest.found);
	options_reject("there is no option '%s': asynctrace %s%s--help shows those there are", word,
		       action ? action->name : "", action ? " " : "");
}
