/* SPDX-License-Identifier: BSD-2-Clause */
#include "flame_row.h"
#include "colour.h"
#include <base/text.h>
#include <inttypes.h>

enum { WIDTH_MIN = 60, NUMBERS_WIDTH = 27, BAR_MAX = 40, NAME_MIN = 16, DEPTH_WIDTH = 3 };

/* What is drawn with, in a locale of UTF-8 and elsewhere. */
struct flame_glyphs {
	const char *states[STACKS_STATES];
	const char *child, *last, *line, *more;
	unsigned int more_width;
};

static const struct flame_glyphs unicode = {
	.states = { "█", "▓", "░" },
	.child = "├─",
	.last = "└─",
	.line = "│ ",
	.more = "…",
	.more_width = 1,
};

static const struct flame_glyphs ascii = {
	.states = { "#", "+", "." },
	.child = "|-",
	.last = "`-",
	.line = "| ",
	.more = "...",
	.more_width = 3,
};

static const char *const colours[STACKS_STATES] = { COLOUR_RED, COLOUR_YELLOW, COLOUR_CYAN };

static double part_of(const struct flame_rows *rows, uint64_t ns)
{
	uint64_t all_ns = rows->stacks->root->weight_ns;
	double part = all_ns ? (double)ns / all_ns : 0;

	return part < 1 ? part : 1;
}

static unsigned int print_cells(const struct flame_rows *rows, int state, unsigned int from,
				uint64_t until_ns)
{
	unsigned int until = part_of(rows, until_ns) * rows->bar_width + 0.5;

	if (until <= from)
		return from;
	colour_begin(rows->options, colours[state]);
	for (; from < until; from++)
		fputs(rows->glyphs->states[state], rows->options->out);
	colour_end(rows->options);
	return until;
}

