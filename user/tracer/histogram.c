/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A log-linear histogram. Row 0 holds the numbers below 4096 themselves, row r those whose highest
 * bit is r + 11, by the twelve bits that follow it.
 */
#include "histogram.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static unsigned int row_of(uint64_t value)
{
	return value < HISTOGRAM_BUCKETS ? 0 : 52 - __builtin_clzll(value);
}

static unsigned int shift_of(unsigned int row)
{
	return row ? row - 1 : 0;
}

int histogram_add(struct histogram *histogram, uint64_t value)
{
	unsigned int row = row_of(value);

	if (!histogram->rows[row])
		histogram->rows[row] = calloc(HISTOGRAM_BUCKETS, sizeof(*histogram->rows[row]));
	if (!histogram->rows[row])
		return -ENOMEM;
	histogram->rows[row][value >> shift_of(row) & (HISTOGRAM_BUCKETS - 1)]++;
	histogram->count++;
	if (value > histogram->max)
		histogram->max = value;
	return 0;
}

/* The greatest number that the bucket counts. */
static uint64_t edge_of(unsigned int row, unsigned int bucket)
{
	uint64_t first = row ? HISTOGRAM_BUCKETS + bucket : bucket;

	return (first << shift_of(row)) + ((1ULL << shift_of(row)) - 1);
}

uint64_t histogram_percentile(const struct histogram *histogram, unsigned int percent)
{
	uint64_t whole = histogram->count / 100 * percent;
	uint64_t rest = (histogram->count % 100 * percent + 99) / 100;
	uint64_t left = whole + rest;
	unsigned int row, bucket;

	for (row = 0; row < HISTOGRAM_ROWS; row++) {
		for (bucket = 0; histogram->rows[row] && bucket < HISTOGRAM_BUCKETS; bucket++) {
			uint64_t edge = edge_of(row, bucket);

			if (histogram->rows[row][bucket] >= left)
				return edge < histogram->max ? edge : histogram->max;
			left -= histogram->rows[row][bucket];
		}
	}
	return histogram->max;
}

void histogram_clear(struct histogram *histogram)
{
	unsigned int row;

	if (!histogram)
		return;
	for (row = 0; row < HISTOGRAM_ROWS; row++)
		free(histogram->rows[row]);
	memset(histogram, 0, sizeof(*histogram));
}
