/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring is read by the clock, for waking the reader costs the target more than a batch does;
 * only a ring that fills wakes it. That is why it is waited for by edges: a ring that merely holds
 * something must not end the wait.
 */
#include "bounds.h"
#include "bpf_internal.h"
#include <base/clock.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <events.skel.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Returns how many records close the stream, or -ENOMEM. */
static int write_last(struct bpf_source *self)
{
	const struct events_bpf__bss *seen = self->programs.skeleton->bss;
	self->detach.a = self->dropped > self->rescued ? self->dropped - self->rescued : 0;
	self->detach.b = seen->counters.forked;
	self->detach.c = seen->counters.unread + self->unread;
	return bounds_last(&self->last, self->order, self->tails, TAILS, &self->detach);
}

static int give_last(struct bpf_source *self, const struct at_event **events, size_t *count)
{
	int ret = 0;

	if (self->state == CLOSES) {
		ret = write_last(self);
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
static int give(struct bpf_source *self, const struct at_event **events, size_t *count)
{
	bool ends = self->state == ENDS;
	uint64_t now_ns = clock_ns();
	int ret = bpf_source_collect(self);

	if (ret == 1 && ends) {
		ret = bpf_source_add_leftovers(self);
		now_ns = UINT64_MAX;
		self->state = CLOSES;
	}
	return ret < 0 ? ret : order_take(self->order, now_ns, events, count);
}

/* What is later than now is left out. */
static void set_end(struct bpf_source *self)
{
	self->detach = bounds_event(AT_DETACH, self->pid);
	self->end_ns = self->detach.time_ns;
}

/* The probes go. What is dropped from then on belongs to the time that is left out. */
static void end(struct bpf_source *self)
{
	const struct events_bpf__bss *seen = self->programs.skeleton->bss;

	/* In this order, else what is dropped meanwhile would count and have no place. */
	self->dropped = *(volatile const __u64 *)&seen->counters.dropped;
	memcpy(self->tails, seen->tails, sizeof(self->tails));
	programs_stop(&self->programs);
	self->state = ENDS;
}

/* Nobody is left whose records could come. */
static bool has_ended(const struct bpf_source *self)
{
	const struct events_bpf__bss *seen = self->programs.skeleton->bss;

	return self->follow ? !seen->followed : self->exited || seen->execed;
}

static void wait_for_more(struct bpf_source *self, uint64_t left_ns)
{
	uint64_t left_ms = left_ns / 1000000 + 1;
	struct epoll_event event;

	/* The ring has null for a pointer. */
	if (epoll_wait(self->wake, &event, 1,
		       left_ms < BOUNDS_WAKE_MS ? left_ms : BOUNDS_WAKE_MS) == 1 &&
	    event.data.ptr)
		self->exited = true;
	if (!has_ended(self))
		return;
	set_end(self);
	end(self);
}

static int bpf_read(struct source *source, const struct at_event **events, size_t *count,
		    int timeout_ms)
{
	struct bpf_source *self = (struct bpf_source *)source;
	uint64_t now_ns = clock_ns(), deadline_ns = UINT64_MAX;
	const struct at_event *given = &self->first;
	size_t given_count = !self->begun;
	int err = 0;

	self->begun = true;
	if (!given_count && (self->state == CLOSES || self->state == ENDED))
		return give_last(self, events, count);
	if (timeout_ms >= 0)
		deadline_ns = now_ns + timeout_ms * 1000000ULL;
	if (!given_count)
		err = give(self, &given, &given_count);
	while (!err && !given_count && self->state <= ENDS && now_ns < deadline_ns) {
		if (self->state == RUNS)
			wait_for_more(self, deadline_ns - now_ns);
		err = give(self, &given, &given_count);
		now_ns = clock_ns();
	}
	if (err)
		return err;
	*events = given;
	*count = given_count;
	return 1;
}

static int bpf_stop(struct source *source)
{
	struct bpf_source *self = (struct bpf_source *)source;
	int err = 0;

	if (self->state > RUNS)
		return 0;
	set_end(self);
	if (!self->direct)
		err = bpf_source_find_leftovers(self);
	end(self);
	return err;
}

static int bpf_spare(struct source *source, enum at_detail detail)
{
	struct bpf_source *self = (struct bpf_source *)source;

	return self->state == RUNS ? programs_spare(&self->programs, detail) : 0;
}

static void bpf_work(const struct source *source, uint64_t *hits, uint64_t *records)
{
	const struct bpf_source *self = (const struct bpf_source *)source;
	const struct events_bpf__bss *seen = self->programs.skeleton->bss;

	*hits = self->hits + seen->counters.refused;
	*records = self->records + seen->counters.dropped - self->rescued;
}

static void bpf_free(struct source *source)
{
	struct bpf_source *self = (struct bpf_source *)source;

	if (!source)
		return;
	programs_free(&self->programs);
	ring_buffer__free(self->ring);
	order_free(self->order);
	writers_free(self->writers);
	bpf_source_free_leftovers(self);
	if (self->memory >= 0)
		close(self->memory);
	if (self->wake >= 0)
		close(self->wake);
	free(self->last);
	free(self);
}

int bpf_source_open(struct source **ret, const struct bpf_options *options, const char **why)
{
	struct bpf_source *self = calloc(1, sizeof(*self));
	struct elf_probes *probes = calloc(options->image_count + 1, sizeof(*probes));
	int err = -ENOMEM;

	*why = "no memory";
	if (self)
		self->memory = self->wake = -1;
	if (options->buffer < BPF_BUFFER_MIN || options->buffer & (options->buffer - 1)) {
		*why = "the buffer must be a power of two, and 64 KiB or more";
		err = -EINVAL;
	} else if (self && probes) {
		self->source = (struct source){
			.read = bpf_read,
			.stop = bpf_stop,
			.work = bpf_work,
			.spare = bpf_spare,
			.free = bpf_free,
		};
		self->pid = options->pid;
		self->end_ns = UINT64_MAX;
		self->follow = options->follow;
		self->direct = options->direct;
		err = bpf_source_begin(self, options, probes, why);
	}
	free(probes);
	if (err) {
		if (self)
			bpf_free(&self->source);
		return err;
	}
	*ret = &self->source;
	return 0;
}

enum bpf_memory bpf_source_memory(const struct source *source)
{
	const struct bpf_source *self = (const struct bpf_source *)source;

	return self->readable;
}

const char *bpf_source_way(const struct source *source)
{
	const struct bpf_source *self = (const struct bpf_source *)source;

	return self->programs.attach.multi ? "uprobe_multi" : "perf uprobes";
}
