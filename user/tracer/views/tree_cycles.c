/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who waits for himself: in the words of asyncio's pstree, and a deadlock where locks are part of
 * it and nothing is left that could end it.
 */
#include "colour.h"
#include "describe.h"
#include "tree.h"
#include <inttypes.h>

enum { CYCLES_MAX = 10, LENGTH_MAX = 32 };

/* A thing between two tasks is named behind the one that awaits it. */
static void print_vertex(const struct tree_printer *printer, uint32_t index, bool begins)
{
	const struct graph_vertex *vertex = &printer->graph->vertices[index];
	const char *arrow = printer->options->unicode ? " → " : " -> ";
	FILE *out = printer->options->out;
	char buffer[DESCRIBE_SIZE];

	if (vertex->task || begins)
		fprintf(out, "%s%s", begins ? "" : arrow,
			describe_id(buffer, sizeof(buffer), printer->model, vertex->process,
				    vertex->id));
	else
		fprintf(out, " awaits %s",
			describe_id(buffer, sizeof(buffer), printer->model, vertex->process,
				    vertex->id));
}

/* Whether nothing is left to run that could end the cycle. */
static bool is_certain(const struct tree_printer *printer, uint32_t first)
{
	const struct model_task *task = printer->graph->vertices[first].task;

	return task && printer->loops->loops[tree_loop_of(printer->loops, task)].stuck;
}

static void print_cycle(const struct tree_printer *printer, uint32_t knot)
{
	size_t length, shown, i;
	uint32_t cycle[LENGTH_MAX];
	bool held = false, certain;

	length = graph_cycle(printer->graph, knot, cycle, LENGTH_MAX);
	shown = length < LENGTH_MAX ? length : LENGTH_MAX;
	certain = is_certain(printer, cycle[0]);
	for (i = 0; i < shown; i++)
		held |= printer->graph->vertices[cycle[i]].holder != GRAPH_NONE;
	fputs(held && certain ? "deadlock: " : "cycle: ", printer->options->out);
	for (i = 0; i < shown; i++)
		print_vertex(printer, cycle[i], !i);
	if (shown < length)
		fprintf(printer->options->out, " … %zu more", length - shown);
	print_vertex(printer, cycle[0], false);
	fputs(certain ? "\n" : ", unless something else ends it\n", printer->options->out);
}

static bool is_any_certain(const struct tree_printer *printer)
{
	const struct graph *graph = printer->graph;
	uint32_t i;

	for (i = 0; i < graph->count; i++) {
		if (graph->vertices[i].knot && is_certain(printer, i))
			return true;
	}
	return false;
}

void tree_print_cycles(const struct tree_printer *printer)
{
	uint32_t knots = printer->graph->knots, knot;
	FILE *out = printer->options->out;
	bool certain;

	if (!knots)
		return;
	certain = is_any_certain(printer);
	if (certain)
		colour_print(printer->options, COLOUR_RED, "ERROR: await-graph contains cycles");
	else
		fputs("await-graph contains cycles", out);
	fputc('\n', out);
	for (knot = 1; knot <= knots && knot <= CYCLES_MAX; knot++)
		print_cycle(printer, knot);
	if (knots > CYCLES_MAX)
		fprintf(out, "and %" PRIu32 " more\n", knots - CYCLES_MAX);
}
