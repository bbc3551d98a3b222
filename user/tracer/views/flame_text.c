/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The heaviest stacks as a tree, with bars. What is too light for a row of its own is in the row of
 * its parent, and beside others in one that it shares.
 */
#include "flame.h"
#include <base/text.h>
#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

/* So many stacks are shown, or some more if they weigh the same; and none below a thousandth. */
enum { SHOWN_MAX = 40, TIES_MAX = 2 * SHOWN_MAX, LEAST_PART = 1000 };

enum { NUMBERS_WIDTH = 27, BAR_MIN = 8, BAR_MAX = 40, NAME_MIN = 24 };

/* What is drawn with, in a locale of UTF-8 and elsewhere. */
struct glyphs {
	const char *states[STACKS_STATES];
	const char *child, *last, *line, *more;
	unsigned int more_width;
};

static const struct glyphs unicode = {
	.states = { "█", "▓", "░" },
	.child = "├─",
	.last = "└─",
	.line = "│ ",
	.more = "…",
	.more_width = 1,
};

static const struct glyphs ascii = {
	.states = { "#", "+", "." },
	.child = "|-",
	.last = "`-",
	.line = "| ",
	.more = "...",
	.more_width = 3,
};

static const char *const colours[STACKS_STATES] = { "\x1b[31m", "\x1b[33m", "\x1b[36m" };

struct printer {
	FILE *out;
	const struct glyphs *glyphs;
	const struct stacks *stacks;
	bool colour, split;
	unsigned int bar_width, name_width;
	uint64_t least_ns;	     /* weight of what is shown */
	size_t shown, count;	     /* of the stacks that weigh anything, the root not included */
	bool last[STACKS_DEPTH + 2]; /* by depth: the stack that is printed is the last there */
};

static bool is_utf8(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", NULL);
	bool utf8;

	if (!locale)
		return false;
	utf8 = !strcmp(nl_langinfo_l(CODESET, locale), "UTF-8");
	freelocale(locale);
	return utf8;
}

static void set_colour(const struct printer *printer, const char *colour)
{
	if (printer->colour)
		fputs(colour, printer->out);
}

static double part_of(const struct printer *printer, uint64_t ns)
{
	uint64_t all_ns = printer->stacks->root->weight_ns;
	double part = all_ns ? (double)ns / all_ns : 0;

	return part < 1 ? part : 1;
}

static unsigned int print_cells(const struct printer *printer, int state, unsigned int from,
				uint64_t until_ns)
{
	unsigned int until = part_of(printer, until_ns) * printer->bar_width + 0.5;

	if (until <= from)
		return from;
	set_colour(printer, colours[state]);
	for (; from < until; from++)
		fputs(printer->glyphs->states[state], printer->out);
	set_colour(printer, "\x1b[m");
	return until;
}

static void print_bar(const struct printer *printer, const struct stack *stack)
{
	unsigned int cells = 0;
	uint64_t sum_ns = 0;
	int state;

	if (!printer->split)
		cells = print_cells(printer, STACKS_RUNNING, 0, stack->weight_ns);
	for (state = 0; printer->split && state < STACKS_STATES; state++) {
		if (!(printer->stacks->states & 1U << state))
			continue;
		sum_ns += stack->total_ns[state];
		cells = print_cells(printer, state, cells, sum_ns);
	}
	fprintf(printer->out, "%*s", (int)(printer->bar_width - cells), "");
}

/* Columns that the text takes, if each character takes one. */
static unsigned int width_of(const char *text)
{
	unsigned int width = 0;
	uint32_t point;

	for (; *text; width++)
		text += text_decode(text, &point);
	return width;
}

/* Prints safe text, cut to some columns. Returns how many are left. */
static unsigned int print_cut(const struct printer *printer, const char *text, unsigned int room)
{
	unsigned int width = width_of(text), kept;
	const char *end = text;
	uint32_t point;

	if (width <= room) {
		fputs(text, printer->out);
		return room - width;
	}
	kept = room > printer->glyphs->more_width ? room - printer->glyphs->more_width : 0;
	while (kept--)
		end += text_decode(end, &point);
	fprintf(printer->out, "%.*s%s", (int)(end - text), text, printer->glyphs->more);
	return 0;
}

