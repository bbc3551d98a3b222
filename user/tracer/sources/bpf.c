/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ring is read by the clock, for waking the reader costs the target more than a batch does;
 * only a ring that fills wakes it. That is why it is waited for by edges: a ring that merely holds
 * something must not end the wait.
 *
 * On stop() a thread may be in a long step with records that it has not handed over. They are
 * copied from the memory of the target before the probes go: each is then in the copy or in the
 * ring, or in both, which its sequence shows. The probes take a while to go, and what comes of
 * that while is left out: some threads would have a part of it only.
 */
#include "bpf.h"
#include "bounds.h"
#include "memory.h"
#include "order.h"
#include "programs.h"
#include "timens.h"
#include "writers.h"
#include <base/clock.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <events.skel.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READ_MAX ORDER_HELD_MAX /* records, before those that have come are given */

struct leftover {
	struct leftover *next;
	uint32_t thread;
	size_t count;
	struct at_event events[];
};

enum state { RUNS, ENDS, CLOSES, ENDED };

struct bpf_source {
	struct source source;
	enum state state;
	bool begun; /* AT_ATTACH was given */
	struct programs programs;
	struct ring_buffer *ring;
	struct order *order;
	struct writers *writers;
	size_t collected; /* records, by this round of reading */
	struct leftover *leftovers;
	uint64_t unread; /* threads whose leftovers could not be read */
	int memory;	 /* of the target, or -errno */
	enum bpf_memory readable;
	int wake; /* epoll: the ring, the end of the target */
	pid_t pid;
	bool follow;
	bool direct;
	int64_t ahead_ns;	  /* the target's clock */
	bool exited;		  /* the target */
	uint64_t end_ns;	  /* what is later is left out; UINT64_MAX while it runs */
	uint64_t hits, records;	  /* that have come */
	uint64_t dropped;	  /* until then, as far as it is known */
	uint64_t rescued;	  /* of these: they were read from memory after all */
	struct tail tails[TAILS]; /* the same */
	struct at_event first, detach;
	struct at_event *last; /* AT_LOST, AT_DETACH */
};

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

