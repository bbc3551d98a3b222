/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nothing is written before the source is open, and whatever ends the run, what has been seen is
 * shown. Signals only count; the loop looks at them at least every POLL_MS.
 */
#include "session.h"
#include "launch.h"
#include "live.h"
#include "names.h"
#include "output.h"
#include "privileges.h"
#include "sources/file.h"
#include "sources/source.h"
#include "target.h"
#include "terminal.h"
#include "title.h"
#include "views/view.h"
#include <base/clock.h>
#include <base/text.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define POLL_MS 100

struct session {
	const struct options *options;
	struct live live; /* the source's owner, unless that is a file */
	struct source *source;
	struct names *names; /* null for a file, which has them */
	struct output output;
	bool broken;  /* the output cannot be written */
	bool ignored; /* whoever reads the output has gone */
	bool stopped; /* the source was asked for the end */
	int failure;  /* -errno, if the source failed */
	int findings; /* the exit status that the view asks for */
	const struct view *view;
	struct view_options view_options;
	char title[TEXT_NAME_SIZE];
	void *state; /* of the view; null if it has none */
	struct model *model;
};

/* Shows nothing: the records are only kept. */
static const struct view silent;

static volatile sig_atomic_t interrupts, terminations;

static void on_signal(int signal)
{
	if (signal == SIGINT)
		interrupts++;
	else
		terminations++;
}

static void catch_signals(void)
{
	struct sigaction count = { .sa_handler = on_signal };

	sigaction(SIGINT, &count, NULL);
	sigaction(SIGTERM, &count, NULL);
	signal(SIGPIPE, SIG_IGN);
	/* A file that may not grow is as good as a full disk. */
	signal(SIGXFSZ, SIG_IGN);
}

/* How often the user has asked for the end. The first Ctrl-C is the launched command's. */
static int requests(const struct session *session)
{
	int own = interrupts - (session->live.launch != NULL);

	return (own > 0 ? own : 0) + terminations;
}

/* Prints "asynctrace: " and the sentence, in which names of files are anything. */
__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	char *sentence, *rest, piece[TEXT_PIECE_SIZE];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&sentence, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	fputs("asynctrace: ", stderr);
	for (rest = sentence; *rest; fputs(piece, stderr))
		rest += text_escape(piece, rest);
	fputc('\n', stderr);
	fflush(stderr);
	free(sentence);
}

/* The same, of a failure: its value is the exit status. */
#define complain(...) (say(__VA_ARGS__), 1)

static int open_live(struct session *session)
{
	const struct options *options = session->options;
	const char *why;
	int err = live_open(&session->live, options, &why);

	if (!err) {
		session->source = session->live.source;
		return 0;
	}
	if (!options->command)
		return complain("process %d: %s", options->pid, why);
	if (why)
		return complain("'%s': %s", options->command[0], why);
	say("cannot run '%s': %s", options->command[0], strerror(-err));
	return err == -ENOENT ? 127 : 126;
}

/* 0 or the exit status, as from the functions below. */
static int open_source(struct session *session)
{
	const char *input = session->options->input, *why;

	if (!input)
		return open_live(session);
	if (file_source_open(&session->source, input, &why))
		return complain("cannot read '%s': %s", input, why);
	return 0;
}