/* The lines of the tree; of the deepest stacks, only those next to them. Returns the room left. */
static unsigned int print_lines(const struct printer *printer, unsigned int depth, bool last)
{
	unsigned int levels = (printer->name_width - NAME_MIN / 2) / 2, level = 1;
	const struct glyphs *glyphs = printer->glyphs;

	if (!depth)
		return printer->name_width;
	if (depth > levels) {
		level += depth - levels;
		fputs(glyphs->more, printer->out);
	}
	for (; level < depth; level++)
		fputs(printer->last[level] ? "  " : glyphs->line, printer->out);
	fputs(last ? glyphs->last : glyphs->child, printer->out);
	return printer->name_width - 2 * (depth < levels ? depth : levels) -
	       (depth > levels ? glyphs->more_width : 0);
}

static bool is_shown(const struct printer *printer, const struct stack *stack)
{
	return stack && stack->weight_ns >= printer->least_ns;
}

static void print_place(const struct printer *printer, const struct stacks_frame *frame,
			unsigned int room)
{
	char buffer[TEXT_NAME_SIZE], place[TEXT_NAME_SIZE + 16];

	if (!frame->file)
		return;
	snprintf(place, sizeof(place), "  %s:%" PRIu32,
		 text_safe(buffer, sizeof(buffer), frame->file), frame->line);
	if (width_of(place) > room)
		return;
	set_colour(printer, "\x1b[2m");
	fputs(place, printer->out);
	set_colour(printer, "\x1b[m");
}

/* Whether it has stacks upon it, and none of them has a row. */
static bool has_hidden(const struct printer *printer, const struct stack *stack)
{
	const struct stack *child = stack->children;

	return child && child->weight_ns && !is_shown(printer, child);
}

static void print_name(const struct printer *printer, const struct stack *stack, bool last)
{
	unsigned int room = print_lines(printer, stack->depth, last);
	char buffer[TEXT_NAME_SIZE];

	if (!stack->frame) {
		print_cut(printer, "all tasks", room);
		return;
	}
	if (stack->frame->awaited)
		set_colour(printer, colours[STACKS_AWAITING]);
	text_safe(buffer, sizeof(buffer), stacks_name(stack));
	room = print_cut(printer, buffer, room);
	if (stack->frame->awaited)
		set_colour(printer, "\x1b[m");
	if (has_hidden(printer, stack) && room > printer->glyphs->more_width) {
		fprintf(printer->out, " %s", printer->glyphs->more);
		room -= printer->glyphs->more_width + 1;
	}
	print_place(printer, stack->frame, room);
}

static void print_row(const struct printer *printer, const struct stack *stack, bool last)
{
	char duration[TEXT_DURATION_SIZE], calls[24] = "";

	if (stack->calls)
		snprintf(calls, sizeof(calls), "%" PRIu64, stack->calls);
	fprintf(printer->out, "%9s %6.1f %8s  ", text_duration(duration, stack->weight_ns),
		100 * part_of(printer, stack->weight_ns), calls);
	print_bar(printer, stack);
	fputs("  ", printer->out);
	print_name(printer, stack, last);
	fputc('\n', printer->out);
}

/* Weight of the stacks of the same parent, from this one on; nothing, if that does not matter. */
static uint64_t rest_of(const struct printer *printer, const struct stack *stack, uint64_t *count)
{
	uint64_t sum_ns = 0;

	*count = 0;
	for (; stack && stack->weight_ns; stack = stack->next) {
		sum_ns += stack->weight_ns;
		++*count;
	}
	return sum_ns >= printer->stacks->root->weight_ns / LEAST_PART ? sum_ns : 0;
}

static void print_rest(const struct printer *printer, const struct stack *stack)
{
	char duration[TEXT_DURATION_SIZE];
	uint64_t count, sum_ns = rest_of(printer, stack, &count);

	if (!sum_ns)
		return;
	fprintf(printer->out, "%9s %6.1f %8s  %*s  ", text_duration(duration, sum_ns),
		100 * part_of(printer, sum_ns), "", (int)printer->bar_width, "");
	print_lines(printer, stack->depth, true);
	fprintf(printer->out, "%s %" PRIu64 " more\n", printer->glyphs->more, count);
}

