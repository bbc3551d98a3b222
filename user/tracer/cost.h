/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tracing costs a target: a part for each record, and a part for each hit of a probe that hands
 * records over. Both are measured on the spot, by this process on its own probe.
 */
#ifndef TRACER_COST_H
#define TRACER_COST_H

#include "options.h"
#include <stdint.h>

struct source;

struct cost {
	double record_ns; /* to write one down */
	double hit_ns;	  /* to hand a batch over, whatever is in it; 0 with a ring */
};

/*
 * Traces this process for some milliseconds, as the options say a target is to be traced. Returns 0;
 * or -errno, with a sentence for the user in `*why`, if that way does not work here.
 */
int cost_calibrate(struct cost *ret, const struct options *options, const char **why);

/* What the target has spent on the source until now, in ns of its CPU time. */
uint64_t cost_of(const struct cost *cost, const struct source *source);

#endif
