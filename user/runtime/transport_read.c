/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading: for streams, and for protocols so much in one step that others have their turn. */
#include "transport.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	SCRATCH = 64 << 10,
	READS_IN_A_STEP = 16,
};

/* Datagrams may be empty; but a connection of messages ends as well. */
static bool is_end(const struct async_transport *transport)
{
	const uint32_t messages = SOCKET | PIECEWISE;

	return (transport->kind & messages) != messages || transport->hung_up;
}

int64_t async__transport_receive(struct async_transport *transport, void *data, size_t size)
{
	int fd = transport->source.fd;
	ssize_t got;

	do
		got = transport->kind & SOCKET ? recv(fd, data, size, 0) : read(fd, data, size);
	while (got < 0 && errno == EINTR);
	if (likely(got > 0)) {
		/* Less than was asked for is all there was, and more will be an event: epoll(7). */
		if ((size_t)got < size && !transport->hung_up && !(transport->kind & PIECEWISE))
			transport->readable = false;
		return got;
	}
	if (!got) {
		transport->read_end = is_end(transport);
		return 0;
	}
	got = -errno;
	if (got == -EAGAIN) {
		transport->readable = false;
		return got;
	}
	/* The other end of a pseudo-terminal is closed. */
	if (got == -EIO && transport->kind & PIECEWISE) {
		transport->read_end = true;
		return 0;
	}
	async__transport_lose(transport, got);
	return got;
}

/* Nobody else uses it during a step. */
static char *scratch_of(struct async_loop *loop)
{
	if (!loop->scratch)
		loop->scratch = malloc(SCRATCH);
	return loop->scratch;
}

static void reach_end(struct async_transport *transport)
{
	const struct async_protocol *protocol = transport->protocol;

	transport->reading = false;
	if (!protocol->eof_received || !protocol->eof_received(transport->self))
		async_transport_close(transport);
}

void async__transport_can_read(struct async_transport *transport)
{
	char *data = scratch_of(transport->source.loop);
	int i;

	if (!data) {
		async__transport_lose(transport, -ENOMEM);
		return;
	}
	for (i = 0; i < READS_IN_A_STEP; i++) {
		int64_t size;

		if (!transport->readable || !transport->reading || transport->closing)
			return;
		size = async__transport_receive(transport, data, SCRATCH);
		if (transport->read_end)
			reach_end(transport);
		else if (size >= 0 && transport->protocol->data_received)
			transport->protocol->data_received(transport->self, data, size);
	}
	if (transport->readable && transport->reading && !transport->lost)
		async__slot_queue(transport->step);
}

void async_transport_pause_reading(struct async_transport *transport)
{
	transport->reading = false;
}

void async_transport_resume_reading(struct async_transport *transport)
{
	if (transport->closing || transport->read_end || !(transport->kind & READS))
		return;
	transport->reading = true;
	if (transport->readable && transport->step)
		async__slot_queue(transport->step);
}

bool async_transport_is_reading(const struct async_transport *transport)
{
	return transport->reading && !transport->closing;
}
