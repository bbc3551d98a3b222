/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said of a run after its end, besides its result. */
#ifndef TRACER_REPORT_H
#define TRACER_REPORT_H

#include "budget.h"
#include "live.h"
#include "model.h"
#include "options.h"

/* Why the source failed, if it did: `err` is 0 or -errno. 0 or the exit status. */
int report_failure(const struct options *options, int err);

/*
 * Of a file that the user wanted no more of: `part` of it was read, 0 if unknown. The exit status.
 */
int report_left(const struct options *options, double part);

/*
 * Says that the budget took a step at that time of the trace, or has given up; `err` is what the
 * source said to it, 0 or -errno.
 */
void report_step(const struct budget *budget, uint64_t since_ns, int err);

/* Says how many records were kept, if that was all, and what to do about what is missing. */
void report_totals(const struct options *options, const struct model_totals *totals, bool by_ring);

/*
 * Says what tracing has cost the target of a live run, which was detached from, and us; `counted`
 * is how many records were only counted.
 */
void report_cost(const struct options *options, const struct live *live, uint64_t counted);

/* Says so if no loop of a running process was seen. 0, or the exit status if that is no answer. */
int report_silence(const struct options *options, const struct model *model);

#endif
