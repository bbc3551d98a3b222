/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread fills a block before it takes the next, and numbers them as it takes them. So a round
 * looks at the last number first, and then for blocks up to that: whatever a thread wrote before it
 * took one of these is complete, and its block, if it was not read to its end before, is among
 * these as well. In the order of their numbers they give each thread's records in its order. A
 * block whose thread has not written into it yet has an old number; it has no record either.
 *
 * A liar can have the order wrong and its own records lost or twice. It cannot have more of them
 * in a round than the ring holds.
 */
#include "ring_read.h"
#include <stdlib.h>
#include <string.h>

/* What is known of a block. */
struct known {
	uint64_t serial;
	uint32_t taken; /* of its records, as long as it has that serial */
	bool counted;	/* its counts were taken, too */
};

struct entry {
	uint64_t serial;
	uint32_t number;
};

struct ring_reader {
	struct at_ring *ring;
	struct at_block *blocks;
	size_t count;
	struct known *known;
	struct entry *entries;			  /* of a round */
	uint64_t room;				  /* blocks that it found free, after the serial */
	struct at_event events[AT_BATCH_MAX + 1]; /* and the counts */
};

size_t ring_layout(size_t blocks, size_t *size)
{
	size_t offset = sizeof(struct at_ring) + blocks * sizeof(uint32_t);

	offset = (offset + 63) / 64 * 64;
	*size = offset + blocks * sizeof(struct at_block);
	return offset;
}

struct ring_reader *ring_reader_new(void *memory, size_t blocks)
{
	struct ring_reader *reader = calloc(1, sizeof(*reader));
	size_t size;

	if (!reader)
		return NULL;
	reader->ring = memory;
	reader->blocks = (void *)((char *)memory + ring_layout(blocks, &size));
	reader->count = blocks;
	reader->known = calloc(blocks, sizeof(*reader->known));
	reader->entries = calloc(blocks, sizeof(*reader->entries));
	if (!reader->known || !reader->entries) {
		ring_reader_free(reader);
		return NULL;
	}
	return reader;
}

void ring_reader_free(struct ring_reader *reader)
{
	if (!reader)
		return;
	free(reader->known);
	free(reader->entries);
	free(reader);
}

static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return (x->serial > y->serial) - (x->serial < y->serial);
}

/* Lists the blocks that this round reads, and returns how many they are. */
static size_t list_blocks(struct ring_reader *reader, bool end)
{
	uint64_t last = __atomic_load_n(&reader->ring->serial, __ATOMIC_ACQUIRE), serial;
	size_t listed = 0, i;

	reader->room = last;
	for (i = 0; i < reader->count; i++) {
		struct at_block *block = &reader->blocks[i];
		uint32_t state = __atomic_load_n(&reader->ring->states[i], __ATOMIC_ACQUIRE);

		reader->room += state == AT_BLOCK_FREE;
		if (state != AT_BLOCK_TAKEN && state != AT_BLOCK_FULL)
			continue;
		if (!__atomic_load_n(&block->batch.count, __ATOMIC_ACQUIRE) &&
		    state == AT_BLOCK_TAKEN &&
		    !(end && __atomic_load_n(&block->shed.kind, __ATOMIC_ACQUIRE)))
			continue;
		serial = __atomic_load_n(&block->serial, __ATOMIC_RELAXED);
		if (serial > last)
			continue;
		reader->entries[listed++] = (struct entry){ .serial = serial, .number = i };
	}
	qsort(reader->entries, listed, sizeof(*reader->entries), compare);
	return listed;
}

/*
 * Adds what the thread has counted to the `fresh` records of its block, and returns 1, or 0 if
 * there is nothing. Its time is when that began, but not before what was taken already.
 */
static size_t copy_counts(struct ring_reader *reader, const struct entry *entry, size_t fresh)
{
	struct known *known = &reader->known[entry->number];
	const struct at_block *block = &reader->blocks[entry->number];
	struct at_event *shed = &reader->events[fresh], last;

	if (known->counted || __atomic_load_n(&block->shed.kind, __ATOMIC_ACQUIRE) != AT_SHED)
		return 0;
	memcpy(shed, &block->shed, sizeof(*shed));
	shed->kind = AT_SHED;
	known->counted = true;
	if (!known->taken)
		return 1;
	memcpy(&last, &block->batch.events[known->taken - 1], sizeof(last));
	shed->sequence = last.sequence + 1;
	if (!fresh && shed->time_ns < last.time_ns)
		shed->time_ns = last.time_ns;
	return 1;
}

/* Copies what is new in the block, and returns how many records that is. */
static size_t copy_new(struct ring_reader *reader, const struct entry *entry, bool counts,
		       uint32_t *thread)
{
	struct known *known = &reader->known[entry->number];
	struct at_batch *batch = &reader->blocks[entry->number].batch;
	uint32_t count = __atomic_load_n(&batch->count, __ATOMIC_ACQUIRE), fresh;

	if (known->serial != entry->serial)
		*known = (struct known){ .serial = entry->serial };
	if (count > AT_BATCH_MAX || count < known->taken)
		return 0;
	fresh = count - known->taken;
	memcpy(reader->events, batch->events + known->taken, fresh * sizeof(*reader->events));
	*thread = __atomic_load_n(&batch->thread, __ATOMIC_RELAXED);
	known->taken = count;
	return counts ? fresh + copy_counts(reader, entry, fresh) : fresh;
}

static void make_free(struct ring_reader *reader, uint32_t number)
{
	__atomic_store_n(&reader->blocks[number].batch.count, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&reader->blocks[number].shed.kind, 0, __ATOMIC_RELAXED);
	reader->known[number].serial = 0;
	__atomic_store_n(&reader->ring->states[number], AT_BLOCK_FREE, __ATOMIC_RELEASE);
}

int ring_read(struct ring_reader *reader, bool end, ring_take *take, void *context, size_t *freed)
{
	size_t listed = list_blocks(reader, end), i;
	int ret = 0;

	*freed = 0;
	for (i = 0; i < listed && !ret; i++) {
		const struct entry *entry = &reader->entries[i];
		uint32_t *state = &reader->ring->states[entry->number], thread;
		/* Before its count: if it was full by now, that is all. */
		bool full = __atomic_load_n(state, __ATOMIC_ACQUIRE) == AT_BLOCK_FULL;
		size_t fresh = copy_new(reader, entry, full || end, &thread);

		if (full) {
			make_free(reader, entry->number);
			++*freed;
		}
		if (fresh)
			ret = take(context, thread, reader->events, fresh);
	}
	__atomic_store_n(&reader->ring->room, reader->room + *freed, __ATOMIC_RELAXED);
	if (*freed)
		__atomic_store_n(&reader->ring->hint, 0, __ATOMIC_RELAXED);
	return ret;
}

/* False if a thread has it. */
static bool close_block(uint32_t *state)
{
	uint32_t known = __atomic_load_n(state, __ATOMIC_RELAXED);

	return (known == AT_BLOCK_FREE || known == AT_BLOCK_FULL) &&
	       __atomic_compare_exchange_n(state, &known, AT_BLOCK_CLOSED, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_RELAXED);
}

void ring_close(struct ring_reader *reader, void (*drop)(void *context, size_t offset, size_t size),
		void *context)
{
	size_t begin = 0, i;

	for (i = 0; i <= reader->count; i++) {
		if (i < reader->count && close_block(&reader->ring->states[i]))
			continue;
		if (i > begin)
			drop(context, (char *)&reader->blocks[begin] - (char *)reader->ring,
			     (i - begin) * sizeof(*reader->blocks));
		begin = i + 1;
	}
}
