/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The timeline as CSV. Of a span that has begun only its number is kept, where the model keeps the
 * task or coroutine: what comes after names it as its parent, and its row comes with its end.
 */
#include "completeness.h"
#include "timeline.h"
#include "timeline_row.h"
#include <errno.h>
#include <stdlib.h>

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

static void *rows_new(const struct view_options *options)
{
	struct rows *rows = calloc(1, sizeof(*rows));

	if (!rows)
		return NULL;
	rows->options = options;
	row_print_head(options->out);
	return rows;
}

static void rows_open(void *view, const struct model *model)
{
	struct rows *rows = view;

	rows->model = model;
}

static uint64_t span_of(const struct model_coroutine *coroutine)
{
	return (uintptr_t)coroutine->user;
}

/* What is in that coroutine, or in none, of the task: a filter may have left out some. */
static uint64_t span_around(const struct model_coroutine *coroutine, const struct model_task *task)
{
	const struct span *span = task ? task->user : NULL;

	while (coroutine && !span_of(coroutine))
		coroutine = coroutine->awaiter;
	if (coroutine)
		return span_of(coroutine);
	return span ? span->id : 0;
}

/* Where it was when it was created: a task that is met later has lost that. */
static uint64_t parent_of(const struct rows *rows, const struct model_task *task)
{
	const struct model_task *creator =
		model_find_task(rows->model, task->process, task->creator);

	if (!creator || creator == task)
		return 0;
	return span_around(task->existing ? NULL : creator->innermost, creator);
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
		.options = rows->options,
		.model = rows->model,
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
	row.span_id = span ? span->id : ++rows->spans;
	row.parent_id = span ? span->parent : 0;
	row_print(&row);
	free(span);
	task->user = NULL;
}

static void rows_begin(void *view, uint64_t now_ns, struct model_coroutine *coroutine)
{
	struct rows *rows = view;

	(void)now_ns;
	coroutine->user = (void *)(uintptr_t)++rows->spans;
}

static void rows_end(void *view, uint64_t now_ns, struct model_coroutine *coroutine,
		     const struct model_end *end)
{
	bool cancelled = end->outcome == MODEL_CANCELLED;
	const struct model_task *task = coroutine->task;
	struct rows *rows = view;
	const struct row row = {
		.options = rows->options,
		.model = rows->model,
		.span_id = coroutine->user ? span_of(coroutine) : ++rows->spans,
		.kind = "coroutine",
		.task = task ? task->id : 0,
		.parent_id = span_around(coroutine->awaiter, task),
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
	row_print(&row);
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
		.options = rows->options,
		.model = rows->model,
		.kind = kinds[interval->kind],
		.process = interval->process,
		.thread = interval->thread,
		.start_ns = interval->begin_ns,
		.end_ns = interval->end_ns,
		.existing = interval->existing,
		.torn = interval->torn,
		.outcome = outcome_of(interval),
		.awaits = interval->kind == MODEL_JOB ? interval->id : interval->awaits,
		.woken_by = interval->woken_by,
		.result = interval->result,
	};

	if (!row.kind)
		return;
	row.span_id = ++rows->spans;
	row.has_result = interval->kind == MODEL_JOB && row.outcome != MODEL_OPEN;
	name_interval(&row, interval);
	row_print(&row);
}

static void rows_lost(void *view, uint64_t begin_ns, uint64_t end_ns, uint32_t process,
		      uint32_t thread, uint64_t count)
{
	struct rows *rows = view;
	const struct row row = {
		.options = rows->options,
		.model = rows->model,
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

	row_print(&row);
}

/* The last row: all that is open lasted until its end at least. */
static void print_trace(struct rows *rows, const struct model_totals *totals)
{
	const struct row row = {
		.options = rows->options,
		.model = rows->model,
		.span_id = ++rows->spans,
		.kind = "trace",
		.name = model_title(rows->model),
		.start_ns = totals->first_ns,
		.end_ns = totals->last_ns,
		.is_trace = true,
		.outcome = totals->complete ? MODEL_RETURNED : MODEL_OPEN,
	};

	row_print(&row);
}

/* What the kernel's side dropped may leave no hole, for nothing came after it. */
static int rows_finish(void *state, const struct model *model)
{
	const struct model_totals *totals = model_totals(model);
	uint64_t lost = completeness_lost(totals);
	struct rows *rows = state;

	if (lost > totals->lost)
		rows_lost(rows, totals->first_ns, totals->last_ns, 0, 0, lost - totals->lost);
	if (totals->records || lost)
		print_trace(rows, totals);
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
