/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads a ring (asynctrace/ring.h). The process that writes into it may lie, and change anything at
 * any moment: what is shared is read once, and copied before it is looked at.
 */
#ifndef TRACER_SOURCES_RING_READ_H
#define TRACER_SOURCES_RING_READ_H

#include <asynctrace/ring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring_reader;

/*
 * Reads the ring of `blocks` blocks at `memory`, laid out by ring_layout(), which the caller keeps
 * mapped. Null without memory.
 */
struct ring_reader *ring_reader_new(void *memory, size_t blocks);

/* Takes null. */
void ring_reader_free(struct ring_reader *reader);

/* The offset of the first block of that many, and in `*size` the bytes of the ring. */
size_t ring_layout(size_t blocks, size_t *size);

/* Takes records of one thread, which follow those that it took of it before; 0, or -errno. */
typedef int ring_take(void *context, uint32_t thread, const struct at_event *events, size_t count);

/*
 * Gives all that had been written when it was called, in the order of each thread, and makes room.
 * Returns 0, or at once what `take` returned if that was not 0; those records were taken, too. In
 * `*freed` how many blocks were made free. What a thread counts in a block that it has is given
 * only if that is said to be the `end`: from then on, ever.
 */
int ring_read(struct ring_reader *reader, bool end, ring_take *take, void *context, size_t *freed);

/*
 * Reads no more: closes the blocks that no thread has, read or not, for good, and calls `drop` for
 * each run of them. Those that threads have stay.
 */
void ring_close(struct ring_reader *reader, void (*drop)(void *context, size_t offset, size_t size),
		void *context);

#endif
