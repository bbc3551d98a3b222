/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who awaits whom: the tasks that are alive, and what stands between them (locks, gathers, groups).
 *
 * From each vertex edges lead to what its end depends on: from a task to what it awaits, from a
 * gather to its children, from a lock to its holder. Whoever reaches himself that way waits for
 * ever.
 */
#ifndef TRACER_VIEWS_GRAPH_H
#define TRACER_VIEWS_GRAPH_H

#include "../model.h"

#define GRAPH_NONE UINT32_MAX

/* Vertices are known by their index. */
struct graph_vertex {
	uint64_t id;
	uint32_t process;
	const struct model_task *task; /* null if it is something else */
	const uint32_t *children;      /* in order, without the holder */
	uint32_t child_count;
	uint32_t holder;   /* of a lock, or GRAPH_NONE */
	uint32_t awaiters; /* how many vertices it is a child of */
	uint32_t knot; /* those that reach each other have the same; 0: nobody reaches it back */

	/*
	 * Equal for tasks that look the same: their coroutines, state, the kind of what they await,
	 * and all that below.
	 */
	uint64_t shape;
};

struct graph {
	struct graph_vertex *vertices; /* by process and id, so tasks are in the order of theirs */
	uint32_t count;
	uint32_t knots; /* numbered from 1 */
	uint32_t *edges;
};

/*
 * The graph of the tasks that are alive now; it is valid as long as the model does not change. The
 * caller frees it with graph_free(). 0 or -ENOMEM.
 */
int graph_new(struct graph **ret, const struct model *model);

/* Takes null. */
void graph_free(struct graph *graph);

/* Index of what has that id, or GRAPH_NONE. */
uint32_t graph_find(const struct graph *graph, uint32_t process, uint64_t id);

/*
 * Writes a cycle of the knot, at most `size` vertices of it, and returns how many it has. Its last
 * vertex leads to the first, which is a task unless the cycle has none.
 */
size_t graph_cycle(const struct graph *graph, uint32_t knot, uint32_t *cycle, size_t size);

#endif
