/* SPDX-License-Identifier: BSD-2-Clause */
/* Streams: transports that wake the tasks which wait for them. stream_read.c reads. */
#include "transport.h"
#include <errno.h>
#include <stdlib.h>

enum { LIMIT = 64 << 10 };

static struct async_stream *stream_of(struct async_transport *transport)
{
	return container_of(transport, struct async_stream, transport);
}

static void wake_reader(struct async_transport *transport)
{
	struct async_future *reader = stream_of(transport)->reader;

	if (reader && reader->state == PENDING)
		async__future_finish(reader, FINISHED, 0);
}

static void wake_writers(void *self)
{
	async__waiting_wake(&((struct async_stream *)self)->writers, SIZE_MAX);
}

static void free_stream(struct async_stream *stream)
{
	/* Of tasks that were destroyed while they waited. */
	async_future_unref(stream->reader);
	async__waiting_free(&stream->writers);
	async__waiting_free(&stream->closers);
	list_remove(&stream->transport.source.link);
	async__buffer_free(&stream->input);
	async__transport_free_info(&stream->transport);
	free(stream);
}

static void ended(struct async_transport *transport)
{
	struct async_stream *stream = stream_of(transport);

	wake_reader(transport);
	wake_writers(stream);
	async__waiting_wake(&stream->closers, SIZE_MAX);
	if (stream->given_up && !stream->users)
		free_stream(stream);
	else if (stream->served) /* until its users have gone, or are destroyed with the loop */
		list_add(&transport->source.loop->sources, &transport->source.link);
}

static void abandon(struct source *source)
{
	struct async_stream *stream = container_of(source, struct async_stream, transport.source);

	stream->given_up |= stream->served;
	stream->users = 0;
	if (stream->transport.lost)
		free_stream(stream);
	else
		async__transport_abandon(source);
}

static const struct async_protocol protocol = { .resume_writing = wake_writers };

int async__stream_create(struct async_loop *loop, int fd, uint32_t kind, const struct address *peer,
			 struct async_server *server, struct async_stream **ret)
{
	struct async_stream *stream = calloc(1, sizeof(*stream));
	int err;

	if (!stream)
		return -ENOMEM;
	stream->limit = LIMIT;
	if (peer)
		stream->transport.peer = *peer;
	stream->transport.protocol = &protocol;
	stream->transport.self = stream;
	stream->transport.can_read = wake_reader;
	stream->transport.ended = ended;
	err = async__transport_init(&stream->transport, loop, fd, kind);
	if (err) {
		free(stream);
		return err;
	}
	stream->transport.source.close = abandon;
	stream->transport.server = server;
	stream->served = server;
	async__waiting_init(&stream->writers, AT_WRITE, fd);
	async__waiting_init(&stream->closers, AT_WRITE, fd);
	stream->writers.loop = stream->closers.loop = loop->number;
	*ret = stream;
	return 0;
}

void async__stream_leave(struct async_stream *stream)
{
	stream->users -= stream->served;
	if (unlikely(stream->given_up && stream->transport.lost && !stream->users))
		free_stream(stream);
}

int async_stream_from_fd(int fd, struct async_stream **ret)
{
	uint32_t kind;
	int err = async__running ? async__transport_adopt(fd, &kind) : -EPERM;

	if (!err)
		err = async__stream_create(async__running, fd, kind, NULL, NULL, ret);
	return err ? async__fail_with_reason(err) : 0;
}

int64_t async__stream_error(const struct async_stream *stream)
{
	if (stream->transport.error)
		return async__fail_with_reason(stream->transport.error);
	return async_fail(-EBADF, "the stream is closed");
}

int async_stream_write(struct async_stream *stream, const void *data, size_t size)
{
	return async_transport_write(&stream->transport, data, size);
}

int async_stream_write_eof(struct async_stream *stream)
{
	return async_transport_write_eof(&stream->transport);
}

bool async_stream_can_write_eof(const struct async_stream *stream)
{
	return async_transport_can_write_eof(&stream->transport);
}

/* Everything was written if it ended because it was told to. */
static int64_t result_of_writing(const struct async_stream *stream)
{
	const struct async_transport *transport = &stream->transport;

	if (likely(!transport->lost) || (transport->write_ended && !transport->error))
		return 0;
	return async__stream_error(stream);
}

int64_t async_stream_drain(struct async_stream *stream)
{
	struct async_transport *transport = &stream->transport;
	struct async_task *task = current_task();
	int64_t err = 0;
	bool woken;

	if (unlikely(!task))
		return -EPERM;
	stream_enter(stream);
	if (unlikely(transport->closing && !transport->error))
		err = async__yield(task);
	if (transport->paused && !transport->lost && !err)
		err = async__waiting_wait(&stream->writers, &woken);
	if (!err)
		err = result_of_writing(stream);
	async__stream_leave(stream);
	return err;
}

void async_stream_close(struct async_stream *stream)
{
	struct async_transport *transport = &stream->transport;

	/* Who waits for bytes waits in vain. */
	wake_reader(transport);
	async_transport_close(transport);
}

bool async_stream_is_closing(const struct async_stream *stream)
{
	return stream->transport.closing;
}

int64_t async_stream_wait_closed(struct async_stream *stream)
{
	struct async_transport *transport = &stream->transport;
	int64_t err = 0;
	bool woken;

	if (!current_task())
		return -EPERM;
	stream_enter(stream);
	if (!transport->lost)
		err = async__waiting_wait(&stream->closers, &woken);
	if (!err && transport->error)
		err = async__fail_with_reason(transport->error);
	async__stream_leave(stream);
	return err;
}

void async_stream_free(struct async_stream *stream)
{
	if (!stream)
		return;
	stream->given_up = true;
	if (!stream->transport.lost)
		async_stream_close(stream);
	else if (!stream->users)
		free_stream(stream);
}

struct async_transport *async_stream_transport(struct async_stream *stream)
{
	return &stream->transport;
}

const char *async_stream_get_extra_info(struct async_stream *stream, const char *name)
{
	return async_transport_get_extra_info(&stream->transport, name);
}
