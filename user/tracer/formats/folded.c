/* SPDX-License-Identifier: BSD-2-Clause */
#include "folded.h"
#include <base/text.h>
#include <inttypes.h>
#include <string.h>

enum { NAME_SIZE = 1024 };

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
