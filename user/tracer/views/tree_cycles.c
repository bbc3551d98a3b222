/* SPDX-License-Identifier: BSD-2-Clause */
/* Who waits for himself: in the words of asyncio's pstree, and a deadlock where locks are part of it. */
#include "colour.h"
#include "describe.h"
#include "tree.h"
#include <inttypes.h>

enum { CYCLES_MAX = 10, LENGTH_MAX = 32 };

/* A thing between two tasks is named behind the one that awaits it. */
static void print_vertex(const struct tree_printer *printer, uint32_t index, bool begins)
{
	const struct graph_vertex *vertex = &printer->graph->vertices[index];
	const char *arrow = printer->unicode ? " → " : " -> ";
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

static void print_cycle(const struct tree_printer *printer, uint32_t knot)
{
	size_t length, shown, i;
	uint32_t cycle[LENGTH_MAX];
	bool held = false;

	length = graph_cycle(printer->graph, knot, cycle, LENGTH_MAX);
	shown = length < LENGTH_MAX ? length : LENGTH_MAX;
	for (i = 0; i < shown; i++)
		held |= printer->graph->vertices[cycle[i]].holder != GRAPH_NONE;
	fputs(held ? "deadlock: " : "cycle: ", printer->options->out);
	for (i = 0; i < shown; i++)
		print_vertex(printer, cycle[i], !i);
	if (shown < length)
		fprintf(printer->options->out, " … %zu more", length - shown);
	print_vertex(printer, cycle[0], false);
	fputc('\n', printer->options->out);
}

void tree_print_cycles(const struct tree_printer *printer)
{
	uint32_t knots = printer->graph->knots, knot;
	FILE *out = printer->options->out;

	if (!knots)
		return;
	colour_print(printer->options, COLOUR_RED, "ERROR: await-graph contains cycles");
	fputc('\n', out);
	for (knot = 1; knot <= knots && knot <= CYCLES_MAX; knot++)
		print_cycle(printer, knot);
	if (knots > CYCLES_MAX)
		fprintf(out, "and %" PRIu32 " more\n", knots - CYCLES_MAX);
}
