/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the runtime has to say: the messages of the logger "asyncio", word for word, and the
 * exceptions that nobody else gets to see.
 *
 * Threads: the log belongs to the process, and its functions to any thread; handlers are called by
 * whoever has something to say. The exception handler belongs to its loop's thread.
 */
#ifndef ASYNC_LOG_H
#define ASYNC_LOG_H

#include <async/loop.h>
#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Python's numbers. */
enum async_log_level {
	ASYNC_LOG_DEBUG = 10,
	ASYNC_LOG_INFO = 20,
	ASYNC_LOG_WARNING = 30,
	ASYNC_LOG_ERROR = 40,
	ASYNC_LOG_CRITICAL = 50,
};

/* "WARNING" and so on. */
const char *async_log_level_name(enum async_log_level level);

/*
 * Gets each message whose level is high enough, without a newline at its end; it may have several
 * lines.
 */
typedef void async_log_handler(enum async_log_level level, const char *message, void *arg);

/*
 * Replaces the handler; null puts the first one back, which writes the message to standard error,
 * as Python does for a program that has not set logging up.
 */
void async_log_set_handler(async_log_handler *handler, void *arg);

/* Messages below `level` are dropped: at first those below ASYNC_LOG_WARNING. */
void async_log_set_level(enum async_log_level level);
enum async_log_level async_log_get_level(void);

/* Logs a message. */
void async_log(enum async_log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* What happened, for an exception handler. All but `message` may be null or 0. */
struct async_exception_context {
	const char *message;
	int64_t exception;	       /* the negative errno */
	const char *exception_message; /* what came with it */
	struct async_future *future;   /* a task that has failed is one, too */
	struct async_task *task;
	struct async_coroutine *coroutine;
	struct async_handle handle;
};

typedef void async_exception_handler(struct async_loop *loop,
				     const struct async_exception_context *context, void *arg);

/*
 * Who hears of exceptions that nobody retrieved, of tasks that were destroyed while pending and the
 * like. Null puts the default back, which logs them as errors.
 */
void async_loop_set_exception_handler(struct async_loop *loop, async_exception_handler *handler,
				      void *arg);

/* Calls the loop's handler, or the default one. */
void async_loop_call_exception_handler(struct async_loop *loop,
				       const struct async_exception_context *context);
void async_loop_default_exception_handler(struct async_loop *loop,
					  const struct async_exception_context *context);

#ifdef __cplusplus
}
#endif

#endif
