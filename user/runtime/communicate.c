/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Talking to a child until it ends. What it shall read is written by the loop, its output is read
 * here and its errors by a task of their own, so that neither side can keep the other waiting.
 */
#include "transport.h"
#include <errno.h>

enum { ROOM_LEAST = 16 << 10 };

struct exchange {
	struct async_process *process;
	const void *input;
	size_t size;
	struct async_bytes *wanted[2]; /* output and errors; or null */
	struct buffer read[2];
	struct async_task *reader; /* of errors; or null */
};

static void free_exchange(void *arg)
{
	struct exchange *exchange = arg;

	async__buffer_free(&exchange->read[0]);
	async__buffer_free(&exchange->read[1]);
	async_task_detach(exchange->reader);
}

/* A zero comes behind the last byte. */
static int64_t read_all(struct async_stream *stream, struct buffer *buffer, bool keep)
{
	int64_t size;

	if (!stream || async_stream_is_closing(stream))
		return 0;
	do {
		if (async__buffer_reserve(buffer, ROOM_LEAST))
			return async__fail_plain(-ENOMEM);
		size = async_stream_read(stream, buffer->data + buffer->end,
					 buffer->size - buffer->end - 1);
		if (size > 0 && keep)
			buffer->end += size;
	} while (size > 0);
	buffer->data[buffer->end] = '\0';
	if (!size)
		async_stream_close(stream);
	return size;
}

static ASYNC(read_errors, struct exchange *, exchange)
{
	return read_all(async_process_stderr(exchange->process), &exchange->read[1],
			exchange->wanted[1]);
}

/* If the child does not want it, nobody minds. */
static int feed(const struct exchange *exchange)
{
	struct async_stream *stream = async_process_stdin(exchange->process);
	int err;

	if (!stream)
		return exchange->size ? async_fail(-EINVAL, "the process has no stdin") : 0;
	if (async_stream_is_closing(stream))
		return 0;
	err = async_stream_write(stream, exchange->input, exchange->size);
	if (!err)
		async_stream_close(stream);
	return err;
}

/* If one fails, or is cancelled, so is the other. */
static int64_t read_both(struct exchange *exchange)
{
	struct async_stream *output = async_process_stdout(exchange->process);
	bool errors = async_process_stderr(exchange->process);
	int64_t err, err_errors;

	if (errors)
		exchange->reader = async_create_task(read_errors(exchange));
	err = read_all(output, &exchange->read[0], exchange->wanted[0]);
	if (!errors)
		return err;
	if (err)
		async__task_cancel(exchange->reader,
				   cancellation_through(&current_task()->future, 0));
	err_errors = async_await(async_task_ref(exchange->reader));
	return err ? err : err_errors;
}

static void hand_out(struct exchange *exchange, int i)
{
	struct buffer *buffer = &exchange->read[i];

	if (!exchange->wanted[i])
		return;
	*exchange->wanted[i] = (struct async_bytes){ .data = buffer->data, .size = buffer->end };
	*buffer = (struct buffer){ 0 };
}

static ASYNC(communicate, struct exchange *, exchange)
{
	int64_t err = async_defer(free_exchange, exchange);

	if (!err)
		err = feed(exchange);
	if (!err)
		err = read_both(exchange);
	if (!err)
		err = async_process_wait(exchange->process);
	if (err)
		return err;
	hand_out(exchange, 0);
	hand_out(exchange, 1);
	return 0;
}

int64_t async_process_communicate(struct async_process *process, const void *input, size_t size,
				  struct async_bytes *output, struct async_bytes *errors)
{
	struct exchange exchange = {
		.process = process,
		.input = input,
		.size = size,
		.wanted = { output, errors },
	};

	return async_await(communicate(&exchange));
}
