/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whoever waits for himself, by way of others, is told as the cycle that it is. Else a loop is
 * stuck if all of its tasks wait for each other or for what a task must do, and it sleeps without a
 * timer: nothing will run any more.
 */
#include "check_stuck.h"
#include "describe.h"
#include "graph.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	NAMED_MAX = 8,	/* of a cycle, or of the tasks of a loop, so many are named */
	KNOTS_MAX = 64, /* and so many cycles looked at */
};

struct stuck {
	const struct model *model;
	const struct graph *graph;
	struct findings *findings;
};

/* Whether the vertex waits for one of several, others of which are not in its knot. */
static bool may_escape(const struct graph *graph, const struct graph_vertex *vertex)
{
	uint32_t i;

	if (AT_ID_TYPE(vertex->id) == AT_WAIT_FOR)
		return true;
	if (AT_ID_TYPE(vertex->id) != AT_WAIT)
		return false;
	for (i = 0; i < vertex->child_count; i++) {
		if (graph->vertices[vertex->children[i]].knot != vertex->knot)
			return true;
	}
	return false;
}

/* A task of the loop can be ended by a timer that is set, if only by a timeout. */
static bool has_timers(const struct model *model, const struct model_task *task)
{
	const struct model_loop *loop = model_loops(model);

	for (; loop; loop = loop->next) {
		if (loop->process == task->process && loop->thread == task->thread)
			return loop->timers;
	}
	return true;
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
			    bool timers)
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
	if (timers)
		fputs(", unless a timeout ends it", stream);
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
	char *text;
	int err;

	for (i = 0; i < count; i++) {
		if (may_escape(graph, &graph->vertices[cycle[i]]))
			return 0;
	}
	task = count ? graph->vertices[cycle[0]].task : NULL;
	if (!task)
		return 0;
	text = describe_cycle(stuck, cycle, count, has_timers(stuck->model, task));
	if (!text)
		return -ENOMEM;
	err = findings_add(stuck->findings, FINDING_CYCLE, task->process, task->function,
			   task->place, text);
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
	err = findings_add(stuck->findings, FINDING_HOLDER_GONE, task->process, task->function,
			   task->place, text);
	free(text);
	return err;
}

/* Only what runs on a loop can end it: another task, or a callback. */
static bool waits_inside(const struct model_task *task)
{
	static const bool inside[AT_TYPES_END] = {
		[AT_TASK] = true,      [AT_COROUTINE] = true, [AT_FUTURE] = true,
		[AT_LOCK] = true,      [AT_EVENT] = true,     [AT_CONDITION] = true,
		[AT_SEMAPHORE] = true, [AT_BARRIER] = true,   [AT_QUEUE] = true,
		[AT_GATHER] = true,    [AT_WAIT] = true,      [AT_SHIELD] = true,
		[AT_GROUP] = true,     [AT_WAIT_FOR] = true,
	};
	unsigned int type = AT_ID_TYPE(task->awaits);

	return task->state == MODEL_AWAITING && type < AT_TYPES_END && inside[type];
}

/* Why it waits has been told already. */
static bool is_explained(const struct stuck *stuck, const struct model_task *task)
{
	uint32_t index = graph_find(stuck->graph, task->process, task->id);

	return gone_holder(stuck->model, task) ||
	       (index != GRAPH_NONE && stuck->graph->vertices[index].knot);
}

/* How many tasks the loop has, the first in `*first`; 0 if one of them may go on. */
static size_t count_stuck(const struct stuck *stuck, const struct model_loop *loop,
			  const struct model_task **first)
{
	const struct model_task *task = NULL;
	size_t count = 0;

	while ((task = model_next_task(stuck->model, task))) {
		if (task->process != loop->process || task->thread != loop->thread)
			continue;
		if (!waits_inside(task) || is_explained(stuck, task))
			return 0;
		if (!count++)
			*first = task;
	}
	return count;
}

static char *describe_loop(const struct stuck *stuck, const struct sleeper *sleeper, size_t count)
{
	const struct model_loop *loop = sleeper->loop;
	const struct model_task *task = NULL;
	char who[DESCRIBE_SIZE], what[DESCRIBE_SIZE], *text = NULL;
	size_t named = 0, size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	fprintf(stream, "%s can wake loop %" PRIu64 " any more: ",
		sleeper->one_thread ? "nothing" : "nothing but another thread",
		(uint64_t)(loop->id & AT_ID_NUMBER));
	while (named < NAMED_MAX && (task = model_next_task(stuck->model, task))) {
		if (task->process == loop->process && task->thread == loop->thread)
			fprintf(stream, "%s%s waits for %s", named++ ? ", " : "",
				describe_task(who, sizeof(who), task),
				describe_id(what, sizeof(what), stuck->model, task->process,
					    task->awaits));
	}
	if (count > named)
		fprintf(stream, ", and %zu more", count - named);
	if (!fclose(stream))
		return text;
	free(text);
	return NULL;
}

static int check_loop(struct stuck *stuck, const struct sleeper *sleeper)
{
	const struct model_loop *loop = sleeper->loop;
	const struct model_task *first = NULL;
	char *text;
	size_t count;
	int err;

	if (!loop || !sleeper->tasks_only || loop->timers || loop->callbacks)
		return 0;
	count = count_stuck(stuck, loop, &first);
	if (!count)
		return 0;
	text = describe_loop(stuck, sleeper, count);
	if (!text)
		return -ENOMEM;
	err = findings_add(stuck->findings,
			   sleeper->one_thread ? FINDING_STUCK : FINDING_STUCK_OR_FOREIGN,
			   loop->process, first->function, first->place, text);
	free(text);
	return err;
}

int check_stuck(struct findings *findings, const struct model *model,
		const struct sleeper *sleepers, size_t count)
{
	struct stuck stuck = { .model = model, .findings = findings };
	const struct model_task *task = NULL;
	struct graph *graph;
	int err = graph_new(&graph, model);
	size_t i;

	if (err)
		return err;
	stuck.graph = graph;
	err = check_knots(&stuck);
	while (!err && (task = model_next_task(model, task)))
		err = check_holder(&stuck, task);
	for (i = 0; i < count && !err; i++)
		err = check_loop(&stuck, &sleepers[i]);
	graph_free(graph);
	return err;
}
