/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the benchmarks share: a stopwatch, the median of several rounds; and, where libasync stands
 * beside others, the amount of work and the line that tools/bench/run reads.
 */
#ifndef BENCH_H
#define BENCH_H

#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
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

/* Beside others: one round, whose line is what was done, the unit, and the figure. */

enum { BENCH_CHILDREN = 500, BENCH_JOBS = 20000 };

/* `count` times the work took `ns`. */
static inline void bench_time(const char *work, double count, uint64_t ns)
{
	printf("%s\tns\t%.3f\n", work, ns / count);
}

static inline void bench_rate(const char *work, double count, uint64_t ns)
{
	printf("%s\t1/s\t%.1f\n", work, count * 1e9 / ns);
}

/* A program that does nothing. */
static inline const char *bench_child(void)
{
	const char *path = getenv("BENCH_CHILD");

	return path ? path : "/bin/true";
}

/* Tells who measures a server where it listens. */
static inline void bench_port(unsigned int port)
{
	printf("%u\n", port);
	fflush(stdout);
}

/* A socket that listens on a port of its own, which it tells; with SOCK_NONBLOCK. */
static inline int bench_listen(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	socklen_t size = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&address, size) || listen(fd, 4096) ||
	    getsockname(fd, (struct sockaddr *)&address, &size)) {
		perror("bench");
		exit(1);
	}
	bench_port(ntohs(address.sin_port));
	return fd;
}

/* Numbers that look random, the same ones in each run. */
static inline uint64_t bench_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

#endif