static void print_children(struct printer *printer, const struct stack *parent)
{
	const struct stack *stack = parent->children;
	uint64_t count;
	bool last;

	if (!is_shown(printer, stack))
		return;
	for (; is_shown(printer, stack); stack = stack->next) {
		last = !is_shown(printer, stack->next) && !rest_of(printer, stack->next, &count);
		printer->last[stack->depth] = last;
		printer->shown++;
		print_row(printer, stack, last);
		print_children(printer, stack);
	}
	print_rest(printer, stack);
}

static int heavier(const void *one, const void *another)
{
	const uint64_t *a = one, *b = another;

	return (*a < *b) - (*a > *b);
}

/* The least weight that gets a row. 0 or -ENOMEM. */
static int choose(struct printer *printer)
{
	uint64_t least_ns = printer->stacks->root->weight_ns / LEAST_PART;
	const struct stack *stack = printer->stacks->root;
	uint64_t *weights;
	size_t count = 0;

	weights = calloc(printer->stacks->count, sizeof(*weights));
	if (!weights)
		return -ENOMEM;
	while ((stack = stacks_next(stack))) {
		weights[count++] = stack->weight_ns;
		printer->count += stack->weight_ns > 0;
	}
	qsort(weights, count, sizeof(*weights), heavier);
	if (count > SHOWN_MAX && weights[SHOWN_MAX] > least_ns)
		least_ns = weights[SHOWN_MAX];
	/* Too many that weigh the same have no row, all of them. */
	if (count > TIES_MAX && weights[TIES_MAX] == least_ns)
		least_ns++;
	printer->least_ns = least_ns ? least_ns : 1;
	free(weights);
	return 0;
}

static void print_states(const struct printer *printer)
{
	const struct stack *root = printer->stacks->root;
	char duration[TEXT_DURATION_SIZE];
	uint64_t all_ns = 0;
	int state;

	for (state = 0; state < STACKS_STATES; state++)
		all_ns += root->total_ns[state];
	for (state = 0; state < STACKS_STATES; state++) {
		set_colour(printer, colours[state]);
		if (printer->split)
			fprintf(printer->out, "%s ", printer->glyphs->states[state]);
		fprintf(printer->out, "%s", stacks_state_names[state]);
		set_colour(printer, "\x1b[m");
		fprintf(printer->out, " %s %.1f %%%s",
			text_duration(duration, root->total_ns[state]),
			all_ns ? 100.0 * root->total_ns[state] / all_ns : 0.0,
			state == STACKS_STATES - 1 ? "\n\n" : "   ");
	}
}

static void print_title(const struct printer *printer, const struct stacks_caption *caption)
{
	char buffer[TEXT_NAME_SIZE];

	fprintf(printer->out, "%s: %s\n", text_safe(buffer, sizeof(buffer), caption->title),
		caption->subtitle);
	print_states(printer);
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

static void print_tree(struct printer *printer)
{
	fprintf(printer->out, "%9s %6s %8s\n", weight_name(printer->stacks->states), "%", "calls");
	print_row(printer, printer->stacks->root, true);
	print_children(printer, printer->stacks->root);
	if (printer->shown < printer->count)
		fprintf(printer->out, "\n%zu of %zu stacks are shown; -o FILE.svg draws all\n",
			printer->shown, printer->count);
}

int flame_print(const struct stacks *stacks, const struct stacks_caption *caption,
		const struct view_options *options)
{
	unsigned int width = options->width > 60 ? options->width : 60;
	struct printer printer = {
		.out = options->out,
		.glyphs = is_utf8() ? &unicode : &ascii,
		.stacks = stacks,
		.colour = options->colour,
		.split = caption->split,
		.bar_width = width / 5,
	};
	int err = choose(&printer);

	if (err)
		return err;
	if (printer.bar_width > BAR_MAX)
		printer.bar_width = BAR_MAX;
	printer.name_width = width - NUMBERS_WIDTH - printer.bar_width - 2;
	print_title(&printer, caption);
	if (stacks->root->weight_ns)
		print_tree(&printer);
	else
		fputs("no such time was seen\n", printer.out);
	if (caption->note)
		fprintf(printer.out, "\n%s\n", caption->note);
	return 0;
}
