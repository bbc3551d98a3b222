/* SPDX-License-Identifier: BSD-2-Clause */
/* One row of the flame summary: figures, a bar, and the name within the lines of the tree. */
#ifndef TRACER_FLAME_ROW_H
#define TRACER_FLAME_ROW_H

#include "../formats/stacks.h"
#include "view.h"

struct flame_glyphs;

struct flame_rows {
	const struct view_options *options;
	const struct flame_glyphs *glyphs;
	const struct stacks *stacks;
	bool split;
	unsigned int bar_width, name_width;
	uint64_t least_ns; /* that a stack must weigh to have a row; 0 at first */
	bool last[STACKS_DEPTH +
		  2]; /* by depth: the latest stack there is the last of its parent */
};

/* Fits rows into the width of the terminal, and draws with what the locale has. */
void flame_row_init(struct flame_rows *rows, const struct stacks *stacks,
		    const struct stacks_caption *caption, const struct view_options *options);

/* A line about the states, which is the key to the bars as well. */
void flame_row_legend(const struct flame_rows *rows);

/* Whether the stack has a row; null has none. */
bool flame_row_has(const struct flame_rows *rows, const struct stack *stack);

/* `last` of its parent. */
void flame_row_print(struct flame_rows *rows, const struct stack *stack, bool last);

/* The row that `count` stacks share, the last one of their parent. */
void flame_row_more(const struct flame_rows *rows, unsigned int depth, uint64_t count,
		    uint64_t sum_ns);

#endif
