/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring is read by the clock, for nobody wakes the reader; more often as long as it fills fast.
 *
 * All that the process has written can be seen at once, whatever becomes of it. A program that it
 * executes has other memory, which shows in a file of /proc that was opened before.
 */
#include "ring.h"
#include "bounds.h"
#include "order.h"
#include "ring_read.h"
#include <base/clock.h>
#include <errno.h>
#include <events.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HURRY_MS 1
#define READ_MAX ORDER_HELD_MAX /* records, before those that have come are given */

enum state { RUNS, ENDS, CLOSES, ENDED };

struct ring_source {
	struct source source;
	enum state state;
	bool begun; /* AT_ATTACH was given */
	bool exited;
	struct ring_memory memory;
	struct ring_reader *reader;
	struct order *order;
	pid_t pid;
	int pidfd;
	int environment;  /* of the program that runs: empty when that is gone; or -1 */
	uint64_t next_ns; /* when the ring is read again */
	size_t collected; /* records, by this round of reading */
	size_t rest;	  /* since the end */
	uint64_t records; /* by all */
	uint64_t end_ns;  /* what is later is left out; UINT64_MAX while it runs */
	struct at_event first, detach;
	struct tail tails[AT_RING_TAILS];
	struct at_event *last; /* AT_LOST, AT_DETACH */
};

static int take_records(void *context, uint32_t thread, const struct at_event *events, size_t count)
{
	struct ring_source *self = context;
	int err = bounds_add(self->order, self->end_ns, thread, events, count, false);

	self->collected += count;
	return !err && self->collected >= READ_MAX ? -EAGAIN : err;
}

/* Reads from the ring. Returns 1 if that was all, 0 if there is more, or -errno. */
static int collect(struct ring_source *self)
{
	size_t freed;
	bool hurry;
	int ret;

	self->collected = 0;
	ret = ring_read(self->reader, self->state == ENDS, take_records, self, &freed);
	self->records += self->collected;
	hurry = freed > self->memory.blocks / 16;
	self->next_ns = clock_ns() + (hurry ? HURRY_MS : BOUNDS_WAKE_MS) * 1000000ULL;
	if (self->state == ENDS)
		self->rest += self->collected;
	/* No more than that was there: a process that still writes does not know that it is over. */
	if (ret == -EAGAIN)
		return self->rest >= self->memory.blocks * (AT_BATCH_MAX + 1);
	return ret < 0 ? ret : 1;
}

/* The process has ended, or is another program now. */
static bool has_ended(struct ring_source *self)
{
	char byte;

	return self->exited || (self->environment >= 0 && !pread(self->environment, &byte, 1, 0));
}

/*
 * Nobody reads from now on. What is not written later belongs to the time that is left out. So does
 * a record that a thread is writing at this moment, if it is not complete when the ring is read for
 * the last time: none of that thread's that is seen comes after it, so it leaves no hole.
 */
static void end(struct ring_source *self)
{
	struct at_ring *ring = self->memory.ring;
	size_t i;

	self->detach = bounds_event(AT_DETACH, self->pid);
	if (!has_ended(self))
		self->end_ns = self->detach.time_ns;
	self->detach.a = __atomic_load_n(&ring->dropped, __ATOMIC_ACQUIRE);
	for (i = 0; i < AT_RING_TAILS; i++) {
		uint64_t tail = __atomic_load_n(&ring->tails[i], __ATOMIC_RELAXED);

		self->tails[i].thread = self->tails[i].stated = tail;
		self->tails[i].sequence = tail >> 32;
		self->tails[i].process = self->pid;
	}
	self->detach.b = __atomic_load_n(&ring->forked, __ATOMIC_RELAXED);
	__atomic_store_n(&ring->closed, 1, __ATOMIC_RELEASE);
	self->state = ENDS;
}

static int give_last(struct ring_source *self, const struct at_event **events, size_t *count)
{
	int ret = 0;

	if (self->state == CLOSES) {
		ret = bounds_last(&self->last, self->order, self->tails, AT_RING_TAILS,
				  &self->detach);
		if (ret < 0)
			return ret;
		*events = self->last;
		*count = ret;
		ret = 1;
	}
	self->state = ENDED;
	return ret;
}

