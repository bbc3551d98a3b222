/* SPDX-License-Identifier: BSD-2-Clause */
/* What the benchmarks share: a stopwatch, and the median of several rounds. */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 7 };

static inline uint64_t bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static inline int bench_order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Numbers that look random, the same ones in each run. */
static inline uint64_t bench_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* One row: the median of the rounds, then the least and the greatest. */
static inline void bench_row(const char *what, const char *unit, double rounds[ROUNDS])
{
	qsort(rounds, ROUNDS, sizeof(*rounds), bench_order);
	printf("%-44s %10.2f %10.2f %10.2f  %s\n", what, rounds[ROUNDS / 2], rounds[0],
	       rounds[ROUNDS - 1], unit);
}

static inline void bench_head(const char *title)
{
	printf("%-44s %10s %10s %10s\n", title, "median", "least", "most");
}

#endif
