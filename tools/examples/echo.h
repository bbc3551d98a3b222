/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the echo programs share: a log like that of Python's logging with the format
 * '%(name)s: %(message)s', bytes as Python shows them, and where to meet.
 */
#ifndef EXAMPLES_ECHO_H
#define EXAMPLES_ECHO_H

#include <async.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>

enum { READ_SIZE = 128 };

/* A host and port: localhost and 10000, unless the command line has others. */
static const char *host = "localhost";
static uint16_t port = 10000;

static inline void set_address(int argc, char *argv[])
{
	host = argc > 1 ? argv[1] : host;
	port = argc > 2 ? atoi(argv[2]) : port;
}

static inline __attribute__((format(printf, 2, 3))) void say(const char *name, const char *format,
							     ...)
{
	va_list arguments;

	va_start(arguments, format);
	fprintf(stderr, "%s: ", name);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
}

/* What is to be said of a failure. */
static inline const char *reason(int64_t err)
{
	const char *message = async_error_message(err);

	return message ? message : strerror(-err);
}

/* b'bytes', up to READ_SIZE of them. Valid until the next call. */
static inline const char *repr(const char *data, size_t size)
{
	static char text[4 * READ_SIZE + 4];
	char quote = memchr(data, '\'', size) && !memchr(data, '"', size) ? '"' : '\'';
	char *to = text + sprintf(text, "b%c", quote);
	size_t i;

	for (i = 0; i < size && i < READ_SIZE; i++) {
		unsigned char byte = data[i];

		if (byte == quote || byte == '\\')
			to += sprintf(to, "\\%c", byte);
		else if (byte == '\n' || byte == '\r' || byte == '\t')
			to += sprintf(to, "\\%c", byte == '\n' ? 'n' : byte == '\r' ? 'r' : 't');
		else
			to += sprintf(to, byte < 32 || byte > 126 ? "\\x%02x" : "%c", byte);
	}
	sprintf(to, "%c", quote);
	return text;
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

/* Ctrl-C stops the loop: the signal is blocked, and its descriptor can be read when it comes. */
static inline int stop_on_interrupt(struct async_loop *loop)
{
	sigset_t signals;
	int fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fd = signalfd(-1, &signals, SFD_CLOEXEC);
	async_loop_add_reader(loop, fd, stop, loop);
	return fd;
}

static ASYNC(wait_closed, struct async_server *, server)
{
	return async_server_wait_closed(server);
}

/* Serves until Ctrl-C, then ends the server and the loop. */
static inline void serve_until_interrupted(struct async_loop *loop, struct async_server *server)
{
	int interrupts = stop_on_interrupt(loop);

	say("main", "starting up on %s port %d", host, async_server_port(server));
	async_loop_run_forever(loop);
	async_loop_remove_reader(loop, interrupts);
	say("main", "closing server");
	async_server_close(server);
	async_loop_run_until_complete(loop, wait_closed(server));
	async_server_free(server);
	say("main", "closing event loop");
	async_loop_close(loop);
}

#endif
