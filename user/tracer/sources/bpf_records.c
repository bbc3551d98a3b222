/* SPDX-License-Identifier: BSD-2-Clause */
/* From the ring, or from memory that was read, to where records are put in order. */
#include "bounds.h"
#include "bpf_internal.h"
#include "timens.h"
#include <bpf/libbpf.h>
#include <errno.h>
#include <events.skel.h>
#include <string.h>

#define READ_MAX ORDER_HELD_MAX /* records, before those that have come are given */

/*
 * A thread that is killed or read right after its batch was dropped has it still: what is new in a
 * copy of its memory was not lost.
 */
static void rescue(struct bpf_source *self, uint32_t thread, const struct at_event *events,
		   size_t count)
{
	const struct tail *tails =
		self->state == RUNS ? self->programs.skeleton->bss->tails : self->tails;
	const struct tail *tail = &tails[thread & (TAILS - 1)];
	uint32_t known;

	if (tail->thread != thread)
		return;
	if (!order_last(self->order, thread, &known))
		known = 0;
	for (; count && events->time_ns <= self->end_ns; count--, events++)
		if (order_after(events->sequence, known) &&
		    !order_after(events->sequence, tail->sequence))
			self->rescued++;
}

int bpf_source_add(struct bpf_source *self, uint32_t thread, const struct at_event *events,
		   size_t count, bool again)
{
	struct at_event shifted[AT_BATCH_MAX];

	if (self->ahead_ns) {
		memcpy(shifted, events, count * sizeof(*events));
		timens_shift(shifted, count, self->ahead_ns, self->direct);
		events = shifted;
	}
	if (again)
		rescue(self, thread, events, count);
	return bounds_add(self->order, self->end_ns, thread, events, count, again);
}

int bpf_source_take(void *context, void *data, size_t size)
{
	struct bpf_source *self = context;
	const struct sample *sample = data;
	int err;

	(void)size;
	err = writers_note(self->writers, sample);
	if (!err)
		err = bpf_source_add(self, sample->thread, sample->events, sample->count,
				     sample->flags & SAMPLE_LAST);
	self->collected += sample->count;
	self->records += sample->count;
	/* Nobody handed over what was read when a thread died. */
	self->hits += !sample->flags;
	return !err && self->collected >= READ_MAX ? -EAGAIN : err;
}

int bpf_source_collect(struct bpf_source *self)
{
	int ret;

	self->collected = 0;
	ret = ring_buffer__consume(self->ring);
	if (ret == -EAGAIN)
		return 0;
	return ret < 0 ? ret : 1;
}
