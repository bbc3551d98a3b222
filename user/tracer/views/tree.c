/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which tasks are alive now, and who awaits whom with what? Each loop with its trees: their roots
 * are those whom nobody awaits.
 */
#include "tree.h"
#include "completeness.h"
#include "describe.h"
#include <base/text.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* Vertices that are roots, by the index of their loop. */
struct root {
	size_t loop;
	uint32_t vertex;
};

struct tree {
	const struct view_options *options;
};

static void *tree_open(const struct view_options *options)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	if (tree)
		tree->options = options;
	return tree;
}

uint64_t tree_since(const struct model *model, const struct model_task *task, bool *least)
{
	uint64_t now_ns = model_totals(model)->last_ns;

	*least = task->existing && !task->steps;
	return now_ns > task->since_ns ? now_ns - task->since_ns : 0;
}

/* Of what is no task, one that it depends on; null if it has none. */
static const struct model_task *task_of(const struct graph *graph, uint32_t index)
{
	const struct graph_vertex *vertex = &graph->vertices[index];
	int depth;

	for (depth = 0; !vertex->task && vertex->child_count && depth < 64; depth++)
		vertex = &graph->vertices[vertex->children[0]];
	return vertex->task;
}

static bool is_root(const struct graph_vertex *vertex)
{
	if (vertex->task)
		return !vertex->awaiters || vertex->knot;
	return !vertex->awaiters && vertex->child_count;
}

static int by_loop(const void *one, const void *another)
{
	const struct root *a = one, *b = another;

	if (a->loop != b->loop)
		return a->loop < b->loop ? -1 : 1;
	return (a->vertex > b->vertex) - (a->vertex < b->vertex);
}

/* Returns how many, or -ENOMEM. */
static ssize_t find_roots(const struct graph *graph, const struct tree_loops *loops,
			  struct root **ret)
{
	struct root *roots = calloc(graph->count + 1, sizeof(*roots));
	const struct model_task *task;
	size_t count = 0;
	uint32_t i;

	if (!roots)
		return -ENOMEM;
	for (i = 0; i < graph->count; i++) {
		task = is_root(&graph->vertices[i]) ? task_of(graph, i) : NULL;
		if (!task)
			continue;
		roots[count].vertex = i;
		roots[count++].loop = tree_loop_of(loops, task);
	}
	qsort(roots, count, sizeof(*roots), by_loop);
	*ret = roots;
	return count;
}

static void print_count(FILE *out, uint64_t count, const char *what)
{
	char buffer[TEXT_COUNT_SIZE];

	fprintf(out, "%s %s%s", text_count(buffer, count), what, count == 1 ? "" : "s");
}

static const char *describe_thread(char state)
{
	switch (state) {
	case 'R':
		return ", its thread is running";
	case 'S':
		return ", its thread sleeps in a system call";
	case 'D':
		return ", its thread waits in the kernel, for a disk perhaps";
	case 'T':
		return ", its thread is stopped by a signal";
	case 't':
		return ", its thread is stopped by a debugger";
	}
	return "";
}

/* What a loop is in that had to be read from outside. */
static void print_silence(const struct tree_printer *printer, const struct model_loop *loop)
{
	const struct model_task *task = model_find_task(printer->model, loop->process, loop->runs);
	char duration[TEXT_DURATION_SIZE], name[DESCRIBE_SIZE], place[DESCRIBE_SIZE];
	FILE *out = printer->options->out;

	fprintf(out, " does not answer (for %s%s): read from its memory",
		text_duration(duration, loop->silent_ns), describe_thread(loop->thread_state));
	if (loop->runs == loop->id)
		fputs(", it waits for events", out);
	else if (loop->runs)
		fprintf(out, ", it is in %s",
			describe_id(name, sizeof(name), printer->model, loop->process, loop->runs));
	if (task && task->innermost)
		fprintf(out, " at %s",
			describe_function(place, sizeof(place), task->innermost->function));
}

static void print_header(const struct tree_printer *printer, const struct tree_loop *tree_loop,
			 bool several)
{
	const struct model_loop *loop = tree_loop->loop;
	FILE *out = printer->options->out;

	if (!loop) {
		fputs("of a loop that is not known: ", out);
		print_count(out, tree_loop->tasks, "task");
		fputc('\n', out);
		return;
	}
	if (several)
		fprintf(out, "process %" PRIu32 ", ", loop->process);
	fprintf(out, "loop %" PRIu64 " (thread %" PRIu32 ")", (uint64_t)(loop->id & AT_ID_NUMBER),
		loop->thread);
	if (loop->silent_ns)
		print_silence(printer, loop);
	fputs(loop->silent_ns ? ";\n  " : ": ", out);
	print_count(out, tree_loop->tasks, "task");
	fputs(", ", out);
	print_count(out, loop->timers, "timer");
	fputs(", ", out);
	print_count(out, loop->callbacks, "callback");
	fputs(" ready\n", out);
}

/* Loops without tasks are told of if there is nothing else. */
static int print_loops(struct tree_printer *printer, const struct tree_loops *loops,
		       const struct root *roots, size_t root_count)
{
	const struct tree_loop *loop = loops->loops;
	bool several =
		loops->count > 1 && loop->loop->process != loop[loops->count - 2].loop->process;
	uint32_t *vertices = calloc(root_count + 1, sizeof(*vertices));
	size_t i, begin, end = 0;
	int err = vertices ? 0 : -ENOMEM;

	for (i = 0; i < root_count && !err; i++)
		vertices[i] = roots[i].vertex;
	for (i = 0; i < loops->count && !err; i++) {
		for (begin = end; end < root_count && roots[end].loop == i;)
			end++;
		if (!loop[i].tasks && (root_count || i))
			continue;
		print_header(printer, &loop[i], several);
		err = tree_print_roots(printer, vertices + begin, end - begin);
	}
	free(vertices);
	return err;
}

static int print_tree(const struct view_options *options, const struct model *model,
		      const struct graph *graph, const struct tree_loops *loops)
{
	struct tree_printer printer = {
		.options = options,
		.model = model,
		.graph = graph,
		.loops = loops,
		.printed = calloc(graph->count + 1, sizeof(bool)),
	};
	struct root *roots = NULL;
	ssize_t count = find_roots(graph, loops, &roots);
	int err = count < 0 || !printer.printed ? -ENOMEM : 0;

	if (!err && model_totals(model)->detail == AT_DETAIL_COUNTS)
		fputs("which tasks are alive is not known\n", options->out);
	else if (!err && !graph->count && loops->count == 1)
		fputs("no task is known to be alive\n", options->out);
	else if (!err)
		err = print_loops(&printer, loops, roots, count);
	if (!err)
		tree_print_cycles(&printer);
	free(printer.printed);
	free(roots);
	return err;
}

static int tree_finish(void *state, const struct model *model)
{
	const struct view_options *options = ((const struct tree *)state)->options;
	struct tree_loops loops = { 0 };
	struct graph *graph = NULL;
	int err = graph_new(&graph, model);

	if (!err)
		err = tree_find_loops(&loops, model);
	if (!err && options->format == VIEW_CSV)
		err = tree_print_csv(options, model, graph, &loops);
	else if (!err)
		err = print_tree(options, model, graph, &loops);
	if (!err && options->format != VIEW_CSV)
		completeness_print(options->out, model_totals(model));
	free(loops.loops);
	graph_free(graph);
	return err;
}

const struct view view_tree = {
	.formats = 1 << VIEW_CSV,
	.snapshot = true,
	.open = tree_open,
	.finish = tree_finish,
	.free = free,
};
