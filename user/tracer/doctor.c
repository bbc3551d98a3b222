/* SPDX-License-Identifier: BSD-2-Clause */
#include "doctor.h"
#include "doctor_internal.h"
#include "terminal.h"
#include <stdio.h>
#include <unistd.h>

static void conclude(struct facts *facts, const struct doctor_ways *ways, bool works)
{
	static const char *const transports[] = { "none", "ring", "bpf" };
	int command = ways->bpf ? 2 : ways->ring;

	facts_add(facts, "command_source", "a command", command ? FACT_OK : FACT_MISSING, NULL,
		  command ? "can be traced (-- COMMAND), by --source %s" : "cannot be traced: %s",
		  transports[command]);
	facts_add(facts, "process_source", "a process", works ? FACT_OK : FACT_MISSING,
		  works ? NULL : DOCTOR_GRANT,
		  works ? "can be traced (-p PID), by --source %s"
			: "cannot be traced (-p PID): %s",
		  works ? "bpf" : "that takes BPF");
}

int doctor_run(const struct options *options)
{
	struct facts facts = { .count = 0 };
	struct doctor_ways ways;
	bool works;

	doctor_machine(&facts);
	doctor_ways(&ways, &facts, options);
	works = options->pid ? doctor_process(&facts, options) : ways.bpf || ways.ring;
	conclude(&facts, &ways, ways.bpf);
	if (options->json)
		facts_write_json(&facts);
	else
		facts_print(&facts, terminal_wants_colour(STDOUT_FILENO));
	return fflush(stdout) || !works;
}
