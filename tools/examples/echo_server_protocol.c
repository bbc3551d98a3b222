/* SPDX-License-Identifier: BSD-2-Clause */
/* An echo server by callbacks: echo_server_protocol [HOST [PORT]]. One protocol for each client. */
#include "echo.h"

struct echo_server {
	struct async_transport *transport;
	char name[64];
};

static void *new_echo_server(void *arg)
{
	(void)arg;
	return calloc(1, sizeof(struct echo_server));
}

static void connection_made(void *self, struct async_transport *transport)
{
	struct echo_server *echo = self;
	struct peer peer = peer_of(transport);

	echo->transport = transport;
	snprintf(echo->name, sizeof(echo->name), "EchoServer_%.40s_%.10s", peer.host, peer.port);
	say(echo->name, "connection accepted");
}

static void data_received(void *self, const void *data, size_t size)
{
	struct echo_server *echo = self;

	say(echo->name, "received %s", repr("b", data, size));
	async_transport_write(echo->transport, data, size);
	say(echo->name, "sent %s", repr("b", data, size));
}

static bool eof_received(void *self)
{
	struct echo_server *echo = self;

	say(echo->name, "received EOF");
	if (async_transport_can_write_eof(echo->transport))
		async_transport_write_eof(echo->transport);
	return false;
}

static void connection_lost(void *self, int error)
{
	struct echo_server *echo = self;

	if (error)
		say(echo->name, "ERROR: %s", strerror(-error));
	else
		say(echo->name, "closing");
	free(echo);
}

static const struct async_protocol protocol = {
	.connection_made = connection_made,
	.data_received = data_received,
	.eof_received = eof_received,
	.connection_lost = connection_lost,
};

ASYNC(start, struct async_server **, server)
{
	int64_t err = async_create_server(&protocol, new_echo_server, NULL, host, port, server);

	if (err)
		say("main", "%s", reason(err));
	return err;
}

int main(int argc, char *argv[])
{
	struct async_loop *loop;
	struct async_server *server;

	set_up(argc, argv);
	if (async_loop_new(&loop) || async_loop_run_until_complete(loop, start(&server)))
		return 1;
	serve_until_interrupted(loop, server);
	return 0;
}
