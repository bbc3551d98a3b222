/* SPDX-License-Identifier: BSD-2-Clause */
#include "folded.h"
#include <base/text.h>
#include <inttypes.h>
#include <string.h>

enum { NAME_SIZE = 1024 };

/* Where a stack ends in a space and a number, flamegraph.pl takes that for a second weight. */
static void join_number(char *name)
{
	static const char digits[] = "0123456789";
	char *space = strrchr(name, ' ');
	size_t length = space ? strspn(space + 1, digits) : 0;

	if (length && space[1 + length] == '.')
		length += 1 + strspn(space + length + 2, digits);
	if (length && !space[1 + length])
		*space = '_';
}

static void write_names(FILE *out, const struct stack *stack)
{
	char buffer[NAME_SIZE], *semicolon = buffer;

	if (stack->parent->frame) {
		write_names(out, stack->parent);
		fputc(';', out);
	}
	text_safe(buffer, sizeof(buffer), stacks_name(stack));
	while ((semicolon = strchr(semicolon, ';')))
		*semicolon = ':';
	join_number(buffer);
	fputs(buffer, out);
}

void folded_write(FILE *out, const struct stacks *stacks)
{
	const struct stack *stack = stacks->root;
	int state;

	while ((stack = stacks_next(stack))) {
		for (state = 0; state < STACKS_STATES; state++) {
			if (!(stacks->states & 1U << state) || !stack->self_ns[state])
				continue;
			write_names(out, stack);
			if (state == STACKS_READY)
				fputs(";[ready]", out);
			fprintf(out, " %" PRIu64 "\n", stack->self_ns[state]);
		}
	}
}
