/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing: at once what the kernel takes, the rest when it takes more. */
#include "transport.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

enum { LOGGED_IN_VAIN = 5 };

/* A pipe that nobody reads raises SIGPIPE, which is the program's business, not ours. */
static ssize_t write_quietly(int fd, const void *data, size_t size)
{
	static const struct timespec no_time;
	sigset_t pipe, before;
	ssize_t written;
	int err;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, &before);
	written = write(fd, data, size);
	err = errno;
	if (written < 0 && err == EPIPE && !sigismember(&before, SIGPIPE))
		sigtimedwait(&pipe, NULL, &no_time);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = err;
	return written;
}

static int64_t put(const struct async_transport *transport, const void *data, size_t size)
{
	int fd = transport->source.fd;
	ssize_t written;

	do
		written = likely(transport->kind & SOCKET) ? send(fd, data, size, MSG_NOSIGNAL)
							   : write_quietly(fd, data, size);
	while (written < 0 && errno == EINTR);
	return written < 0 ? -errno : written;
}

static void pause_if_full(struct async_transport *transport)
{
	if (transport->paused || buffer_count(&transport->output) <= transport->high)
		return;
	transport->paused = true;
	if (transport->protocol && transport->protocol->pause_writing)
		transport->protocol->pause_writing(transport->self);
}

static void resume_if_low(struct async_transport *transport)
{
	if (!transport->paused || buffer_count(&transport->output) > transport->low)
		return;
	transport->paused = false;
	if (transport->protocol && transport->protocol->resume_writing)
		transport->protocol->resume_writing(transport->self);
}

void async__transport_flush(struct async_transport *transport)
{
	struct buffer *output = &transport->output;
	int64_t written = put(transport, output->data + output->start, buffer_count(output));

	transport->writable = false;
	if (written == -EAGAIN)
		return;
	if (written < 0) {
		async__transport_lose(transport, written);
		return;
	}
	buffer_drop(output, written);
	resume_if_low(transport);
	if (transport->lost || buffer_count(output))
		return;
	async__buffer_free(output);
	if (transport->closing)
		async__transport_lose(transport, 0);
	else if (transport->write_ended)
		shutdown(transport->source.fd, SHUT_WR);
}

/* Nobody may ever look; asyncio's log tells from the fifth time on. */
static int write_in_vain(struct async_transport *transport)
{
	if (++transport->vain >= LOGGED_IN_VAIN)
		async_log(ASYNC_LOG_WARNING, transport->kind & SOCKET
						     ? "socket.send() raised exception."
						     : "pipe closed by peer or os.write(pipe, "
						       "data) raised exception.");
	return 0;
}

int async_transport_write(struct async_transport *transport, const void *data, size_t size)
{
	struct buffer *output = &transport->output;
	int64_t written = 0;
	int err;

	if (unlikely(transport->write_ended))
		return async_fail(-EPIPE, "Cannot call write() after write_eof()");
	if (unlikely(!(transport->kind & WRITES)))
		return async_fail(-EBADF, "the transport cannot be written");
	if (unlikely(!size))
		return 0;
	if (unlikely(transport->lost))
		return write_in_vain(transport);
	if (!buffer_count(output)) {
		written = put(transport, data, size);
		if (likely(written == (int64_t)size))
			return 0;
		if (written < 0 && written != -EAGAIN) {
			async__transport_lose(transport, written);
			return 0;
		}
		written = written < 0 ? 0 : written;
	}
	err = async__buffer_append(output, (const char *)data + written, size - written);
	if (err && written)
		async__transport_lose(transport, err);
	else if (!err)
		pause_if_full(transport);
	return async__fail_plain(err);
}

bool async_transport_can_write_eof(const struct async_transport *transport)
{
	return transport->kind & WRITES && (transport->kind & SOCKET || !(transport->kind & READS));
}

int async_transport_write_eof(struct async_transport *transport)
{
	if (!async_transport_can_write_eof(transport))
		return async__fail_with_reason(-EOPNOTSUPP);
	if (transport->closing || transport->write_ended)
		return 0;
	transport->write_ended = true;
	/* A pipe can only be closed. */
	if (!(transport->kind & SOCKET))
		async_transport_close(transport);
	else if (!buffer_count(&transport->output))
		shutdown(transport->source.fd, SHUT_WR);
	return 0;
}

int async_transport_set_write_buffer_limits(struct async_transport *transport, size_t high,
					    size_t low)
{
	if (low > high)
		return async__fail_plain(-EINVAL);
	transport->high = high;
	transport->low = low;
	pause_if_full(transport);
	return 0;
}

size_t async_transport_get_write_buffer_size(const struct async_transport *transport)
{
	return buffer_count(&transport->output);
}
