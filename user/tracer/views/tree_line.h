/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines of the view tree, without what stands in front of them and without their end. */
#ifndef TRACER_VIEWS_TREE_LINE_H
#define TRACER_VIEWS_TREE_LINE_H

#include "tree.h"

/* "Task-7: fetch demo.c:7, awaiting read of fd 5 for 1.203 s" */
void tree_line_task(const struct tree_printer *printer, const struct graph_vertex *vertex);

/* What is no task: "gather 2". */
void tree_line_thing(const struct tree_printer *printer, const struct graph_vertex *vertex);

/* Of one that has a line elsewhere: "Task-7 (fetch)" or "gather 2". */
void tree_line_reference(const struct tree_printer *printer, const struct graph_vertex *vertex);

/* What all of its shape have in common: "fetch, awaiting read". */
void tree_line_summary(const struct tree_printer *printer, const struct graph_vertex *vertex);

#endif
