/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything is sorted once and found by bisection: the graph is built, looked at and thrown away.
 */
#include "graph.h"
#include "graph_knots.h"
#include <errno.h>
#include <stdlib.h>

/* Gathers of gathers of gathers: a stream can say anything. */
enum { CLIMB_MAX = 64 };

struct edge {
	uint32_t from, to;
};

struct builder {
	const struct model *model;
	struct graph *graph;
	size_t size; /* room for vertices */
	struct edge *edges;
	size_t edge_count, edge_size;
};

static int by_id(const void *one, const void *another)
{
	const struct graph_vertex *a = one, *b = another;

	if (a->process != b->process)
		return a->process < b->process ? -1 : 1;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	/* The one that knows the task comes first and stays. */
	return !a->task - !b->task;
}

static int by_ends(const void *one, const void *another)
{
	const struct edge *a = one, *b = another;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return (a->to > b->to) - (a->to < b->to);
}

/* Among the first `count`, which are sorted. */
static uint32_t find_first(const struct graph *graph, uint32_t count, uint32_t process, uint64_t id)
{
	uint32_t low = 0, high = count, middle;
	const struct graph_vertex *vertex;

	while (low < high) {
		middle = low + (high - low) / 2;
		vertex = &graph->vertices[middle];
		if (vertex->process == process && vertex->id == id)
			return middle;
		if (vertex->process < process || (vertex->process == process && vertex->id < id))
			low = middle + 1;
		else
			high = middle;
	}
	return GRAPH_NONE;
}

uint32_t graph_find(const struct graph *graph, uint32_t process, uint64_t id)
{
	return find_first(graph, graph->count, process, id);
}

/* Sorts them, each once. */
static void sort_vertices(struct graph *graph)
{
	uint32_t i, count = 0;

	if (graph->count)
		qsort(graph->vertices, graph->count, sizeof(*graph->vertices), by_id);
	for (i = 0; i < graph->count; i++) {
		const struct graph_vertex *last = &graph->vertices[count - 1];
		const struct graph_vertex *vertex = &graph->vertices[i];

		if (!count || last->process != vertex->process || last->id != vertex->id)
			graph->vertices[count++] = *vertex;
	}
	graph->count = count;
}

static int reserve(struct builder *builder, size_t size)
{
	struct graph_vertex *vertices;

	if (size <= builder->size)
		return 0;
	if (size > GRAPH_NONE)
		return -ENOMEM;
	vertices = reallocarray(builder->graph->vertices, size, sizeof(*vertices));
	if (!vertices)
		return -ENOMEM;
	builder->graph->vertices = vertices;
	builder->size = size;
	return 0;
}

/* Tasks of one gather name it again and again: there is room if most are there more than once. */
static int make_room(struct builder *builder)
{
	sort_vertices(builder->graph);
	if (builder->graph->count < builder->size / 2)
		return 0;
	return reserve(builder, builder->size ? 2 * builder->size : 256);
}

static int add_vertex(struct builder *builder, uint32_t process, uint64_t id,
		      const struct model_task *task)
{
	struct graph *graph = builder->graph;
	int err;

	if (graph->count == builder->size) {
		err = make_room(builder);
		if (err)
			return err;
	}
	graph->vertices[graph->count++] = (struct graph_vertex){
		.id = id,
		.process = process,
		.task = task,
		.holder = GRAPH_NONE,
	};
	return 0;
}

/* What it awaits, or 0. */
static uint64_t awaited_of(const struct model_task *task)
{
	return task->state == MODEL_AWAITING ? task->awaits : 0;
}

/* The task, what it awaits, and what depends on it, a gather for example. */
static int add_task(struct builder *builder, const struct model_task *task)
{
	int err = add_vertex(builder, task->process, task->id, task);
	size_t i;

	if (!err && awaited_of(task))
		err = add_vertex(builder, task->process, awaited_of(task), NULL);
	for (i = 0; i < task->awaited_by_count && !err; i++)
		err = add_vertex(builder, task->process, task->awaited_by[i], NULL);
	return err;
}

