/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What follows "--" is the command's and is cut off before argp sees it. Every complaint is one
 * line that says what to type instead.
 */
#include "options.h"
#include "actions.h"
#include "doctor.h"
#include "views/view.h"
#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_MIN     (64UL << 10)
#define BUFFER_DEFAULT (32UL << 20)

enum {
	KEY_DURATION = 256,
	KEY_PROBES,
	KEY_BUFFER,
	KEY_FOLLOW,
	KEY_TASK,
	KEY_TIME,
	KEY_WHERE,
};

static const struct argp_option argp_options[] = {
	{ NULL, 0, NULL, 0, "The source:", 1 },
	{ "pid", 'p', "PID", 0, "the running process PID", 1 },
	{ "input", 'i', "FILE", 0, "a file that record has written", 1 },
	{ NULL, 0, NULL, 0, "The result:", 2 },
	{ "output", 'o', "FILE", 0, "write to FILE, not to the terminal", 2 },
	{ "write", 'w', "FILE", 0, "keep the records in FILE as well, as record does", 2 },
	{ "task", KEY_TASK, NULL, 0, "timed: show the name of the task", 2 },
	{ "time", KEY_TIME, NULL, 0, "timed: show the seconds since the trace began", 2 },
	{ "where", KEY_WHERE, NULL, 0, "timed: show file and line of the function", 2 },
	{ NULL, 0, NULL, 0, "Live tracing:", 3 },
	{ "duration", KEY_DURATION, "SECONDS", 0, "stop after that time; Ctrl-C stops too", 3 },
	{ "follow", KEY_FOLLOW, NULL, 0,
	  "trace children that are forked, too; costs every process of the same program", 3 },
	{ "buffer", KEY_BUFFER, "SIZE", 0, "of the kernel's buffer: 64K, 32M (the default), 1G...",
	  3 },
	{ "probes", KEY_PROBES, "batch|direct", 0,
	  "one hit for a batch of records (the default), or for each", 3 },
	{ NULL, 0, NULL, 0, "About asynctrace:", -1 },
	{ NULL, 'h', NULL, OPTION_HIDDEN, NULL, -1 },
	{ 0 },
};

static const char description[] =
	"Shows where the time of asynchronous code goes.\v"
	"\nEXAMPLES\n"
	"  asynctrace doctor                      what is missing here?\n"
	"  asynctrace timed -p $(pidof server)    watch it until Ctrl-C\n"
	"  asynctrace timed --task -- ./server    run it, watch its whole life\n"
	"  asynctrace summary --duration 2.5 -p $(pidof server)\n"
	"  asynctrace record -o run.rec -- ./server\n"
	"  asynctrace summary -i run.rec          what has been recorded\n"
	"\nWhat a command prints stays on its standard output; asynctrace then writes to its "
	"standard error, or to -o FILE. The first Ctrl-C is the command's alone, the second ends "
	"the trace, and the command runs on.\n"
	"\nEXIT STATUS\n"
	"  0 if all went well, 1 if not, 2 if the command line makes no sense. With a command it "
	"is the command's: 128 + N if signal N killed it, 127 if it was not found, 126 if it "
	"could not be run, 1 if nothing of it could be traced.";

static char *help(int key, const char *text, void *input)
{
	const struct action *action;
	char *epilogue = NULL;
	size_t size;
	FILE *out;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	out = open_memstream(&epilogue, &size);
	if (!out)
		return (char *)text;
	fprintf(out, "VIEWS\n");
	for (action = actions; action->name; action++)
		fprintf(out, "  %-9s %s\n", action->name, action->question);
	fputs(text, out);
	fclose(out);
	return epilogue;
}

/* Says in one line what is wrong with the command line, and exits. */
#define REJECT(state, ...) argp_failure(state, argp_err_exit_status, 0, __VA_ARGS__)

static void list_views(char *buffer, size_t size)
{
	const struct action *action;
	size_t length = 0;

	for (action = actions; action->name && length < size; action++)
		length += snprintf(buffer + length, size - length, "%s%s",
				   action == actions ? "" : ", ", action->name);
}

static const struct action *find_action(struct argp_state *state, const char *name)
{
	const struct action *action;
	char list[256];

	for (action = actions; action->name; action++) {
		if (!strcmp(action->name, name))
			return action;
	}
	list_views(list, sizeof(list));
	REJECT(state, "there is no view '%s': the views are %s", name, list);
	return NULL;
}

static pid_t parse_pid(struct argp_state *state, const char *text)
{
	char *end;
	long pid;

	errno = 0;
	pid = strtol(text, &end, 10);
	if (errno || *end || pid <= 0 || pid > INT_MAX)
		REJECT(state, "-p takes the number of a process, not '%s': try -p $(pidof NAME)",
		       text);
	return pid;
}

static uint64_t parse_duration(struct argp_state *state, const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !isfinite(seconds) || seconds < 1e-9 || seconds > 1e9)
		REJECT(state, "--duration takes seconds, such as 10 or 0.5, not '%s'", text);
	return seconds * 1e9;
}

