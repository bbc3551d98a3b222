/* SPDX-License-Identifier: BSD-2-Clause */
/* An echo server, to be measured by another program: by streams, or by a protocol. */
#include "bench.h"
#include <async.h>
#include <async/stream.h>
#include <string.h>

/*
 * Data on a stack should be small: with 16 KiB, of which little is used, each task takes some more
 * pages (measured with 1,000 connections: a tenth less).
 */
static ASYNC(serve, struct async_stream *, stream, void *, arg)
{
	char data[128];
	int64_t size;

	(void)arg;
	while ((size = async_stream_read(stream, data, sizeof(data))) > 0) {
		async_stream_write(stream, data, size);
		async_stream_drain(stream);
	}
	return size;
}

struct connection {
	struct async_transport *transport;
};

static void connection_made(void *self, struct async_transport *transport)
{
	struct connection *connection = self;

	connection->transport = transport;
}

static void data_received(void *self, const void *data, size_t size)
{
	struct connection *connection = self;

	async_transport_write(connection->transport, data, size);
}

static void connection_lost(void *self, int error)
{
	(void)error;
	free(self);
}

static void *connection_new(void *arg)
{
	(void)arg;
	return malloc(sizeof(struct connection));
}

static ASYNC(echo, bool, by_protocol)
{
	static const struct async_protocol protocol = {
		.connection_made = connection_made,
		.data_received = data_received,
		.connection_lost = connection_lost,
	};
	struct async_server *server = NULL;
	int64_t err;

	if (by_protocol)
		err = async_create_server(&protocol, connection_new, NULL, "127.0.0.1", 0, &server);
	else
		err = async_start_server(serve, NULL, "127.0.0.1", 0, &server);
	if (err)
		return err;
	bench_port(async_server_port(server));
	return async_server_wait_closed(server);
}

int main(int argc, char *argv[])
{
	return async_run(echo(argc > 1 && !strcmp(argv[1], "protocol"))) != 0;
}
