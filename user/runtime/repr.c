/* SPDX-License-Identifier: BSD-2-Clause */
/* What asyncio's objects are to the eye: their repr(). */
#include "runtime.h"
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* A task waits for a task that waits for a task: so many of them are told of, and each once. */
enum { NESTED_MAX = 6 };

struct path {
	const struct path *outer;
	const struct async_future *future;
};

static void print(FILE *stream, const struct async_future *future, const struct path *outer);

/* As Python quotes it. */
static void print_quoted(FILE *stream, const char *text)
{
	char quote = strchr(text, '\'') && !strchr(text, '"') ? '"' : '\'';
	unsigned char byte;

	fputc(quote, stream);
	for (; (byte = *text); text++) {
		if (byte == '\n')
			fputs("\\n", stream);
		else if (byte == '\t')
			fputs("\\t", stream);
		else if (byte < ' ' || byte == 0x7f)
			fprintf(stream, "\\x%02x", byte);
		else if (byte == '\\' || byte == (unsigned char)quote)
			fprintf(stream, "\\%c", byte);
		else
			fputc(byte, stream);
	}
	fputc(quote, stream);
}

const char *async__error_name(int64_t error)
{
	if (error == -ETIMEDOUT)
		return "TimeoutError";
	if (error == -ECANCELED)
		return "CancelledError";
	return error < 0 && error > INT_MIN ? strerrorname_np(-error) : NULL;
}

void async__print_error(FILE *stream, int64_t error)
{
	const char *name = async__error_name(error);

	if (name)
		fputs(name, stream);
	else
		fprintf(stream, "%" PRId64, error);
}

static void print_result(FILE *stream, const struct async_future *future)
{
	if (future->state != FINISHED)
		return;
	if (future->result >= 0) {
		fprintf(stream, " result=%" PRId64, future->result);
		return;
	}
	fputs(" exception=", stream);
	async__print_error(stream, future->result);
	fputc('(', stream);
	if (future->message)
		print_quoted(stream, future->message);
	fputc(')', stream);
}

static void print_function(FILE *stream, uintptr_t address)
{
	struct async_frame frame = async_frame_of(address);

	if (frame.function)
		fprintf(stream, "%s()", frame.function);
	else
		fprintf(stream, "%#" PRIxPTR "()", address);
	if (frame.file)
		fprintf(stream, " at %s:%d", frame.file, frame.line);
}

static void print_callback(FILE *stream, const struct waiter *waiter)
{
	if (waiter->entry & 1)
		print_function(stream, (uintptr_t)slot_of_entry(waiter->entry)->done);
	else
		fputs("Task.task_wakeup()", stream);
}

/* The first and the last one, if there are more than two. */
static void print_callbacks(FILE *stream, const struct async_future *future)
{
	const struct waiter *waiter = future->waiters, *last = waiter;
	size_t count = 1;

	if (!waiter || future->state != PENDING)
		return;
	fputs(" cb=[", stream);
	print_callback(stream, waiter);
	for (; last->next; last = last->next)
		count++;
	if (count > 2)
		fprintf(stream, ", <%zu more>", count - 2);
	if (count > 1) {
		fputs(", ", stream);
		print_callback(stream, last);
	}
	fputc(']', stream);
}

static void print_created(FILE *stream, union creation place, bool has_origin)
{
	struct async_frame frame;

	if (!has_origin)
		return;
	frame = async_frame_of(async__origin_address(place, true) - 1);
	if (frame.file)
		fprintf(stream, " created at %s:%d", frame.file, frame.line);
	else
		fprintf(stream, " created at %#" PRIxPTR, frame.address);
}

static const char *state_of(const struct async_future *future)
{
	static const char *const states[] = { "pending", "finished", "cancelled" };
	bool cancelling = future->type == AT_TASK &&
			  container_of(future, const struct async_task, future)->cancelling;

	return cancelling && future->state == PENDING ? "cancelling" : states[future->state];
}

/* `coro=<create() running at create.c:7>`, where it is known; else where the function begins. */
static void print_body(FILE *stream, const struct async_task *task)
{
	const struct async_function *function;
	struct async_frame frame;

	if (task->future.state != PENDING) {
		function = task->function;
		fprintf(stream, " coro=<%s() done, defined at %s:%" PRIu32 ">", function->name,
			function->file, function->line);
		return;
	}
	function = task->coroutine->function;
	frame = async__task_frame(task);
	if (frame.file)
		fprintf(stream, " coro=<%s() running at %s:%d>", function->name, frame.file,
			frame.line);
	else
		fprintf(stream, " coro=<%s() running%s at %s:%" PRIu32 ">", function->name,
			task->innermost ? ", defined" : "", function->file, function->line);
}

static void print_task(FILE *stream, const struct async_task *task, const struct path *path)
{
	fputs(" name=", stream);
	if (task->name)
		print_quoted(stream, task->name);
	else
		fprintf(stream, "'Task-%" PRIu64 "'", task->future.number);
	print_body(stream, task);
	if (task->future.state == PENDING && task->awaits) {
		fputs(" wait_for=", stream);
		print(stream, task->awaits, path);
	}
}

static bool is_too_much(const struct async_future *future, const struct path *path)
{
	int count = 0;

	for (; path; path = path->outer) {
		if (path->future == future || ++count == NESTED_MAX)
			return true;
	}
	return false;
}

static void print(FILE *stream, const struct async_future *future, const struct path *outer)
{
	struct path path = { outer, future };

	if (is_too_much(future, outer)) {
		fputs("...", stream);
		return;
	}
	fprintf(stream, "<%s %s", future->type == AT_TASK ? "Task" : "Future", state_of(future));
	if (future->type == AT_TASK)
		print_task(stream, container_of(future, const struct async_task, future), &path);
	print_result(stream, future);
	print_callbacks(stream, future);
	print_created(stream, future->place, future->has_origin);
	fputc('>', stream);
}

void async__print_future(FILE *stream, const struct async_future *future)
{
	print(stream, future, NULL);
}

void async__print_coroutine(FILE *stream, const struct async_coroutine *coroutine)
{
	fprintf(stream, "<coroutine object %s at %p>", coroutine->function->name,
		(const void *)coroutine);
}

void async__print_slot(FILE *stream, const struct slot *slot)
{
	if (slot->when_ns)
		fprintf(stream, "<TimerHandle when=%" PRIu64 ".%09" PRIu64 " ",
			slot->when_ns / 1000000000, slot->when_ns % 1000000000);
	else
		fputs("<Handle ", stream);
	print_function(stream, slot->done ? (uintptr_t)slot->done : (uintptr_t)slot->callback);
	print_created(stream, slot->place, slot->has_origin);
	fputc('>', stream);
}

char *async_future_repr(const struct async_future *future)
{
	char *text = NULL;
	size_t size;
	FILE *stream;

	if (!future)
		return NULL;
	stream = open_memstream(&text, &size);
	if (!stream)
		return NULL;
	print(stream, future, NULL);
	if (!fclose(stream))
		return text;
	free(text);
	return NULL;
}

char *async_task_repr(const struct async_task *task)
{
	return task ? async_future_repr(&task->future) : NULL;
}
