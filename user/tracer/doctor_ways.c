/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel forbids cannot be asked for, so all of it is tried. */
#include "cost.h"
#include "doctor_internal.h"
#include "sources/trial.h"
#include <base/text.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char needless[] = "not needed: ";

/* Whether they load. What works `otherwise` need not. */
static bool try_programs(struct facts *facts, const char *key, const char *name, bool multi,
			 bool otherwise)
{
	struct trial trial;

	trial_load(&trial, multi);
	if (trial.err)
		facts_add(facts, key, name, otherwise ? FACT_NOTED : FACT_MISSING, NULL,
			  "%s%zu of %zu load, %s does not: %s", otherwise ? needless : "",
			  trial.loaded, trial.programs, trial.failed, trial.reason);
	else
		facts_add(facts, key, name, FACT_OK, NULL, "all %zu programs load", trial.programs);
	return !trial.err;
}

static void add_attached(struct facts *facts, const char *key, const char *name, int err,
			 bool otherwise)
{
	facts_add(facts, key, name,
		  !err	      ? FACT_OK
		  : otherwise ? FACT_NOTED
			      : FACT_MISSING,
		  NULL, "%s%s", err && otherwise ? needless : "",
		  err ? strerror(-err) : "can be attached to");
}

static bool try_transport(struct facts *facts, const char *key, const char *name,
			  enum options_source source, const struct options *options,
			  const char *remedy)
{
	char record[TEXT_DURATION_SIZE], hit[TEXT_DURATION_SIZE];
	struct options chosen = *options;
	struct cost cost;
	struct fact *fact;
	const char *why;

	chosen.source = source;
	if (cost_calibrate(&cost, &chosen, &why)) {
		facts_add(facts, key, name, FACT_MISSING, remedy, "%s", why);
		return false;
	}
	text_duration(record, cost.record_ns + 0.5);
	text_duration(hit, cost.hit_ns + 0.5);
	fact = facts_add(facts, key, name, FACT_OK, NULL, "a record comes back: it costs %s%s%s%s",
			 record, cost.hit_ns > 0 ? ", and each batch " : "",
			 cost.hit_ns > 0 ? hit : "", cost.hit_ns > 0 ? " more" : "");
	fact->measured = true;
	fact->record_ns = cost.record_ns;
	fact->hit_ns = cost.hit_ns;
	return true;
}

/* Attaches to a probe of our own. 0 or -errno. */
static int try_attaching(bool multi)
{
	int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), err;

	if (self < 0)
		return -errno;
	err = trial_attach(self, multi);
	close(self);
	return err;
}

void doctor_multi(struct doctor_ways *ways)
{
	ways->multi = try_attaching(true);
}

void doctor_ways(struct doctor_ways *ways, struct facts *facts, const struct options *options)
{
	bool loaded = try_programs(facts, "programs_multi", "BPF, multi", true, false);
	bool enough = loaded && !ways->multi;

	try_programs(facts, "programs_perf", "BPF, perf", false, enough);
	add_attached(facts, "uprobe_multi", "uprobe_multi", ways->multi, false);
	add_attached(facts, "uprobe_perf", "perf uprobes", try_attaching(false), enough);
	add_attached(facts, "tracepoints", "tracepoints", trial_tracepoints(), false);
	ways->bpf = try_transport(facts, "bpf", "--source bpf", OPTIONS_SOURCE_BPF, options, NULL);
	ways->ring = try_transport(facts, "ring", "--source ring", OPTIONS_SOURCE_RING, options,
				   "mount /dev/shm or allow memfd_create(2) in the sandbox");
}
