/* SPDX-License-Identifier: BSD-2-Clause */
/* An echo server by streams: echo_server_streams [HOST [PORT]]. One task for each client. */
#include "echo.h"

ASYNC(echo, struct async_stream *, stream, void *, arg)
{
	struct peer peer = peer_of(async_stream_transport(stream));
	char data[READ_SIZE], name[64];
	int64_t size;

	(void)arg;
	snprintf(name, sizeof(name), "echo_%.40s_%.10s", peer.host, peer.port);
	say(name, "connection accepted");
	while ((size = async_stream_read(stream, data, sizeof(data))) > 0) {
		say(name, "received %s", repr("b", data, size));
		async_stream_write(stream, data, size);
		async_stream_drain(stream);
		say(name, "sent %s", repr("b", data, size));
	}
	say(name, "closing");
	async_stream_close(stream);
	return size;
}

ASYNC(start, struct async_server **, server)
{
	int64_t err = async_start_server(echo, NULL, host, port, server);

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
