/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What started and finished, when? The lines that the decorator async_timed prints, for every
 * coroutine. Columns in front of them are as wide as the widest so far.
 */
#include "arguments.h"
#include "colour.h"
#include "completeness.h"
#include "describe.h"
#include "view.h"
#include <base/text.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A cell that is wider sticks out, instead of moving all that follow. */
enum { COLUMN_MAX = 32 };

struct timed {
	const struct view_options *options;
	const struct model *model;
	int task_width, where_width;
};

static void *timed_new(const struct view_options *options)
{
	struct timed *timed = calloc(1, sizeof(*timed));

	if (!timed)
		return NULL;
	timed->options = options;
	timed->task_width = strlen("Task-1");
	return timed;
}

static void timed_open(void *view, const struct model *model)
{
	struct timed *timed = view;

	timed->model = model;
}

static void print_cell(FILE *out, const char *text, int *width)
{
	int length = strlen(text);

	if (length > *width && length <= COLUMN_MAX)
		*width = length;
	fprintf(out, "%-*s  ", *width, text);
}

static void print_where(struct timed *timed, const struct model_function *function)
{
	char buffer[TEXT_NAME_SIZE], cell[TEXT_NAME_SIZE + 16];

	snprintf(cell, sizeof(cell), "%s:%" PRIu32,
		 text_safe(buffer, sizeof(buffer), function->file ? function->file : "?"),
		 function->line);
	print_cell(timed->options->out, function->file ? cell : "-", &timed->where_width);
}

static void print_columns(struct timed *timed, uint64_t now_ns,
			  const struct model_coroutine *coroutine)
{
	const struct view_options *options = timed->options;
	const char *task = coroutine->task ? coroutine->task->name : "-";
	char buffer[TEXT_NAME_SIZE];

	if (options->columns & VIEW_TIME)
		fprintf(options->out, "%11.6f ",
			(int64_t)(now_ns - model_totals(timed->model)->first_ns) / 1e9);
	if (options->columns & VIEW_TASK)
		print_cell(options->out, text_safe(buffer, sizeof(buffer), task),
			   &timed->task_width);
	if (options->columns & VIEW_WHERE)
		print_where(timed, coroutine->function);
}

static void print_function(FILE *out, const char *verb, const struct model_function *function)
{
	char buffer[TEXT_NAME_SIZE];

	fprintf(out, "%s <function %s at 0x%" PRIx64 ">", verb,
		text_safe(buffer, sizeof(buffer), function->name), function->address);
}

static void timed_begin(void *view, uint64_t now_ns, struct model_coroutine *coroutine)
{
	struct timed *timed = view;
	FILE *out = timed->options->out;

	if (coroutine->existing)
		return;
	print_columns(timed, now_ns, coroutine);
	print_function(out, "starting", coroutine->function);
	fputs(" with args ", out);
	arguments_print(out, coroutine);
	fputs(" {}\n", out);
}

static void print_outcome(const struct view_options *options, const struct model_end *end)
{
	bool failed = end->outcome == MODEL_FAILED;
	char buffer[DESCRIBE_SIZE], text[DESCRIBE_SIZE + 16];

	snprintf(text, sizeof(text), "(%s%s)", failed ? "error " : "",
		 describe_end(buffer, sizeof(buffer), end));
	fputc(' ', options->out);
	colour_print(options, failed ? COLOUR_RED : COLOUR_YELLOW, text);
}

static void timed_end(void *view, uint64_t now_ns, struct model_coroutine *coroutine,
		      const struct model_end *end)
{
	struct timed *timed = view;
	FILE *out = timed->options->out;

	if (end->outcome == MODEL_OPEN)
		return;
	print_columns(timed, now_ns, coroutine);
	print_function(out, "finished", coroutine->function);
	fprintf(out, " in %s%.4f second(s)", coroutine->existing ? "at least " : "",
		(coroutine->ended_ns - coroutine->begun_ns) / 1e9);
	if (end->outcome != MODEL_RETURNED)
		print_outcome(timed->options, end);
	if (coroutine->existing)
		fputs(" (began before the trace)", out);
	fputc('\n', out);
}

static int timed_finish(void *state, const struct model *model)
{
	struct timed *timed = state;

	completeness_print(timed->options->out, model_totals(model));
	return 0;
}

const struct view view_timed = {
	.listener = { .open = timed_open, .begin = timed_begin, .end = timed_end },
	.moments = true,
	.open = timed_new,
	.finish = timed_finish,
	.free = free,
};
