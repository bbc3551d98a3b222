/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading from streams: straight into the caller's memory where that is all that he wants, else
 * into a buffer that keeps what he has not taken yet.
 */
#include "transport.h"
#include <errno.h>
#include <string.h>

enum {
	ROOM_LEAST = 4096,  /* to read into */
	ROOM_KEPT = 4096,   /* an idle stream keeps no larger buffer */
	READS_IN_A_ROW = 16 /* then others have their turn */
};

static int64_t begin(struct async_stream *stream)
{
	if (unlikely(!current_task()))
		return -EPERM;
	if (unlikely(stream->transport.closing))
		return async__stream_error(stream);
	if (unlikely(!(stream->transport.kind & READS)))
		return async_fail(-EBADF, "the stream cannot be read");
	if (unlikely(stream->busy))
		return async_fail(-EBUSY, "another task is already waiting for incoming data");
	stream->busy = true;
	stream_enter(stream);
	return 0;
}

/* What was read into a stream that was given up meanwhile goes with it. */
static int64_t end(struct async_stream *stream, int64_t result)
{
	stream->busy = false;
	if (unlikely(stream->given_up && result >= 0))
		result = async__stream_error(stream);
	async__stream_leave(stream);
	return result;
}

static int64_t wait_for_event(struct async_stream *stream)
{
	struct async_transport *transport = &stream->transport;
	struct buffer *input = &stream->input;
	struct async_future *future;
	int64_t err;

	if (unlikely(input->size > ROOM_KEPT && !buffer_count(input)))
		async__buffer_free(input);
	future = async__future_new(transport->source.loop, AT_READ, transport->source.fd);
	stream->reader = async_future_ref(future);
	err = async_await_future(future);
	async_future_unref(stream->reader);
	stream->reader = NULL;
	return err;
}

/* 1 as soon as reading may give something, 0 at the end, or if the stream is closed meanwhile. */
static int64_t wait_for_bytes(struct async_stream *stream)
{
	struct async_transport *transport = &stream->transport;
	int64_t err = 0;

	if (unlikely(transport->read_end))
		return 0;
	if (!transport->readable || ++stream->reads > READS_IN_A_ROW) {
		stream->reads = 0;
		err = transport->readable ? async__yield(current_task()) : wait_for_event(stream);
	}
	if (unlikely(err < 0))
		return err;
	if (likely(!transport->closing))
		return 1;
	return transport->error ? async__stream_error(stream) : 0;
}

/* A connection that is lost here has not said why; an await that has failed has. */
static int64_t failed(const struct async_stream *stream, int64_t err)
{
	return err == stream->transport.error ? async__stream_error(stream) : err;
}

/* Waits until there are bytes, or the end, and reads them. */
static int64_t receive(struct async_stream *stream, void *data, size_t size)
{
	int64_t result;

	do {
		result = wait_for_bytes(stream);
		if (result > 0)
			result = async__transport_receive(&stream->transport, data, size);
	} while (result == -EAGAIN);
	return likely(result >= 0) ? result : failed(stream, result);
}

/* The same, into the buffer. */
static int64_t fill(struct async_stream *stream)
{
	struct buffer *input = &stream->input;
	int64_t result;

	do {
		result = wait_for_bytes(stream);
		if (result <= 0)
			return result;
		if (async__buffer_reserve(input, ROOM_LEAST))
			return async__fail_plain(-ENOMEM);
		result = async__transport_receive(&stream->transport, input->data + input->end,
						  input->size - input->end);
		/* Nothing, and not the end: an empty datagram. */
	} while (result == -EAGAIN || (!result && !stream->transport.read_end));
	if (unlikely(result < 0))
		return failed(stream, result);
	input->end += result;
	return result;
}

/* Takes what is in the buffer. */
static size_t take(struct async_stream *stream, void *data, size_t size)
{
	struct buffer *input = &stream->input;
	size_t count = buffer_count(input);

	if (!count)
		return 0;
	count = count < size ? count : size;
	memcpy(data, input->data + input->start, count);
	buffer_drop(input, count);
	return count;
}

int64_t async_stream_read(struct async_stream *stream, void *data, size_t size)
{
	int64_t result = begin(stream);

	if (unlikely(result))
		return result;
	result = take(stream, data, size);
	if (likely(!result && size))
		result = receive(stream, data, size);
	return end(stream, result);
}

