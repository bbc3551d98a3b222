/* SPDX-License-Identifier: BSD-2-Clause */
#include "flame_row.h"
#include <base/text.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <string.h>

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

static const char *const colours[STACKS_STATES] = { "\x1b[31m", "\x1b[33m", "\x1b[36m" };

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

static void set_colour(const struct flame_rows *rows, const char *colour)
{
	if (rows->colour)
		fputs(colour, rows->out);
}

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
	set_colour(rows, colours[state]);
	for (; from < until; from++)
		fputs(rows->glyphs->states[state], rows->out);
	set_colour(rows, "\x1b[m");
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
	fprintf(rows->out, "%*s", (int)(rows->bar_width - cells), "");
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
		fputs(text, rows->out);
		return room - width;
	}
	kept = room > rows->glyphs->more_width ? room - rows->glyphs->more_width : 0;
	while (kept--)
		end += text_decode(end, &point);
	fprintf(rows->out, "%.*s%s", (int)(end - text), text, rows->glyphs->more);
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
		fprintf(rows->out, "%*u", DEPTH_WIDTH, depth);
	}
	for (; level < depth; level++)
		fputs(rows->last[level] ? "  " : glyphs->line, rows->out);
	fputs(last ? glyphs->last : glyphs->child, rows->out);
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
	set_colour(rows, "\x1b[2m");
	fputs(place, rows->out);
	set_colour(rows, "\x1b[m");
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
		set_colour(rows, colours[STACKS_AWAITING]);
	text_safe(buffer, sizeof(buffer), stacks_name(stack));
	room = print_cut(rows, buffer, room);
	if (stack->frame->awaited)
		set_colour(rows, "\x1b[m");
	if (has_hidden(rows, stack) && room > rows->glyphs->more_width) {
		fprintf(rows->out, " %s", rows->glyphs->more);
		room -= rows->glyphs->more_width + 1;
	}
	print_place(rows, stack->frame, room);
}

void flame_row_print(struct flame_rows *rows, const struct stack *stack, bool last)
{
	char duration[TEXT_DURATION_SIZE], calls[24] = "";

	if (stack->calls)
		snprintf(calls, sizeof(calls), "%" PRIu64, stack->calls);
	fprintf(rows->out, "%9s %6.1f %8s  ", text_duration(duration, stack->weight_ns),
		100 * part_of(rows, stack->weight_ns), calls);
	print_bar(rows, stack);
	fputs("  ", rows->out);
	rows->last[stack->depth] = last;
	print_name(rows, stack, last);
	fputc('\n', rows->out);
}

void flame_row_more(const struct flame_rows *rows, unsigned int depth, uint64_t count,
		    uint64_t sum_ns)
{
	char duration[TEXT_DURATION_SIZE];

	fprintf(rows->out, "%9s %6.1f %8s  %*s  ", text_duration(duration, sum_ns),
		100 * part_of(rows, sum_ns), "", (int)rows->bar_width, "");
	print_lines(rows, depth, true);
	fprintf(rows->out, "%s %" PRIu64 " more\n", rows->glyphs->more, count);
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
		set_colour(rows, colours[state]);
		if (rows->split)
			fprintf(rows->out, "%s ", rows->glyphs->states[state]);
		fprintf(rows->out, "%s", stacks_state_names[state]);
		set_colour(rows, "\x1b[m");
		fprintf(rows->out, " %s %.1f %%%s", text_duration(duration, root->total_ns[state]),
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
		.out = options->out,
		.glyphs = is_utf8() ? &unicode : &ascii,
		.stacks = stacks,
		.colour = options->colour,
		.split = caption->split,
		.bar_width = bar_width,
		.name_width = width - NUMBERS_WIDTH - bar_width - 2,
	};
}
