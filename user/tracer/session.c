/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever ends the run, what has been seen is shown. Signals only count; the loop looks at them at
 * least every POLL_MS.
 */
#include "complain.h"
#include "launch.h"
#include "names.h"
#include "newcomers.h"
#include "report.h"
#include "session_internal.h"
#include "sources/snapshot.h"
#include "target.h"
#include "views/completeness.h"
#include <base/clock.h>
#include <signal.h>
#include <string.h>

#define POLL_MS 100

static volatile sig_atomic_t interrupts, terminations;

static void on_signal(int signal)
{
	if (signal == SIGINT)
		interrupts++;
	else
		terminations++;
}

void session_catch_signals(void)
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

/* Records of the source, and before them the names of callbacks that it does not know. */
static int take_all(struct session *session, const struct at_event *events, size_t count)
{
	const struct at_event *named;
	size_t n = 0;
	int err = 0;

	if (session->names)
		named = names_of(session->names, events, count, &n);
	if (n)
		err = result_take(&session->result, named, n);
	if (err)
		result_miss(&session->result, events, count);
	return err ? err : result_take(&session->result, events, count);
}

/* What loops that do not answer would say. */
static int take_unsaid(struct session *session)
{
	const struct at_event *events;
	const char *why;
	size_t count;
	int err = 0, ret;

	while (!err && (ret = snapshot_read(session->snapshot, &events, &count, &why)) > 0) {
		if (why)
			say("process %d does not answer, and %s", session->options->pid, why);
		err = take_all(session, events, count);
	}
	return err ? err : ret;
}

/* Records of a process of whom a snapshot is wanted; the last one closes the stream. */
static int take_heard(struct session *session, const struct at_event *events, size_t count)
{
	bool closes = count && events[count - 1].kind == AT_DETACH;
	int err;

	snapshot_hear(session->snapshot, events, count);
	err = take_all(session, events, count - closes);
	if (!err && closes)
		err = take_unsaid(session);
	if (!err && closes)
		err = take_all(session, &events[count - 1], 1);
	return err;
}

/* Time until `end_ns`, at most POLL_MS, rounded up; 0 is no end. */
static int time_left(uint64_t end_ns)
{
	uint64_t now = clock_ns();

	if (!end_ns || end_ns > now + POLL_MS * 1000000ULL)
		return POLL_MS;
	return end_ns > now ? (end_ns - now + 999999) / 1000000 : 0;
}

/* How much of a file was read, from 0 to 1; 0 if that is not known. */
static double part_read(const struct session *session)
{
	struct source *source = session->source;

	return source->progress ? source->progress(source) : 0;
}

/* Of a file only: unless the view writes to the terminal meanwhile. */
static void show_progress(struct session *session)
{
	if (session->result.output.streams)
		session->progress.out = NULL;
	if (session->progress.out)
		progress_show(&session->progress, clock_ns(), part_read(session));
}

static void tell_newcomers(const struct session *session)
{
	const char *path = newcomers_look(session->newcomers, clock_ns());

	if (path)
		say("process %d has loaded %s, which has probes, since: attach anew to see what it "
		    "does",
		    session->live.target->pid, path);
}

/* The view has seen what it wants. */
static bool has_enough(const struct session *session)
{
	return session->snapshot && !session->options->duration_ns && !session->stopped &&
	       snapshot_is_complete(session->snapshot);
}

/* What tracing has cost the target until now, in ns. */
static uint64_t cost_until_now(const struct session *session)
{
	return cost_of(&session->live.cost, session->source,
		       completeness_counted(model_totals(session->result.model)));
}

static void begin_budget(struct session *session)
{
	struct live *live = &session->live;

	if (!(session->options->budget > 0))
		return;
	live_look(live);
	if (!live->measured)
		say("--budget is not kept, for what tracing costs could not be measured");
	budget_begin(&session->budget, session->options->budget, clock_ns(),
		     cost_until_now(session), live->cpu_ns);
}