static size_t parse_buffer(struct argp_state *state, const char *text)
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
		REJECT(state, "--buffer takes a size from 64K to 1G, such as 8M, not '%s'", text);
	for (rounded = BUFFER_MIN; rounded < size;)
		rounded *= 2;
	return rounded;
}

static bool parse_probes(struct argp_state *state, const char *text)
{
	if (strcmp(text, "batch") && strcmp(text, "direct"))
		REJECT(state, "--probes takes batch or direct, not '%s'", text);
	return !strcmp(text, "direct");
}

static void reject_argument(struct argp_state *state, const char *text)
{
	const struct options *options = state->input;

	if (options->pid)
		REJECT(state, "'%s' is one word too many: one process at a time", text);
	if (text[0] && !text[strspn(text, "0123456789")])
		REJECT(state, "'%s' is one word too many: a process is given as -p %s", text, text);
	REJECT(state, "'%s' is one word too many: a command is given as -- %s", text, text);
}

static void check_action(struct argp_state *state, const struct options *options)
{
	bool examines = options->action && options->action->run == doctor_run;
	bool records = options->action && !options->view && !examines;
	char list[256];

	list_views(list, sizeof(list));
	if (!options->action)
		REJECT(state, "which view? There are %s", list);
	if (options->view != &view_timed && options->columns)
		REJECT(state, "--task, --time and --where are columns of timed");
	if (records && !options->output)
		REJECT(state, "record needs a file to write: -o FILE");
	if (records && options->write)
		REJECT(state, "record writes one file: -o FILE");
	if (options->output && options->write && !strcmp(options->output, options->write))
		REJECT(state, "-o and -w name the same file: give each its own");
	if (examines && (options->input || options->command))
		REJECT(state, "doctor looks at the machine, and with -p PID at a process");
	if (examines && (options->output || options->write || options->duration_ns))
		REJECT(state, "doctor prints what it finds, and takes no option but -p");
}

/* What single options cannot see. */
static void check(struct argp_state *state, struct options *options)
{
	int sources = !!options->pid + !!options->input + !!options->command;

	if (state->argc == 1 && !options->command)
		argp_state_help(state, stderr, ARGP_HELP_STD_USAGE);
	check_action(state, options);
	if (sources > 1)
		REJECT(state, "one source only: -p PID, -i FILE or -- COMMAND");
	if (options->action->run != doctor_run && !sources)
		REJECT(state, "%s of what? Give -p PID, -i FILE or -- COMMAND",
		       options->action->name);
	if (options->command && !options->command[0])
		REJECT(state, "no command follows --");
	if (options->input &&
	    (options->duration_ns || options->follow || options->direct || options->buffer))
		REJECT(state,
		       "--duration, --follow, --buffer and --probes are for live tracing, not -i");
	if (!options->buffer)
		options->buffer = BUFFER_DEFAULT;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'p':
		if (options->pid)
			REJECT(state, "one process at a time: -p PID");
		options->pid = parse_pid(state, text);
		return 0;
	case 'i':
		if (options->input)
			REJECT(state, "one file at a time: -i FILE");
		options->input = text;
		return 0;
	case 'h':
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
		return 0;
	case 'o':
		options->output = text;
		return 0;
	case 'w':
		options->write = text;
		return 0;
	case KEY_DURATION:
		options->duration_ns = parse_duration(state, text);
		return 0;
	case KEY_PROBES:
		options->direct = parse_probes(state, text);
		return 0;
	case KEY_BUFFER:
		options->buffer = parse_buffer(state, text);
		return 0;
	case KEY_FOLLOW:
		options->follow = true;
		return 0;
	case KEY_TASK:
		options->columns |= VIEW_TASK;
		return 0;
	case KEY_TIME:
		options->columns |= VIEW_TIME;
		return 0;
	case KEY_WHERE:
		options->columns |= VIEW_WHERE;
		return 0;
	case ARGP_KEY_ARG:
		if (options->action)
			reject_argument(state, text);
		options->action = find_action(state, text);
		options->view = options->action->view;
		return 0;
	case ARGP_KEY_END:
		check(state, options);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

void options_parse(struct options *ret, int argc, char **argv)
{
	static const struct argp argp = {
		.options = argp_options,
		.parser = parse_option,
		.args_doc = "VIEW -p PID\nVIEW -i FILE\nVIEW -- COMMAND [ARG...]",
		.doc = description,
		.help_filter = help,
	};
	static char name[] = "asynctrace"; /* whatever the file is called */
	struct options options = { 0 };
	int words = 1;

	argp_err_exit_status = 2;
	argp_program_version = "asynctrace " ASYNCTRACE_VERSION;
	argv[0] = name;
	while (words < argc && strcmp(argv[words], "--"))
		words++;
	if (words < argc) {
		argv[words] = NULL;
		options.command = &argv[words + 1];
	}
	argp_parse(&argp, words, argv, ARGP_IN_ORDER, NULL, &options);
	*ret = options;
}
