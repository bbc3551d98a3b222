/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows are few: functions, not steps. */
#include "slow_table.h"
#include "../histogram.h"
#include "repr.h"
#include <base/text.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct slow_row {
	const struct model_function *function;
	uint64_t total_ns;
	struct histogram steps;
	struct slow_row *next;
};

int slow_table_add(struct slow_table *table, const struct model_function *function, uint64_t ns)
{
	struct slow_row *row = function ? function->user : NULL;
	int err;

	if (!function)
		return -ENOMEM;
	if (!row) {
		row = calloc(1, sizeof(*row));
		if (!row)
			return -ENOMEM;
		row->function = function;
		row->next = table->rows;
		table->rows = row;
		table->count++;
		/* The model's, and kept by it for us. */
		((struct model_function *)function)->user = row;
	}
	err = histogram_add_within(&table->room, &row->steps, ns);
	if (err)
		return err;
	row->total_ns += ns;
	table->steps++;
	return 0;
}

static int by_total(const void *one, const void *another)
{
	const struct slow_row *a = *(const struct slow_row *const *)one;
	const struct slow_row *b = *(const struct slow_row *const *)another;

	if (a->total_ns != b->total_ns)
		return a->total_ns < b->total_ns ? 1 : -1;
	return strcmp(a->function->name, b->function->name);
}

static void print_duration(FILE *out, uint64_t ns)
{
	char buffer[TEXT_DURATION_SIZE];

	fprintf(out, " %9s", text_duration(buffer, ns));
}

static void print_row(FILE *out, const struct slow_row *row)
{
	fprintf(out, "%8" PRIu64, row->steps.count);
	print_duration(out, row->total_ns);
	print_duration(out, histogram_percentile(&row->steps, 99));
	print_duration(out, row->steps.max);
	fputs("  ", out);
	repr_function(out, row->function);
	fputc('\n', out);
}

int slow_table_print(const struct slow_table *table, FILE *out)
{
	const struct slow_row **rows, *row;
	size_t i = 0;

	if (!table->count)
		return 0;
	rows = calloc(table->count, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	for (row = table->rows; row; row = row->next)
		rows[i++] = row;
	qsort(rows, table->count, sizeof(*rows), by_total);
	fprintf(out, "%8s %9s %9s %9s  %s\n", "steps", "total", "p99", "max", "place");
	for (i = 0; i < table->count; i++)
		print_row(out, rows[i]);
	free(rows);
	if (table->room.left_out)
		fprintf(out, "steps, p99 and max are without %" PRIu64 " steps: too much at once\n",
			table->room.left_out);
	return 0;
}

void slow_table_free(struct slow_table *table)
{
	struct slow_row *row;

	while ((row = table->rows)) {
		table->rows = row->next;
		histogram_clear(&row->steps);
		free(row);
	}
}
