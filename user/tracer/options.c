/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of options, and what each does. What follows "--" is the command's and is cut off
 * before getopt sees it. Every complaint is one line that says what to type instead.
 */
#include "options.h"
#include "actions.h"
#include "options_internal.h"
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* The number of an option to getopt_long(), beyond all characters. */
#define KEY(id) (256 + (id))

#define THRESHOLD_DEFAULT_NS 100000000

const struct option_row option_rows[OPTIONS_END] = {
	[OPTION_PID] = { "pid", 'p', "PID", GROUP_SOURCE, "the running process PID" },
	[OPTION_INPUT] = { "input", 'i', "FILE", GROUP_SOURCE,
			   "a file that record has written; - is standard input" },
	[OPTION_OUTPUT] = { "output", 'o', "FILE", GROUP_RESULT,
			    "write to FILE; - is standard output" },
	[OPTION_WRITE] = { "write", 'w', "FILE", GROUP_RESULT,
			   "keep the records in FILE as well, as record does" },
	[OPTION_FORMAT] = { "format", 0, "NAME", GROUP_RESULT,
			    "what to write, whatever FILE is called" },
	[OPTION_COLOR] = { "color", 0, "WHEN", GROUP_RESULT,
			   "auto (the default: on terminals), always or never" },
	[OPTION_COLUMNS] = { "columns", 0, "LIST", GROUP_VIEW,
			     "of task, time, where: the task's name, the seconds since the trace "
			     "began, file and line of the function" },
	[OPTION_THRESHOLD] = { "threshold", 0, "TIME", GROUP_VIEW,
			       "who held the loop for longer is slow: 100ms if not given" },
	[OPTION_WEIGHT] = { "weight", 0, "WHAT", GROUP_VIEW,
			    "wall, running, ready or awaiting; running and awaiting, told apart, "
			    "if not given" },
	[OPTION_EVENTS] = { "events", 0, NULL, GROUP_VIEW, "the records as they came" },
	[OPTION_CSV_RAW] = { "csv-raw", 0, NULL, GROUP_VIEW,
			     "strings as they are, even if a spreadsheet would run them" },
	[OPTION_CSV] = { "csv", 0, NULL, GROUP_VIEW, "rows for other software, as --format csv" },
	[OPTION_JSON] = { "json", 0, NULL, GROUP_VIEW, "for other software" },
	[OPTION_FILTER] = { "filter", 0, "GLOB", GROUP_FILTER,
			    "coroutines and tasks of such names; several may be given" },
	[OPTION_TASK] = { "task", 0, "NAME", GROUP_FILTER,
			  "of this task: its name, its number, or a glob" },
	[OPTION_THREAD] = { "thread", 0, "TID", GROUP_FILTER, "on this thread" },
	[OPTION_SINCE] = { "since", 0, "TIME", GROUP_FILTER,
			   "from that time on, counted from the first record" },
	[OPTION_UNTIL] = { "until", 0, "TIME", GROUP_FILTER,
			   "up to that time, counted from the first record" },
	[OPTION_MIN_DURATION] = { "min-duration", 0, "TIME", GROUP_FILTER,
				  "what lasted at least so long" },
	[OPTION_SOURCE] = { "source", 0, "HOW", GROUP_LIVE,
			    "bpf, ring (of a command only; needs no privileges) or auto (the default: "
			    "bpf, or ring where that cannot be)" },
	[OPTION_DURATION] = { "duration", 0, "TIME", GROUP_LIVE,
			      "stop after that time; Ctrl-C stops too" },
	[OPTION_FOLLOW] = { "follow", 0, NULL, GROUP_LIVE,
			    "trace children that are forked, too; costs every process of the same "
			    "program" },
	[OPTION_BUFFER] = { "buffer", 0, "SIZE", GROUP_LIVE,
			    "of the kernel's buffer: 64K, 32M (the default), 1G..." },
	[OPTION_PROBES] = { "probes", 0, "HOW", GROUP_LIVE,
			    "batch (the default): one hit for many records; direct: one for each" },
	[OPTION_BUDGET] = { "budget", 0, "PERCENT", GROUP_LIVE,
			    "of the target's CPU time that tracing may cost, 1% for example: detail is "
			    "left out, and that is said, rather than more spent" },
	[OPTION_HELP] = { "help", 'h', NULL, GROUP_ABOUT,
			  "show this; after a view, what there is to know of it" },
	[OPTION_VERSION] = { "version", 'V', NULL, GROUP_ABOUT, "show the version" },
};

