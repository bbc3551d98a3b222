/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the echo programs share: a log like that of Python's logging with the format
 * '%(name)s: %(message)s', bytes as Python shows them, and where to meet.
 */
#ifndef EXAMPLES_ECHO_H
#define EXAMPLES_ECHO_H

#include "repr.h"
#include <async.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { READ_SIZE = 128 };

/* A host and port: localhost and 10000, unless the command line has others. */
static const char *host = "localhost";
static uint16_t port = 10000;

/* One write a line, so that the lines of a client and a server in one terminal stay whole. */
static inline __attribute__((format(printf, 2, 3))) void say(const char *name, const char *format,
							     ...)
{
	char *message;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&message, format, arguments) < 0)
		message = NULL;
	va_end(arguments);
	fprintf(stderr, "%s: %s\n", name, message ? message : "");
	free(message);
}

static inline void log_asyncio(enum async_log_level level, const char *message, void *arg)
{
	(void)level, (void)arg;
	say("asyncio", "%s", message);
}

/* Everything is logged, and the address is on the command line. */
static inline void set_up(int argc, char *argv[])
{
	async_log_set_level(ASYNC_LOG_DEBUG);
	async_log_set_handler(log_asyncio, NULL);
	host = argc > 1 ? argv[1] : host;
	port = argc > 2 ? atoi(argv[2]) : port;
}

/* What is to be said of a failure. */
static inline const char *reason(int64_t err)
{
	const char *message = async_error_message(err);

	return message ? message : strerror(-err);
}

/* Who the peer is. */
struct peer {
	char host[NI_MAXHOST], port[NI_MAXSERV];
};

static inline struct peer peer_of(const struct async_transport *transport)
{
	struct peer peer = { "", "" };
	socklen_t size;
	const struct sockaddr *address = async_transport_peername(transport, &size);

	getnameinfo(address, size, peer.host, sizeof(peer.host), peer.port, sizeof(peer.port),
		    NI_NUMERICHOST | NI_NUMERICSERV);
	return peer;
}

static inline void stop(void *loop)
{
	async_loop_stop(loop);
}

static ASYNC(wait_closed, struct async_server *, server)
{
	return async_server_wait_closed(server);
}

/* Serves until Ctrl-C, then ends the server and the loop. */
static inline void serve_until_interrupted(struct async_loop *loop, struct async_server *server)
{
	async_loop_add_signal_handler(loop, SIGINT, stop, loop);
	say("main", "starting up on %s port %d", host, async_server_port(server));
	async_loop_run_forever(loop);
	say("main", "closing server");
	async_server_close(server);
	async_loop_run_until_complete(loop, wait_closed(server));
	async_server_free(server);
	say("main", "closing event loop");
	async_loop_close(loop);
}

#endif
