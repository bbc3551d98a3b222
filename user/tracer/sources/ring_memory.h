/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory of a ring, from the tracer's side: made before the process exists, given back after.
 */
#ifndef TRACER_SOURCES_RING_MEMORY_H
#define TRACER_SOURCES_RING_MEMORY_H

#include <asynctrace/ring.h>
#include <stdbool.h>
#include <stddef.h>

struct ring_reader;

/* Zeroed, with `fd` -1, before it is made. */
struct ring_memory {
	int fd; /* not inherited; its number leaves the first ones to the command */
	struct at_ring *ring;
	size_t size;   /* bytes */
	size_t blocks; /* what `ring` says may have been changed since */
};

/*
 * Makes a ring of about `buffer` bytes, of which each is there already: who writes to memory that
 * cannot be had dies. Returns 0; or -errno, with a sentence for the user in `*why`. In both cases
 * the caller ends it with ring_memory_free().
 */
int ring_memory_make(struct ring_memory *memory, size_t buffer, const char **why);

/*
 * Gives back what no thread of the process has, or all if the process has ended. Nothing is read
 * any more. What threads have at this moment goes when the process does.
 */
void ring_memory_give_back(struct ring_memory *memory, struct ring_reader *reader, bool ended);

/* Takes what was not made, or only in part. */
void ring_memory_free(struct ring_memory *memory);

#endif
