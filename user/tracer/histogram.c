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

static uint32_t rows_left(const struct histogram_room *room)
{
	return (room->rows_max ? room->rows_max : HISTOGRAM_ROOM) - room->rows;
}

static int count_value(struct histogram_room *room, uint64_t **rows, uint64_t value)
{
	unsigned int row = row_of(value);

	if (!rows[row]) {
		if (!rows_left(room))
			return -ENOSPC;
		rows[row] = calloc(HISTOGRAM_BUCKETS, sizeof(*rows[row]));
		if (!rows[row])
			return -ENOMEM;
		room->rows++;
	}
	rows[row][value >> shift_of(row) & (HISTOGRAM_BUCKETS - 1)]++;
	return 0;
}

static uint32_t free_rows(uint64_t **rows)
{
	unsigned int row;
	uint32_t count = 0;

	for (row = 0; row < HISTOGRAM_ROWS; row++) {
		count += rows[row] != NULL;
		free(rows[row]);
	}
	return count;
}

/* How many rows the numbers that are kept themselves need, and that one. */
static uint32_t rows_needed(const struct histogram *histogram, uint64_t value)
{
	uint64_t needed = 1ULL << row_of(value);
	unsigned int i;

	for (i = 0; i < HISTOGRAM_ROWS; i++)
		needed |= 1ULL << row_of(histogram->values[i]);
	return __builtin_popcountll(needed);
}

/*
 * There is no more room: the numbers that were kept themselves, and that one, are counted in rows.
 */
static int make_rows(struct histogram_room *room, struct histogram *histogram, uint64_t value)
{
	uint64_t *rows[HISTOGRAM_ROWS] = { 0 };
	unsigned int i;
	int err;

	/* Whoever has no room asks again with each number: nothing is allocated in vain. */
	if (rows_needed(histogram, value) > rows_left(room))
		return -ENOSPC;
	err = count_value(room, rows, value);
	for (i = 0; i < HISTOGRAM_ROWS && !err; i++)
		err = count_value(room, rows, histogram->values[i]);
	if (err)
		room->rows -= free_rows(rows);
	else
		memcpy(histogram->rows, rows, sizeof(rows));
	return err;
}

static int add(struct histogram_room *room, struct histogram *histogram, uint64_t value)
{
	int err = 0;

	if (histogram->count < HISTOGRAM_ROWS)
		histogram->values[histogram->count] = value;
	else if (histogram->count == HISTOGRAM_ROWS)
		err = make_rows(room, histogram, value);
	else
		err = count_value(room, histogram->rows, value);
	if (err)
		return err;
	histogram->count++;
	if (value > histogram->max)
		histogram->max = value;
	return 0;
}

int histogram_add(struct histogram *histogram, uint64_t value)
{
	struct histogram_room room = { .rows_max = UINT32_MAX };

	return add(&room, histogram, value);
}

int histogram_add_within(struct histogram_room *room, struct histogram *histogram, uint64_t value)
{
	int err = add(room, histogram, value);

	if (err != -ENOSPC)
		return err;
	room->left_out++;
	return 0;
}

/* The greatest number that the bucket counts. */
static uint64_t edge_of(unsigned int row, unsigned int bucket)
{
	uint64_t first = row ? HISTOGRAM_BUCKETS + bucket : bucket;

	return (first << shift_of(row)) + ((1ULL << shift_of(row)) - 1);
}

static int by_value(const void *one, const void *another)
{
	const uint64_t *a = one, *b = another;

	return (*a > *b) - (*a < *b);
}

/* The number that so many are not above, it included. */
static uint64_t find_value(const struct histogram *histogram, size_t rank)
{
	uint64_t values[HISTOGRAM_ROWS];

	memcpy(values, histogram->values, sizeof(values));
	qsort(values, histogram->count, sizeof(*values), by_value);
	return rank ? values[rank - 1] : 0;
}

uint64_t histogram_percentile(const struct histogram *histogram, unsigned int percent)
{
	uint64_t whole = histogram->count / 100 * percent;
	uint64_t rest = (histogram->count % 100 * percent + 99) / 100;
	uint64_t left = whole + rest;
	unsigned int row, bucket;

	if (histogram->count <= HISTOGRAM_ROWS)
		return find_value(histogram, left);
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
	if (!histogram)
		return;
	if (histogram->count > HISTOGRAM_ROWS)
		free_rows(histogram->rows);
	memset(histogram, 0, sizeof(*histogram));
}
