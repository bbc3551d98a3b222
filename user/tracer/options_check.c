/* SPDX-License-Identifier: BSD-2-Clause */
/* What single options cannot see: which of them go together, and what follows from several. */
#include "actions.h"
#include "doctor.h"
#include "options_internal.h"
#include <string.h>

#define LIVE                                                                                       \
	(OPTION_BIT(OPTION_SOURCE) | OPTION_BIT(OPTION_DURATION) | OPTION_BIT(OPTION_FOLLOW) |     \
	 OPTION_BIT(OPTION_BUFFER) | OPTION_BIT(OPTION_PROBES) | OPTION_BIT(OPTION_BUDGET))
#define BUFFER_DEFAULT (32UL << 20)

const char *options_takers(char *buffer, size_t size, unsigned int taken)
{
	const struct action *action, *last = NULL;
	size_t length = 0;

	for (action = actions; action->name; action++) {
		if ((action->takes & taken) == taken)
			last = action;
	}
	buffer[0] = '\0';
	for (action = actions; action->name && length < size; action++) {
		if ((action->takes & taken) == taken)
			length += snprintf(buffer + length, size - length, "%s%s",
					   !length	    ? ""
					   : action == last ? " and "
							    : ", ",
					   action->name);
	}
	return buffer;
}

/* Options that the view does not know. */
static void check_given(const struct options *options)
{
	unsigned int unknown = options->given & ~options->action->takes;
	char takers[128];
	enum option_id id;

	for (id = 0; id < OPTIONS_END; id++) {
		if (unknown & OPTION_BIT(id))
			options_reject("--%s is for %s, not for %s", option_rows[id].name,
				       options_takers(takers, sizeof(takers), OPTION_BIT(id)),
				       options->action->name);
	}
}

/* What the view can write, as "text", or ".svg, .folded and text". */
static const char *list_formats(char *buffer, size_t size, const struct action *action)
{
	unsigned int formats = action->view->formats;
	size_t length = 0;
	int format;

	for (format = VIEW_TEXT + 1; format < VIEW_FORMATS_END; format++) {
		if (!(formats & 1U << format))
			continue;
		formats &= ~(1U << format);
		length += snprintf(buffer + length, size - length, "%s%s",
				   !length			? ""
				   : !formats && action->format ? " and "
								: ", ",
				   options_ending(format));
	}
	if (!action->format)
		snprintf(buffer + length, size - length, "%stext", length ? " and " : "");
	return buffer;
}

static void choose_format(struct options *options)
{
	const struct action *action = options->action;
	const char *output = options->output;
	bool named = options->given & OPTION_BIT(OPTION_FORMAT);
	enum view_format format = named	   ? options->view_options.format
				  : output ? options_format(output)
					   : VIEW_TEXT;
	char list[128];

	if (named ? format != action->format && !(action->view->formats & 1U << format)
		  : format && !(action->view->formats & 1U << format))
		options_reject("%s does not write %s: it writes %s", action->name,
			       named ? options_format_name(format) : options_ending(format),
			       list_formats(list, sizeof(list), action));
	options->whole = format && output && strcmp(output, "-");
	if (!named && !format && options->given & OPTION_BIT(OPTION_CSV))
		format = VIEW_CSV;
	options->view_options.format = format || named ? format : action->format;
}

static void check_files(const struct options *options)
{
	const char *output = options->output, *write = options->write;
	const char *recording = options->view ? write : output;

	if (options->action->run != doctor_run && !options->view && !output)
		options_reject("record needs a file to write: -o FILE");
	if (recording && options_format(recording))
		options_reject("'%s' would be a recording with the name of another format: leave "
			       "off the %s",
			       recording, options_ending(options_format(recording)));
	if (write && !strcmp(write, "-") && !options->command && !output)
		options_reject("-w - is for the records alone: give the text a file of its own "
			       "with -o FILE");
	if (output && write && !strcmp(output, write))
		options_reject("-o and -w name the same file: give each its own");
}

static void check_source(const struct options *options)
{
	int sources = !!options->pid + !!options->input + !!options->command;
	bool examines = options->action->run == doctor_run;

	if (examines && options->command)
		options_reject("doctor looks at the machine, and with -p PID at a process");
	if (sources > 1)
		options_reject("one source only: -p PID, -i FILE or -- COMMAND");
	if (!examines && !sources)
		options_reject("%s of what? Give -p PID, -i FILE or -- COMMAND",
			       options->action->name);
	if (options->command && !options->command[0])
		options_reject("no command follows --");
	if (options->input && options->given & LIVE)
		options_reject(
			"--source, --duration, --follow, --buffer, --probes and --budget are "
			"for live tracing, not -i");
	if (options->source == OPTIONS_SOURCE_RING && options->pid)
		options_reject(
			"--source ring is for commands: a process that runs is traced by bpf");
	if (options->source == OPTIONS_SOURCE_RING && (options->follow || options->direct))
		options_reject("--follow and --probes direct are for --source bpf");
	if (options->budget > 0 && options->direct)
		options_reject("--budget needs batches: single probes cannot be left out");
	if (options->budget > 0 && options->follow)
		options_reject("--budget goes by the CPU time of one process: leave off --follow");
}

void options_check(struct options *options)
{
	const struct filter_options *filter = &options->filter;
	char list[128];

	if (!options->action)
		options_reject("which view? There are %s", options_takers(list, sizeof(list), 0));
	check_given(options);
	check_files(options);
	check_source(options);
	if (filter->until_ns && filter->until_ns <= filter->since_ns)
		options_reject("--until must come after --since");
	if (options->view) {
		options->filter.moments = options->view->moments;
		choose_format(options);
	}
	if (!options->buffer)
		options->buffer = BUFFER_DEFAULT;
}
