/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One line per task, below the task that awaits it. Siblings of the same shape are folded, what is
 * reached twice is printed once, and who is in a cycle has his own line: so there are at most as
 * many lines as edges, whatever the graph looks like.
 */
#include "describe.h"
#include "tree.h"
#include "tree_line.h"
#include <base/text.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	FOLD_FROM = 6,	/* as many of one shape are folded */
	FOLD_SHOWN = 3, /* of these */
	DEPTH_MAX = 64,
};

struct sibling {
	uint64_t shape;
	uint32_t vertex;
	uint32_t position;
	uint32_t first; /* position of the first one of its shape */
	uint32_t rank;	/* within its shape, from 0 */
	uint32_t count; /* of its shape */
};

/* What stands in front of the lines of one level. */
struct level {
	const struct level *outer; /* null for roots */
	bool last;		   /* nothing follows at the outer level */
	unsigned int depth;
};

static int print_siblings(struct tree_printer *printer, const uint32_t *vertices, size_t count,
			  uint32_t knot, const struct level *level);

static void print_bars(const struct tree_printer *printer, const struct level *level)
{
	const char *bar = printer->options->unicode ? "│   " : "|   ";

	if (!level->outer)
		return;
	print_bars(printer, level->outer);
	fputs(level->last ? "    " : bar, printer->options->out);
}

static void print_branch(const struct tree_printer *printer, const struct level *level, bool last)
{
	static const char *const branches[][2] = { { "|-- ", "`-- " }, { "├── ", "└── " } };

	print_bars(printer, level);
	fputs(branches[printer->options->unicode][last], printer->options->out);
}

/* What is below a vertex: of a task what it awaits, whose name is in its own line already. */
static int print_below(struct tree_printer *printer, uint32_t index, const struct level *level)
{
	const struct graph_vertex *vertex = &printer->graph->vertices[index], *awaited;
	uint32_t child = vertex->child_count ? vertex->children[0] : GRAPH_NONE;

	if (child == GRAPH_NONE)
		return 0;
	awaited = &printer->graph->vertices[child];
	if (!vertex->task || awaited->task || printer->printed[child])
		return awaited->task || awaited->child_count || !vertex->task
			       ? print_siblings(printer, vertex->children, vertex->child_count,
						vertex->knot, level)
			       : 0;
	printer->printed[child] = true;
	return print_siblings(printer, awaited->children, awaited->child_count, awaited->knot,
			      level);
}

static int print_vertex(struct tree_printer *printer, uint32_t index, const struct level *level,
			bool last)
{
	const struct graph_vertex *vertex = &printer->graph->vertices[index];
	const struct level below = { level, last, level->depth + 1 };
	FILE *out = printer->options->out;
	bool flat = vertex->knot && level->outer;

	print_branch(printer, level, last);
	if (printer->printed[index] || flat) {
		tree_line_reference(printer, vertex);
		fputs(flat ? ": in a cycle\n" : ": see above\n", out);
		return 0;
	}
	printer->printed[index] = true;
	if (vertex->task)
		tree_line_task(printer, vertex);
	else
		tree_line_thing(printer, vertex);
	fputc('\n', out);
	if (below.depth < DEPTH_MAX)
		return print_below(printer, index, &below);
	if (vertex->child_count) {
		print_branch(printer, &below, true);
		fputs(printer->options->unicode ? "…\n" : "...\n", out);
	}
	return 0;
}

static void print_fold(struct tree_printer *printer, const struct sibling *last,
		       const struct level *level, bool ends)
{
	const struct graph_vertex *vertex = &printer->graph->vertices[last->vertex];
	FILE *out = printer->options->out;
	char count[TEXT_COUNT_SIZE];

	print_branch(printer, level, ends);
	fprintf(out, "%s and %s more like it: ", printer->options->unicode ? "…" : "...",
		text_count(count, last->count - FOLD_SHOWN));
	tree_line_summary(printer, vertex);
	fputc('\n', out);
}

static int by_shape(const void *one, const void *another)
{
	const struct sibling *a = one, *b = another;

	if (a->shape != b->shape)
		return a->shape < b->shape ? -1 : 1;
	return (a->position > b->position) - (a->position < b->position);
}

static int by_first(const void *one, const void *another)
{
	const struct sibling *a = one, *b = another;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return (a->rank > b->rank) - (a->rank < b->rank);
}

/* Those of one shape behind each other, in the order of the first ones. */
static void group(struct sibling *siblings, size_t count)
{
	size_t begin, end, i;

	qsort(siblings, count, sizeof(*siblings), by_shape);
	for (begin = 0; begin < count; begin = end) {
		for (end = begin; end < count && siblings[end].shape == siblings[begin].shape;)
			end++;
		for (i = begin; i < end; i++) {
			siblings[i].first = siblings[begin].position;
			siblings[i].rank = i - begin;
			siblings[i].count = end - begin;
		}
	}
	qsort(siblings, count, sizeof(*siblings), by_first);
}

/* Takes what has a line of its own at this level. Returns how many, or -ENOMEM. */
static ssize_t take_siblings(const struct graph *graph, const uint32_t *vertices, size_t count,
			     uint32_t knot, struct sibling **ret)
{
	struct sibling *siblings = calloc(count + 1, sizeof(*siblings));
	size_t taken = 0, i;

	if (!siblings)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		const struct graph_vertex *vertex = &graph->vertices[vertices[i]];

		if (knot && vertex->knot == knot)
			continue;
		siblings[taken].vertex = vertices[i];
		siblings[taken].position = i;
		siblings[taken++].shape = vertex->knot ? vertices[i] : vertex->shape;
	}
	group(siblings, taken);
	*ret = siblings;
	return taken;
}

/* `knot`: of who awaits them; its other members are printed elsewhere. */
static int print_siblings(struct tree_printer *printer, const uint32_t *vertices, size_t count,
			  uint32_t knot, const struct level *level)
{
	struct sibling *siblings = NULL, *sibling;
	ssize_t taken = take_siblings(printer->graph, vertices, count, knot, &siblings);
	bool folded, ends;
	int err = 0;
	ssize_t i;

	for (i = 0; i < taken && !err; i++) {
		sibling = &siblings[i];
		folded = sibling->count >= FOLD_FROM && sibling->rank >= FOLD_SHOWN;
		if (folded)
			i += sibling->count - FOLD_SHOWN - 1;
		ends = i == taken - 1;
		if (folded)
			print_fold(printer, sibling, level, ends);
		else
			err = print_vertex(printer, sibling->vertex, level, ends);
	}
	free(siblings);
	return taken < 0 ? (int)taken : err;
}

int tree_print_roots(struct tree_printer *printer, const uint32_t *roots, size_t count)
{
	const struct level level = { 0 };

	return print_siblings(printer, roots, count, 0, &level);
}
