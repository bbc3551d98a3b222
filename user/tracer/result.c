/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is written for people appears as it happens; what is for other software, when it is whole.
 */
#include "result.h"
#include "complain.h"
#include "terminal.h"
#include "title.h"
#include "views/completeness.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Shows nothing: the records are only kept. */
static const struct view silent;

/* Both lead to the same file. They may be null. */
static bool same_file(const char *one, const char *other)
{
	struct stat a, b;

	return one && other && strcmp(one, "-") && strcmp(other, "-") && !stat(one, &a) &&
	       !stat(other, &b) && S_ISREG(a.st_mode) && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* It could not be opened. Who waits for a pipe's reader and wants no more knows why. */
static int complain_of_file(const char *path, int err)
{
	struct stat file;

	if (err == -EINTR)
		return 128 + SIGINT;
	if (err == -ELOOP && !lstat(path, &file) && S_ISLNK(file.st_mode))
		return complain("'%s' is a symbolic link: give the file that it leads to", path);
	if (err == -EACCES && !stat(path, &file) && S_ISFIFO(file.st_mode))
		return complain("cannot write '%s': this pipe belongs to another user", path);
	return complain("cannot write '%s': %s", path, strerror(-err));
}

/* Where the view prints to. A file for other software appears when it is complete. */
static int open_text(struct result *result)
{
	const struct options *options = result->options;
	const char *path = options->output;
	int err;

	if (path && !strcmp(path, "-"))
		err = output_open_text(&result->output, NULL, stdout);
	else if (options->whole)
		err = output_open_whole(&result->output, path);
	else
		err = output_open_text(&result->output, path, options->command ? stderr : stdout);
	return err ? complain_of_file(path, err) : 0;
}

static const char both[] = "-o and -w lead to the same file: give each its own";

static int open_output(struct result *result)
{
	const struct options *options = result->options;
	const char *recording = options->write, *text = options->output;
	const char *overwritten = same_file(options->input, text) ? text : recording;
	int err = 0, status = 0;

	if (same_file(options->input, overwritten))
		return complain("cannot write '%s': that is what is read: give another name",
				overwritten);
	if (same_file(text, recording))
		return complain(both);
	if (!options->view)
		recording = text;
	else
		status = open_text(result);
	if (status)
		return status;
	if (recording)
		err = output_open_recording(&result->output, recording);
	if (err)
		return complain_of_file(recording, err);
	/* Created just now, under another spelling of its name. */
	if (options->view && same_file(text, recording)) {
		unlink(recording);
		return complain(both);
	}
	return 0;
}

#define FILTERS                                                                                    \
	(OPTION_BIT(OPTION_FILTER) | OPTION_BIT(OPTION_TASK) | OPTION_BIT(OPTION_THREAD) |         \
	 OPTION_BIT(OPTION_SINCE) | OPTION_BIT(OPTION_UNTIL) | OPTION_BIT(OPTION_MIN_DURATION))

/* What the view is told of its surroundings, besides the command line. */
static void prepare_view(struct result *result)
{
	const struct options *options = result->options;
	struct view_options *view = &result->view_options;
	int fd = result->output.text ? fileno(result->output.text) : -1;

	*view = options->view_options;
	view->out = result->output.text;
	view->filtered = options->given & FILTERS;
	view->colour = options->colour == OPTIONS_ALWAYS ||
		       (options->colour == OPTIONS_AUTO && terminal_wants_colour(fd));
	view->terminal = isatty(fd);
	view->width = terminal_width(fd);
	view->unicode = terminal_draws_unicode();
	if (options->input)
		view->source = text_safe(result->title, sizeof(result->title), options->input);
	else if (options->command)
		view->source = title_of_command(result->title, options->command);
	else
		view->source = title_of_process(result->title, options->pid);
}

/* The model, which tells the view, or the filter before it. Null without memory. */
static struct model *new_model(struct result *result)
{
	const struct options *options = result->options;
	const struct model_listener *listener = &result->view->listener;

	if (!(options->given & FILTERS))
		return model_new(listener, result->state);
	result->filter = filter_new(&options->filter, listener, result->state);
	if (!result->filter)
		return NULL;
	return model_new(filter_listener(result->filter), result->filter);
}

int result_open(struct result *ret, const struct options *options)
{
	int status;

	ret->options = options;
	ret->view = options->view ? options->view : &silent;
	status = open_output(ret);
	if (status)
		return status;
	prepare_view(ret);
	if (ret->view->open)
		ret->state = ret->view->open(&ret->view_options);
	if (!ret->view->open || ret->state)
		ret->model = new_model(ret);
	return ret->model ? 0 : complain("%s", strerror(ENOMEM));
}

/* A view does not need what failed. */
static bool can_go_on(const struct result *result)
{
	const struct output *output = &result->output;

	return result->options->view && output->recording_path &&
	       output->failed == output->recording_path;
}

/*
 * Takes what output_flush() returns, and returns it, but no error for a reader that has gone, nor
 * the first one of a recording that is not all.
 */
static int check_output(struct result *result, int err)
{
	if (err && err != -EPIPE && !result->unrecorded && can_go_on(result)) {
		say("cannot write '%s': %s: it ends here, the view goes on", result->output.failed,
		    strerror(-err));
		result->unrecorded = true;
		err = output_flush(&result->output, NULL, 0);
	}
	result->ignored = err == -EPIPE;
	if (!err || result->ignored)
		return 0;
	result->broken = true;
	return err;
}

/* What is alive at a moment is told by the records up to then, and the end of the trace is then. */
static int feed_until(struct result *result, const struct at_event *events, size_t count)
{
	const struct model_totals *totals = model_totals(result->model);
	uint64_t first_ns, until_ns;
	struct at_event event;
	int err = 0;
	size_t i;

	for (i = 0; i < count && !err; i++) {
		event = events[i];
		first_ns = totals->first_ns ? totals->first_ns : event.time_ns;
		until_ns = first_ns + result->options->filter.until_ns;
		if (event.kind == AT_DETACH && event.time_ns > until_ns)
			event.time_ns = until_ns;
		if (event.time_ns <= until_ns)
			err = model_feed(result->model, &event, 1);
	}
	return err;
}

int result_take(struct result *result, const struct at_event *events, size_t count)
{
	bool limited = result->view->snapshot && result->options->filter.until_ns;
	int err = limited ? feed_until(result, events, count)
			  : model_feed(result->model, events, count);

	return err ? err : check_output(result, output_flush(&result->output, events, count));
}

void result_miss(struct result *result, const struct at_event *events, size_t count)
{
	model_feed(result->model, events, count);
	output_miss(&result->output, events, count);
}

bool result_is_cut(const struct result *result)
{
	return result->broken && result->output.failed == result->output.recording_path &&
	       result->output.saved;
}

static const char *reason(int err)
{
	return err == -ENODATA ? "there are no records, and what was there stays" : strerror(-err);
}

int result_complain(const struct result *result, int err)
{
	const struct output *output = &result->output;
	uint64_t gone = completeness_lost(model_totals(result->model));
	char saved[TEXT_COUNT_SIZE], missing[TEXT_COUNT_SIZE], lost[TEXT_COUNT_SIZE];

	if (result_is_cut(result))
		return complain("cannot write '%s': %s: it has the first %s records; %s later ones "
				"are missing%s%s%s; tracing has ended",
				output->failed, strerror(-err), text_count(saved, output->saved),
				text_count(missing, output->missing), gone ? ", and " : "",
				gone ? text_count(lost, gone) : "", gone ? " were lost" : "");
	if (result->broken)
		return complain("cannot write '%s': %s", output->failed, reason(err));
	return complain("%s", strerror(-err));
}

/* The view is whole, the recording is not. The exit status. */
static int complain_of_recording(const struct output *output)
{
	char saved[TEXT_COUNT_SIZE], missing[TEXT_COUNT_SIZE];

	if (!output->saved)
		return complain("nothing was written to '%s'", output->recording_path);
	return complain("'%s' has the first %s records; %s later ones are missing",
			output->recording_path, text_count(saved, output->saved),
			text_count(missing, output->missing));
}

int result_finish(struct result *result)
{
	int found = 0, err;

	if (result->broken)
		return 1;
	model_finish(result->model);
	if (result->view->finish)
		found = result->view->finish(result->state, result->model);
	if (!filter_passed(result->filter) && !result->view_options.events)
		say("nothing matches what was asked for (--filter, --task, --thread, --since, --until, "
		    "--min-duration)");
	if (filter_error(result->filter))
		found = filter_error(result->filter);
	if (found < 0)
		output_spoil(&result->output);
	err = output_close(&result->output);
	if (err && err != -EPIPE && can_go_on(result)) {
		say("cannot write '%s': %s", result->output.failed, reason(err));
		result->unrecorded = true;
		err = 0;
	}
	err = check_output(result, err);
	if (!err && found < 0)
		err = found;
	result->findings = found > 0 ? found : 0;
	if (err)
		return result_complain(result, err);
	return result->unrecorded ? complain_of_recording(&result->output) : 0;
}

void result_close(struct result *result)
{
	if (result->state)
		result->view->free(result->state);
	model_free(result->model);
	filter_free(result->filter);
	output_discard(&result->output);
}
