/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What should have happened and never did: a failure that nobody looked at, a coroutine that nobody
 * ran, a task that did not get to its end, something that was not closed. Tracers hear of it, too.
 */
#include "runtime.h"
#include <stdarg.h>
#include <stdlib.h>

static const char task_unretrieved[] = "Task exception was never retrieved";
static const char future_unretrieved[] = "Future exception was never retrieved";
static const char destroyed[] = "Task was destroyed but it is pending!";

/* The handler may keep a reference. */
bool async__never_retrieved(struct async_future *future)
{
	struct async_loop *loop = async__loop_is_open(future->loop) ? future->loop : NULL;
	struct async_exception_context context = {
		.message = future->type == AT_TASK ? task_unretrieved : future_unretrieved,
		.exception = future->result,
		.exception_message = future->message,
		.future = future,
	};

	future->unretrieved = false;
	future->loop = loop;
	if (at_listening())
		async__trace_warning(AT_NEVER_RETRIEVED, async__trace_id(future),
				     future->type == AT_TASK ? task_of(future)->function : NULL,
				     async__origin_address(future->place, future->has_origin),
				     context.message);
	future->references++;
	async_loop_call_exception_handler(loop, &context);
	return --future->references;
}

void async__destroyed_pending(struct async_task *task)
{
	struct async_exception_context context = { .message = destroyed, .task = task };

	if (at_listening())
		async__trace_warning(AT_DESTROYED_PENDING, task_id(task), task->coroutine->function,
				     async__origin_address(task->future.place,
							   task->future.has_origin),
				     destroyed);
	async_loop_call_exception_handler(task->future.loop, &context);
}

static void trace_never_awaited(struct async_coroutine *coroutine, const char *message)
{
	if (!coroutine->number)
		coroutine->number = async__number_of(AT_COROUTINE);
	async__trace_warning(AT_NEVER_AWAITED, AT_ID(AT_COROUTINE, coroutine->number),
			     coroutine->function,
			     async__origin_address(coroutine->place, coroutine->has_origin),
			     message);
}

void async__never_awaited(struct async_coroutine *coroutine)
{
	char *message = NULL;
	FILE *stream;
	size_t size;

	if (async_log_get_level() > ASYNC_LOG_WARNING && !at_listening())
		return;
	stream = open_memstream(&message, &size);
	if (!stream)
		return;
	fprintf(stream, "coroutine '%s' was never awaited", coroutine->function->name);
	fflush(stream);
	if (at_listening() && message)
		trace_never_awaited(coroutine, message);
	if (coroutine->place.address) {
		fputs("\nCoroutine created at (most recent call last)", stream);
		async__print_frames(stream, coroutine->place, coroutine->has_origin);
	}
	fclose(stream);
	async__log_taking(ASYNC_LOG_WARNING, message);
}

void async__unclosed(uint64_t subject, uintptr_t place, bool log, const char *format, ...)
{
	char text[AT_TEXT_MAX + 1];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (at_listening())
		async__trace_warning(AT_UNCLOSED, subject, NULL, place, text);
	if (log)
		async_log(ASYNC_LOG_WARNING, "%s", text);
}
