/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What loops are doing that do not answer: read from the target's memory by the description that
 * the runtime exports (struct at_layout), and written as the records by which they would have told
 * it themselves.
 *
 * The target may run on meanwhile, and nothing in its memory is trusted: every address is read with
 * care, and every walk has an end.
 */
#ifndef TRACER_SOURCES_OUTSIDE_H
#define TRACER_SOURCES_OUTSIDE_H

#include <asynctrace/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct outside;
struct target;

/*
 * Looks at the `memory` of the target: what memory_open() returned, which is its own from now on,
 * even if it fails. The struct at_listeners of the process are at these addresses: one for each
 * runtime that it has. The target must outlive it; the caller frees it with outside_free(). Returns
 * 0 or -errno, with a sentence for the user in `*why`: -ENOENT if no runtime describes itself,
 * -ENOTSUP if one is newer than this tracer, -EBADMSG if a description makes no sense.
 */
int outside_open(struct outside **ret, int memory, const struct target *target,
		 const uint64_t *listeners, size_t count, const char **why);

/* Takes null. */
void outside_free(struct outside *outside);

struct outside_loop {
	uint64_t id;
	uint32_t thread;
	uint64_t address;    /* and the rest: for outside_read() */
	unsigned int layout; /* index */
};

/*
 * The loops that are being run now. Returns how many of them, at most `max`, are in `loops`; -errno
 * if the memory cannot be read.
 */
int outside_loops(struct outside *outside, struct outside_loop *loops, size_t max);

struct outside_result {
	const struct at_event *events; /* valid until the next call */
	size_t count;
	bool torn; /* it changed while it was read, or makes no sense: some of it is missing */
};

/*
 * Writes the state of the loop: AT_STATE, flagged AT_OUTSIDE, up to its end, and who runs. The loop
 * was given `waited_ns` to answer. Returns 0 or -errno: -ESRCH if the loop is not there any more.
 */
int outside_read(struct outside *outside, const struct outside_loop *loop, uint64_t waited_ns,
		 struct outside_result *ret);

#endif