/* What has come and is settled. Returns 0 or -errno. */
static int give(struct ring_source *self, const struct at_event **events, size_t *count)
{
	bool ends = self->state == ENDS;
	uint64_t now_ns = clock_ns();
	int ret = collect(self);

	if (ret == 1 && ends) {
		now_ns = UINT64_MAX;
		self->state = CLOSES;
		ring_memory_give_back(&self->memory, self->reader, self->exited);
	}
	return ret < 0 ? ret : order_take(self->order, now_ns, events, count);
}

/* Records can be seen one by one: without a pause the reader would never rest. */
static void wait_for_more(struct ring_source *self, uint64_t deadline_ns)
{
	struct pollfd process = { .fd = self->pidfd, .events = POLLIN };
	uint64_t now_ns = clock_ns();
	uint64_t until_ns = self->next_ns < deadline_ns ? self->next_ns : deadline_ns;
	int wait_ms = until_ns > now_ns ? (until_ns - now_ns + 999999) / 1000000 : 0;

	self->exited = poll(&process, 1, wait_ms) == 1;
	if (has_ended(self))
		end(self);
}

static int ring_source_read(struct source *source, const struct at_event **events, size_t *count,
			    int timeout_ms)
{
	struct ring_source *self = (struct ring_source *)source;
	uint64_t deadline_ns = UINT64_MAX;
	int err;

	*events = &self->first;
	*count = !self->begun;
	if (!self->begun) {
		self->begun = true;
		return 1;
	}
	if (self->state >= CLOSES)
		return give_last(self, events, count);
	if (timeout_ms >= 0)
		deadline_ns = clock_ns() + timeout_ms * 1000000ULL;
	do {
		if (self->state == RUNS)
			wait_for_more(self, deadline_ns);
		err = give(self, events, count);
	} while (!err && !*count && self->state <= ENDS && clock_ns() < deadline_ns);
	return err ? err : 1;
}

static int ring_source_stop(struct source *source)
{
	struct ring_source *self = (struct ring_source *)source;

	if (self->state == RUNS)
		end(self);
	return 0;
}

static void ring_source_work(const struct source *source, uint64_t *hits, uint64_t *records)
{
	const struct ring_source *self = (const struct ring_source *)source;
	uint64_t dropped = self->detach.a;

	if (self->state == RUNS)
		dropped = __atomic_load_n(&self->memory.ring->dropped, __ATOMIC_RELAXED);
	/* One that finds no room costs about as much. */
	*hits = 0;
	*records = self->records + dropped;
}

static int ring_source_spare(struct source *source, enum at_detail detail)
{
	struct ring_source *self = (struct ring_source *)source;

	__atomic_store_n(&self->memory.ring->detail, detail, __ATOMIC_RELEASE);
	return 0;
}

static void ring_source_free(struct source *source)
{
	struct ring_source *self = (struct ring_source *)source;

	if (!source)
		return;
	if (self->memory.ring)
		__atomic_store_n(&self->memory.ring->closed, 1, __ATOMIC_RELEASE);
	if (self->memory.ring && self->state < CLOSES)
		ring_memory_give_back(&self->memory, self->reader, self->exited);
	ring_memory_free(&self->memory);
	ring_reader_free(self->reader);
	order_free(self->order);
	if (self->environment >= 0)
		close(self->environment);
	free(self->last);
	free(self);
}

int ring_source_open(struct source **ret, struct ring_memory *memory,
		     const struct ring_options *options)
{
	struct ring_source *self = calloc(1, sizeof(*self));

	if (!self)
		return -ENOMEM;
	self->source = (struct source){
		.read = ring_source_read,
		.stop = ring_source_stop,
		.work = ring_source_work,
		.spare = ring_source_spare,
		.free = ring_source_free,
	};
	self->pid = options->pid;
	self->pidfd = options->pidfd;
	self->end_ns = UINT64_MAX;
	self->memory.fd = -1;
	self->first = bounds_event(AT_ATTACH, options->pid);
	self->first.a = options->buffer;
	self->environment = openat(options->proc, "environ", O_RDONLY | O_CLOEXEC);
	/* `env -i` leaves none to tell by. */
	if (has_ended(self)) {
		close(self->environment);
		self->environment = -1;
	}
	self->order = order_new(BOUNDS_WINDOW_NS, self->first.time_ns);
	self->reader = ring_reader_new(memory->ring, memory->blocks);
	if (!self->order || !self->reader) {
		ring_source_free(&self->source);
		return -ENOMEM;
	}
	self->memory = *memory;
	*memory = (struct ring_memory){ .fd = -1 };
	*ret = &self->source;
	return 0;
}
