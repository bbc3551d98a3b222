/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of all that asynctrace does: a new view is a file in views/, and an entry here. */
#include "actions.h"
#include "doctor.h"
#include "options.h"
#include "session.h"
#include <stddef.h>

#define BIT OPTION_BIT

#define HELP (BIT(OPTION_HELP) | BIT(OPTION_VERSION))
#define LIVE                                                                                       \
	(BIT(OPTION_PID) | BIT(OPTION_SOURCE) | BIT(OPTION_DURATION) | BIT(OPTION_FOLLOW) |        \
	 BIT(OPTION_BUFFER) | BIT(OPTION_PROBES) | BIT(OPTION_BUDGET))
#define RECORD (HELP | LIVE | BIT(OPTION_INPUT) | BIT(OPTION_OUTPUT))
#define VIEW   (RECORD | BIT(OPTION_WRITE) | BIT(OPTION_COLOR))
#define NAMES  (BIT(OPTION_FILTER) | BIT(OPTION_TASK) | BIT(OPTION_THREAD))
#define FILTER (NAMES | BIT(OPTION_SINCE) | BIT(OPTION_UNTIL))
#define LONG   BIT(OPTION_MIN_DURATION)

const struct action actions[] = {
	{
		.name = "timed",
		.question = "what started and finished, when?",
		.view = &view_timed,
		.run = session_run,
		.takes = VIEW | FILTER | LONG | BIT(OPTION_COLUMNS),
		.examples =
			"% timed -- build/examples/service\n"
			"% timed --columns time,task,where --filter 'fetch*' -- build/examples/service\n"
			"build/examples/churn 10 3 & sleep 1; % timed --duration 100ms -p $!\n",
	},
	{
		.name = "summary",
		.question = "where does the time of each coroutine go?",
		.view = &view_summary,
		.run = session_run,
		.takes = VIEW | FILTER | LONG,
		.examples = "% summary -- build/examples/service\n"
			    "% summary --since 200ms --until 500ms -- build/examples/service\n"
			    "build/examples/churn 10 3 & sleep 1; % summary --duration 1s -p $!\n",
	},
	{
		.name = "slow",
		.question = "which callback held the loop?",
		.view = &view_slow,
		.run = session_run,
		.takes = VIEW | FILTER | BIT(OPTION_THRESHOLD),
		.examples = "% slow -- build/examples/service\n"
			    "% slow --threshold 10ms -- build/examples/slow_callback_duration\n",
	},
	{
		.name = "flame",
		.question = "where does the time go, by chain of awaits?",
		.view = &view_flame,
		.run = session_run,
		.takes = VIEW | FILTER | BIT(OPTION_FORMAT) | BIT(OPTION_WEIGHT),
		.examples = "% flame -- build/examples/service\n"
			    "% flame --weight running -- build/examples/service\n"
			    "% flame -o flame.svg -- build/examples/service\n"
			    "% flame -o flame.speedscope.json -- build/examples/service\n",
	},
	{
		.name = "timeline",
		.question = "everything, as rows",
		.view = &view_timeline,
		.run = session_run,
		.takes = VIEW | FILTER | LONG | BIT(OPTION_FORMAT) | BIT(OPTION_EVENTS) |
			 BIT(OPTION_CSV_RAW),
		.format = VIEW_CSV,
		.examples = "% timeline -- build/examples/service\n"
			    "% timeline -o service.csv -- build/examples/service\n"
			    "% timeline -o service.perfetto-trace -- build/examples/service\n",
	},
	{
		.name = "cancel",
		.question = "who cancelled whom, and how long until it took effect?",
		.view = &view_cancel,
		.run = session_run,
		.takes = VIEW | FILTER,
		.examples = "% cancel -- build/examples/service\n"
			    "% cancel --filter 'probe' -- build/examples/service\n",
	},
	{
		.name = "check",
		.question = "what was never awaited, never retrieved, left open?",
		.view = &view_check,
		.run = session_run,
		.takes = VIEW,
		.examples = "% check -- build/examples/never_retrieved\n"
			    "% check -- build/examples/service\n",
	},
	{
		.name = "tree",
		.question = "which tasks are alive now, and who awaits whom?",
		.view = &view_tree,
		.run = session_run,
		.takes = VIEW | BIT(OPTION_FORMAT) | BIT(OPTION_CSV) | BIT(OPTION_CSV_RAW) |
			 BIT(OPTION_COLUMNS) | BIT(OPTION_UNTIL),
		.examples = "build/examples/churn 3 3 & sleep 1; % tree -p $!\n"
			    "build/examples/churn 3 3 & sleep 1; % tree --csv -p $!\n",
	},
	{
		.name = "attach",
		.question = "timed now, summary and flame at the end",
		.view = &view_attach,
		.run = session_run,
		.takes = VIEW | NAMES | BIT(OPTION_COLUMNS) | BIT(OPTION_WEIGHT),
		.examples = "build/examples/churn 3 3 & sleep 1; % attach --duration 100ms $!\n"
			    "% attach -- build/examples/service\n",
	},
	{
		.name = "record",
		.question = "keep what happens in a file that every view reads with -i",
		.run = session_run,
		.takes = RECORD,
		.examples = "% record -o service.rec -- build/examples/service\n"
			    "% flame -i service.rec\n",
	},
	{
		.name = "doctor",
		.question = "what can this machine, and with -p this process, give?",
		.run = doctor_run,
		.takes = HELP | BIT(OPTION_PID) | BIT(OPTION_JSON),
		.examples = "% doctor\n"
			    "build/examples/churn 10 3 & sleep 1; % doctor -p $!\n",
	},
	{ 0 },
};
