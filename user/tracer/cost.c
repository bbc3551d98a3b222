/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernels and containers forbid things in ways that cannot be asked for, and what a trap costs
 * depends on the machine. So asynctrace has a probe of its own, and traces itself: what is sent
 * through it must come back, and how long sending takes is what it costs. CPU time is what is
 * measured, so that neighbours do not count.
 */
#define AT_PROBES_IMPLEMENTATION
#include "cost.h"
#include "live.h"
#include "sources/elf.h"
#include "sources/ring.h"
#include "sources/source.h"
#include "target.h"
#include <asynctrace/probes.h>
#include <base/clock.h>
#include <errno.h>
#include <stdio.h>

#define SUBJECT AT_ID(AT_TASK, 0x636f7374)
#define ROUNDS	15
#define WARM_UP 2 /* rounds that do not count */

/* Of a round. The smallest buffer holds this many. */
#define BATCHES 2
#define SINGLES 64

/* Batches of a round that are only counted: more, for each is short and takes no room. */
#define COUNTED 32

/* Records, those that are only counted among them: what was sent must come. */
struct records {
	uint64_t sent, come;
};

/* So long the clock of records takes to learn the speed of the counter that it reads. */
#define CLOCK_NS (AT_CALIBRATE_NS + 1000000)

static uint64_t cpu_ns(clockid_t clock)
{
	struct timespec now;

	return clock_gettime(clock, &now) ? 0 : now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* Sends so many batches of so many records. Returns what a batch took, in ns of CPU time. */
static double send_batches(struct records *all, size_t batches, size_t records)
{
	uint64_t begin_ns = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
	size_t batch, i;

	for (batch = 0; batch < batches; batch++) {
		for (i = 0; i < records; i++)
			at_record(AT_TASK_CREATE, 0, SUBJECT, 0, 0, 0);
		at_flush();
	}
	all->sent += batches * records;
	return (double)(cpu_ns(CLOCK_THREAD_CPUTIME_ID) - begin_ns) / batches;
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}

static void wait_for_clock(uint64_t begin_ns)
{
	struct timespec pause = { .tv_nsec = 1000000 };

	while (clock_ns() - begin_ns < CLOCK_NS)
		nanosleep(&pause, NULL);
	at_now();
}

/*
 * Takes what has come away, for the buffer must not fill, and counts it. 1, 0 at the end of it all,
 * or -errno.
 */
static int drain(struct source *source, struct records *all)
{
	const struct at_event *events;
	size_t count, i;
	int ret = source->read(source, &events, &count, 0);

	for (i = 0; ret > 0 && i < count; i++) {
		if (events[i].kind == AT_SHED)
			all->come += events[i].c;
		all->come += events[i].kind == AT_TASK_CREATE && events[i].subject == SUBJECT;
	}
	return ret;
}

/* Only the probe "batch" is hit by batches. */
static void solve(struct cost *ret, double full_ns, double single_ns, bool batches)
{
	double record_ns = (full_ns - single_ns) / (AT_BATCH_MAX - 1);

	if (!batches)
		record_ns = full_ns / AT_BATCH_MAX;
	/* The noise of a busy machine must not make anything cost less than nothing. */
	ret->record_ns = record_ns > 0 ? record_ns : 0;
	ret->hit_ns = !batches || single_ns < record_ns ? 0 : single_ns - ret->record_ns;
}

static size_t place_of(size_t round)
{
	return round < WARM_UP ? 0 : round - WARM_UP;
}

/* Only by batches does it matter how large they are. 0 or -errno. */
static int measure_writing(struct cost *ret, struct source *source, bool batches,
			   struct records *all)
{
	double full_ns[ROUNDS], single_ns[ROUNDS];
	int err = 1;
	size_t i;

	for (i = 0; i < ROUNDS + WARM_UP && err > 0; i++) {
		full_ns[place_of(i)] = send_batches(all, BATCHES, AT_BATCH_MAX);
		err = drain(source, all);
		single_ns[place_of(i)] = batches ? send_batches(all, SINGLES, 1) : 0;
		if (err > 0)
			err = drain(source, all);
	}
	if (err <= 0)
		return err ? err : -EIO;
	solve(ret, median(full_ns, ROUNDS), median(single_ns, ROUNDS), batches);
	return 0;
}

/* The same of records that nobody wants. */
static int measure_counting(struct cost *ret, struct source *source, struct records *all)
{
	double counted_ns[ROUNDS];
	int err = source->spare(source, AT_DETAIL_COUNTS);
	size_t i;

	if (err)
		return err;
	/* Of what a ring wants a thread hears now and then only. */
	if (at_ring_listens())
		at_ring_look();
	for (i = 0, err = 1; i < ROUNDS + WARM_UP && err > 0; i++) {
		counted_ns[place_of(i)] = send_batches(all, COUNTED, AT_BATCH_MAX);
		err = drain(source, all);
	}
	if (at_thread.batch)
		at_hand_over(at_thread.batch);
	if (err <= 0)
		return err ? err : -EIO;
	ret->counted_ns = median(counted_ns, ROUNDS) / AT_BATCH_MAX;
	return 0;
}

/* Measures, and sees that all that was sent comes. 0 or -errno. */
static int measure(struct cost *ret, struct source *source, const struct options *options,
		   bool batches, const char **why)
{
	struct cost cost = { .counted_ns = 0 };
	struct records all = { 0, 0 };
	int err = measure_writing(&cost, source, batches, &all);

	if (!err && options->budget > 0)
		err = measure_counting(&cost, source, &all);
	if (!err)
		err = source->stop(source);
	while (!err && (err = drain(source, &all)) > 0)
		err = 0;
	if (err)
		return err;
	if (all.come < all.sent) {
		if (all.come)
			*why = "some of the records that are written to try it do not come";
		return -EIO;
	}
	*ret = cost;
	return 0;
}

/* This process writes into the ring as one that was started with it does. 0 or -errno. */
static int join_ring(const struct ring_memory *memory)
{
	/* A batch of this thread's that is not in the ring would be used on. */
	at_thread_ends(NULL);
	memory->ring->process = getpid();
	memory->ring->go = AT_RING_GO;
	at_ring_join(memory->fd);
	return at_ring_listens() ? 0 : -EIO;
}

/* No other thread of this process writes records: the ring can go. */
static void leave_ring(void)
{
	const char *end = (const char *)(at_ring.blocks + at_ring.count);

	if (at_thread.batch)
		at_retire(at_thread.batch);
	at_ring_close();
	if (at_ring.shared)
		munmap(at_ring.shared, end - (const char *)at_ring.shared);
	at_ring.shared = NULL;
}

static int open_ring(struct source **ret, struct ring_memory *memory, const struct target *self,
		     const struct options *options, const char **why)
{
	const struct ring_options ring = {
		.pid = self->pid,
		.pidfd = self->pidfd,
		.proc = self->proc,
		.buffer = options->buffer,
	};
	int err = ring_memory_make(memory, options->buffer, why);

	if (err)
		return err;
	*why = "what a process writes into a ring in memory does not come";
	err = join_ring(memory);
	return err ? err : ring_source_open(ret, memory, &ring);
}

static int try_ring(struct cost *ret, const struct target *self, const struct options *options,
		    uint64_t begin_ns, const char **why)
{
	struct ring_memory memory = { .fd = -1 };
	struct source *source;
	int err = open_ring(&source, &memory, self, options, why);

	if (!err) {
		wait_for_clock(begin_ns);
		err = measure(ret, source, options, false, why);
		source->free(source);
	}
	leave_ring();
	ring_memory_free(&memory);
	return err;
}

static int try_bpf(struct cost *ret, const struct target *self, const struct options *options,
		   uint64_t begin_ns, const char **why)
{
	struct source *source;
	int err = live_attach(&source, self, options, why);

	if (err)
		return err;
	wait_for_clock(begin_ns);
	*why = "the kernel takes the tracing programs, but what they see does not come: is this an "
	       "emulation?";
	err = measure(ret, source, options, !options->direct, why);
	source->free(source);
	return err;
}

int cost_calibrate(struct cost *ret, const struct options *options, const char **why)
{
	bool ring = options->source == OPTIONS_SOURCE_RING;
	uint64_t begin_ns = clock_ns();
	struct target *self;
	int err;

	at_now();
	err = target_open(&self, getpid(), elf_has_probes, why);
	if (err)
		return err;
	err = (ring ? try_ring : try_bpf)(ret, self, options, begin_ns, why);
	target_free(self);
	return err;
}

uint64_t cost_of(const struct cost *cost, const struct source *source, uint64_t counted)
{
	uint64_t hits, records;

	if (!source->work)
		return 0;
	source->work(source, &hits, &records);
	return cost->record_ns * records + cost->hit_ns * hits + cost->counted_ns * counted;
}

uint64_t cost_target_cpu_ns(pid_t pid)
{
	clockid_t clock;

	return clock_getcpuclockid(pid, &clock) ? 0 : cpu_ns(clock);
}
