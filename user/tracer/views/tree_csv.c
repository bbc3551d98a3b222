/* SPDX-License-Identifier: BSD-2-Clause */
/* One row per task. What is not known is an empty field; several of a kind are separated by spaces. */
#include "../formats/csv.h"
#include "describe.h"
#include "tree.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void print_number(FILE *out, uint64_t number)
{
	fputc(',', out);
	if (number)
		csv_number(out, number);
}

static void print_text(const struct view_options *options, const char *text)
{
	fputc(',', options->out);
	csv_text(options->out, text, options->raw);
}

/* The functions of its coroutines, the outermost first, as folded stacks have them. */
static void print_coroutines(const struct view_options *options, const struct model_task *task)
{
	const struct model_coroutine *coroutine;
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return;
	for (coroutine = task->innermost; coroutine; coroutine = coroutine->awaiter)
		;
}
