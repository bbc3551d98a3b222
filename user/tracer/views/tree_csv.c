/* SPDX-License-Identifier: BSD-2-Clause */
/* One row per task. What is not known is an empty field; several of a kind stand between ';'. */
#include "../formats/csv.h"
#include "describe.h"
#include "tree.h"
#include <errno.h>
#include <stdlib.h>

static const char header[] =
	"task_id,name,process,thread,loop,state,since_ns,awaits_kind,awaits,held_by,awaited_by,"
	"coroutines,created_by,created_at,created_ns" CSV_END;

/* A task awaits the one of that vertex. */
struct awaiter {
	uint32_t of;
	const struct model_task *task;
};

struct table {
	const struct view_options *options;
	const struct model *model;
	const struct graph *graph;
	const struct tree_loops *loops;
	struct awaiter *awaiters; /* sorted */
	size_t awaiter_count;
	const struct awaiter *awaiter; /* of the row at hand, or of one to come */
};

static int by_awaited(const void *one, const void *another)
{
	const struct awaiter *a = one, *b = another;

	if (a->of != b->of)
		return a->of < b->of ? -1 : 1;
	return (a->task->id > b->task->id) - (a->task->id < b->task->id);
}

static int find_awaiters(struct table *table)
{
	const struct graph *graph = table->graph;
	const struct graph_vertex *vertex;
	uint32_t i;

	table->awaiters = calloc(graph->count + 1, sizeof(*table->awaiters));
	if (!table->awaiters)
		return -ENOMEM;
	for (i = 0; i < graph->count; i++) {
		vertex = &graph->vertices[i];
		if (!vertex->task || !vertex->child_count)
			continue;
		table->awaiters[table->awaiter_count].of = vertex->children[0];
		table->awaiters[table->awaiter_count++].task = vertex->task;
	}
	qsort(table->awaiters, table->awaiter_count, sizeof(*table->awaiters), by_awaited);
	table->awaiter = table->awaiters;
	return 0;
}

static void print_number(const struct table *table, uint64_t number)
{
	fputc(',', table->options->out);
	csv_number(table->options->out, number);
}

static void print_text(const struct table *table, const char *text)
{
	fputc(',', table->options->out);
	csv_text(table->options->out, text, table->options->raw);
}

static void print_id(const struct table *table, uint32_t process, uint64_t id)
{
	char buffer[DESCRIBE_SIZE];

	print_text(table,
		   id ? describe_id(buffer, sizeof(buffer), table->model, process, id) : NULL);
}

static void list_outer_first(FILE *stream, const struct model_coroutine *coroutine, int left)
{
	if (coroutine->awaiter && left) {
		list_outer_first(stream, coroutine->awaiter, left - 1);
		fputc(';', stream);
	}
	fputs(coroutine->function->name, stream);
}

/* The functions of its coroutines, as folded stacks have them. */
static void list_coroutines(FILE *stream, struct table *table, uint32_t index)
{
	const struct model_task *task = table->graph->vertices[index].task;
	enum { CHAIN_MAX = 1000 };

	if (task->innermost)
		list_outer_first(stream, task->innermost, CHAIN_MAX);
	else if (task->function)
		fputs(task->function->name, stream);
}

/* Tasks, and gathers and the like, which tasks await. */
static void list_awaiters(FILE *stream, struct table *table, uint32_t index)
{
	const struct model_task *task = table->graph->vertices[index].task;
	const struct awaiter *end = table->awaiters + table->awaiter_count;
	const char *before = "";
	char buffer[DESCRIBE_SIZE];
	size_t i;

	for (; table->awaiter < end && table->awaiter->of <= index; table->awaiter++) {
		if (table->awaiter->of < index)
			continue;
		fprintf(stream, "%s%s", before,
			describe_task(buffer, sizeof(buffer), table->awaiter->task));
		before = ";";
	}
	for (i = 0; i < task->awaited_by_count; i++) {
		fprintf(stream, "%s%s", before,
			describe_id(buffer, sizeof(buffer), table->model, task->process,
				    task->awaited_by[i]));
		before = ";";
	}
}

static int print_list(struct table *table, uint32_t index,
		      void (*list)(FILE *stream, struct table *table, uint32_t index))
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	int err = stream ? 0 : -ENOMEM;

	if (stream)
		list(stream, table, index);
	if (stream && fclose(stream))
		err = -ENOMEM;
	if (!err)
		print_text(table, text);
	free(text);
	return err;
}

static void print_state(struct table *table, const struct model_task *task)
{
	static const char *const states[] = {
		[MODEL_AWAITING] = "awaiting",
		[MODEL_READY] = "ready",
		[MODEL_RUNNING] = "running",
	};
	uint64_t awaits = task->state == MODEL_AWAITING ? task->awaits : 0, since_ns;
	uint32_t process = task->process;
	bool least;

	since_ns = tree_since(table->model, task, &least);
	print_text(table, task->unknown ? NULL : states[task->state]);
	if (least || task->unknown)
		print_text(table, NULL);
	else
		print_number(table, since_ns);
	print_text(table, awaits ? describe_kind(awaits) : NULL);
	print_id(table, process, awaits);
	print_id(table, process, awaits ? model_holder(table->model, process, awaits) : 0);
}

static int print_row(struct table *table, uint32_t index)
{
	const struct model_task *task = table->graph->vertices[index].task;
	const struct model_loop *loop = table->loops->loops[tree_loop_of(table->loops, task)].loop;
	char place[DESCRIBE_SIZE];
	int err;

	csv_number(table->options->out, task->id & AT_ID_NUMBER);
	print_text(table, task->name);
	print_number(table, task->process);
	print_number(table, task->thread);
	if (loop)
		print_number(table, loop->id & AT_ID_NUMBER);
	else
		print_text(table, NULL);
	print_state(table, task);
	err = print_list(table, index, list_awaiters);
	if (!err)
		err = print_list(table, index, list_coroutines);
	if (err)
		return err;
	print_id(table, task->process, task->creator);
	print_text(table, task->place ? describe_place(place, sizeof(place), table->model,
						       task->process, task->place)
				      : NULL);
	if (task->existing)
		print_text(table, NULL);
	else
		print_number(table, task->created_ns);
	fputs(CSV_END, table->options->out);
	return 0;
}

int tree_print_csv(const struct view_options *options, const struct model *model,
		   const struct graph *graph, const struct tree_loops *loops)
{
	struct table table = {
		.options = options,
		.model = model,
		.graph = graph,
		.loops = loops,
	};
	int err = find_awaiters(&table);
	uint32_t i;

	if (!err)
		fputs(header, options->out);
	for (i = 0; i < graph->count && !err; i++) {
		if (graph->vertices[i].task)
			err = print_row(&table, i);
	}
	free(table.awaiters);
	return err;
}