/* Wants less of a target for which tracing takes more than it may. */
static void keep_budget(struct session *session)
{
	struct source *source = session->source;
	struct budget *budget = &session->budget;
	uint64_t now_ns = clock_ns();
	int err = 0;

	if (!(session->options->budget > 0) || session->stopped ||
	    !budget_look(budget, now_ns, cost_until_now(session), session->live.cpu_ns))
		return;
	if (!budget->given_up)
		err = source->spare(source, budget->detail);
	if (err)
		budget->given_up = true;
	report_step(budget, now_ns - model_totals(session->result.model)->first_ns, err);
}

/* The recording ends early: what it misses is counted to the end, which is now. */
static void count_rest(struct session *session)
{
	struct source *source = session->source;
	const struct at_event *events;
	int asked = requests(session);
	size_t count;

	if (!result_is_cut(&session->result))
		return;
	if (source->stop && !session->stopped && source->stop(source))
		return;
	while (requests(session) == asked && source->read(source, &events, &count, POLL_MS) > 0)
		result_miss(&session->result, events, count);
}

/*
 * Reads until the stream ends, the user wants no more, or something fails. 0, or the exit status
 * after a complaint.
 */
static int run(struct session *session)
{
	struct source *source = session->source;
	uint64_t end_ns = session->options->duration_ns;
	const struct at_event *events;
	int err = 0, unable = 0, asked = 0;
	size_t count;

	end_ns = end_ns ? clock_ns() + end_ns : 0;
	begin_budget(session);
	while (!unable && !session->result.ignored) {
		err = source->read(source, &events, &count, time_left(end_ns));
		live_look(&session->live);
		if (err <= 0)
			break;
		unable = session->snapshot ? take_heard(session, events, count)
					   : take_all(session, events, count);
		show_progress(session);
		tell_newcomers(session);
		keep_budget(session);
		if (requests(session) <= asked && (!end_ns || clock_ns() < end_ns) &&
		    !has_enough(session))
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
	session->left = session->options->input && err > 0 && requests(session) &&
			!model_totals(session->result.model)->complete;
	progress_erase(&session->progress);
	if (unable)
		count_rest(session);
	return unable ? result_complain(&session->result, unable) : 0;
}

/* Whoever waits for the command, or for a picture, traces nobody meanwhile. */
static void detach(struct session *session)
{
	if (session->source != session->live.source)
		return;
	session->source = NULL;
	live_detach(&session->live);
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

/* Shows what is left to show. 0 or the exit status. */
static int finish(struct session *session)
{
	const struct options *options = session->options;
	int status = result_finish(&session->result);

	if (status && !session->result.unrecorded)
		return status;
	report_totals(options, model_totals(session->result.model),
		      session->live.missing || options->source == OPTIONS_SOURCE_RING);
	return session->left ? report_left(options, part_read(session)) : status;
}

static void session_free(struct session *session)
{
	result_close(&session->result);
	names_free(session->names);
	snapshot_free(session->snapshot);
	newcomers_free(session->newcomers);
	if (session->source && session->source != session->live.source)
		session->source->free(session->source);
	live_close(&session->live);
}

/* Of several exit statuses, the first that tells of a failure counts. */
static void keep_first(int *status, int next)
{
	if (!*status)
		*status = next;
}

int session_run(const struct options *options)
{
	struct session session = { .options = options };
	int status = session_start(&session);

	if (!status) {
		status = run(&session);
		detach(&session);
		keep_first(&status, finish(&session));
		keep_first(&status, report_failure(options, session.failure));
		keep_first(&status, await_command(&session));
		keep_first(&status, report_silence(options, session.result.model));
		keep_first(&status, session.result.findings);
		report_cost(options, &session.live,
			    completeness_counted(model_totals(session.result.model)));
	}
	session_free(&session);
	return status;
}
