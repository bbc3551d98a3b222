/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What should have happened and never did: a failure that nobody looked at, a coroutine that nobody
 * ran, a task that did not get to its end. Tracers hear of it, too.
 */
#include "runtime.h"
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
	if (at_listening())
		async__trace_warning(AT_ID(future->type, future->number), context.message);
	future->references++;
	async_loop_call_exception_handler(loop, &context);
	return --future->references;
}

void async__destroyed_pending(struct async_task *task)
{
	struct async_exception_context context = { .message = destroyed, .task = task };

	if (at_listening())
		async__trace_warning(task_id(task), destroyed);
	async_loop_call_exception_handler(task->future.loop, &context);
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
		async__trace_warning(AT_ID(AT_COROUTINE, coroutine->number), message);
	if (coroutine->place.address) {
		fputs("\nCoroutine created at (most recent call last)", stream);
		async__print_frames(stream, coroutine->place, coroutine->has_origin);
	}
	fclose(stream);
	async__log_taking(ASYNC_LOG_WARNING, message);
}
