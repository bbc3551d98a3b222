/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whoever waits for himself, by way of others, is told as the cycle that it is. Else a loop is
 * stuck if all of its tasks wait for each other or for what a task must do, and it sleeps without a
 * timer: nothing will run any more. Where something else still runs, that may end a wait, by a
 * cancellation if by nothing else: then nothing is certain.
 */
#include "check_stuck.h"
#include "describe.h"
#include "graph.h"
#include "tree_loops.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	NAMED_MAX = 8,	/* of a cycle, or of the tasks of a loop, so many are named */
	KNOTS_MAX = 64, /* and so many cycles looked at, and stuck loops */
};

struct stuck {
	const struct model *model;
	const struct graph *graph;
	struct findings *findings;
	struct tree_loops loops;
	bool *told; /* of each loop: why its tasks wait */
};

/* Whether nothing is left to run that could end what the task waits for. */
static bool is_certain(const struct stuck *stuck, const struct model_task *task)
{
	return stuck->loops.loops[tree_loop_of(&stuck->loops, task)].stuck;
}

static int tell(struct stuck *stuck, enum finding_kind kind, const struct model_task *task,
		const char *text)
{
	if (is_certain(stuck, task))
		stuck->told[tree_loop_of(&stuck->loops, task)] = true;
	return findings_add(stuck->findings, kind, task->process, task->function, task->place,
			    text);
}

static void print_link(const struct stuck *stuck, FILE *text, const struct graph_vertex *vertex,
		       bool held)
{
	char buffer[DESCRIBE_SIZE];

	describe_id(buffer, sizeof(buffer), stuck->model, vertex->process, vertex->id);
	fprintf(text, held ? ", held by %s" : " waits for %s", buffer);
}

/* "Task-1 (a) waits for lock 1, held by Task-2 (b), which waits for …" */
static char *describe_cycle(const struct stuck *stuck, const uint32_t *cycle, size_t count,
			    bool certain)
{
	const struct graph_vertex *vertices = stuck->graph->vertices, *vertex;
	size_t named = count < NAMED_MAX ? count : NAMED_MAX, size, i;
	char buffer[DESCRIBE_SIZE], *text = NULL;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	vertex = &vertices[cycle[0]];
	fputs(describe_id(buffer, sizeof(buffer), stuck->model, vertex->process, vertex->id),
	      stream);
	for (i = 1; i <= named; i++) {
		bool held = vertex->holder == cycle[i % count];

		if (i > 1 && !held)
			fputs(vertex->task ? ", which" : ", of which one", stream);
		vertex = &vertices[cycle[i % count]];
		print_link(stuck, stream, vertex, held);
	}
	if (count > named)
		fprintf(stream, ", and so on, by way of %zu more", count - named);
	if (!certain)
		fputs(", unless something else ends it", stream);
	if (!fclose(stream))
		return text;
	free(text);
	return NULL;
}

/* `cycle` has room for all vertices. */
static int check_knot(struct stuck *stuck, uint32_t knot, uint32_t *cycle)
{
	const struct graph *graph = stuck->graph;
	size_t count = graph_cycle(graph, knot, cycle, graph->count), i;
	const struct model_task *task;
	bool certain;
	char *text;
	int err;

	/* It may have been given more than is known, and may need one of these only. */
	for (i = 0; i < count; i++) {
		if (AT_ID_TYPE(graph->vertices[cycle[i]].id) == AT_WAIT)
			return 0;
	}
	task = count ? graph->vertices[cycle[0]].task : NULL;
	if (!task)
		return 0;
	certain = is_certain(stuck, task);
	text = describe_cycle(stuck, cycle, count, certain);
	if (!text)
		return -ENOMEM;
	err = tell(stuck, certain ? FINDING_CYCLE : FINDING_CYCLE_OR_NOT, task, text);
	free(text);
	return err;
}

static int check_knots(struct stuck *stuck)
{
	uint32_t *cycle = calloc((size_t)stuck->graph->count + 1, sizeof(*cycle)), knot;
	int err = cycle ? 0 : -ENOMEM;

	for (knot = 1; knot <= stuck->graph->knots && knot <= KNOTS_MAX && !err; knot++)
		err = check_knot(stuck, knot, cycle);
	free(cycle);
	return err;
}

