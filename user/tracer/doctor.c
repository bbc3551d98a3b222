/* SPDX-License-Identifier: BSD-2-Clause */
#include "doctor.h"
#include "complain.h"
#include "doctor_internal.h"
#include "terminal.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* By the cause: one that a fact has told already needs no other. */
static const char *find_remedy(const struct facts *facts, const struct doctor_ways *ways)
{
	const char *remedy = doctor_missing_privileges(doctor_takes_admin(ways->multi));
	size_t i;

	for (i = 0; i < facts->count; i++)
		if (facts->all[i].state == FACT_MISSING && *facts->all[i].remedy &&
		    strcmp(facts->all[i].key, "ring"))
			return NULL;
	if (!remedy && !ways->bpf)
		return "the kernel refuses what these capabilities allow: run it outside of the "
		       "container or sandbox";
	return remedy;
}

static void conclude(struct facts *facts, const struct doctor_ways *ways, bool process)
{
	static const char *const transports[] = { "none", "ring", "bpf" };
	int command = ways->bpf ? 2 : ways->ring;

	facts_add(facts, "command_source", "commands", command ? FACT_OK : FACT_MISSING, NULL,
		  command ? "-- COMMAND is traced by --source %s" : "-- COMMAND is traced by %s",
		  transports[command]);
	facts_add(facts, "process_source", "processes", process ? FACT_OK : FACT_MISSING,
		  process ? NULL : find_remedy(facts, ways),
		  process ? "-p PID is traced by --source %s" : "-p PID is traced by %s",
		  transports[process ? 2 : 0]);
}

int doctor_run(const struct options *options)
{
	struct facts facts = { .count = 0 };
	struct doctor_ways ways;
	bool works;

	doctor_multi(&ways);
	doctor_machine(&facts, doctor_takes_admin(ways.multi));
	doctor_ways(&ways, &facts, options);
	works = options->pid ? doctor_process(&facts, options) : ways.bpf || ways.ring;
	conclude(&facts, &ways, options->pid ? works : ways.bpf);
	if (options->json)
		facts_write_json(&facts);
	else
		facts_print(&facts, terminal_wants_colour(STDOUT_FILENO));
	if (fflush(stdout) || ferror(stdout))
		return complain("cannot write to standard output: %s", strerror(errno));
	return !works;
}