static int add(struct bpf_source *self, uint32_t thread, const struct at_event *events,
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

static int take_sample(void *context, void *data, size_t size)
{
	struct bpf_source *self = context;
	const struct sample *sample = data;
	int err;

	(void)size;
	err = writers_note(self->writers, sample);
	if (!err)
		err = add(self, sample->thread, sample->events, sample->count,
			  sample->flags & SAMPLE_LAST);
	self->collected += sample->count;
	self->records += sample->count;
	/* Nobody handed over what was read when a thread died. */
	self->hits += !sample->flags;
	return !err && self->collected >= READ_MAX ? -EAGAIN : err;
}

/* Reads from the ring. Returns 1 if it is empty, 0 if there is more, or -errno. */
static int collect(struct bpf_source *self)
{
	int ret;

	self->collected = 0;
	ret = ring_buffer__consume(self->ring);
	if (ret == -EAGAIN)
		return 0;
	return ret < 0 ? ret : 1;
}

static int add_leftovers(struct bpf_source *self)
{
	struct leftover *leftover;
	int err = 0;

	while ((leftover = self->leftovers)) {
		if (!err)
			err = add(self, leftover->thread, leftover->events, leftover->count, true);
		self->records += leftover->count;
		self->leftovers = leftover->next;
		free(leftover);
	}
	return err;
}

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
	int ret = collect(self);

	if (ret == 1 && ends) {
		ret = add_leftovers(self);
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

static int add_leftover(struct bpf_source *self, uint32_t thread, const struct at_batch *batch,
			int count)
{
	size_t bytes = count * sizeof(*batch->events);
	struct leftover *leftover = malloc(sizeof(*leftover) + bytes);

	if (!leftover)
		return -ENOMEM;
	leftover->thread = thread;
	leftover->count = count;
	memcpy(leftover->events, batch->events, bytes);
	leftover->next = self->leftovers;
	self->leftovers = leftover;
	return 0;
}

/*
 * The memory of a child that was followed is opened when it is wanted, if the user may look at that
 * child without privileges.
 */
static int read_child(const struct place *place, struct at_batch *batch)
{
	int pidfd = syscall(SYS_pidfd_open, place->process, 0), memory, count;

	if (pidfd < 0)
		return errno == ESRCH ? -ESTALE : -errno;
	memory = memory_open(place->process, pidfd);
	close(pidfd);
	if (memory < 0)
		return memory;
	count = memory_read_batch(memory, place->batch, place->stated, batch);
	close(memory);
	return count;
}

/* Takes what is in the ring, but no more than fits, for the target may be faster. 0 or -errno. */
static int drain(struct bpf_source *self)
{
	size_t room = self->first.a / sizeof(struct at_event), taken;
	int ret = 0;

	for (taken = 0; !ret && taken < room; taken += self->collected)
		ret = collect(self);
	return ret < 0 ? ret : 0;
}

/* Threads that have written, but nothing of whom has come, may have more that nobody finds. */
static void count_unknown(struct bpf_source *self)
{
	const struct tail *tails = self->programs.skeleton->bss->tails;
	size_t i;

	for (i = 0; i < TAILS; i++) {
		if (tails[i].thread && !tails[i].left &&
		    !writers_know(self->writers, tails[i].thread))
			self->unread++;
	}
}

static int find_leftovers(struct bpf_source *self)
{
	const struct place *place = NULL;
	int count, err = drain(self);
	struct at_batch batch;

	while (!err && (place = writers_next(self->writers, place))) {
		if (place->process == self->programs.skeleton->bss->target)
			count = memory_read_batch(self->memory, place->batch, place->stated,
						  &batch);
		else
			count = read_child(place, &batch);
		if (count > 0)
			err = add_leftover(self, place->thread, &batch, count);
		else if (count < 0 && count != -ESTALE && count != -EAGAIN)
			self->unread++;
	}
	count_unknown(self);
	return err;
}

static int bpf_stop(struct source *source)
{
	struct bpf_source *self = (struct bpf_source *)source;
	int err = 0;

	if (self->state > RUNS)
		return 0;
	set_end(self);
	if (!self->direct)
		err = find_leftovers(self);
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
	struct leftover *leftover;

	if (!source)
		return;
	programs_free(&self->programs);
	ring_buffer__free(self->ring);
	order_free(self->order);
	writers_free(self->writers);
	while ((leftover = self->leftovers)) {
		self->leftovers = leftover->next;
		free(leftover);
	}
	if (self->memory >= 0)
		close(self->memory);
	if (self->wake >= 0)
		close(self->wake);
	free(self->last);
	free(self);
}

/* The ring and what watches it. */
static int open_ring(struct bpf_source *self, const struct bpf_options *options)
{
	int map = bpf_map__fd(self->programs.skeleton->maps.ring);
	struct epoll_event ring = { .events = EPOLLIN | EPOLLET };
	struct epoll_event end = { .events = EPOLLIN | EPOLLET, .data.ptr = self };

	self->ring = ring_buffer__new(map, take_sample, self, NULL);
	self->wake = epoll_create1(EPOLL_CLOEXEC);
	if (!self->ring || self->wake < 0 || epoll_ctl(self->wake, EPOLL_CTL_ADD, map, &ring) ||
	    epoll_ctl(self->wake, EPOLL_CTL_ADD, options->pidfd, &end))
		return -errno;
	return 0;
}

static void wake_loops(const struct bpf_source *self, const struct bpf_options *options,
		       const struct elf_probes *probes)
{
	size_t image, i;

	for (image = 0; image < options->image_count; image++)
		for (i = 0; i < probes[image].count; i++)
			if (probes[image].probes[i].kind == ELF_BATCH)
				memory_wake(self->memory, options->pid, options->pidfd,
					    options->images[image].bias +
						    probes[image].probes[i].semaphore_address);
}

static int read_images(struct elf_probes *probes, const struct bpf_options *options,
		       const char **why)
{
	size_t i;
	int err = 0;

	for (i = 0; i < options->image_count && !err; i++)
		err = elf_read_probes_apart(&probes[i], options->images[i].fd);
	if (err == -ENOTSUP)
		*why = "a probe of the process is not on the instruction that it should be on";
	else if (err)
		*why = "the probes of the process cannot be read: its file is damaged";
	return err;
}

static int open_source(struct bpf_source *self, const struct bpf_options *options,
		       struct elf_probes *probes, const char **why)
{
	int err = read_images(probes, options, why);

	if (err)
		return err;
	self->ahead_ns = timens_ahead_ns(options->pid);
	self->first = bounds_event(AT_ATTACH, options->pid);
	self->first.a = options->buffer;
	self->order = order_new(BOUNDS_WINDOW_NS, self->first.time_ns);
	self->writers = writers_new();
	self->memory = memory_open(options->pid, options->pidfd);
	if (self->memory >= 0)
		self->readable = BPF_MEMORY_OPEN;
	else if (memory_can_be_read_now(self->memory, options->pid))
		self->readable = BPF_MEMORY_NOW;
	err = programs_start(&self->programs, options, probes, self->memory, why);
	if (err)
		return err;
	/* Waited for, its number may be another's by now, who would be traced in its place. */
	if (syscall(SYS_pidfd_send_signal, options->pidfd, 0, NULL, 0) && errno == ESRCH) {
		*why = "the process has ended";
		return -ESRCH;
	}
	if (options->direct)
		self->first.b = clock_ns() - self->first.time_ns;
	*why = "no memory";
	err = self->order && self->writers ? open_ring(self, options) : -ENOMEM;
	if (!err)
		wake_loops(self, options, probes);
	return err;
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
		err = open_source(self, options, probes, why);
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
