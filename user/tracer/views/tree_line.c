/* SPDX-License-Identifier: BSD-2-Clause */
#include "tree_line.h"
#include "colour.h"
#include "describe.h"
#include <base/text.h>
#include <inttypes.h>
#include <string.h>

/* Of a longer chain of coroutines, the middle is left out. */
enum { CHAIN_ENDS = 4 };

static void paint(const struct tree_printer *printer, const char *how, const char *text)
{
	colour_print(printer->options, how, text);
}

static void print_function(const struct tree_printer *printer,
			   const struct model_function *function, bool where)
{
	char name[TEXT_NAME_SIZE], place[DESCRIBE_SIZE];

	fputs(text_safe(name, sizeof(name), function->name), printer->options->out);
	if (!where || !function->file)
		return;
	fputc(' ', printer->options->out);
	paint(printer, COLOUR_DIM, describe_function(place, sizeof(place), function));
}

/* The functions of its coroutines, the outermost first. */
static void print_chain(const struct tree_printer *printer, const struct model_task *task,
			bool where)
{
	const struct model_function *inner[CHAIN_ENDS], *outer[CHAIN_ENDS];
	const char *arrow = printer->options->unicode ? " → " : " -> ";
	const struct model_coroutine *coroutine;
	size_t count = 0, i;

	for (coroutine = task->innermost; coroutine; coroutine = coroutine->awaiter, count++) {
		if (count < CHAIN_ENDS)
			inner[count] = coroutine->function;
		outer[count % CHAIN_ENDS] = coroutine->function;
	}
	if (!count && task->function)
		print_function(printer, task->function, where);
	for (i = count; i-- > 0;) {
		if (i >= CHAIN_ENDS && count - i > CHAIN_ENDS) {
			fprintf(printer->options->out, "%s%s %zu more", arrow,
				printer->options->unicode ? "…" : "...", i + 1 - CHAIN_ENDS);
			i = CHAIN_ENDS;
			continue;
		}
		if (i + 1 < count)
			fputs(arrow, printer->options->out);
		print_function(printer, i < CHAIN_ENDS ? inner[i] : outer[i % CHAIN_ENDS], where);
	}
}

static void print_holder(const struct tree_printer *printer, const struct model_task *task)
{
	uint64_t holder = model_holder(printer->model, task->process, task->awaits);
	char buffer[DESCRIBE_SIZE];

	if (holder == task->id)
		fputs(" (held by itself)", printer->options->out);
	else if (holder)
		fprintf(printer->options->out, " (held by %s)",
			describe_id(buffer, sizeof(buffer), printer->model, task->process, holder));
}

static void print_state(const struct tree_printer *printer, const struct model_task *task)
{
	char buffer[DESCRIBE_SIZE];

	if (task->unknown) {
		fputs("in a state that is not known", printer->options->out);
		return;
	}
	switch (task->state) {
	case MODEL_RUNNING:
		paint(printer, COLOUR_GREEN, "running");
		break;
	case MODEL_READY:
		paint(printer, COLOUR_YELLOW, "ready");
		break;
	case MODEL_AWAITING:
		fprintf(printer->options->out, "awaiting %s",
			describe_id(buffer, sizeof(buffer), printer->model, task->process,
				    task->awaits));
		print_holder(printer, task);
		break;
	}
}

/* Too short a part of an unknown time says nothing. */
#define LEAST_NS 100000000ULL

/* Who sleeps for longer sleeps for ever: a year. */
#define LEFT_NS 31536000000000000ULL

static void print_since(const struct tree_printer *printer, const struct model_task *task)
{
	uint64_t now_ns = model_totals(printer->model)->last_ns;
	uint64_t deadline_ns = (task->awaits & AT_ID_NUMBER) * 1000, since_ns;
	char duration[TEXT_DURATION_SIZE];
	bool least;

	if (task->unknown)
		return;
	since_ns = tree_since(printer->model, task, &least);
	if (!least || since_ns >= LEAST_NS)
		fprintf(printer->options->out, " for %s%s", least ? "at least " : "",
			text_duration(duration, since_ns));
	if (task->state == MODEL_AWAITING && AT_ID_TYPE(task->awaits) == AT_TIMER &&
	    deadline_ns > now_ns && deadline_ns - now_ns < LEFT_NS)
		fprintf(printer->options->out, ", %s left",
			text_duration(duration, deadline_ns - now_ns));
}

static void print_creation(const struct tree_printer *printer, const struct model_task *task)
{
	const struct model *model = printer->model;
	char buffer[DESCRIBE_SIZE];

	if (!(printer->options->columns & VIEW_WHERE) || !(task->creator || task->place))
		return;
	fputs(", created", printer->options->out);
	if (task->creator)
		fprintf(printer->options->out, " by %s",
			describe_id(buffer, sizeof(buffer), model, task->process, task->creator));
	if (task->place)
		fprintf(printer->options->out, " at %s",
			describe_place(buffer, sizeof(buffer), model, task->process, task->place));
}

void tree_line_task(const struct tree_printer *printer, const struct graph_vertex *vertex)
{
	const struct model_task *task = vertex->task;
	char name[TEXT_NAME_SIZE];

	paint(printer, COLOUR_BOLD, text_safe(name, sizeof(name), task->name));
	fputs(": ", printer->options->out);
	print_chain(printer, task, true);
	fputs(", ", printer->options->out);
	print_state(printer, task);
	print_since(printer, task);
	print_creation(printer, task);
}

void tree_line_reference(const struct tree_printer *printer, const struct graph_vertex *vertex)
{
	char buffer[DESCRIBE_SIZE];

	paint(printer, COLOUR_BOLD,
	      describe_id(buffer, sizeof(buffer), printer->model, vertex->process, vertex->id));
}

void tree_line_thing(const struct tree_printer *printer, const struct graph_vertex *vertex)
{
	tree_line_reference(printer, vertex);
	if (!vertex->awaiters)
		fputs(", which nobody awaits now", printer->options->out);
}

void tree_line_summary(const struct tree_printer *printer, const struct graph_vertex *vertex)
{
	const struct model_task *task = vertex->task;
	FILE *out = printer->options->out;

	if (!task) {
		fputs(describe_kind(vertex->id), out);
		return;
	}
	print_chain(printer, task, false);
	if (task->unknown)
		fputs(", in states that are not known", out);
	else if (task->state == MODEL_AWAITING)
		fprintf(out, ", awaiting %s", describe_kind(task->awaits));
	else
		fputs(task->state == MODEL_READY ? ", ready" : ", running", out);
}
