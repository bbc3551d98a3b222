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
	{ "record", "keep what happens in a file that every view reads with -i", NULL,
	  session_run },
	{ "doctor", "what can this machine, and with -p this process, give?", NULL, doctor_run },
	{ 0 },
};
