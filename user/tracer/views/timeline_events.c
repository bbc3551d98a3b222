/* SPDX-License-Identifier: BSD-2-Clause */
/* The records themselves as CSV, before anything is made of them: what tests and reports show. */
#include "../formats/csv.h"
#include "describe.h"
#include "timeline.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct events {
	const struct view_options *options;
};

/*
 * What subject, a, b and c of each kind are: an id, an address (x), a signed number (s), a number
 * (n), or text, which takes all of them.
 */
static const struct {
	uint16_t kind;
	const char *name, *fields;
} kinds[] = {
	{ AT_LOOP_START, "loop_start", "innn" },
	{ AT_LOOP_STOP, "loop_stop", "innn" },
	{ AT_STATE, "state", "innn" },
	{ AT_TEXT, "text", "t" },
	{ AT_FUNCTION, "function", "xnxn" },
	{ AT_TASK_CREATE, "task_create", "ixix" },
	{ AT_TASK_NAME, "task_name", "innn" },
	{ AT_TASK_CANCEL, "task_cancel", "iixi" },
	{ AT_TASK_DONE, "task_done", "isnn" },
	{ AT_COROUTINE_BEGIN, "coroutine_begin", "ixnn" },
	{ AT_ARGUMENTS, "arguments", "nnnn" },
	{ AT_COROUTINE_END, "coroutine_end", "isnn" },
	{ AT_SWITCH, "switch", "iiin" },
	{ AT_WARNING, "warning", "ixxn" },
	{ AT_JOB_BEGIN, "job_begin", "ixnn" },
	{ AT_JOB_END, "job_end", "isnn" },
	{ AT_DEPENDS, "depends", "iinn" },
	{ AT_ATTACH, "attach", "nnnn" },
	{ AT_LOST, "lost", "nnnn" },
	{ AT_DETACH, "detach", "nnnn" },
	{ AT_PLACE, "place", "xnnn" },
	{ AT_TITLE, "title", "nnnn" },
	{ AT_IMAGE, "image", "xnnn" },
};

