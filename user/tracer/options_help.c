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
	"all, whose status is open if it was cut off. The status is ok, failed, cancelled, or\n"
	"open: its end was not seen, and end_ns and duration_ns are empty. The status may be\n"
	"prefixed by existing (it began before the trace: start_ns is when it was first seen) and\n"
	"torn (records within it are missing). The steps, awaits and readies of a task have its\n"
	"span_id as parent_id, and add up to its duration.\n";

static const char about_order[] =
	"A cancellation is printed when it is settled: the first column, when it was asked for,\n"
	"is not in order.\n";

/* What one view makes of an option that others take, too. */
static const struct {
	const struct view *view;
	enum option_id id;
	const char *help;
} own_rows[] = {
	{ &view_tree, OPTION_COLUMNS, "where: who created the task, and where" },
	{ &view_tree, OPTION_UNTIL,
	  "show the tasks alive at that time, counted from the first record" },
};

/* What a window of time does to a view. */
static const struct {
	const struct view *view;
	const char *help;
} about_windows[] = {
	{ &view_timed, "--since and --until show what starts or finishes between them.\n" },
	{ &view_summary, "--since and --until choose the calls that overlap the time between "
			 "them, and count\nthese as a whole.\n" },
	{ &view_slow, "--since and --until cut steps: only the time between them counts.\n" },
	{ &view_flame, "--since and --until cut times: only the time between them counts.\n" },
	{ &view_timeline, "--since and --until choose the rows that overlap the time between them, "
			  "and cut all\nbut those of tasks and coroutines to it.\n" },
	{ &view_cancel, "--since and --until choose by when the cancellation was asked for.\n" },
};

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

static const char *help_of(const struct view *view, enum option_id id)
{
	size_t i;

	for (i = 0; i < sizeof(own_rows) / sizeof(*own_rows); i++) {
		if (view && own_rows[i].view == view && own_rows[i].id == id)
			return own_rows[i].help;
	}
	return option_rows[id].help;
}

static void print_row(const struct option_row *row, const char *help)
{
	int length = printf(row->letter ? "  -%c, " : "      ", row->letter);

	length += printf("--%s%s%s", row->name, row->argument ? " " : "",
			 row->argument ? row->argument : "");
	if (length + 2 > HELP_COLUMN) {
		putchar('\n');
		length = 0;
	}
	printf("%*s", HELP_COLUMN - length, "");
	print_wrapped(help);
}

/* Those options of `wanted` that there are of the group, under its heading; of a view or null. */
static void print_group(const struct view *view, enum option_group group, unsigned int wanted)
{
	bool headed = false;
	enum option_id id;

	for (id = 0; id < OPTIONS_END; id++) {
		if (option_rows[id].group != group || !(wanted & OPTION_BIT(id)))
			continue;
		if (!headed)
			printf("\n%s:\n", headings[group]);
		headed = true;
		print_row(&option_rows[id], help_of(view, id));
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
	fputs("\nThe format is chosen by --format, or else by how the name of -o FILE ends:\n ",
	      stdout);
	for (format = VIEW_TEXT + 1; format < VIEW_FORMATS_END; format++) {
		if (view->formats & 1U << format)
			printf(" %s (%s)", options_format_name(format), options_ending(format));
	}
	putchar('\n');
}

static void print_window(const struct view *view)
{
	size_t i;

	for (i = 0; i < sizeof(about_windows) / sizeof(*about_windows); i++) {
		if (about_windows[i].view == view)
			printf("\n%s", about_windows[i].help);
	}
}

/* The options of the action, without colour where there is none. */
static unsigned int shown_options(const struct action *action)
{
	const struct view *view = action->view;

	if (view == &view_timed || view == &view_flame || view == &view_tree ||
	    view == &view_attach)
		return action->takes;
	return action->takes & ~OPTION_BIT(OPTION_COLOR);
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
		print_group(action->view, group, shown_options(action));
	if (action->takes & OPTION_BIT(OPTION_DURATION))
		printf("\n%s", about_times);
	print_window(action->view);
	print_formats(action->view);
	if (action->view == &view_cancel)
		printf("\n%s", about_order);
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
			print_group(NULL, group, ~0U);
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