/* Who held the lock that the task waits for, and is not alive any more; else 0. */
static uint64_t gone_holder(const struct model *model, const struct model_task *task)
{
	uint64_t holder;

	if (task->state != MODEL_AWAITING || AT_ID_TYPE(task->awaits) != AT_LOCK)
		return 0;
	holder = model_holder(model, task->process, task->awaits);
	if (AT_ID_TYPE(holder) != AT_TASK || model_find_task(model, task->process, holder))
		return 0;
	return holder;
}

static int check_holder(struct stuck *stuck, const struct model_task *task)
{
	uint64_t holder = gone_holder(stuck->model, task);
	char who[DESCRIBE_SIZE], lock[DESCRIBE_SIZE], gone[DESCRIBE_SIZE], *text;
	int err;

	if (!holder)
		return 0;
	if (asprintf(&text, "%s waits for %s, held by %s, which is gone",
		     describe_task(who, sizeof(who), task),
		     describe_id(lock, sizeof(lock), stuck->model, task->process, task->awaits),
		     describe_id(gone, sizeof(gone), stuck->model, task->process, holder)) < 0)
		return -ENOMEM;
	err = tell(stuck,
		   is_certain(stuck, task) ? FINDING_HOLDER_GONE : FINDING_HOLDER_GONE_OR_NOT, task,
		   text);
	free(text);
	return err;
}

static char *describe_loop(const struct stuck *stuck, const struct tree_loop *stuck_loop,
			   const struct model_task **first)
{
	const struct model_loop *loop = stuck_loop->loop;
	const struct model_task *task = NULL;
	char who[DESCRIBE_SIZE], what[DESCRIBE_SIZE], *text = NULL;
	size_t named = 0, size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	fprintf(stream, "nothing but a signal%s can wake loop %" PRIu64 " any more: ",
		loop->wakers & AT_ONE_THREAD ? "" : " or another thread",
		(uint64_t)(loop->id & AT_ID_NUMBER));
	while (named < NAMED_MAX && (task = model_next_task(stuck->model, task))) {
		if (task->process != loop->process || task->thread != loop->thread)
			continue;
		if (!named)
			*first = task;
		fprintf(stream, "%s%s waits for %s", named++ ? ", " : "",
			describe_task(who, sizeof(who), task),
			describe_id(what, sizeof(what), stuck->model, task->process, task->awaits));
	}
	if (stuck_loop->tasks > named)
		fprintf(stream, ", and %" PRIu64 " more", stuck_loop->tasks - named);
	if (!fclose(stream))
		return text;
	free(text);
	return NULL;
}

static int check_loop(struct stuck *stuck, size_t index)
{
	const struct tree_loop *loop = &stuck->loops.loops[index];
	const struct model_task *first = NULL;
	bool certain;
	char *text;
	int err;

	if (!loop->stuck || !loop->tasks || stuck->told[index])
		return 0;
	text = describe_loop(stuck, loop, &first);
	if (!text)
		return -ENOMEM;
	certain = loop->loop->wakers & AT_ONE_THREAD;
	err = findings_add(stuck->findings, certain ? FINDING_STUCK : FINDING_STUCK_OR_FOREIGN,
			   loop->loop->process, first ? first->function : NULL,
			   first ? first->place : 0, text);
	free(text);
	return err;
}

static int check_all(struct stuck *stuck)
{
	const struct model_task *task = NULL;
	int err = check_knots(stuck);
	unsigned int looked = 0;
	size_t i;

	while (!err && (task = model_next_task(stuck->model, task)))
		err = check_holder(stuck, task);
	for (i = 0; i < stuck->loops.count && looked < KNOTS_MAX && !err; i++) {
		looked += stuck->loops.loops[i].stuck;
		err = check_loop(stuck, i);
	}
	return err;
}

int check_stuck(struct findings *findings, const struct model *model)
{
	struct stuck stuck = { .model = model, .findings = findings };
	struct graph *graph;
	int err = graph_new(&graph, model);

	if (err)
		return err;
	stuck.graph = graph;
	err = tree_find_loops(&stuck.loops, model);
	if (!err)
		stuck.told = calloc(stuck.loops.count, sizeof(*stuck.told));
	if (!err)
		err = stuck.told ? check_all(&stuck) : -ENOMEM;
	free(stuck.told);
	free(stuck.loops.loops);
	graph_free(graph);
	return err;
}