/* Those that have a name: of the flags that `mask` covers, the kind has these. */
static const struct {
	uint16_t kind; /* 0: any */
	uint16_t mask, value;
	const char *name;
} flags[] = {
	{ 0, AT_EXISTING, AT_EXISTING, "existing" },
	{ AT_STATE, AT_END, AT_END, "end" },
	{ AT_TASK_DONE, AT_FAILED, AT_FAILED, "failed" },
	{ AT_TASK_DONE, AT_CANCELLED, AT_CANCELLED, "cancelled" },
	{ AT_COROUTINE_END, AT_FAILED, AT_FAILED, "failed" },
	{ AT_COROUTINE_END, AT_CANCELLED, AT_CANCELLED, "cancelled" },
	{ AT_SWITCH, AT_YIELDED, AT_YIELDED, "yielded" },
	{ AT_SWITCH, AT_ENDED, AT_ENDED, "ended" },
	{ AT_SWITCH, AT_ITERATION, AT_ITERATION, "iteration" },
	{ AT_SWITCH, AT_DELIVERS, AT_DELIVERS, "delivers" },
	{ AT_TASK_CANCEL, AT_REFUSED, AT_REFUSED, "refused" },
	{ AT_TASK_CANCEL, AT_TAKEN_BACK, AT_TAKEN_BACK, "taken_back" },
	{ AT_TASK_CANCEL, AT_TIMED_OUT, AT_TIMED_OUT, "timed_out" },
	{ AT_WARNING, 0xff, AT_NEVER_AWAITED, "never_awaited" },
	{ AT_WARNING, 0xff, AT_NEVER_RETRIEVED, "never_retrieved" },
	{ AT_WARNING, 0xff, AT_DESTROYED_PENDING, "destroyed_pending" },
	{ AT_WARNING, 0xff, AT_UNCLOSED, "unclosed" },
	{ AT_DEPENDS, AT_HOLDER, AT_HOLDER, "holder" },
	{ AT_TEXT, AT_TEXT_MORE, AT_TEXT_MORE, "more" },
	{ AT_TEXT, AT_TEXT_CUT, AT_TEXT_CUT, "cut" },
	{ AT_TEXT, AT_TEXT_ABSENT, AT_TEXT_ABSENT, "absent" },
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void *events_new(const struct view_options *options)
{
	struct events *events = calloc(1, sizeof(*events));

	if (!events)
		return NULL;
	events->options = options;
	fputs("time_ns,process,thread,sequence,kind,flags,subject,a,b,c" CSV_END, options->out);
	return events;
}

/* Names, and what has none as a number. The length of a text is seen. */
static void print_flags(FILE *out, const struct at_event *event)
{
	unsigned int left = event->kind == AT_TEXT ? event->flags & ~AT_TEXT_LENGTH : event->flags;
	const char *separator = "";
	size_t i;

	for (i = 0; left && i < COUNT(flags); i++) {
		if (flags[i].kind && flags[i].kind != event->kind)
			continue;
		if ((left & flags[i].mask) != flags[i].value)
			continue;
		fprintf(out, "%s%s", separator, flags[i].name);
		left &= ~flags[i].mask;
		separator = " ";
	}
	if (left)
		fprintf(out, "%s0x%x", separator, left);
}

static void print_id(FILE *out, uint64_t id)
{
	uint64_t number = id & AT_ID_NUMBER;

	if (AT_ID_TYPE(id) >= AT_TYPES_END)
		fprintf(out, "0x%" PRIx64, id);
	else if (AT_ID_TYPE(id) == AT_CALLBACK)
		fprintf(out, "callback:0x%" PRIx64, number);
	else if (id)
		fprintf(out, "%s:%" PRIu64, describe_kind(id), number);
}

static void print_text(const struct events *events, const struct at_event *event)
{
	size_t length = event->flags & AT_TEXT_LENGTH;
	char text[AT_TEXT_PIECE + 1];

	if (length > AT_TEXT_PIECE)
		length = AT_TEXT_PIECE;
	memcpy(text, &event->subject, length);
	text[length] = 0;
	csv_text(events->options->out, text, events->options->raw);
	fputs(",,,", events->options->out);
}

static void print_field(FILE *out, char type, uint64_t value)
{
	if (type == 'i')
		print_id(out, value);
	else if (type == 'x')
		fprintf(out, "0x%" PRIx64, value);
	else if (type == 's')
		fprintf(out, "%" PRId64, (int64_t)value);
	else
		csv_number(out, value);
}

static void print_fields(const struct events *events, const struct at_event *event,
			 const char *fields)
{
	const uint64_t values[] = { event->subject, event->a, event->b, event->c };
	FILE *out = events->options->out;
	size_t i;

	if (*fields == 't') {
		print_text(events, event);
		return;
	}
	for (i = 0; i < COUNT(values); i++) {
		if (i)
			putc_unlocked(',', out);
		print_field(out, fields[i], values[i]);
	}
}

static void events_record(void *view, const struct at_event *event)
{
	const uint64_t numbers[] = { event->time_ns, event->process, event->thread,
				     event->sequence };
	const struct events *events = view;
	FILE *out = events->options->out;
	size_t i;

	for (i = 0; i < COUNT(numbers); i++) {
		csv_number(out, numbers[i]);
		putc_unlocked(',', out);
	}
	for (i = 0; i < COUNT(kinds) && kinds[i].kind != event->kind; i++)
		;
	if (i < COUNT(kinds))
		fputs_unlocked(kinds[i].name, out);
	else
		csv_number(out, event->kind);
	putc_unlocked(',', out);
	print_flags(out, event);
	putc_unlocked(',', out);
	print_fields(events, event, i < COUNT(kinds) ? kinds[i].fields : "nnnn");
	fputs_unlocked(CSV_END, out);
}

static int events_finish(void *state, const struct model *model)
{
	(void)state;
	(void)model;
	return 0;
}

const struct view timeline_events = {
	.listener = { .record = events_record },
	.open = events_new,
	.finish = events_finish,
	.free = free,
};
