/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of all that asynctrace does: a new view is a file in views/, and a line here. */
#include "actions.h"
#include "doctor.h"
#include "session.h"
#include "views/view.h"
#include <stddef.h>

const struct action actions[] = {
	{ "timed", "what started and finished, when?", &view_timed, session_run },
	{ "summary", "where does the time of each coroutine go?", &view_summary, session_run },
	{ "slow", "which callback held the loop?", &view_slow, session_run },
	{ "flame", "where does the time go, by chain of awaits?", &view_flame, session_run },
	{ "timeline", "everything, as rows", &view_timeline, session_run },
	{ "cancel", "who cancelled whom, and how long until it took effect?", &view_cancel,
	  session_run },
	{ "check", "what was never awaited, never retrieved, left open?", &view_check,
	  session_run },
	{ "tree", "which tasks are alive now, and who awaits whom?", &view_tree, session_run },
	{ "attach", "timed now, summary and flame at the end", &view_attach, session_run },
	{ "record", "keep what happens in a file that every view reads with -i", NULL,
	  session_run },
	{ "doctor", "what can this machine, and with -p this process, give?", NULL, doctor_run },
	{ 0 },
};
