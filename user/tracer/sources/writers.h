/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where threads write their records, as the samples tell that were copied from there. The kernel's
 * side knows it too, but old kernels let nobody without privileges read its map.
 */
#ifndef TRACER_SOURCES_WRITERS_H
#define TRACER_SOURCES_WRITERS_H

#include <events.h>
#include <stdbool.h>

struct writers;

/* The place of one thread. */
struct place {
	__u32 thread, process; /* the kernel's numbers */
	__u32 stated;	       /* the thread's number in its records */
	__u64 batch;	       /* address in the process */
};

/* Null without memory. The caller frees it with writers_free(), which takes null. */
struct writers *writers_new(void);
void writers_free(struct writers *writers);

/* Learns from a sample of the ring. 0 or -ENOMEM. */
int writers_note(struct writers *writers, const struct sample *sample);

bool writers_know(const struct writers *writers, __u32 thread);

/* The place after `place`, or the first one after null; null after the last. */
const struct place *writers_next(const struct writers *writers, const struct place *place);

#endif