/* A read that comes to nothing gives back what it has, which others could not do without. */
static int64_t give_back(struct async_stream *stream, const void *data, size_t size, int64_t err)
{
	struct async_transport *transport = &stream->transport;

	if (size && !transport->lost && async__buffer_append(&stream->input, data, size)) {
		async__transport_lose(transport, -ENOMEM);
		return async__fail_plain(-ENOMEM);
	}
	return err;
}

/*
 * A read that gets less than it asks for shows that there is no more, and saves one that would get
 * nothing: little is read by way of the buffer.
 */
static int64_t receive_part(struct async_stream *stream, void *data, size_t size)
{
	int64_t got;

	if (size >= ROOM_LEAST)
		return receive(stream, data, size);
	got = fill(stream);
	return got > 0 ? (int64_t)take(stream, data, size) : got;
}

static int64_t read_exactly(struct async_stream *stream, void *data, size_t size)
{
	int64_t got;
	size_t count;

	for (count = take(stream, data, size); count < size; count += got) {
		got = receive_part(stream, (char *)data + count, size - count);
		if (!got)
			got = async_fail(-ENODATA,
					 "%zu bytes read on a total of %zu expected bytes", count,
					 size);
		if (got < 0)
			return give_back(stream, data, count, got);
	}
	return size;
}

int64_t async_stream_read_exactly(struct async_stream *stream, void *data, size_t size)
{
	int64_t err = begin(stream);

	return err ? err : end(stream, read_exactly(stream, data, size));
}

/* Reads until the buffer has the separator, and returns where. */
static int64_t find(struct async_stream *stream, const char *separator, size_t length)
{
	struct buffer *input = &stream->input;
	size_t searched = 0;
	int64_t got;

	do {
		const char *data = input->data + input->start, *found;
		size_t count = buffer_count(input);

		if (count < searched + length)
			continue;
		found = memmem(data + searched, count - searched, separator, length);
		if (found && found - data > (ptrdiff_t)stream->limit)
			return async_fail(-EMSGSIZE, "Separator is found, but chunk is longer than "
						     "limit");
		if (found)
			return found - data;
		searched = count + 1 - length;
		if (searched > stream->limit)
			return async_fail(-EMSGSIZE, "Separator is not found, and chunk exceed the "
						     "limit");
	} while ((got = fill(stream)) > 0);
	return got ? got : -ENODATA;
}

/* Hands the first so many bytes out. */
static int64_t hand_out(struct async_stream *stream, size_t size, const char **data)
{
	*data = stream->input.data + stream->input.start;
	buffer_drop(&stream->input, size);
	return size;
}

static int64_t read_until(struct async_stream *stream, const char *separator, size_t length,
			  const char **data)
{
	int64_t where = find(stream, separator, length);

	if (where == -ENODATA)
		return async_fail(-ENODATA, "%zu bytes read on a total of undefined expected bytes",
				  buffer_count(&stream->input));
	return where < 0 ? where : hand_out(stream, where + length, data);
}

int64_t async_stream_read_until(struct async_stream *stream, const char *separator, size_t length,
				const char **data)
{
	int64_t err = length ? begin(stream)
			     : async_fail(-EINVAL, "Separator should be at least one-byte string");

	return err ? err : end(stream, read_until(stream, separator, length, data));
}

static void drop_line(struct buffer *input)
{
	const char *data = input->data + input->start;
	const char *end = memchr(data, '\n', buffer_count(input));

	buffer_drop(input, end ? (size_t)(end + 1 - data) : buffer_count(input));
}

static int64_t read_line(struct async_stream *stream, const char **line)
{
	int64_t where = find(stream, "\n", 1);

	if (where >= 0)
		return hand_out(stream, where + 1, line);
	if (where == -EMSGSIZE)
		drop_line(&stream->input);
	if (where != -ENODATA)
		return where;
	return buffer_count(&stream->input) ? hand_out(stream, buffer_count(&stream->input), line)
					    : 0;
}

int64_t async_stream_read_line(struct async_stream *stream, const char **line)
{
	int64_t err = begin(stream);

	return err ? err : end(stream, read_line(stream, line));
}

bool async_stream_at_eof(const struct async_stream *stream)
{
	const struct async_transport *transport = &stream->transport;

	return (transport->read_end || (transport->lost && !transport->error)) &&
	       !buffer_count(&stream->input);
}

int async_stream_set_limit(struct async_stream *stream, size_t bytes)
{
	if (!bytes)
		return -EINVAL;
	stream->limit = bytes;
	return 0;
}
