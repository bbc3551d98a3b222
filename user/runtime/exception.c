/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exception handler of a loop: what nobody else gets to see is logged, unless the user sees to
 * it.
 */
#include "runtime.h"
#include <stdlib.h>

void async_loop_set_exception_handler(struct async_loop *loop, async_exception_handler *handler,
				      void *arg)
{
	loop->exception_handler = handler;
	loop->exception_handler_arg = arg;
}

void async_loop_call_exception_handler(struct async_loop *loop,
				       const struct async_exception_context *context)
{
	if (loop && loop->exception_handler)
		loop->exception_handler(loop, context, loop->exception_handler_arg);
	else
		async_loop_default_exception_handler(loop, context);
}

static void print_origin(FILE *stream, const struct async_future *future)
{
	if (!future || !future->has_origin)
		return;
	fputs("\nsource_traceback: Object created at (most recent call last):", stream);
	async__print_frames(stream, future->place, true);
}

/* The keys in the order of the alphabet; the exception, as a traceback does, comes last. */
static void print(FILE *stream, const struct async_exception_context *context)
{
	const struct slot *slot = context->handle.slot;

	fputs(context->message ? context->message : "Unhandled exception in event loop", stream);
	if (context->coroutine) {
		fputs("\ncoroutine: ", stream);
		async__print_coroutine(stream, context->coroutine);
	}
	if (context->future) {
		fputs("\nfuture: ", stream);
		async__print_future(stream, context->future);
	}
	if (slot && slot->serial == context->handle.serial) {
		fputs("\nhandle: ", stream);
		async__print_slot(stream, slot);
	}
	print_origin(stream, context->task ? &context->task->future : context->future);
	if (context->task) {
		fputs("\ntask: ", stream);
		async__print_future(stream, &context->task->future);
	}
	if (context->exception) {
		fputc('\n', stream);
		async__print_error(stream, context->exception);
		if (context->exception_message)
			fprintf(stream, ": %s", context->exception_message);
	}
}

void async_loop_default_exception_handler(struct async_loop *loop,
					  const struct async_exception_context *context)
{
	char *message = NULL;
	FILE *stream = NULL;
	size_t size;

	(void)loop;
	if (async_log_get_level() <= ASYNC_LOG_ERROR)
		stream = open_memstream(&message, &size);
	if (!stream)
		return;
	print(stream, context);
	fclose(stream);
	async__log_taking(ASYNC_LOG_ERROR, message);
}
