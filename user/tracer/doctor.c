/* SPDX-License-Identifier: BSD-2-Clause */
#include "doctor.h"
#include "doctor_internal.h"
#include "terminal.h"
#include <stdio.h>
#include <unistd.h>

static void conclude(struct facts *facts, const struct doctor_ways *ways, bool process)
{
	static const char *const transports[] = { "none", "ring", "bpf" };
	int command = ways->bpf ? 2 : ways->ring;

	facts_add(facts, "command_source", "commands", command ? FACT_OK : FACT_MISSING, NULL,
		  command ? "-- COMMAND is traced by --source %s" : "-- COMMAND is traced by %s",
		  transports[command]);
	facts_add(facts, "process_source", "processes", process ? FACT_OK : FACT_MISSING, NULL,
		  process ? "-p PID is traced by --source %s" : "-p PID is traced by %s",
		  transports[process ? 2 : 0]);
}

int doctor_run(const struct options *options)
{
	struct facts facts = { .count = 0 };
	struct doctor_ways ways;
	bool works;

	doctor_machine(&facts);
	doctor_ways(&ways, &facts, options);
	works = options->pid ? doctor_process(&facts, options) : ways.bpf || ways.ring;
	conclude(&facts, &ways, options->pid ? works : ways.bpf);
	if (options->json)
		facts_write_json(&facts);
	else
		facts_print(&facts, terminal_wants_colour(STDOUT_FILENO));
	return fflush(stdout) || !works;
}
