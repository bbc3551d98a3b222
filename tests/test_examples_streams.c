/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The echo servers and clients say what their models in Python say, each client to each server. How
 * many pieces the bytes come in is up to the network: they are compared as a whole.
 */
#include "system.h"
#include <time.h>

#define WHOLE "This is the message. It will be sent in parts."

struct conversation {
	struct program server, client;
	char port[16];
};

/* Waits until standard error has this in it, and returns what it is, for the caller to free. */
static char *wait_for(const struct program *program, const char *what)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	char *text = read_whole(program->err_fd);
	int left = 20000;

	while (!strstr(text, what) && left--) {
		free(text);
		nanosleep(&pause, NULL);
		text = read_whole(program->err_fd);
	}
	assert_non_null(strstr(text, what));
	return text;
}

static void find_port(struct conversation *conversation)
{
	static const char start[] = "main: starting up on localhost port ";
	char *text = wait_for(&conversation->server, start), *line = strstr(text, start);

	snprintf(conversation->port, sizeof(conversation->port), "%d", atoi(line + strlen(start)));
	free(text);
}

/* Takes the lines with this in them, and bytes behind it, out of the text; compares the bytes. */
static void take_bytes(char *text, const char *word)
{
	char joined[256] = "", *found;

	while ((found = strstr(text, word))) {
		char *bytes = found + strlen(word), *end = strchr(bytes, '\n'), *line = found;

		while (line > text && line[-1] != '\n')
			line--;
		strncat(joined, bytes, end - 1 - bytes);
		memmove(line, end + 1, strlen(end + 1) + 1);
	}
	assert_string_equal(joined, WHOLE);
}

/* A connection is named after its client's address: echo_127.0.0.1_11075 becomes echo. */
static void mask_names(char *text)
{
	char *name = text;

	while ((name = strchr(name, '_'))) {
		const char *end = strchr(name, ' ') - 1;

		memmove(name, end, strlen(end) + 1);
	}
}

static void converse(struct conversation *conversation, const char *server, const char *client,
		     const char *host)
{
	program_start(&conversation->server, "build/examples/echo_server_%s localhost 0", server);
	find_port(conversation);
	program_start(&conversation->client, "build/examples/echo_client_%s %s %s", client, host,
		      conversation->port);
	program_wait(&conversation->client);
	free(wait_for(&conversation->server, ": closing\n"));
	kill(conversation->server.pid, SIGINT);
	program_wait(&conversation->server);
	assert_int_equal(conversation->client.status, 0);
	assert_int_equal(conversation->server.status, 0);
	take_bytes(conversation->client.err, ": received b'");
}

static void assert_client(struct conversation *conversation, const char *format)
{
	char expected[1024];

	snprintf(expected, sizeof(expected), format, conversation->port);
	assert_string_equal(conversation->client.err, expected);
}

static void assert_server(struct conversation *conversation, const char *lines)
{
	char expected[1024], *err = conversation->server.err;

	take_bytes(err, ": sent b'");
	take_bytes(err, ": received b'");
	mask_names(err);
	snprintf(expected, sizeof(expected),
		 "asyncio: Using selector: EpollSelector\n"
		 "main: starting up on localhost port %s\n"
		 "%s"
		 "main: closing server\n"
		 "main: closing event loop\n",
		 conversation->port, lines);
	assert_string_equal(err, expected);
}

static int begin(void **state)
{
	*state = calloc(1, sizeof(struct conversation));
	return !*state;
}

static int end(void **state)
{
	struct conversation *conversation = *state;

	program_free(&conversation->client);
	program_free(&conversation->server);
	free(conversation);
	return 0;
}

static const char streams_client[] = "asyncio: Using selector: EpollSelector\n"
				     "echo_client: connecting to localhost port %s\n"
				     "echo_client: sending b'This is the message. '\n"
				     "echo_client: sending b'It will be sent '\n"
				     "echo_client: sending b'in parts.'\n"
				     "echo_client: waiting for response\n"
				     "echo_client: closing\n"
				     "main: closing event loop\n";
static const char streams_server[] = "echo: connection accepted\n"
				     "echo: closing\n";
static const char protocol_client[] = "asyncio: Using selector: EpollSelector\n"
				      "main: waiting for client to complete\n"
				      "EchoClient: connecting to 127.0.0.1 port %s\n"
				      "EchoClient: sending b'This is the message. '\n"
				      "EchoClient: sending b'It will be sent '\n"
				      "EchoClient: sending b'in parts.'\n"
				      "EchoClient: received EOF\n"
				      "EchoClient: server closed connection\n"
				      "main: closing event loop\n";
static const char protocol_server[] = "EchoServer: connection accepted\n"
				      "EchoServer: received EOF\n"
				      "EchoServer: closing\n";

static void echo__streams_to_streams(void **state)
{
	converse(*state, "streams", "streams", "localhost");
	assert_client(*state, streams_client);
	assert_server(*state, streams_server);
}

static void echo__protocol_to_protocol(void **state)
{
	converse(*state, "protocol", "protocol", "127.0.0.1");
	assert_client(*state, protocol_client);
	assert_server(*state, protocol_server);
}

static void echo__protocol_to_streams(void **state)
{
	converse(*state, "streams", "protocol", "127.0.0.1");
	assert_client(*state, protocol_client);
	assert_server(*state, streams_server);
}

static void echo__streams_to_protocol(void **state)
{
	converse(*state, "protocol", "streams", "localhost");
	assert_client(*state, streams_client);
	assert_server(*state, protocol_server);
}

/* Nobody listens: the client says so and fails. */
static void client__is_refused(void **state)
{
	struct conversation *conversation = *state;

	program_start(&conversation->client, "build/examples/echo_client_streams 127.0.0.1 1");
	program_wait(&conversation->client);
	assert_int_equal(conversation->client.status, 1);
	assert_string_equal(conversation->client.err,
			    "asyncio: Using selector: EpollSelector\n"
			    "echo_client: connecting to 127.0.0.1 port 1\n"
			    "echo_client: Connect call failed ('127.0.0.1', 1): Connection refused\n"
			    "main: closing event loop\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(echo__streams_to_streams, begin, end),
		cmocka_unit_test_setup_teardown(echo__protocol_to_protocol, begin, end),
		cmocka_unit_test_setup_teardown(echo__protocol_to_streams, begin, end),
		cmocka_unit_test_setup_teardown(echo__streams_to_protocol, begin, end),
		cmocka_unit_test_setup_teardown(client__is_refused, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
