/* SPDX-License-Identifier: BSD-2-Clause */
/* Nothing is written before the source is open, nor read before privileges are gone. */
#include "actions.h"
#include "complain.h"
#include "launch.h"
#include "names.h"
#include "newcomers.h"
#include "privileges.h"
#include "session_internal.h"
#include "sources/ahead.h"
#include "sources/elf.h"
#include "sources/file.h"
#include "sources/snapshot.h"
#include "target.h"
#include "terminal.h"
#include <base/clock.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* What cannot be attached to can be started, unless BPF is insisted on. */
static int complain_of_process(const struct options *options, int err, const char *why)
{
	if (options->source != OPTIONS_SOURCE_AUTO || (err != -EPERM && err != -EACCES))
		return complain("process %d: %s", options->pid, why);
	return complain("process %d: %s. To start it with 'asynctrace %s -- COMMAND' takes no "
			"privileges",
			options->pid, why, options->action->name);
}

/* A command of which nothing can be traced has run all the same: as it ended, so do we. */
static int complain_of_command(struct session *session, const char *why)
{
	int status = launch_wait(session->live.launch);

	if (status != 128 + SIGINT)
		say("'%s': %s", session->options->command[0], why);
	return status > 0 ? status : 1;
}

static int open_live(struct session *session)
{
	const struct options *options = session->options;
	const char *why;
	int err = live_open(&session->live, options, &why);

	if (session->live.missing)
		say("traced by a ring in memory, without forked children, for %s",
		    session->live.missing);
	if (session->live.unread)
		say("process %d: %s", session->live.target->pid, session->live.unread);
	if (!err) {
		session->source = session->live.source;
		return 0;
	}
	if (!options->command)
		return complain_of_process(options, err, why);
	if (why && session->live.launch && launch_has_ended(session->live.launch))
		return complain_of_command(session, why);
	if (why)
		return complain("'%s': %s", options->command[0], why);
	say("cannot run '%s': %s", options->command[0], strerror(-err));
	return err == -ENOENT ? 127 : 126;
}

static int open_source(struct session *session)
{
	const char *input = session->options->input, *why;

	if (!input)
		return open_live(session);
	if (file_source_open(&session->source, input, &why))
		return complain("cannot read '%s': %s", input, why);
	return 0;
}

static const char undroppable[] = "cannot give up privileges, and will not go on with them";

int session_start(struct session *session)
{
	int status;

	/* What users name, they must be able to read themselves. */
	if (session->options->input && privileges_become_user())
		return complain(undroppable);
	status = open_source(session);
	if (status)
		return status;
	session_catch_signals();
	if (session->options->view && session->options->view->snapshot && session->options->pid) {
		session->snapshot = snapshot_new(session->live.target);
		if (!session->snapshot)
			return complain("%s", strerror(ENOMEM));
	}
	if (session->live.target)
		session->newcomers = newcomers_new(session->live.target, elf_has_probes_apart);
	/* Files are created by the user; what strangers have written is read by nobody special. */
	if (privileges_become_user())
		return complain(undroppable);
	status = result_open(&session->result, session->options);
	if (privileges_drop())
		return complain(undroppable);
	if (session->snapshot)
		snapshot_look(session->snapshot);
	/* Without another thread it takes longer, and no more. */
	if (session->options->input)
		ahead_source_open(&session->source, session->source);
	if (session->live.target)
		session->names =
			names_new(session->live.target, session->result.view_options.source);
	if (session->options->input && terminal_can_redraw(STDERR_FILENO))
		session->progress = (struct progress){ .out = stderr, .begin_ns = clock_ns() };
	if (!status && session->live.launch && launch_go(session->live.launch))
		return complain("cannot start the command");
	return status;
}