/* Of what is there and is no task: what depends on it, a gather of gathers for example. */
static int add_outer(struct builder *builder)
{
	struct graph *graph = builder->graph;
	uint32_t known = graph->count, i;
	int err = reserve(builder, 2 * (size_t)known);

	for (i = 0; i < known && !err; i++) {
		const struct graph_vertex *vertex = &graph->vertices[i];
		uint32_t process = vertex->process;
		uint64_t id = 0;

		if (!vertex->task)
			id = model_awaited_by(builder->model, process, vertex->id);
		if (id && find_first(graph, known, process, id) == GRAPH_NONE)
			err = add_vertex(builder, process, id, NULL);
	}
	sort_vertices(graph);
	return err;
}

static int add_vertices(struct builder *builder)
{
	const struct model_task *task = NULL;
	const struct graph *graph = builder->graph;
	uint32_t known = 0;
	int err = 0, climbed;

	while (!err && (task = model_next_task(builder->model, task)))
		err = add_task(builder, task);
	sort_vertices(builder->graph);
	for (climbed = 0; known != graph->count && climbed < CLIMB_MAX && !err; climbed++) {
		known = graph->count;
		err = add_outer(builder);
	}
	return err;
}

/* Nothing, if one of the two is not alive. */
static int add_edge(struct builder *builder, uint32_t from, uint32_t to)
{
	struct edge *edges;
	size_t size;

	if (from == GRAPH_NONE || to == GRAPH_NONE)
		return 0;
	if (builder->edge_count == builder->edge_size) {
		size = builder->edge_size ? 2 * builder->edge_size : 256;
		if (size > GRAPH_NONE)
			return -ENOMEM;
		edges = reallocarray(builder->edges, size, sizeof(*edges));
		if (!edges)
			return -ENOMEM;
		builder->edges = edges;
		builder->edge_size = size;
	}
	builder->edges[builder->edge_count++] = (struct edge){ from, to };
	return 0;
}

static int add_edges_of(struct builder *builder, uint32_t index)
{
	const struct graph *graph = builder->graph;
	struct graph_vertex *vertex = &graph->vertices[index];
	const struct model_task *task = vertex->task;
	uint32_t process = vertex->process;
	int err = 0;
	uint64_t id;
	size_t i;

	if (!task) {
		id = model_holder(builder->model, process, vertex->id);
		if (id)
			vertex->holder = graph_find(graph, process, id);
		id = model_awaited_by(builder->model, process, vertex->id);
		return id ? add_edge(builder, graph_find(graph, process, id), index) : 0;
	}
	if (awaited_of(task))
		err = add_edge(builder, index, graph_find(graph, process, task->awaits));
	for (i = 0; i < task->awaited_by_count && !err; i++)
		err = add_edge(builder, graph_find(graph, process, task->awaited_by[i]), index);
	return err;
}

/* Gives the vertices their children, each once. */
static int keep_edges(struct builder *builder)
{
	struct graph *graph = builder->graph;
	const struct edge *edge, *last = NULL;
	struct graph_vertex *from;
	uint32_t count = 0;
	size_t i;

	graph->edges = calloc(builder->edge_count + 1, sizeof(*graph->edges));
	if (!graph->edges)
		return -ENOMEM;
	if (builder->edge_count)
		qsort(builder->edges, builder->edge_count, sizeof(*edge), by_ends);
	for (i = 0; i < builder->edge_count; i++, last = edge) {
		edge = &builder->edges[i];
		if (last && last->from == edge->from && last->to == edge->to)
			continue;
		from = &graph->vertices[edge->from];
		if (!from->child_count++)
			from->children = &graph->edges[count];
		graph->edges[count++] = edge->to;
		graph->vertices[edge->to].awaiters++;
	}
	return 0;
}

static int build(struct builder *builder)
{
	int err = add_vertices(builder);
	uint32_t i;

	for (i = 0; i < builder->graph->count && !err; i++)
		err = add_edges_of(builder, i);
	if (!err)
		err = keep_edges(builder);
	return err ? err : graph_find_knots(builder->graph);
}

int graph_new(struct graph **ret, const struct model *model)
{
	struct builder builder = { .model = model, .graph = calloc(1, sizeof(struct graph)) };
	int err = builder.graph ? build(&builder) : -ENOMEM;

	free(builder.edges);
	if (err)
		graph_free(builder.graph);
	else
		*ret = builder.graph;
	return err;
}

void graph_free(struct graph *graph)
{
	if (!graph)
		return;
	free(graph->vertices);
	free(graph->edges);
	free(graph);
}