/* Both lead to the same file. They may be null. */
static bool same_file(const char *one, const char *other)
{
	struct stat a, b;

	return one && other && !stat(one, &a) && !stat(other, &b) && S_ISREG(a.st_mode) &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Where the view prints to. A file for other software appears when it is complete. */
static int open_text(struct session *session)
{
	const struct options *options = session->options;
	const char *path = options->output;
	int err;

	if (options->whole)
		err = output_open_whole(&session->output, path);
	else
		err = output_open_text(&session->output, path, options->command ? stderr : stdout);
	return err ? complain("cannot write '%s': %s", path, strerror(-err)) : 0;
}

static int open_output(struct session *session)
{
	const struct options *options = session->options;
	const char *recording = options->write, *text = options->output;
	const char *overwritten = same_file(options->input, text) ? text : recording;
	int err = 0;

	if (same_file(options->input, overwritten))
		return complain("cannot write '%s': that is what is read: give another name",
				overwritten);
	if (same_file(text, recording))
		return complain("-o and -w lead to the same file: give each its own");
	if (!options->view)
		recording = text;
	else if (open_text(session))
		return 1;
	/* Created just now, under another spelling of its name. */
	if (options->view && same_file(text, recording)) {
		unlink(text);
		return complain("-o and -w lead to the same file: give each its own");
	}
	if (recording)
		err = output_open_recording(&session->output, recording);
	return err ? complain("cannot write '%s': %s", recording, strerror(-err)) : 0;
}

/* What the view is told of its surroundings, besides the command line. */
static void prepare_view(struct session *session)
{
	const struct options *options = session->options;
	struct view_options *view = &session->view_options;
	int fd = session->output.text ? fileno(session->output.text) : -1;

	*view = options->view_options;
	view->out = session->output.text;
	view->live = !options->input;
	view->colour = options->colour == OPTIONS_ALWAYS ||
		       (options->colour == OPTIONS_AUTO && terminal_wants_colour(fd));
	view->width = terminal_width(fd);
	if (options->input)
		view->source = text_safe(session->title, sizeof(session->title), options->input);
	else if (options->command)
		view->source = title_of_command(session->title, options->command);
	else
		view->source = title_of_process(session->title, options->pid);
}

static int open_result(struct session *session)
{
	const struct view *view = session->view;
	int status = open_output(session);

	if (status)
		return status;
	if (session->live.target)
		session->names = names_new(session->live.target);
	prepare_view(session);
	if (view->open)
		session->state = view->open(&session->view_options);
	if (!view->open || session->state)
		session->model = model_new(&view->listener, session->state);
	return session->model ? 0 : complain("%s", strerror(ENOMEM));
}

/* What output_flush() has returned: 0 or the exit status. */
static int check_output(struct session *session, int err)
{
	session->ignored = err == -EPIPE;
	if (!err || session->ignored)
		return 0;
	session->broken = true;
	return complain("cannot write '%s': %s", session->output.failed, strerror(-err));
}

static int take(struct session *session, const struct at_event *events, size_t count)
{
	if (model_feed(session->model, events, count))
		return complain("%s", strerror(ENOMEM));
	return check_output(session, output_flush(&session->output, events, count));
}

/* Records of the source, and before them the names of callbacks that it does not know. */
static int take_all(struct session *session, const struct at_event *events, size_t count)
{
	const struct at_event *named;
	size_t n = 0;
	int status = 0;

	if (session->names)
		named = names_of(session->names, events, count, &n);
	if (n)
		status = take(session, named, n);
	return status ? status : take(session, events, count);
}

/* Why the source failed, if it did. 0 or the exit status. */
static int explain_failure(const struct session *session)
{
	const char *input = session->options->input;
	int err = session->failure;

	if (!err)
		return 0;
	if (input && err == -ENODATA)
		return complain("'%s' ends early: its recording was broken off, or it was not "
				"copied whole. What it has is shown.",
				input);
	if (input && err == -EBADMSG)
		return complain("'%s' is damaged: what comes before the damage is shown. Copy it "
				"again, or record anew.",
				input);
	return complain("cannot read %s: %s", input ? input : "records", strerror(-err));
}

/* Time until `end_ns`, at most POLL_MS, rounded up; 0 is no end. */
static int time_left(uint64_t end_ns)
{
	uint64_t now = clock_ns();

	if (!end_ns || end_ns > now + POLL_MS * 1000000ULL)
		return POLL_MS;
	return end_ns > now ? (end_ns - now + 999999) / 1000000 : 0;
}

/* Reads until the stream ends, the user wants no more, or something fails. */
static int run(struct session *session)
{
	struct source *source = session->source;
	uint64_t end_ns = session->options->duration_ns;
	const struct at_event *events;
	int err = 0, status = 0, asked = 0;
	size_t count;

	end_ns = end_ns ? clock_ns() + end_ns : 0;
	while (!status && !session->ignored) {
		err = source->read(source, &events, &count, time_left(end_ns));
		if (err <= 0)
			break;
		status = take_all(session, events, count);
		if (requests(session) <= asked && (!end_ns || clock_ns() < end_ns))
			continue;
		/* Who asks again while the rest is read wants no rest. */
		if (!source->stop || session->stopped)
			break;
		session->stopped = true;
		asked = requests(session);
		end_ns = 0;
		err = source->stop(source);
		if (err)
			break;
	}
	session->failure = err < 0 ? err : 0;
	return status;
}

static void suggest_buffer(size_t size)
{
	size_t larger = size < 2UL << 20 ? 8UL << 20 : size * 4;

	if (larger <= OPTIONS_BUFFER_MAX)
		say("the buffer was too small: try --buffer %zuM, or record now and view later",
		    larger >> 20);
	else
		say("the records came faster than they could be read: record now and view later");
}

/* Says what was recorded, and what to do about what is missing. */
static void report(const struct session *session, const struct options *options)
{
	const struct model_totals *totals = model_totals(session->model);

	if (!options->view)
		say("%lu records in '%s', %lu lost, %lu dropped", totals->records, options->output,
		    totals->lost, totals->dropped);
	if (totals->dropped && !options->input)
		suggest_buffer(options->buffer);
	if (totals->forked && !options->input && !options->follow)
		say("children that were forked and not traced: %lu; --follow traces them",
		    totals->forked);
}

/* The stream has ended: shows what is left to show. 0 or the exit status. */
static int finish(struct session *session)
{
	const struct view *view = session->view;
	int err = 0, status;

	if (session->broken)
		return 1;
	model_finish(session->model);
	if (view->finish)
		err = view->finish(session->state, session->model);
	if (err < 0)
		output_spoil(&session->output);
	status = check_output(session, output_close(&session->output));
	if (err < 0 && !status)
		status = complain("%s", strerror(-err));
	session->findings = err > 0 ? err : 0;
	if (!status)
		report(session, session->options);
	return status;
}

/* The exit status of the command, which goes on as long as it wants unless we were told to end. */
static int await_command(struct session *session)
{
	int status;

	if (!session->live.launch)
		return 0;
	if (requests(session)) {
		say("the command runs on, as process %d", session->live.target->pid);
		return 0;
	}
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	status = launch_wait(session->live.launch);
	return status < 0 ? complain("cannot wait for the command: %s", strerror(-status)) : status;
}

static void session_free(struct session *session)
{
	if (session->state)
		session->view->free(session->state);
	model_free(session->model);
	names_free(session->names);
	output_discard(&session->output);
	if (session->source && session->source != session->live.source)
		session->source->free(session->source);
	live_close(&session->live);
}

/* 0 or the exit status. */
static int start(struct session *session)
{
	int status = open_source(session);

	if (status)
		return status;
	catch_signals();
	if (privileges_drop())
		return complain("cannot give up the privileges of root");
	status = open_result(session);
	if (!status && session->live.launch && launch_go(session->live.launch))
		return complain("cannot start the command");
	return status;
}

/* Of several exit statuses, the first that tells of a failure counts. */
static void keep_first(int *status, int next)
{
	if (!*status)
		*status = next;
}

int session_run(const struct options *options)
{
	struct session session = {
		.options = options,
		.view = options->view ? options->view : &silent,
	};
	int status = start(&session);

	if (!status) {
		status = run(&session);
		keep_first(&status, finish(&session));
		keep_first(&status, explain_failure(&session));
		keep_first(&status, await_command(&session));
		keep_first(&status, session.findings);
	}
	session_free(&session);
	return status;
}
