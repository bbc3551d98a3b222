/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of the graph that needs its edges: see graph.h. */
#ifndef TRACER_VIEWS_GRAPH_KNOTS_H
#define TRACER_VIEWS_GRAPH_KNOTS_H

struct graph;

/* Numbers the knots and gives all vertices their shape. 0 or -ENOMEM. */
int graph_find_knots(struct graph *graph);

#endif
