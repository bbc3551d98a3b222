/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cost of a record, by who listens: nobody, or the tracer that runs this program. With the word
 * "full" that of one that finds no room in the ring: let that be small.
 */
#include "bench.h"
#include <asynctrace/probes.h>
#include <stdbool.h>
#include <string.h>

enum { FULL = 10000000, BURST = 32768, BURSTS = 20, IDLE = 200000000 };

/* What a program does without any probe. */
static double empty_loop(void)
{
	uint64_t start = bench_now();
	uint64_t i;

	for (i = 0; i < IDLE; i++)
		__asm__ volatile("" ::: "memory");
	return (double)(bench_now() - start) / IDLE;
}

static double idle_probe(void)
{
	uint64_t start = bench_now();
	uint64_t i;

	for (i = 0; i < IDLE; i++) {
		__asm__ volatile("" ::: "memory");
		if (at_listening())
			at_record(AT_WARNING, 0, i, 0, 0, 0);
	}
	return (double)(bench_now() - start) / IDLE;
}

/* In bursts, so that the tracer keeps up: records that find no room would be cheap ones. */
static double record(void)
{
	const struct timespec pause = { .tv_nsec = 30000000 };
	uint64_t spent = 0;
	int burst, i;

	for (burst = 0; burst < BURSTS; burst++) {
		uint64_t start = bench_now();

		for (i = 0; i < BURST; i++)
			at_record(AT_SWITCH, 0, i, i, i, i);
		at_flush();
		spent += bench_now() - start;
		nanosleep(&pause, NULL);
	}
	return (double)spent / BURST / BURSTS;
}

/* Faster than anybody reads. */
static double record_without_pause(void)
{
	uint64_t start = bench_now(), i;

	for (i = 0; i < FULL; i++)
		at_record(AT_SWITCH, 0, i, i, i, i);
	return (double)(bench_now() - start) / FULL;
}

static const char *way(bool full)
{
	if (at_listeners.ring)
		return full ? "ring, full" : "ring";
	return at_listeners.direct ? "direct" : "batch";
}

int main(int argc, char **argv)
{
	bool full = argc > 1 && !strcmp(argv[1], "full");
	double rounds[ROUNDS];
	int i;

	bench_head("record");
	if (at_listening()) {
		at_record(AT_LOOP_START, 0, AT_ID(AT_LOOP, 1), 0, 0, 0);
		record();
		for (i = 0; i < ROUNDS; i++)
			rounds[i] = full ? record_without_pause() : record();
		bench_row(way(full), "ns", rounds);
		return 0;
	}
	for (i = 0; i < ROUNDS; i++) {
		double without = empty_loop();

		rounds[i] = idle_probe() - without;
	}
	bench_row("nobody listening", "ns", rounds);
	return 0;
}
