/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knots are the strongly connected components, found as Tarjan does; without recursion, for a chain
 * of tasks can be as long as memory. A vertex is left when all that it leads to has been: then its
 * shape is known as well.
 */
#include "graph_knots.h"
#include "graph.h"
#include <errno.h>
#include <stdlib.h>

/* What the search knows of a vertex. */
struct mark {
	uint32_t order;	 /* in which it was met, from 1; 0: not yet */
	uint32_t lowest; /* order of the earliest vertex that it is known to reach */
	uint32_t next;	 /* edge to follow */
	uint32_t below;	 /* in the path, the vertex that led here */
	bool kept;	 /* in `stack`: it may still turn out to be in a knot */
};

struct search {
	struct graph *graph;
	struct mark *marks;
	uint32_t *stack;
	uint32_t stacked, met;
};

/* The edge of that number: children, and then the holder. */
static uint32_t edge_of(const struct graph_vertex *vertex, uint32_t number)
{
	if (number < vertex->child_count)
		return vertex->children[number];
	return number == vertex->child_count ? vertex->holder : GRAPH_NONE;
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0xff51afd7ed558ccd;
	return hash ^ hash >> 32;
}

static void find_shape(const struct graph *graph, struct graph_vertex *vertex)
{
	const struct model_task *task = vertex->task;
	const struct model_coroutine *coroutine = task ? task->innermost : NULL;
	uint64_t shape = AT_ID_TYPE(vertex->id), below = 0;
	uint32_t i;

	if (task)
		shape = mix(mix(shape, task->state), (uintptr_t)task->function);
	for (; coroutine; coroutine = coroutine->awaiter)
		shape = mix(shape, (uintptr_t)coroutine->function);
	/* Their order does not matter, nor does what is on the way here. */
	for (i = 0; i < vertex->child_count; i++)
		below += mix(1, graph->vertices[vertex->children[i]].shape);
	vertex->shape = mix(shape, below);
}

static void meet(struct search *search, uint32_t index, uint32_t below)
{
	struct mark *mark = &search->marks[index];

	mark->order = mark->lowest = ++search->met;
	mark->below = below;
	mark->kept = true;
	search->stack[search->stacked++] = index;
}

static bool reaches_itself(const struct graph_vertex *vertex, uint32_t index)
{
	uint32_t i;

	for (i = 0; i <= vertex->child_count; i++) {
		if (edge_of(vertex, i) == index)
			return true;
	}
	return false;
}

/* Nothing met before it is reached: what is above it in the stack is a knot, if it is not alone. */
static void close_knot(struct search *search, uint32_t index)
{
	struct graph *graph = search->graph;
	bool alone = search->stack[search->stacked - 1] == index;
	uint32_t knot = 0, member;

	if (!alone || reaches_itself(&graph->vertices[index], index))
		knot = ++graph->knots;
	do {
		member = search->stack[--search->stacked];
		search->marks[member].kept = false;
		graph->vertices[member].knot = knot;
	} while (member != index);
}

/* Follows the next edge of the vertex at the end of the path. Returns where the path ends then. */
static uint32_t advance(struct search *search, uint32_t index)
{
	struct graph_vertex *vertex = &search->graph->vertices[index];
	struct mark *mark = &search->marks[index], *other;
	uint32_t to;

	while (mark->next <= vertex->child_count) {
		to = edge_of(vertex, mark->next++);
		if (to == GRAPH_NONE)
			continue;
		other = &search->marks[to];
		if (!other->order) {
			meet(search, to, index);
			return to;
		}
		if (other->kept && other->order < mark->lowest)
			mark->lowest = other->order;
	}
	find_shape(search->graph, vertex);
	if (mark->lowest == mark->order)
		close_knot(search, index);
	if (mark->below != GRAPH_NONE && mark->lowest < search->marks[mark->below].lowest)
		search->marks[mark->below].lowest = mark->lowest;
	return mark->below;
}

int graph_find_knots(struct graph *graph)
{
	struct search search = {
		.graph = graph,
		.marks = calloc(graph->count + 1, sizeof(struct mark)),
		.stack = calloc(graph->count + 1, sizeof(uint32_t)),
	};
	int err = search.marks && search.stack ? 0 : -ENOMEM;
	uint32_t start, index;

	for (start = 0; start < graph->count && !err; start++) {
		if (search.marks[start].order)
			continue;
		meet(&search, start, GRAPH_NONE);
		for (index = start; index != GRAPH_NONE;)
			index = advance(&search, index);
	}
	free(search.marks);
	free(search.stack);
	return err;
}

/* Where the first edge within the knot leads. */
static uint32_t next_in_knot(const struct graph *graph, uint32_t index)
{
	const struct graph_vertex *vertex = &graph->vertices[index];
	uint32_t i, to;

	for (i = 0; i <= vertex->child_count; i++) {
		to = edge_of(vertex, i);
		if (to != GRAPH_NONE && graph->vertices[to].knot == vertex->knot)
			return to;
	}
	return GRAPH_NONE;
}

size_t graph_cycle(const struct graph *graph, uint32_t knot, uint32_t *cycle, size_t size)
{
	uint32_t slow = 0, fast, first, index;
	size_t count = 0;

	while (slow < graph->count && graph->vertices[slow].knot != knot)
		slow++;
	if (slow == graph->count)
		return 0;
	/* Always by the first edge, one ends in a cycle; two that go at two speeds meet there. */
	fast = slow;
	do {
		slow = next_in_knot(graph, slow);
		fast = next_in_knot(graph, next_in_knot(graph, fast));
	} while (slow != fast);
	for (first = slow, index = slow; !graph->vertices[first].task;) {
		first = next_in_knot(graph, first);
		if (first == slow)
			break;
	}
	index = first;
	do {
		if (count < size)
			cycle[count] = index;
		count++;
		index = next_in_knot(graph, index);
	} while (index != first);
	return count;
}
