/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the view tree share. */
#ifndef TRACER_VIEWS_TREE_H
#define TRACER_VIEWS_TREE_H

#include "graph.h"
#include "tree_loops.h"
#include "view.h"

/*
 * How long the task has been in its state, in ns. If `*least`, it existed before the trace and has
 * not moved since: then it is longer.
 */
uint64_t tree_since(const struct model *model, const struct model_task *task, bool *least);

/* tree_csv.c: one row per task. 0 or -ENOMEM. */
int tree_print_csv(const struct view_options *options, const struct model *model,
		   const struct graph *graph, const struct tree_loops *loops);

/* tree_print.c */

struct tree_printer {
	const struct view_options *options;
	const struct model *model;
	const struct graph *graph;
	const struct tree_loops *loops;
	bool *printed; /* of the graph's vertices */
};

/* The trees below these vertices. 0 or -ENOMEM. */
int tree_print_roots(struct tree_printer *printer, const uint32_t *roots, size_t count);

/* tree_cycles.c: the cycles, if there are any. */
void tree_print_cycles(const struct tree_printer *printer);

#endif
