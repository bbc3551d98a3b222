/* SPDX-License-Identifier: BSD-2-Clause */
/* The table at the end of the view slow: which functions held a loop, how often and how long. */
#ifndef TRACER_SLOW_TABLE_H
#define TRACER_SLOW_TABLE_H

#include "../histogram.h"
#include "../model.h"
#include <stdio.h>

struct slow_row;

/* All zero is an empty one. A function has one table at most: its `user` is the row. */
struct slow_table {
	struct slow_row *rows;
	size_t count;
	uint64_t steps; /* of all rows */
	struct histogram_room room;
};

/* The function held a loop for `ns`. 0 or -ENOMEM. */
int slow_table_add(struct slow_table *table, const struct model_function *function, uint64_t ns);

/* Prints the rows, the longest total first. 0 or -ENOMEM. */
int slow_table_print(const struct slow_table *table, FILE *out);

void slow_table_free(struct slow_table *table);

#endif
