/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The messages that failures carry. A task has that of the one which it has met last; while it runs
 * something else, which may fail by itself and overcome that, it is set aside.
 */
#include "runtime.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* On the heap, for a task may be destroyed meanwhile. */
struct aside {
	struct aside *outer;
	int error;
	char *message;
};

void async__task_failed(struct async_task *task, int error, char *message)
{
	free(task->failed_message);
	task->failed_message = message;
	task->failed = error;
}

struct aside *async__set_aside(struct async_task *task)
{
	struct aside *aside = task->failed_message ? malloc(sizeof(*aside)) : NULL;

	if (!aside) {
		async__task_failed(task, 0, NULL);
		return NULL;
	}
	aside->outer = task->aside;
	aside->error = task->failed;
	aside->message = task->failed_message;
	task->aside = aside;
	task->failed_message = NULL;
	task->failed = 0;
	return aside;
}

void async__take_back(struct async_task *task, struct aside *aside, int64_t result)
{
	if (result >= 0 || task->failed != result)
		async__task_failed(task, 0, NULL);
	if (!aside)
		return;
	task->aside = aside->outer;
	if (result >= 0)
		async__task_failed(task, aside->error, aside->message);
	else
		free(aside->message);
	free(aside);
}

void async__free_failures(struct async_task *task)
{
	struct aside *aside;

	free(task->failed_message);
	while ((aside = task->aside)) {
		task->aside = aside->outer;
		free(aside->message);
		free(aside);
	}
}

int64_t async__fail_plain(int64_t error)
{
	struct async_task *task = current_task();

	if (error < 0 && task && task->failed == error)
		async__task_failed(task, 0, NULL);
	return error;
}

int64_t async__fail_with_reason(int64_t error)
{
	return async_fail(error, "%s", strerror(-error));
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
