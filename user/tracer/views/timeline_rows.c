/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The timeline as CSV. Of a span that has begun only its number is kept, where the model keeps the
 * task or coroutine: what comes after names it as its parent, and its row comes with its end.
 */
#include "../formats/csv.h"
#include "describe.h"
#include "timeline.h"
#include <base/text.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct rows {
	const struct view_options *options;
	const struct model *model;
	uint64_t spans; /* so many have begun */
	int error;
};

/* Of a task, from its begin to its end. */
struct span {
	uint64_t id, parent;
};

struct row {
	uint64_t span_id;
	const char *kind;
	uint64_t task, parent_id;
	const char *name;
	uint32_t process, thread;
	uint64_t start_ns, end_ns;
	bool existing, torn;
	enum model_outcome outcome;
	uint64_t awaits, woken_by, cancelled_by;
	const struct model_function *function;
	uint64_t place; /* code address that comes before the function as its `where`, or 0 */

	/* Of what has one. */
	bool has_result;
	int64_t result;
	const char *message;
};

static void *rows_new(const struct view_options *options)
{
	struct rows *rows = calloc(1, sizeof(*rows));

	if (!rows)
		return NULL;
	rows->options = options;
	fputs("span_id,kind,task_id,parent_id,name,thread,start_ns,end_ns,duration_ns,status,"
	      "await_kind,await_target,woken_by,cancelled_by,result,where" CSV_END,
	      options->out);
	return rows;
}

static void rows_open(void *view, const struct model *model)
{
	struct rows *rows = view;

	rows->model = model;
}

static void comma(FILE *out)
{
	putc_unlocked(',', out);
}

/* A number, or an empty field instead of 0. */
static void print_known(FILE *out, uint64_t number)
{
	if (number)
		csv_number(out, number);
	comma(out);
}

static void print_status(FILE *out, const struct row *row)
{
	static const char *const outcomes[] = {
		[MODEL_RETURNED] = "ok",
		[MODEL_FAILED] = "failed",
		[MODEL_CANCELLED] = "cancelled",
		[MODEL_OPEN] = "open",
	};

	if (row->existing)
		fputs_unlocked("existing ", out);
	if (row->torn)
		fputs_unlocked("torn ", out);
	fputs_unlocked(outcomes[row->outcome], out);
	comma(out);
}

/* By numbers where there are some, which are unique, as names are not. */
static void print_id(const struct rows *rows, const struct row *row, uint64_t id)
{
	FILE *out = rows->options->out;
	uint64_t number = id & AT_ID_NUMBER;
	char buffer[DESCRIBE_SIZE];

	switch (AT_ID_TYPE(id)) {
	case AT_NOTHING:
	case AT_TIMER:
		break;
	case AT_TASK:
		fputs_unlocked("Task-", out);
		csv_number(out, number);
		break;
	case AT_READ:
	case AT_WRITE:
		fputs_unlocked("fd ", out);
		csv_number(out, number);
		break;
	case AT_CALLBACK:
		csv_text(out, describe_id(buffer, sizeof(buffer), rows->model, row->process, id),
			 rows->options->raw);
		break;
	default:
		fputs_unlocked(describe_kind(id), out);
		putc_unlocked(' ', out);
		csv_number(out, number);
	}
	comma(out);
}

/* An error has no sign before its name: spreadsheets would take that for a formula. */
static void print_result(const struct rows *rows, const struct row *row)
{
	bool failed = row->outcome == MODEL_FAILED && row->result < 0 && row->result >= -4095;
	const char *name = failed ? strerrorname_np(-row->result) : NULL;
	char text[32 + AT_TEXT_MAX];

	if (row->has_result && name) {
		snprintf(text, sizeof(text), "%s%s%s", name, row->message ? ": " : "",
			 row->message ? row->message : "");
		csv_text(rows->options->out, text, rows->options->raw);
	} else if (row->has_result) {
		if (row->result < 0)
			putc_unlocked('-', rows->options->out);
		csv_number(rows->options->out,
			   row->result < 0 ? -(uint64_t)row->result : (uint64_t)row->result);
	}
	comma(rows->options->out);
}

