/* SPDX-License-Identifier: BSD-2-Clause */
/* Where records come from: a live process or a file. A source knows records, not what they mean. */
#ifndef TRACER_SOURCE_H
#define TRACER_SOURCE_H

#include <asynctrace/event.h>
#include <stddef.h>
#include <stdint.h>

struct source {
	/*
	 * Waits up to `timeout_ms` for records. Returns 1 and, in `*events` and `*count`, those
	 * that have come (perhaps none), valid until the next call; 0 when the stream has ended;
	 * -errno.
	 */
	int (*read)(struct source *source, const struct at_event **events, size_t *count,
		    int timeout_ms);

	/*
	 * Asks for the end: what the target has written until now still comes, closed by AT_DETACH
	 * with the time of this call, and then read() returns 0. A file ends by itself and leaves
	 * this null.
	 */
	int (*stop)(struct source *source);

	/* How much of all has been read, from 0 to 1. Null if nobody knows where it ends. */
	double (*progress)(struct source *source);

	/*
	 * What the target has done for it until now: how often a probe was hit, and for how many
	 * records. Null of a file.
	 */
	void (*work)(const struct source *source, uint64_t *hits, uint64_t *records);

	/* From now on less detail is wanted (enum at_detail). 0 or -errno. Null of a file. */
	int (*spare)(struct source *source, enum at_detail detail);

	/* Frees the source. Takes null and half-opened ones. */
	void (*free)(struct source *source);
};

#endif
