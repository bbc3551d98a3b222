/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many numbers in bounded memory: each power of two is cut into 4096 equal buckets, so a percentile
 * is too high by less than that part of it. Buckets of a power are allocated when it first occurs,
 * but for the first few numbers, which are kept themselves.
 */
#ifndef TRACER_HISTOGRAM_H
#define TRACER_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BUCKETS 4096
#define HISTOGRAM_ROWS	  53

/* All zero is an empty one. */
struct histogram {
	uint64_t count;
	uint64_t max; /* exact */
	union {
		uint64_t values[HISTOGRAM_ROWS]; /* as long as there are no more */
		uint64_t *rows[HISTOGRAM_ROWS];
	};
};

/* Counts `value`. 0 or -ENOMEM, and then it is not counted. */
int histogram_add(struct histogram *histogram, uint64_t value);

/* What many histograms share; all zero is an unused one. */
struct histogram_room {
	uint32_t rows_max; /* of 32 KiB each; 0: HISTOGRAM_ROOM */
	uint32_t rows;
	uint64_t left_out; /* numbers that had no room */
};

#define HISTOGRAM_ROOM (1 << 14)

/* The same, of one of those; a number that has no room is not counted, and is left out. */
int histogram_add_within(struct histogram_room *room, struct histogram *histogram, uint64_t value);

/*
 * The least upper bound known of the smallest `percent` of the numbers (1 to 100): not below the
 * true percentile, nor above the maximum. 0 of an empty histogram.
 */
uint64_t histogram_percentile(const struct histogram *histogram, unsigned int percent);

/* Frees the buckets, not the struct, which is empty then. Takes null. */
void histogram_clear(struct histogram *histogram);

#endif
