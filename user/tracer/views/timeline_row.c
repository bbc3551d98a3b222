/* SPDX-License-Identifier: BSD-2-Clause */
/* One row of the timeline. What does not apply, or is not known, is an empty field. */
#include "timeline_row.h"
#include "../formats/csv.h"
#include "describe.h"
#include <inttypes.h>
#include <string.h>

void row_print_head(FILE *out)
{
	fputs("span_id,kind,task_id,parent_id,name,thread,start_ns,end_ns,duration_ns,status,"
	      "await_kind,await_target,woken_by,cancelled_by,result,where" CSV_END,
	      out);
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

static void print_status(const struct row *row)
{
	FILE *out = row->options->out;

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
static void print_id(const struct row *row, uint64_t id)
{
	FILE *out = row->options->out;
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
		csv_text(out, describe_id(buffer, sizeof(buffer), row->model, row->process, id),
			 row->options->raw);
		break;
	default:
		fputs_unlocked(describe_kind(id), out);
		putc_unlocked(' ', out);
		csv_number(out, number);
	}
	comma(out);
}

/* An error has no sign before its name: spreadsheets would take that for a formula. */
static void print_result(const struct row *row)
{
	bool failed = row->outcome == MODEL_FAILED && row->result < 0 && row->result >= -4095;
	const char *name = failed ? strerrorname_np(-row->result) : NULL;
	char text[32 + AT_TEXT_MAX];

	if (row->has_result && name) {
		snprintf(text, sizeof(text), "%s%s%s", name, row->message ? ": " : "",
			 row->message ? row->message : "");
		csv_text(row->options->out, text, row->options->raw);
	} else if (row->has_result) {
		if (row->result < 0)
			putc_unlocked('-', row->options->out);
		csv_number(row->options->out,
			   row->result < 0 ? -(uint64_t)row->result : (uint64_t)row->result);
	}
	comma(row->options->out);
}

static void print_where(const struct row *row)
{
	const struct model_place *place = NULL;
	const char *file = row->function ? row->function->file : NULL;
	uint32_t line = row->function ? row->function->line : 0;
	char text[AT_TEXT_MAX + 16];

	if (row->place)
		place = model_find_place(row->model, row->process, row->place);
	if (place && place->file) {
		file = place->file;
		line = place->line;
	}
	if (!file)
		return;
	snprintf(text, sizeof(text), "%s:%" PRIu32, file, line);
	csv_text(row->options->out, text, row->options->raw);
}

void row_print(const struct row *row)
{
	bool open = row->outcome == MODEL_OPEN && !row->is_trace;
	FILE *out = row->options->out;

	print_known(out, row->span_id);
	fputs_unlocked(row->kind, out);
	comma(out);
	print_known(out, row->task & AT_ID_NUMBER);
	print_known(out, row->parent_id);
	csv_text(out, row->name, row->options->raw);
	comma(out);
	print_known(out, row->thread);
	csv_number(out, row->start_ns);
	comma(out);
	print_known(out, open ? 0 : row->end_ns);
	if (!open)
		csv_number(out, row->end_ns - row->start_ns);
	comma(out);
	print_status(row);
	if (row->awaits)
		fputs_unlocked(describe_kind(row->awaits), out);
	comma(out);
	print_id(row, row->awaits);
	print_id(row, row->woken_by);
	print_id(row, row->cancelled_by);
	print_result(row);
	print_where(row);
	fputs_unlocked(CSV_END, out);
}
