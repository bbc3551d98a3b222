/* SPDX-License-Identifier: BSD-2-Clause */
/* The log: a level and a handler, of the process. */
#include "runtime.h"
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* One write, so that the lines of two threads do not mix. */
static void write_message(enum async_log_level level, const char *message, void *arg)
{
	struct iovec parts[] = {
		{ .iov_base = (void *)message, .iov_len = strlen(message) },
		{ .iov_base = "\n", .iov_len = 1 },
	};

	(void)level;
	(void)arg;
	if (writev(STDERR_FILENO, parts, 2) < 0)
		return; /* and nobody to tell */
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static async_log_handler *handler = write_message;
static void *handler_arg;
static enum async_log_level least = ASYNC_LOG_WARNING;

const char *async_log_level_name(enum async_log_level level)
{
	switch (level) {
	case ASYNC_LOG_DEBUG:
		return "DEBUG";
	case ASYNC_LOG_INFO:
		return "INFO";
	case ASYNC_LOG_WARNING:
		return "WARNING";
	case ASYNC_LOG_ERROR:
		return "ERROR";
	case ASYNC_LOG_CRITICAL:
		return "CRITICAL";
	}
	return "NOTSET";
}

void async_log_set_handler(async_log_handler *new_handler, void *arg)
{
	pthread_mutex_lock(&lock);
	handler = new_handler ? new_handler : write_message;
	handler_arg = arg;
	pthread_mutex_unlock(&lock);
}

void async_log_set_level(enum async_log_level level)
{
	__atomic_store_n(&least, level, __ATOMIC_RELAXED);
}

enum async_log_level async_log_get_level(void)
{
	return __atomic_load_n(&least, __ATOMIC_RELAXED);
}

void async__log_taking(enum async_log_level level, char *message)
{
	async_log_handler *function;
	void *arg;

	if (message && level >= async_log_get_level()) {
		/* It is called without the lock, for it may log itself. */
		pthread_mutex_lock(&lock);
		function = handler;
		arg = handler_arg;
		pthread_mutex_unlock(&lock);
		function(level, message, arg);
	}
	free(message);
}

void async_log(enum async_log_level level, const char *format, ...)
{
	char *message = NULL;
	va_list arguments;

	if (level < async_log_get_level())
		return;
	va_start(arguments, format);
	if (vasprintf(&message, format, arguments) < 0)
		message = NULL;
	va_end(arguments);
	async__log_taking(level, message);
}
