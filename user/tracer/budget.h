/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When to want less of a target: when tracing takes a greater part of its CPU time than it may.
 *
 * It looks at one window of time after the other and takes one step at a time; the window after a
 * step is not judged, for records of before are still coming. What was given up stays so: else the
 * detail would come and go all the time. When the last step did not help either, it gives up.
 */
#ifndef TRACER_BUDGET_H
#define TRACER_BUDGET_H

#include <asynctrace/event.h>
#include <stdbool.h>
#include <stdint.h>

#define BUDGET_WINDOW_NS 500000000ULL

/* What costs less in a window is noise, whatever part of an idle target's time it is. */
#define BUDGET_LEAST_NS 250000ULL

struct budget {
	double limit; /* part of the CPU time, 0.01 for 1 % */
	enum at_detail detail;
	bool given_up; /* nothing is left to leave out: it looks no more */
	double spent;  /* part that made it take its last step, or give up */

	/* The window: when it began, and what the figures were then. */
	uint64_t begin_ns, cost_ns, target_ns;
};

/* The first window begins; the figures are those of budget_look(). */
void budget_begin(struct budget *budget, double limit, uint64_t now_ns, uint64_t cost_ns,
		  uint64_t target_ns);

/*
 * `cost_ns` is what tracing has cost until now, and `target_ns` the CPU time of the target since it
 * began, which includes that; 0 if it is not known. Returns true if a step is to be taken: `detail`
 * is what is wanted from now on; and once if it has `given_up`.
 */
bool budget_look(struct budget *budget, uint64_t now_ns, uint64_t cost_ns, uint64_t target_ns);

#endif
