/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where does the time of each coroutine function go? One row each, the longest first; then the
 * loops, and how much of the stream has been seen.
 */
#include "../histogram.h"
#include "completeness.h"
#include "describe.h"
#include "view.h"
#include <base/text.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Columns that a name of usual length needs beside the others. */
enum { WIDE = 112 };

struct row {
	const struct model_function *function;
	uint64_t calls, failed, cancelled, open;
	uint64_t wall_ns;
	struct model_times times;
	struct histogram walls; /* of calls that were seen from their begin to their end */
	struct row *next;
};

struct summary {
	const struct view_options *options;
	FILE *out;
	bool narrow; /* the terminal has no room for all columns */
	struct row *rows;
	size_t count;
	struct histogram_room room;
	int error;
};

static void *summary_open(const struct view_options *options)
{
	struct summary *summary = calloc(1, sizeof(*summary));

	if (!summary)
		return NULL;
	summary->options = options;
	summary->out = options->out;
	summary->narrow = options->terminal && options->width < WIDE;
	return summary;
}

static struct row *row_of(struct summary *summary, struct model_function *function)
{
	struct row *row = function->user;

	if (row)
		return row;
	row = calloc(1, sizeof(*row));
	if (!row)
		return NULL;
	row->function = function;
	row->next = summary->rows;
	summary->rows = row;
	summary->count++;
	function->user = row;
	return row;
}

static void summary_end(void *view, uint64_t now_ns, struct model_coroutine *coroutine,
			const struct model_end *end)
{
	uint64_t wall_ns = coroutine->ended_ns - coroutine->begun_ns;
	struct summary *summary = view;
	struct row *row = row_of(summary, coroutine->function);

	(void)now_ns;
	if (!row) {
		summary->error = -ENOMEM;
		return;
	}
	row->calls++;
	row->failed += end->outcome == MODEL_FAILED;
	row->cancelled += end->outcome == MODEL_CANCELLED;
	row->open += end->outcome == MODEL_OPEN;
	row->wall_ns += wall_ns;
	row->times.running += coroutine->times.running;
	row->times.ready += coroutine->times.ready;
	row->times.awaiting += coroutine->times.awaiting;
	if (end->outcome != MODEL_OPEN && !coroutine->existing &&
	    histogram_add_within(&summary->room, &row->walls, wall_ns))
		summary->error = -ENOMEM;
}

static int by_wall(const void *one, const void *another)
{
	const struct row *a = *(const struct row *const *)one;
	const struct row *b = *(const struct row *const *)another;

	if (a->wall_ns != b->wall_ns)
		return a->wall_ns < b->wall_ns ? 1 : -1;
	return strcmp(a->function->name, b->function->name);
}

static void print_duration(FILE *out, uint64_t ns)
{
	char buffer[TEXT_DURATION_SIZE];

	fprintf(out, " %9s", text_duration(buffer, ns));
}

/* A narrow terminal shows the name, and how often it was called and where its time went. */
static void print_narrow_row(FILE *out, const struct row *row)
{
	char buffer[TEXT_NAME_SIZE];

	fprintf(out, "%7" PRIu64 " %6" PRIu64 " %6" PRIu64 " %4" PRIu64, row->calls, row->failed,
		row->cancelled, row->open);
	print_duration(out, row->wall_ns);
	print_duration(out, row->times.running);
	print_duration(out, row->times.ready);
	print_duration(out, row->times.awaiting);
	fprintf(out, "  %s\n", text_safe(buffer, sizeof(buffer), row->function->name));
}

static void print_head(const struct summary *summary)
{
	if (summary->narrow)
		fprintf(summary->out, "%7s %6s %6s %4s %9s %9s %9s %9s  %s\n", "calls", "failed",
			"cancel", "open", "wall", "running", "ready", "awaiting", "coroutine");
	else
		fprintf(summary->out, "%8s %6s %9s %6s %9s %9s %9s %9s %9s %9s %9s  %s\n", "calls",
			"failed", "cancelled", "open", "wall", "running", "ready", "awaiting",
			"p50", "p99", "max", "coroutine");
}

static void print_row(FILE *out, const struct row *row)
{
	const struct histogram *walls = &row->walls;
	char buffer[TEXT_NAME_SIZE];

	fprintf(out, "%8" PRIu64 " %6" PRIu64 " %9" PRIu64 " %6" PRIu64, row->calls, row->failed,
		row->cancelled, row->open);
	print_duration(out, row->wall_ns);
	print_duration(out, row->times.running);
	print_duration(out, row->times.ready);
	print_duration(out, row->times.awaiting);
	if (walls->count) {
		print_duration(out, histogram_percentile(walls, 50));
		print_duration(out, histogram_percentile(walls, 99));
		print_duration(out, walls->max);
	} else {
		fprintf(out, " %9s %9s %9s", "-", "-", "-");
	}
	fprintf(out, "  %s\n", text_safe(buffer, sizeof(buffer), row->function->name));
}

