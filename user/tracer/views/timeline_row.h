/* SPDX-License-Identifier: BSD-2-Clause */
/* A row of the timeline, and how it is written. */
#ifndef TRACER_TIMELINE_ROW_H
#define TRACER_TIMELINE_ROW_H

#include "view.h"

struct row {
	const struct view_options *options;
	const struct model *model;
	uint64_t span_id;
	const char *kind;
	uint64_t task, parent_id;
	const char *name;
	uint32_t process, thread;
	uint64_t start_ns, end_ns;
	bool existing, torn;
	bool is_trace; /* its end is told, be it open: nothing was seen after that */
	enum model_outcome outcome;
	uint64_t awaits, woken_by, cancelled_by;
	const struct model_function *function;
	uint64_t place; /* code address that comes before the function as its `where`, or 0 */

	/* Of what has one. */
	bool has_result;
	int64_t result;
	const char *message;
};

void row_print_head(FILE *out);
void row_print(const struct row *row);

#endif
