/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Coroutine objects: a function and its arguments, to be run once; and the messages that their
 * failures carry.
 */
#include "runtime.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPARE_LIMIT = 4096 };

struct async_coroutine *async_coroutine_new(struct async_function *function,
					    const uint64_t arguments[AT_ARGUMENTS_MAX])
{
	struct async_loop *loop = async__running;
	struct async_coroutine *coroutine;

	if (likely(loop))
		coroutine = pool_take(&loop->spare_coroutines, sizeof(*coroutine));
	else
		coroutine = malloc(sizeof(*coroutine));
	if (!coroutine)
		return NULL;
	coroutine->function = function;
	coroutine->awaiter = NULL;
	coroutine->number = 0;
	coroutine->deferred = NULL;
	memcpy(coroutine->arguments, arguments, sizeof(coroutine->arguments));
	return coroutine;
}

void async_coroutine_close(struct async_coroutine *coroutine)
{
	struct async_loop *loop = async__running;

	if (loop && coroutine)
		pool_give(&loop->spare_coroutines, coroutine, SPARE_LIMIT);
	else
		free(coroutine);
}

int64_t async__coroutine_run(struct async_task *task, struct async_coroutine *coroutine)
{
	struct async_loop *loop = task->future.loop;
	int64_t result;

	coroutine->awaiter = task->innermost;
	task->innermost = coroutine;
	if (at_listening())
		async__trace_begin(loop, coroutine, 0);
	result = coroutine->function->call(coroutine->arguments);
	if (unlikely(coroutine->deferred))
		async__run_deferred(coroutine);
	if (at_listening())
		async__trace_end(task, coroutine, result);
	task->innermost = coroutine->awaiter;
	async_coroutine_close(coroutine);
	return result;
}

int64_t async_await_coroutine(struct async_coroutine *coroutine)
{
	struct async_task *task = current_task();

	if (!coroutine)
		return -ENOMEM;
	if (unlikely(!task)) {
		async_coroutine_close(coroutine);
		return -EPERM;
	}
	return async__coroutine_run(task, coroutine);
}

void async__task_failed(struct async_task *task, int error, char *message)
{
	free(task->failed_message);
	task->failed_message = message;
	task->failed = error;
}

int64_t async_fail(int error, const char *format, ...)
{
	struct async_task *task = current_task();
	char *message = NULL;
	va_list arguments;

	if (error > 0)
		error = -error;
	if (!task && !async__job)
		return error;
	va_start(arguments, format);
	if (vasprintf(&message, format, arguments) < 0)
		message = NULL;
	va_end(arguments);
	if (task)
		async__task_failed(task, error, message);
	else
		async__job_failed(async__job, error, message);
	return error;
}

const char *async_error_message(int64_t error)
{
	struct async_task *task = current_task();

	return task && task->failed == error ? task->failed_message : NULL;
}
