/* SPDX-License-Identifier: BSD-2-Clause */
/* The words and their order are those of asyncio's _task_repr_info() and of the debug mode. */
#include "repr.h"
#include "describe.h"
#include <base/text.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* A task waits for a task that waits for a task: so many of them are told of. */
enum { NESTED_MAX = 6 };

static void print_name(FILE *out, const struct model_function *function)
{
	char buffer[TEXT_NAME_SIZE];

	fprintf(out, "%s()", text_safe(buffer, sizeof(buffer), function->name));
}

static void print_where(FILE *out, const char *what, const struct model_function *function)
{
	char buffer[DESCRIBE_SIZE];

	if (function->file)
		fprintf(out, "%s at %s", what, describe_function(buffer, sizeof(buffer), function));
}

void repr_function(FILE *out, const struct model_function *function)
{
	if (!function || !function->address) {
		fputc('?', out);
		return;
	}
	print_name(out, function);
	print_where(out, "", function);
}

void repr_handle(FILE *out, const struct model_function *function)
{
	fputs("<Handle ", out);
	repr_function(out, function);
	fputc('>', out);
}

static void print_coroutine(FILE *out, const struct model_task *task)
{
	const struct model_function *function = task->function;

	if (!function || !function->address)
		return;
	fputs(" coro=<", out);
	print_name(out, function);
	fputs(task->end ? " done" : " running", out);
	print_where(out, ", defined", function);
	fputc('>', out);
}

static void print_error(FILE *out, const struct model_end *end)
{
	bool known = end->result < 0 && end->result >= -4095;
	const char *name = known ? strerrorname_np(-end->result) : NULL;
	char buffer[TEXT_SIZE(AT_TEXT_MAX)];

	if (end->result == -ETIMEDOUT)
		name = "TimeoutError";
	if (name)
		fprintf(out, " exception=%s(", name);
	else
		fprintf(out, " exception=%" PRId64 "(", end->result);
	if (end->message)
		fputs(text_repr(buffer, sizeof(buffer), end->message), out);
	fputc(')', out);
}

static void print_end(FILE *out, const struct model_end *end)
{
	if (end->outcome == MODEL_RETURNED)
		fprintf(out, " result=%" PRId64, end->result);
	else if (end->outcome == MODEL_FAILED)
		print_error(out, end);
}

static const char *state_of(const struct model_task *task)
{
	if (!task->end)
		return "pending";
	return task->end->outcome == MODEL_CANCELLED ? "cancelled" : "finished";
}

static void print_task(FILE *out, const struct model *model, const struct model_task *task,
		       uint64_t awaits, int depth);

static void print_awaited(FILE *out, const struct model *model, uint32_t process, uint64_t id,
			  int depth)
{
	const struct model_task *task = model_find_task(model, process, id);
	char buffer[DESCRIBE_SIZE];

	fputs(" wait_for=", out);
	if (task && depth == NESTED_MAX)
		fputs("...", out);
	else if (task)
		print_task(out, model, task, task->awaits, depth + 1);
	else if (AT_ID_TYPE(id) == AT_FUTURE)
		fputs("<Future pending>", out);
	else
		fprintf(out, "<%s>", describe_id(buffer, sizeof(buffer), model, process, id));
}

static void print_task(FILE *out, const struct model *model, const struct model_task *task,
		       uint64_t awaits, int depth)
{
	char name[TEXT_SIZE(AT_TEXT_MAX)], place[DESCRIBE_SIZE];

	fprintf(out, "<Task %s name=%s", state_of(task), text_repr(name, sizeof(name), task->name));
	print_coroutine(out, task);
	if (awaits)
		print_awaited(out, model, task->process, awaits, depth);
	if (task->end)
		print_end(out, task->end);
	if (task->place)
		fprintf(out, " created at %s",
			describe_place(place, sizeof(place), model, task->process, task->place));
	fputc('>', out);
}

void repr_task(FILE *out, const struct model *model, const struct model_task *task, uint64_t awaits)
{
	print_task(out, model, task, awaits, 1);
}