static void print_where(const struct rows *rows, const struct row *row)
{
	const struct model_place *place = NULL;
	const char *file = row->function ? row->function->file : NULL;
	uint32_t line = row->function ? row->function->line : 0;
	char text[AT_TEXT_MAX + 16];

	if (row->place)
		place = model_find_place(rows->model, row->process, row->place);
	if (place && place->file) {
		file = place->file;
		line = place->line;
	}
	if (!file)
		return;
	snprintf(text, sizeof(text), "%s:%" PRIu32, file, line);
	csv_text(rows->options->out, text, rows->options->raw);
}

static void print_row(const struct rows *rows, const struct row *row)
{
	bool open = row->outcome == MODEL_OPEN;
	FILE *out = rows->options->out;

	print_known(out, row->span_id);
	fputs_unlocked(row->kind, out);
	comma(out);
	print_known(out, row->task & AT_ID_NUMBER);
	print_known(out, row->parent_id);
	csv_text(out, row->name, rows->options->raw);
	comma(out);
	print_known(out, row->thread);
	csv_number(out, row->start_ns);
	comma(out);
	print_known(out, open ? 0 : row->end_ns);
	if (!open)
		csv_number(out, row->end_ns - row->start_ns);
	comma(out);
	print_status(out, row);
	if (row->awaits)
		fputs_unlocked(describe_kind(row->awaits), out);
	comma(out);
	print_id(rows, row, row->awaits);
	print_id(rows, row, row->woken_by);
	print_id(rows, row, row->cancelled_by);
	print_result(rows, row);
	print_where(rows, row);
	fputs_unlocked(CSV_END, out);
}

static uint64_t span_of(const struct model_coroutine *coroutine)
{
	return (uintptr_t)coroutine->user;
}

/* Where it was when it was created: a task that is met later has lost that. */
static uint64_t parent_of(const struct rows *rows, const struct model_task *task)
{
	const struct model_task *creator =
		model_find_task(rows->model, task->process, task->creator);
	const struct span *span = creator && creator != task ? creator->user : NULL;

	if (!span)
		return 0;
	return creator->innermost && !task->existing ? span_of(creator->innermost) : span->id;
}

static void rows_task_begin(void *view, uint64_t now_ns, struct model_task *task)
{
	struct rows *rows = view;
	struct span *span = malloc(sizeof(*span));

	(void)now_ns;
	if (!span) {
		rows->error = -ENOMEM;
		return;
	}
	span->id = ++rows->spans;
	span->parent = parent_of(rows, task);
	task->user = span;
}

static void rows_task_end(void *view, uint64_t now_ns, struct model_task *task)
{
	const struct model_times *times = &task->times;
	const struct model_end *end = task->end;
	struct span *span = task->user;
	struct rows *rows = view;
	struct row row = {
		.kind = "task",
		.task = task->id,
		.name = task->name,
		.process = task->process,
		.thread = task->thread,
		.start_ns = task->created_ns,
		.end_ns = task->created_ns + times->running + times->ready + times->awaiting,
		.existing = task->existing,
		.outcome = end ? end->outcome : MODEL_OPEN,
		.cancelled_by = task->cancelled_by,
		.function = task->function,
		.place = task->place,
	};

	(void)now_ns;
	if (end) {
		row.has_result = end->outcome != MODEL_OPEN && end->outcome != MODEL_CANCELLED;
		row.result = end->result;
		row.message = end->message;
	}
	if (span) {
		row.span_id = span->id;
		row.parent_id = span->parent;
	}
	print_row(rows, &row);
	free(span);
	task->user = NULL;
}

static void rows_begin(void *view, uint64_t now_ns, struct model_coroutine *coroutine)
{
	struct rows *rows = view;

	(void)now_ns;
	coroutine->user = (void *)(uintptr_t)++rows->spans;
}

