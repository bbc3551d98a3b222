/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The heaviest stacks as a tree, with bars. What is too light for a row of its own is in the row of
 * its parent, and beside others in one that it shares.
 */
#include "flame.h"
#include "flame_row.h"
#include <base/text.h>
#include <errno.h>
#include <stdlib.h>

/* So many stacks are shown, or some more if they weigh the same; and none below a thousandth. */
enum { SHOWN_MAX = 40, TIES_MAX = 2 * SHOWN_MAX, LEAST_PART = 1000 };

/* Those of the same parent, from this one on, have no row of their own. */
struct rest {
	uint64_t count, sum_ns;
};

/* All zero if they do not matter. */
static struct rest rest_of(const struct flame_rows *rows, const struct stack *stack)
{
	struct rest rest = { 0 };

	for (; stack && stack->weight_ns; stack = stack->next) {
		rest.sum_ns += stack->weight_ns;
		rest.count++;
	}
	if (rest.sum_ns < rows->stacks->root->weight_ns / LEAST_PART)
		return (struct rest){ 0 };
	return rest;
}

/* Returns how many stacks have got a row. */
static size_t print_children(struct flame_rows *rows, const struct stack *parent)
{
	const struct stack *stack = parent->children;
	struct rest rest = { 0 };
	size_t shown = 0;

	for (; flame_row_has(rows, stack); stack = stack->next) {
		if (!flame_row_has(rows, stack->next))
			rest = rest_of(rows, stack->next);
		flame_row_print(rows, stack, !flame_row_has(rows, stack->next) && !rest.count);
		shown += 1 + print_children(rows, stack);
	}
	if (rest.count)
		flame_row_more(rows, parent->depth + 1, rest.count, rest.sum_ns);
	return shown;
}

static int heavier(const void *one, const void *another)
{
	const uint64_t *a = one, *b = another;

	return (*a < *b) - (*a > *b);
}

/* Finds the least weight that gets a row. Returns how many stacks weigh anything, or -ENOMEM. */
static ssize_t choose(struct flame_rows *rows)
{
	uint64_t least_ns = rows->stacks->root->weight_ns / LEAST_PART;
	const struct stack *stack = rows->stacks->root;
	uint64_t *weights;
	ssize_t count = 0;

	weights = calloc(rows->stacks->count, sizeof(*weights));
	if (!weights)
		return -ENOMEM;
	while ((stack = stacks_next(stack))) {
		if (stack->weight_ns)
			weights[count++] = stack->weight_ns;
	}
	qsort(weights, count, sizeof(*weights), heavier);
	if (count > SHOWN_MAX && weights[SHOWN_MAX] > least_ns)
		least_ns = weights[SHOWN_MAX];
	/* Too many that weigh the same have no row, all of them. */
	if (count > TIES_MAX && weights[TIES_MAX] == least_ns)
		least_ns++;
	rows->least_ns = least_ns ? least_ns : 1;
	free(weights);
	return count;
}

static const char *weight_name(unsigned int states)
{
	int state;

	for (state = 0; state < STACKS_STATES; state++) {
		if (states == 1U << state)
			return stacks_state_names[state];
	}
	return "time";
}

static void print_tree(struct flame_rows *rows, size_t count)
{
	size_t shown;

	fprintf(rows->options->out, "%9s %6s %8s\n", weight_name(rows->stacks->states), "%",
		"calls");
	flame_row_print(rows, rows->stacks->root, true);
	shown = print_children(rows, rows->stacks->root);
	if (shown < count)
		fprintf(rows->options->out,
			"\n%zu of %zu stacks are shown; -o FILE.svg draws more\n", shown, count);
}

int flame_print(const struct stacks *stacks, const struct stacks_caption *caption,
		const struct view_options *options)
{
	char title[TEXT_NAME_SIZE];
	struct flame_rows rows;
	ssize_t count;

	flame_row_init(&rows, stacks, caption, options);
	count = choose(&rows);
	if (count < 0)
		return count;
	fprintf(options->out, "%s: %s\n", text_safe(title, sizeof(title), caption->title),
		caption->subtitle);
	flame_row_legend(&rows);
	if (count)
		print_tree(&rows, count);
	else
		fputs("no such time was seen\n", options->out);
	if (caption->note)
		fprintf(options->out, "\n%s\n", caption->note);
	return 0;
}
