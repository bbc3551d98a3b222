/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring whose producer lies: the input changes its words before each round, and again whenever the
 * reader gives records, which then are put in order as those of any source.
 */
#include "fuzz.h"
#include <stdbool.h>
#include <stdlib.h>
#include <tracer/sources/bounds.h>
#include <tracer/sources/order.h>
#include <tracer/sources/ring_read.h>

enum { BLOCKS = 6, ROUNDS = 8, CHANGES = 16, THREADS = 8, END_NS = 40000 };

struct liar {
	struct input input;
	struct at_ring *ring;
	struct at_block *blocks;
	size_t size;
	struct order *order;
	size_t given; /* in this round */
};

/* One byte is how, one which, two what. */
static void change(struct liar *liar)
{
	uint8_t how = input_byte(&liar->input), which = input_byte(&liar->input);
	uint32_t what = input_byte(&liar->input);
	struct at_block *block = &liar->blocks[which % BLOCKS];

	what |= (uint32_t)input_byte(&liar->input) << 8;
	switch (how % 11) {
	case 0:
		liar->ring->states[which % BLOCKS] = what % 5;
		break;
	case 1:
		block->serial = what;
		break;
	case 2:
		block->batch.count = what;
		break;
	case 3:
		block->batch.thread = what % THREADS;
		break;
	case 4:
		liar->ring->serial = what;
		break;
	case 5:
		block->batch.events[what % AT_BATCH_MAX].time_ns = what;
		break;
	case 6:
		block->batch.events[what % AT_BATCH_MAX].sequence = what;
		break;
	case 7:
		block->shed.kind = what % 2 ? AT_SHED : what;
		break;
	case 8:
		block->shed.time_ns = what;
		break;
	case 9:
		block->shed.sequence = what;
		break;
	default:
		((uint8_t *)liar->ring)[(what + 97U * which) % liar->size] = how;
	}
}

static int take(void *context, uint32_t thread, const struct at_event *events, size_t count)
{
	struct liar *liar = context;

	liar->given += count;
	if (!count || liar->given > BLOCKS * (AT_BATCH_MAX + 1))
		abort();
	if (bounds_add(liar->order, END_NS, thread, events, count, false))
		abort();
	if (liar->input.size)
		change(liar);
	return 0;
}

static void read_rounds(struct liar *liar, struct ring_reader *reader)
{
	const struct at_event *events;
	size_t freed, count, left;
	int round, i;

	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < CHANGES && liar->input.size; i++)
			change(liar);
		liar->given = 0;
		if (ring_read(reader, round % 2, take, liar, &freed) || freed > BLOCKS)
			abort();
		if (order_take(liar->order, round, &events, &count))
			abort();
	}
	if (order_take(liar->order, UINT64_MAX, &events, &left))
		abort();
}

static void drop(void *context, size_t offset, size_t size)
{
	const struct liar *liar = context;

	if (offset + size > liar->size || !size)
		abort();
}

FUZZ(ring)
{
	struct liar liar = { .input = { .data = data, .size = size }, .order = order_new(2, 0) };
	size_t offset = ring_layout(BLOCKS, &liar.size);
	struct ring_reader *reader;

	liar.ring = calloc(1, liar.size);
	reader = ring_reader_new(liar.ring, BLOCKS);
	if (!liar.ring || !liar.order || !reader)
		abort();
	liar.blocks = (void *)((char *)liar.ring + offset);
	read_rounds(&liar, reader);
	ring_close(reader, drop, &liar);
	ring_reader_free(reader);
	order_free(liar.order);
	free(liar.ring);
	return 0;
}
