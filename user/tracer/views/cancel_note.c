/* SPDX-License-Identifier: BSD-2-Clause */
/* What became of a request, in words. */
#include "cancel_note.h"
#include "describe.h"
#include <base/text.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 1, 2))) static char *print(const char *format, ...)
{
	char *text = NULL;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	return length < 0 ? NULL : text;
}

char *cancel_note_name(const struct model *model, uint32_t process, uint64_t id)
{
	char buffer[DESCRIBE_SIZE];

	return strdup(describe_id(buffer, sizeof(buffer), model, process, id));
}

static bool depends_on(const struct model_task *task, uint64_t id)
{
	size_t i;

	for (i = 0; i < task->awaited_by_count; i++) {
		if (task->awaited_by[i] == id)
			return true;
	}
	return false;
}

/* The next task; null if no more may be looked at. */
static const struct model_task *look(const struct model *model, const struct model_task *task,
				     unsigned int *looks)
{
	if (!*looks)
		return NULL;
	--*looks;
	return model_next_task(model, task);
}

char *cancel_note_shielded(const struct model *model, uint32_t process, uint64_t shield,
			   unsigned int *looks)
{
	const struct model_task *task = NULL;
	char buffer[DESCRIBE_SIZE];

	while ((task = look(model, task, looks))) {
		if (task->process == process && depends_on(task, shield))
			return print("%s goes on", describe_task(buffer, sizeof(buffer), task));
	}
	return NULL;
}

bool cancel_note_lost(const struct model *model)
{
	const struct model_totals *totals = model_totals(model);

	return totals->lost || totals->dropped || totals->unkept || totals->detail;
}

const struct model_task *cancel_note_waiter(const struct model *model,
					    const struct model_cancel *cancel,
					    const struct model_task *task, unsigned int *looks)
{
	while ((task = look(model, task, looks))) {
		if (task->process == cancel->process && task->state == MODEL_AWAITING &&
		    task->awaits == cancel->subject)
			return task;
	}
	return NULL;
}

/* The last records of the task are missing, or the stream ends before. */
static char *note_open(const struct model *model, const char *duration, bool delivered)
{
	if (cancel_note_lost(model))
		return strdup("its end was not seen");
	if (delivered)
		return print("still going on after %s", duration);
	return print("not told yet, after %s", duration);
}

char *cancel_note_end(const struct model *model, uint64_t now_ns, const struct request *request,
		      const struct model_task *task, enum fate *fate)
{
	uint64_t from_ns = request->delivered_ns ? request->delivered_ns : request->asked_ns;
	const struct model_end *end = task->end;
	char duration[TEXT_DURATION_SIZE], how[DESCRIBE_SIZE];
	const char *verb;

	text_duration(duration, now_ns > from_ns ? now_ns - from_ns : 0);
	*fate = FATE_OPEN;
	if (!end || end->outcome == MODEL_OPEN)
		return request->existing ? strdup("still going on")
					 : note_open(model, duration, request->delivered_ns);
	*fate = FATE_CANCELLED;
	if (end->outcome == MODEL_CANCELLED)
		return task->begun || task->steps > 1 || task->existing || cancel_note_lost(model)
			       ? NULL
			       : strdup("it had not begun");
	verb = end->outcome == MODEL_FAILED ? "failed with" : "returned";
	describe_end(how, sizeof(how), end);
	*fate = FATE_SWALLOWED;
	if (request->existing)
		return print("%s %s", verb, how);
	if (request->delivered_ns)
		return print("ran on for %s, %s %s", duration, verb, how);
	if (cancel_note_lost(model)) {
		*fate = FATE_OPEN;
		return print("%s %s, whether it was told was not seen", verb, how);
	}
	/* Whoever it awaited was told in its place, and did not pass that back. */
	if (!list_empty(&request->children))
		return print("what it awaited took the request, it %s %s", verb, how);
	*fate = FATE_TOO_LATE;
	return print("%s %s before it was told", verb, how);
}

char *cancel_note_again(const struct model *model, uint64_t now_ns, const struct request *request,
			enum fate *fate)
{
	char duration[TEXT_DURATION_SIZE];

	*fate = FATE_OPEN;
	if (cancel_note_lost(model))
		return strdup("its end was not seen");
	*fate = FATE_SWALLOWED;
	text_duration(duration,
		      now_ns > request->delivered_ns ? now_ns - request->delivered_ns : 0);
	return print("ran on for %s, then it was asked again", duration);
}

/* The deadline has passed, and the block ends in another way. */
static char *note_in_vain(const struct model *model, uint64_t now_ns, const struct request *request,
			  enum fate *fate)
{
	char duration[TEXT_DURATION_SIZE];

	*fate = FATE_SWALLOWED;
	text_duration(duration,
		      now_ns > request->delivered_ns ? now_ns - request->delivered_ns : 0);
	if (request->delivered_ns)
		return print("ran on for %s, and did not time out", duration);
	if (!list_empty(&request->children))
		return strdup("what it awaited took the request, it did not time out");
	*fate = cancel_note_lost(model) ? FATE_OPEN : FATE_TOO_LATE;
	return strdup("it was done before it was told");
}

char *cancel_note_back(const struct model *model, uint64_t now_ns, const struct request *request,
		       const struct model_cancel *taken, enum fate *fate)
{
	unsigned int type = AT_ID_TYPE(taken->through);

	if (type == AT_TIMEOUT || type == AT_WAIT_FOR) {
		*fate = FATE_TIMED_OUT;
		if (taken->timed_out)
			return NULL;
		*fate = FATE_TOO_LATE;
		if (taken->refused)
			return strdup("what it awaited was done already");
		return note_in_vain(model, now_ns, request, fate);
	}
	*fate = type == AT_GROUP ? FATE_GROUP : FATE_WITHDRAWN;
	return NULL;
}

char *cancel_note_unasked(const struct model *model, const struct model_task *task, enum fate *fate)
{
	*fate = FATE_OPEN;
	if (cancel_note_lost(model))
		return strdup("who asked was not seen");
	*fate = FATE_ITSELF;
	return strdup(task->user ? "what it awaited was cancelled" : "it returned -ECANCELED");
}
