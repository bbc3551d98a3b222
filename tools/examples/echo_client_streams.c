/* SPDX-License-Identifier: BSD-2-Clause */
/* A client of the echo servers, by streams: echo_client_streams [HOST [PORT]]. */
#include "echo.h"

static const char *const messages[] = {
	"This is the message. ",
	"It will be sent ",
	"in parts.",
};

ASYNC(echo_client)
{
	struct async_stream *stream;
	char data[READ_SIZE];
	int64_t size, err;
	size_t i;

	say("echo_client", "connecting to %s port %d", host, port);
	err = async_open_connection(host, port, &stream);
	if (err) {
		say("echo_client", "%s", reason(err));
		return err;
	}
	for (i = 0; i < sizeof(messages) / sizeof(*messages); i++) {
		async_stream_write(stream, messages[i], strlen(messages[i]));
		say("echo_client", "sending %s", repr("b", messages[i], strlen(messages[i])));
	}
	if (async_stream_can_write_eof(stream))
		async_stream_write_eof(stream);
	async_stream_drain(stream);
	say("echo_client", "waiting for response");
	while ((size = async_stream_read(stream, data, sizeof(data))) > 0)
		say("echo_client", "received %s", repr("b", data, size));
	say("echo_client", "closing");
	async_stream_free(stream);
	return size;
}

int main(int argc, char *argv[])
{
	struct async_loop *loop;
	int64_t err;

	set_up(argc, argv);
	if (async_loop_new(&loop))
		return 1;
	err = async_loop_run_until_complete(loop, echo_client());
	say("main", "closing event loop");
	async_loop_close(loop);
	return err != 0;
}