static void print_bar(const struct flame_rows *rows, const struct stack *stack)
{
	unsigned int cells = 0;
	uint64_t sum_ns = 0;
	int state;

	if (!rows->split)
		cells = print_cells(rows, STACKS_RUNNING, 0, stack->weight_ns);
	for (state = 0; rows->split && state < STACKS_STATES; state++) {
		if (!(rows->stacks->states & 1U << state))
			continue;
		sum_ns += stack->total_ns[state];
		cells = print_cells(rows, state, cells, sum_ns);
	}
	fprintf(rows->options->out, "%*s", (int)(rows->bar_width - cells), "");
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
static unsigned int print_cut(const struct flame_rows *rows, const char *text, unsigned int room)
{
	unsigned int width = width_of(text), kept;
	const char *end = text;
	uint32_t point;

	if (width <= room) {
		fputs(text, rows->options->out);
		return room - width;
	}
	kept = room > rows->glyphs->more_width ? room - rows->glyphs->more_width : 0;
	while (kept--)
		end += text_decode(end, &point);
	fprintf(rows->options->out, "%.*s%s", (int)(end - text), text, rows->glyphs->more);
	return 0;
}

/* The lines of the tree; of a deep stack its depth, and the nearest. Returns the room left. */
static unsigned int print_lines(const struct flame_rows *rows, unsigned int depth, bool last)
{
	unsigned int levels = (rows->name_width - NAME_MIN) / 2, level = 1;
	const struct flame_glyphs *glyphs = rows->glyphs;

	if (!depth)
		return rows->name_width;
	if (depth > levels) {
		level += depth - levels;
		fprintf(rows->options->out, "%*u", DEPTH_WIDTH, depth);
	}
	for (; level < depth; level++)
		fputs(rows->last[level] ? "  " : glyphs->line, rows->options->out);
	fputs(last ? glyphs->last : glyphs->child, rows->options->out);
	return rows->name_width - 2 * (depth < levels ? depth : levels) -
	       (depth > levels ? DEPTH_WIDTH : 0);
}

bool flame_row_has(const struct flame_rows *rows, const struct stack *stack)
{
	return stack && stack->weight_ns >= rows->least_ns;
}

static void print_place(const struct flame_rows *rows, const struct stacks_frame *frame,
			unsigned int room)
{
	char buffer[TEXT_NAME_SIZE], place[TEXT_NAME_SIZE + 16];

	if (!frame->file)
		return;
	snprintf(place, sizeof(place), "  %s:%" PRIu32,
		 text_safe(buffer, sizeof(buffer), frame->file), frame->line);
	if (width_of(place) > room)
		return;
	colour_print(rows->options, COLOUR_DIM, place);
}

/* Whether it has stacks upon it, and none of them has a row. */
static bool has_hidden(const struct flame_rows *rows, const struct stack *stack)
{
	const struct stack *child = stack->children;

	return child && child->weight_ns && !flame_row_has(rows, child);
}

static void print_name(const struct flame_rows *rows, const struct stack *stack, bool last)
{
	unsigned int room = print_lines(rows, stack->depth, last);
	char buffer[TEXT_NAME_SIZE];

	if (!stack->frame) {
		print_cut(rows, "all tasks", room);
		return;
	}
	if (stack->frame->awaited)
		colour_begin(rows->options, colours[STACKS_AWAITING]);
	text_safe(buffer, sizeof(buffer), stacks_name(stack));
	room = print_cut(rows, buffer, room);
	if (stack->frame->awaited)
		colour_end(rows->options);
	if (has_hidden(rows, stack) && room > rows->glyphs->more_width) {
		fprintf(rows->options->out, " %s", rows->glyphs->more);
		room -= rows->glyphs->more_width + 1;
	}
	print_place(rows, stack->frame, room);
}

void flame_row_print(struct flame_rows *rows, const struct stack *stack, bool last)
{
	char duration[TEXT_DURATION_SIZE], calls[24] = "";

	if (stack->calls)
		snprintf(calls, sizeof(calls), "%" PRIu64, stack->calls);
	fprintf(rows->options->out, "%9s %6.1f %8s  ", text_duration(duration, stack->weight_ns),
		100 * part_of(rows, stack->weight_ns), calls);
	print_bar(rows, stack);
	fputs("  ", rows->options->out);
	rows->last[stack->depth] = last;
	print_name(rows, stack, last);
	fputc('\n', rows->options->out);
}

void flame_row_more(const struct flame_rows *rows, unsigned int depth, uint64_t count,
		    uint64_t sum_ns)
{
	char duration[TEXT_DURATION_SIZE];

	fprintf(rows->options->out, "%9s %6.1f %8s  %*s  ", text_duration(duration, sum_ns),
		100 * part_of(rows, sum_ns), "", (int)rows->bar_width, "");
	print_lines(rows, depth, true);
	fprintf(rows->options->out, "%s %" PRIu64 " more\n", rows->glyphs->more, count);
}

void flame_row_legend(const struct flame_rows *rows)
{
	const struct stack *root = rows->stacks->root;
	char duration[TEXT_DURATION_SIZE];
	uint64_t all_ns = 0;
	int state;

	for (state = 0; state < STACKS_STATES; state++)
		all_ns += root->total_ns[state];
	for (state = 0; state < STACKS_STATES; state++) {
		colour_begin(rows->options, colours[state]);
		if (rows->split)
			fprintf(rows->options->out, "%s ", rows->glyphs->states[state]);
		fprintf(rows->options->out, "%s", stacks_state_names[state]);
		colour_end(rows->options);
		fprintf(rows->options->out, " %s %.1f %%%s",
			text_duration(duration, root->total_ns[state]),
			all_ns ? 100.0 * root->total_ns[state] / all_ns : 0.0,
			state == STACKS_STATES - 1 ? "\n\n" : "   ");
	}
}

void flame_row_init(struct flame_rows *rows, const struct stacks *stacks,
		    const struct stacks_caption *caption, const struct view_options *options)
{
	unsigned int width = options->width > WIDTH_MIN ? options->width : WIDTH_MIN;
	unsigned int bar_width = width / 5 < BAR_MAX ? width / 5 : BAR_MAX;

	*rows = (struct flame_rows){
		.options = options,
		.glyphs = options->unicode ? &unicode : &ascii,
		.stacks = stacks,
		.split = caption->split,
		.bar_width = bar_width,
		.name_width = width - NUMBERS_WIDTH - bar_width - 2,
	};
}
