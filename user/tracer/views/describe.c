/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything is put together raw, and escaped once, at the end. */
#include "describe.h"
#include <base/text.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const char *const kinds[AT_TYPES_END] = {
	[AT_NOTHING] = "?",	      [AT_LOOP] = "loop",
	[AT_TASK] = "task",	      [AT_CALLBACK] = "callback",
	[AT_COROUTINE] = "coroutine", [AT_FUTURE] = "future",
	[AT_TIMER] = "sleep",	      [AT_READ] = "read",
	[AT_WRITE] = "write",	      [AT_LOCK] = "lock",
	[AT_EVENT] = "event",	      [AT_CONDITION] = "condition",
	[AT_SEMAPHORE] = "semaphore", [AT_BARRIER] = "barrier",
	[AT_QUEUE] = "queue",	      [AT_JOB] = "job",
	[AT_PROCESS] = "process",     [AT_SIGNAL] = "signal",
	[AT_GATHER] = "gather",	      [AT_WAIT] = "wait",
	[AT_SHIELD] = "shield",	      [AT_GROUP] = "group",
	[AT_TIMEOUT] = "timeout",     [AT_WAIT_FOR] = "wait_for",
};

const char *describe_kind(uint64_t id)
{
	return AT_ID_TYPE(id) < AT_TYPES_END ? kinds[AT_ID_TYPE(id)] : "?";
}

const char *describe_task(char *buffer, size_t size, const struct model_task *task)
{
	char raw[DESCRIBE_SIZE];

	if (task->function && task->function->address)
		snprintf(raw, sizeof(raw), "%s (%s)", task->name, task->function->name);
	else
		snprintf(raw, sizeof(raw), "%s", task->name);
	return text_safe(buffer, size, raw);
}

static const char *describe_callback(char *buffer, size_t size,
				     const struct model_function *function, uint64_t address)
{
	char raw[DESCRIBE_SIZE];

	if (function)
		snprintf(raw, sizeof(raw), "callback %s", function->name);
	else
		snprintf(raw, sizeof(raw), "callback 0x%" PRIx64, address);
	return text_safe(buffer, size, raw);
}

static const char *describe_signal(char *buffer, size_t size, uint64_t number)
{
	const char *name = number < NSIG ? sigabbrev_np(number) : NULL;

	if (name)
		snprintf(buffer, size, "signal %" PRIu64 " (SIG%s)", number, name);
	else
		snprintf(buffer, size, "signal %" PRIu64, number);
	return buffer;
}

const char *describe_id(char *buffer, size_t size, const struct model *model, uint32_t process,
			uint64_t id)
{
	const struct model_task *task = model_find_task(model, process, id);
	uint64_t number = id & AT_ID_NUMBER;

	if (task)
		return describe_task(buffer, size, task);
	switch (AT_ID_TYPE(id)) {
	case AT_CALLBACK:
		return describe_callback(buffer, size, model_find_function(model, process, number),
					 number);
	case AT_SIGNAL:
		return describe_signal(buffer, size, number);
	case AT_TASK:
		snprintf(buffer, size, "Task-%" PRIu64, number);
		break;
	case AT_READ:
		snprintf(buffer, size, "read of fd %" PRIu64, number);
		break;
	case AT_WRITE:
		snprintf(buffer, size, "write to fd %" PRIu64, number);
		break;
	case AT_NOTHING:
		snprintf(buffer, size, number ? "thread %" PRIu64 : "?", number);
		break;
	case AT_TIMER:
		snprintf(buffer, size, "%s", describe_kind(id));
		break;
	default:
		snprintf(buffer, size, "%s %" PRIu64, describe_kind(id), number);
	}
	return buffer;
}

static const char *describe_line(char *buffer, size_t size, const char *file, uint32_t line)
{
	char raw[DESCRIBE_SIZE];

	snprintf(raw, sizeof(raw), "%s:%" PRIu32, file, line);
	return text_safe(buffer, size, raw);
}

const char *describe_place(char *buffer, size_t size, const struct model *model, uint32_t process,
			   uint64_t address)
{
	const struct model_place *place = model_find_place(model, process, address);
	char raw[DESCRIBE_SIZE];

	if (place && place->file)
		return describe_line(buffer, size, place->file, place->line);
	if (place && place->function)
		snprintf(raw, sizeof(raw), "%s+?", place->function);
	else
		snprintf(raw, sizeof(raw), address ? "0x%" PRIx64 : "?", address);
	return text_safe(buffer, size, raw);
}

const char *describe_function(char *buffer, size_t size, const struct model_function *function)
{
	if (function && function->file)
		return describe_line(buffer, size, function->file, function->line);
	if (function)
		snprintf(buffer, size, "0x%" PRIx64, function->address);
	else
		snprintf(buffer, size, "?");
	return buffer;
}

const char *describe_end(char *buffer, size_t size, const struct model_end *end)
{
	bool is_errno = end->outcome == MODEL_FAILED && end->result < 0 && end->result >= -4095;
	const char *name = is_errno ? strerrorname_np(-end->result) : NULL;
	char number[24], raw[DESCRIBE_SIZE];

	snprintf(number, sizeof(number), "%" PRId64, end->result);
	if (end->outcome == MODEL_OPEN)
		return text_safe(buffer, size, "?");
	if (end->outcome == MODEL_CANCELLED)
		return text_safe(buffer, size, "cancelled");
	snprintf(raw, sizeof(raw), "%s%s%s%s", name ? "-" : "", name ? name : number,
		 end->message ? ": " : "", end->message ? end->message : "");
	return text_safe(buffer, size, raw);
}