_Static_assert(OPTIONS_END <= 32, "each option has a bit");

static const struct action *find_action(const char *name)
{
	const struct action *action;

	for (action = actions; action->name; action++) {
		if (!strcmp(action->name, name))
			return action;
	}
	options_reject_view(name);
}

static void take_word(struct options *options, const char *text)
{
	bool number = text[0] && !text[strspn(text, "0123456789")];

	if (!options->action && !strcmp(text, "help")) {
		options->given |= OPTION_BIT(OPTION_HELP);
		return;
	}
	if (!options->action) {
		options->action = find_action(text);
		options->view = options->action->view;
		return;
	}
	if (options->pid)
		options_reject("'%s' is one word too many: one process at a time", text);
	if (number && options->view == &view_attach)
		options->pid = options_pid(text);
	else if (options->view == &view_attach)
		options_reject("attach takes the number of a process, not '%s': a command is given "
			       "as -- %s",
			       text, text);
	else if (number)
		options_reject("'%s' is one word too many: a process is given as -p %s", text,
			       text);
	else
		options_reject("'%s' is one word too many: a command is given as -- %s", text,
			       text);
}

static void take_glob(struct filter_options *filter, const char *glob)
{
	if (filter->glob_count == FILTER_GLOBS_MAX)
		options_reject("--filter can be given %d times, and not again with '%s'",
			       FILTER_GLOBS_MAX, glob);
	filter->globs[filter->glob_count++] = glob;
}

/* Of those that choose what is shown of the stream. True if it is one. */
static bool take_filter(struct filter_options *filter, enum option_id id, const char *text)
{
	switch (id) {
	case OPTION_FILTER:
		take_glob(filter, text);
		return true;
	case OPTION_TASK:
		filter->task = text;
		return true;
	case OPTION_THREAD:
		filter->thread = options_thread(text);
		return true;
	case OPTION_SINCE:
		filter->since_ns = options_duration_ns(id, text);
		return true;
	case OPTION_UNTIL:
		filter->until_ns = options_duration_ns(id, text);
		return true;
	case OPTION_MIN_DURATION:
		filter->min_duration_ns = options_duration_ns(id, text);
		return true;
	default:
		return false;
	}
}

/* Of those that single views have. True if it is one. */
static bool take_view_option(struct view_options *view, enum option_id id, const char *text)
{
	switch (id) {
	case OPTION_COLUMNS:
		view->columns = options_columns(text);
		return true;
	case OPTION_THRESHOLD:
		view->threshold_ns = options_duration_ns(id, text);
		return true;
	case OPTION_WEIGHT:
		view->weight = options_weight(text);
		return true;
	case OPTION_EVENTS:
		view->events = true;
		return true;
	case OPTION_CSV_RAW:
		view->raw = true;
		return true;
	default:
		return false;
	}
}

