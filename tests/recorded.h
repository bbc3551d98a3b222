/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The records that the runtime writes in the test's own process: the probes are the test's, and
 * hand their batches to it.
 */
#ifndef TESTS_RECORDED_H
#define TESTS_RECORDED_H

#define AT_PROBES_IMPLEMENTATION
#define at_probe_batch record_batch
#include <asynctrace/probes.h>

enum { RECORDED_MAX = 16384 };

static struct at_event recorded[RECORDED_MAX];
static size_t recorded_count;

static int record_fd = -1; /* records are written to it, too, if there is one */

/* Like the probe, not a part of who calls it. */
__attribute__((noinline)) void record_batch(struct at_batch *batch, uint32_t count)
{
	uint32_t i;

	if (record_fd >= 0 && write(record_fd, batch->events, count * sizeof(*recorded)) < 0)
		_exit(1);
	for (i = 0; i < count && recorded_count < RECORDED_MAX; i++)
		recorded[recorded_count++] = batch->events[i];
}

/* What happens from here on in loops that begin to run is recorded, until record_end(). */
static inline void record_begin(void)
{
	recorded_count = 0;
	at_listeners.batch = 1;
}

static inline void record_end(void)
{
	at_flush();
	at_listeners.batch = 0;
}

/* How often somebody has left to await this. */
static inline size_t recorded_awaits(uint64_t id)
{
	size_t count = 0, i;

	for (i = 0; i < recorded_count; i++)
		count += recorded[i].kind == AT_SWITCH && recorded[i].b == id;
	return count;
}

#endif
