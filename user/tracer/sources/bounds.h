/* SPDX-License-Identifier: BSD-2-Clause */
/* How the stream of a live source begins and ends, whatever its records come by. */
#ifndef TRACER_SOURCES_BOUNDS_H
#define TRACER_SOURCES_BOUNDS_H

#include <asynctrace/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct order;
struct tail;

/* Records are held back for so long (order_new()); the source looks for new ones that often. */
#define BOUNDS_WINDOW_NS 20000000ULL
#define BOUNDS_WAKE_MS	 20

/* An AT_ATTACH or AT_DETACH of now; what else it says is the caller's. */
struct at_event bounds_event(enum at_kind kind, pid_t pid);

/*
 * Adds records of one thread to `order`, without those later than `end_ns`. As order_add(). Counts
 * of what was left out (AT_SHED) at the end of a block have the time when that began: they are kept
 * if that is not later, whatever precedes them.
 */
int bounds_add(struct order *order, uint64_t end_ns, uint32_t thread, const struct at_event *events,
	       size_t count, bool again);

/*
 * What closes the stream: an AT_LOST at the time of `detach` for each of the tails whose last
 * records did not come, then `detach`. The caller frees `*ret`. Returns how many they are, or
 * -ENOMEM.
 */
int bounds_last(struct at_event **ret, const struct order *order, const struct tail *tails,
		size_t count, const struct at_event *detach);

#endif