static void take_option(struct options *options, enum option_id id, const char *text)
{
	if (take_filter(&options->filter, id, text) ||
	    take_view_option(&options->view_options, id, text))
		return;
	switch (id) {
	case OPTION_PID:
		if (options->pid)
			options_reject("one process at a time: -p PID");
		options->pid = options_pid(text);
		break;
	case OPTION_INPUT:
		if (options->input)
			options_reject("one file at a time: -i FILE");
		options->input = text;
		break;
	case OPTION_OUTPUT:
		options->output = text;
		break;
	case OPTION_WRITE:
		options->write = text;
		break;
	case OPTION_FORMAT:
		options->view_options.format = options_format_named(text);
		break;
	case OPTION_COLOR:
		options->colour = options_color(text);
		break;
	case OPTION_DURATION:
		options->duration_ns = options_duration_ns(id, text);
		break;
	case OPTION_PROBES:
		options->direct = options_probes(text);
		break;
	case OPTION_BUFFER:
		options->buffer = options_buffer(text);
		break;
	case OPTION_SOURCE:
		options->source = options_source(text);
		break;
	case OPTION_BUDGET:
		options->budget = options_budget(text);
		break;
	case OPTION_JSON:
		options->json = true;
		break;
	case OPTION_FOLLOW:
		options->follow = true;
		break;
	default: /* only that it was given counts */
		break;
	}
}

/* What getopt_long() wants to know: the table, and the other spelling of colour. */
static void fill_long_options(struct option options[OPTIONS_END + 2])
{
	enum option_id id;

	for (id = 0; id < OPTIONS_END; id++)
		options[id] = (struct option){
			.name = option_rows[id].name,
			.has_arg = option_rows[id].argument ? required_argument : no_argument,
			.val = KEY(id),
		};
	options[id] = options[OPTION_COLOR];
	options[id].name = "colour";
	options[id + 1] = (struct option){ 0 };
}

/* The option of a key of getopt_long(), which is its letter if it has one and was given so. */
static enum option_id option_of_key(int key)
{
	enum option_id id = 0;

	if (key >= KEY(0))
		return key - KEY(0);
	while (option_rows[id].letter != key)
		id++;
	return id;
}

/* A word that getopt does not take: `key` is what it has returned. */
__attribute__((noreturn)) static void reject_key(const struct options *options, int key,
						 char **argv)
{
	char letter[] = { '-', optopt, 0 };
	enum option_id id;

	if (!optopt || (key == '?' && optopt < KEY(0)))
		options_reject_option(options, optopt ? letter : argv[optind - 1]);
	id = option_of_key(optopt);
	if (key == '?')
		options_reject("--%s takes no value", option_rows[id].name);
	options_reject("--%s needs a value: --%s %s", option_rows[id].name, option_rows[id].name,
		       option_rows[id].argument);
}

static void take_words(struct options *options, int argc, char **argv)
{
	struct option long_options[OPTIONS_END + 2];
	enum option_id id;
	int key;

	fill_long_options(long_options);
	optind = 0; /* so that it begins anew */
	opterr = 0;
	while ((key = getopt_long(argc, argv, "-:p:i:o:w:hV", long_options, NULL)) != -1) {
		if (key == '?' || key == ':')
			reject_key(options, key, argv);
		if (key == 1) {
			take_word(options, optarg);
			continue;
		}
		id = option_of_key(key);
		options->given |= OPTION_BIT(id);
		take_option(options, id, optarg);
	}
}

void options_parse(struct options *ret, int argc, char **argv)
{
	struct options options = {
		.program = argv[0],
		.view_options.threshold_ns = THRESHOLD_DEFAULT_NS,
	};
	int words = 1;

	while (words < argc && strcmp(argv[words], "--"))
		words++;
	if (words < argc) {
		argv[words] = NULL;
		options.command = &argv[words + 1];
	}
	if (words == 1 && !options.command) {
		options_print_usage(stderr, argv[0]);
		exit(2);
	}
	take_words(&options, words, argv);
	if (options.given & OPTION_BIT(OPTION_VERSION)) {
		puts("asynctrace " ASYNCTRACE_VERSION);
		exit(0);
	}
	if (options.given & OPTION_BIT(OPTION_HELP)) {
		options_print_help(&options);
		exit(0);
	}
	options_check(&options);
	*ret = options;
}
