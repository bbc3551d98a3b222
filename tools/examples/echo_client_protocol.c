/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client of the echo servers, by callbacks: echo_client_protocol [HOST [PORT]]. A future says
 * when the conversation is over.
 */
#include "echo.h"

static const char *const messages[] = {
	"This is the message. ",
	"It will be sent ",
	"in parts.",
};

struct echo_client {
	struct async_transport *transport;
	struct async_future *completed;
};

static void connection_made(void *self, struct async_transport *transport)
{
	struct echo_client *client = self;
	struct peer peer = peer_of(transport);
	size_t i;

	client->transport = transport;
	say("EchoClient", "connecting to %s port %s", peer.host, peer.port);
	for (i = 0; i < sizeof(messages) / sizeof(*messages); i++) {
		async_transport_write(transport, messages[i], strlen(messages[i]));
		say("EchoClient", "sending %s", repr("b", messages[i], strlen(messages[i])));
	}
	if (async_transport_can_write_eof(transport))
		async_transport_write_eof(transport);
}

static void data_received(void *self, const void *data, size_t size)
{
	(void)self;
	say("EchoClient", "received %s", repr("b", data, size));
}

static bool eof_received(void *self)
{
	struct echo_client *client = self;

	say("EchoClient", "received EOF");
	async_transport_close(client->transport);
	return false;
}

static void connection_lost(void *self, int error)
{
	struct echo_client *client = self;

	(void)error;
	say("EchoClient", "server closed connection");
	async_future_set_result(client->completed, 0);
}

static const struct async_protocol protocol = {
	.connection_made = connection_made,
	.data_received = data_received,
	.eof_received = eof_received,
	.connection_lost = connection_lost,
};

ASYNC(echo_client)
{
	struct echo_client client = { .completed = async_future_new(NULL) };
	int64_t err = async_create_connection(&protocol, &client, host, port, NULL);

	if (err) {
		say("main", "%s", reason(err));
		async_future_unref(client.completed);
		return err;
	}
	return async_await(client.completed);
}

int main(int argc, char *argv[])
{
	struct async_loop *loop;
	int64_t err;

	set_up(argc, argv);
	if (async_loop_new(&loop))
		return 1;
	say("main", "waiting for client to complete");
	err = async_loop_run_until_complete(loop, echo_client());
	say("main", "closing event loop");
	async_loop_close(loop);
	return err != 0;
}