static int print_rows(const struct summary *summary)
{
	const struct row **rows, *row;
	size_t i = 0;

	if (!summary->count)
		return 0;
	rows = calloc(summary->count, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	for (row = summary->rows; row; row = row->next)
		rows[i++] = row;
	qsort(rows, summary->count, sizeof(*rows), by_wall);
	print_head(summary);
	for (i = 0; i < summary->count; i++) {
		if (summary->narrow)
			print_narrow_row(summary->out, rows[i]);
		else
			print_row(summary->out, rows[i]);
	}
	free(rows);
	if (summary->room.left_out)
		fprintf(summary->out,
			"p50, p99 and max are without %" PRIu64 " calls: too much at once\n",
			summary->room.left_out);
	return 0;
}

/* It may be gone: then a name that was set is, too. */
static void print_longest(FILE *out, const struct model *model, const struct model_loop *loop)
{
	const struct model_task *task = model_find_task(model, loop->process, loop->longest_what);
	char buffer[DESCRIBE_SIZE], duration[TEXT_DURATION_SIZE];
	uint64_t number = loop->longest_what & AT_ID_NUMBER;

	fprintf(out, ", longest step %s in ", text_duration(duration, loop->longest_ns));
	if (task) {
		fputs(describe_task(buffer, sizeof(buffer), task), out);
		return;
	}
	text_safe(buffer, sizeof(buffer), loop->longest_function->name);
	if (AT_ID_TYPE(loop->longest_what) == AT_TASK)
		fprintf(out, "Task-%" PRIu64 " (%s)", number, buffer);
	else
		fprintf(out, "callback %s", buffer);
}

static void print_loop(FILE *out, const struct model *model, const struct model_loop *loop)
{
	uint64_t total_ns = loop->last_ns - loop->first_ns;
	uint64_t busy_ns = total_ns > loop->idle_ns ? total_ns - loop->idle_ns : 0;

	fprintf(out,
		"loop %" PRIu64 " (thread %" PRIu32 "): %" PRIu64 " iterations, %.1f %% busy%s",
		(uint64_t)(loop->id & AT_ID_NUMBER), loop->thread, loop->iterations,
		total_ns ? 100.0 * busy_ns / total_ns : 0.0,
		model_totals(model)->detail < AT_DETAIL_NO_SWITCHES
			? ""
			: " before switches were left out");
	if (loop->longest_function)
		print_longest(out, model, loop);
	fputc('\n', out);
}

static void print_jobs(FILE *out, const struct model_totals *totals)
{
	if (!totals->jobs)
		return;
	fprintf(out, "jobs: %" PRIu64 " run", totals->jobs);
	if (totals->job_threads)
		fprintf(out, " on %" PRIu64 " thread%s", totals->job_threads,
			totals->job_threads == 1 ? "" : "s");
	if (totals->job_processes)
		fprintf(out, "%s in %" PRIu64 " process%s", totals->job_threads ? " and" : "",
			totals->job_processes, totals->job_processes == 1 ? "" : "es");
	fprintf(out, ", %" PRIu64 " done, %" PRIu64 " failed\n", totals->jobs_done,
		totals->jobs_failed);
}

static void print_totals(FILE *out, const struct model_totals *totals)
{
	char shed[COMPLETENESS_SIZE], unkept[COMPLETENESS_SIZE];

	fprintf(out,
		"tasks: %" PRIu64 " existed before the trace, %" PRIu64 " created, %" PRIu64
		" done\n",
		totals->tasks_existing, totals->tasks_created, totals->tasks_done);
	print_jobs(out, totals);
	if (!totals->complete)
		fputs("cut off: what came after the last record is not known\n", out);
	fprintf(out, "%" PRIu64 " records, %" PRIu64 " lost, %" PRIu64 " dropped", totals->records,
		completeness_lost(totals), totals->dropped);
	if (totals->forked)
		fprintf(out, ", %" PRIu64 " forked children not traced", totals->forked);
	if (totals->unread)
		fprintf(out, ", %" PRIu64 " thread%s may have had unread records", totals->unread,
			totals->unread == 1 ? "" : "s");
	fputc('\n', out);
	if (completeness_unkept(unkept, sizeof(unkept), totals))
		fprintf(out, "%s\n", unkept);
	if (completeness_shed(shed, sizeof(shed), totals))
		fprintf(out, "%s\n", shed);
}

static int summary_finish(void *state, const struct model *model)
{
	const struct model_loop *loop = model_loops(model);
	struct summary *summary = state;
	int ret = print_rows(summary);

	if (summary->options->filtered)
		fputs("of the whole trace:\n", summary->out);
	for (; loop; loop = loop->next)
		print_loop(summary->out, model, loop);
	print_totals(summary->out, model_totals(model));
	return ret ? ret : summary->error;
}

static void summary_free(void *state)
{
	struct summary *summary = state;
	struct row *row;

	if (!summary)
		return;
	while ((row = summary->rows)) {
		summary->rows = row->next;
		histogram_clear(&row->walls);
		free(row);
	}
	free(summary);
}

const struct view view_summary = {
	.listener = { .end = summary_end },
	.open = summary_open,
	.finish = summary_finish,
	.free = summary_free,
};