static uint64_t awaiter_of(const struct model_coroutine *coroutine)
{
	const struct span *span = coroutine->task ? coroutine->task->user : NULL;

	if (coroutine->awaiter)
		return span_of(coroutine->awaiter);
	return span ? span->id : 0;
}

static void rows_end(void *view, uint64_t now_ns, struct model_coroutine *coroutine,
		     const struct model_end *end)
{
	bool cancelled = end->outcome == MODEL_CANCELLED;
	const struct model_task *task = coroutine->task;
	const struct rows *rows = view;
	const struct row row = {
		.span_id = span_of(coroutine),
		.kind = "coroutine",
		.task = task ? task->id : 0,
		.parent_id = awaiter_of(coroutine),
		.name = coroutine->function->name,
		.process = coroutine->process,
		.thread = coroutine->thread,
		.start_ns = coroutine->begun_ns,
		.end_ns = coroutine->ended_ns,
		.existing = coroutine->existing,
		.outcome = end->outcome,
		.cancelled_by = task && cancelled ? task->cancelled_by : 0,
		.function = coroutine->function,
		.has_result = end->outcome == MODEL_RETURNED || end->outcome == MODEL_FAILED,
		.result = end->result,
		.message = end->message,
	};

	(void)now_ns;
	print_row(rows, &row);
}

static void name_interval(struct row *row, const struct model_interval *interval)
{
	const struct model_task *task = interval->task;
	const struct span *span = task ? task->user : NULL;

	row->function = interval->function;
	if (!task) {
		row->name = interval->function ? interval->function->name : NULL;
		return;
	}
	row->task = task->id;
	row->name = task->name;
	row->parent_id = span ? span->id : 0;
	if (task->innermost)
		row->function = task->innermost->function;
}

static enum model_outcome outcome_of(const struct model_interval *interval)
{
	if (interval->open)
		return MODEL_OPEN;
	if (interval->kind != MODEL_JOB || interval->result >= 0)
		return MODEL_RETURNED;
	return interval->result == -ECANCELED ? MODEL_CANCELLED : MODEL_FAILED;
}

static void rows_interval(void *view, const struct model_interval *interval)
{
	static const char *const kinds[] = {
		[MODEL_STEP] = "step",	 [MODEL_CALLBACK] = "callback", [MODEL_IDLE] = NULL,
		[MODEL_QUEUE] = "ready", [MODEL_AWAIT] = "await",	[MODEL_JOB] = "job",
	};
	struct rows *rows = view;
	struct row row = {
		.kind = kinds[interval->kind],
		.process = interval->process,
		.thread = interval->thread,
		.start_ns = interval->begin_ns,
		.end_ns = interval->end_ns,
		.existing = interval->existing,
		.torn = interval->torn,
		.outcome = outcome_of(interval),
		.awaits = interval->awaits,
		.woken_by = interval->woken_by,
		.result = interval->result,
	};

	if (!row.kind)
		return;
	row.span_id = ++rows->spans;
	row.has_result = interval->kind == MODEL_JOB && row.outcome != MODEL_OPEN;
	name_interval(&row, interval);
	print_row(rows, &row);
}

static void rows_lost(void *view, uint64_t begin_ns, uint64_t end_ns, uint32_t process,
		      uint32_t thread, uint64_t count)
{
	struct rows *rows = view;
	const struct row row = {
		.span_id = ++rows->spans,
		.kind = "lost",
		.process = process,
		.thread = thread,
		.start_ns = begin_ns,
		.end_ns = end_ns,
		.outcome = MODEL_RETURNED,
		.has_result = true,
		.result = count,
	};

	print_row(rows, &row);
}

static int rows_finish(void *state, const struct model *model)
{
	const struct rows *rows = state;

	(void)model;
	return rows->error;
}

const struct view timeline_rows = {
	.listener = {
		.open = rows_open,
		.task_begin = rows_task_begin,
		.task_end = rows_task_end,
		.begin = rows_begin,
		.end = rows_end,
		.interval = rows_interval,
		.lost = rows_lost,
	},
	.open = rows_new,
	.finish = rows_finish,
	.free = free,
};
