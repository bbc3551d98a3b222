/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tracing costs a target: a part for each record, a part for each hit of a probe that hands
 * records over, and a part for each record that is left out and only counted. All are measured on
 * the spot, by this process on its own probe.
 */
#ifndef TRACER_COST_H
#define TRACER_COST_H

#include "options.h"
#include <stdint.h>

struct source;

struct cost {
	double record_ns; /* to write one down; with --probes direct the hit is part of it */
	double hit_ns; /* to hand a batch over, whatever is in it; 0 without batches, or a ring */
	double counted_ns; /* to leave one out; 0 without a budget */
};

/*
 * Traces this process for some milliseconds, as the options say a target is to be traced:
 * OPTIONS_SOURCE_AUTO is tried as OPTIONS_SOURCE_BPF. That takes the privileges that tracing takes.
 * Returns 0; or -errno, with a sentence for the user in `*why`, if that way does not work here:
 * -EIO if it can be set up, but the records do not come, or not all of them.
 */
int cost_calibrate(struct cost *ret, const struct options *options, const char **why);

/*
 * What the target has spent on the source until now, in ns of its CPU time, as far as the source
 * has been read; `counted` is how many records it says it has left out.
 */
uint64_t cost_of(const struct cost *cost, const struct source *source, uint64_t counted);

/* The CPU time that the process has taken since it began, all its threads; 0 if it has gone. */
uint64_t cost_target_cpu_ns(pid_t pid);

#endif
