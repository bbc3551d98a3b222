/* SPDX-License-Identifier: BSD-2-Clause */
/* Accepting: each connection gets its protocol or its task, a bounded number of them in a step. */
#include "transport.h"
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { ACCEPTED_IN_A_STEP = 100 };

static const double pause_seconds = 1; /* with too many open files */

static void end_service(struct async_future *future, void *arg)
{
	const struct async_exception_context failure = {
		.message = "Unhandled exception in client_connected_cb",
		.exception = async_future_result(future),
		.exception_message = async_future_message(future),
		.task = async_task_of(future),
	};

	if (failure.exception < 0 && !async_future_cancelled(future))
		async_loop_call_exception_handler(future->loop, &failure);
	async_stream_free(arg);
}

static int start_service(struct async_server *server, int fd, const struct address *peer)
{
	struct async_stream *stream;
	struct async_task *task;
	int err = async__stream_create(server->loop, fd, READS | WRITES | SOCKET, peer, server,
				       &stream);

	if (err)
		return err;
	task = async_loop_create_task(server->loop, server->serve(stream, server->arg));
	if (!task)
		async_stream_free(stream);
	else if (async_future_add_done_callback(async_task_future(task), end_service, stream))
		async_stream_close(stream); /* and freed with the loop */
	async_task_detach(task);
	return 0;
}

static int start_protocol(struct async_server *server, int fd, const struct address *peer)
{
	return async__transport_create(server->loop, fd, READS | WRITES | SOCKET, peer, server,
				       server->protocol, NULL, NULL);
}

/* Counted from the start: what is called may close the server, and free it. */
static void take_connection(struct async_server *server, int fd, const struct address *peer)
{
	int err;

	server->connections++;
	err = server->serve ? start_service(server, fd, peer) : start_protocol(server, fd, peer);
	if (!err)
		return;
	close(fd);
	async__server_detach(server);
}

static bool is_shortage(int err)
{
	return err == EMFILE || err == ENFILE || err == ENOBUFS || err == ENOMEM;
}

/* Of a connection that has failed meanwhile, or that a firewall forbids: accept(2). */
static bool is_of_connection(int err)
{
	switch (err) {
	case ECONNABORTED:
	case EPROTO:
	case EPERM:
	case EINTR:
	case ENETDOWN:
	case ENETUNREACH:
	case ENONET:
	case ENOPROTOOPT:
	case EHOSTDOWN:
	case EHOSTUNREACH:
	case EOPNOTSUPP:
		return true;
	}
	return false;
}

static void accept_connections(void *arg);

/* To try again at once would only burn time. */
static void pause_accepting(struct listener *listener, int err)
{
	const struct async_exception_context shortage = {
		.message = "socket.accept() out of system resource",
		.exception = -err,
	};

	async_loop_call_exception_handler(listener->server->loop, &shortage);
	listener->pause = async_call_later(listener->server->loop, pause_seconds,
					   accept_connections, listener);
	if (async_handle_done(listener->pause))
		async__slot_queue(listener->step);
}

/* False if there are none, or not now. */
static bool accept_connection(struct listener *listener)
{
	struct address peer = { .size = sizeof(peer) - offsetof(struct address, any) };
	int fd = accept4(listener->source.fd, &peer.any, &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int err = errno;

	if (fd >= 0)
		take_connection(listener->server, fd, &peer);
	else if (is_shortage(err))
		pause_accepting(listener, err);
	return fd >= 0 || is_of_connection(err);
}

static void accept_connections(void *arg)
{
	struct listener *listener = arg;
	struct async_server *server = listener->server;
	int count = 0;

	server->connections++; /* keeps it */
	while (listener->source.fd >= 0 && count < ACCEPTED_IN_A_STEP &&
	       accept_connection(listener))
		count++;
	if (listener->source.fd >= 0 && count == ACCEPTED_IN_A_STEP)
		async__slot_queue(listener->step);
	async__server_detach(server);
}

static void ready(struct source *source, uint32_t events)
{
	struct listener *listener = container_of(source, struct listener, source);

	(void)events;
	if (async_handle_done(listener->pause))
		async__slot_queue(listener->step);
}

/* The loop is closed. */
static void abandon(struct source *source)
{
	struct async_server *server = container_of(source, struct listener, source)->server;

	async__unclosed(AT_ID(AT_READ, source->fd), server->place, false,
			"unclosed server <Server sockets=(<asyncio.TransportSocket fd=%d>,)>",
			source->fd);
	async_server_close(server);
}

int async__listener_open(struct listener *listener, struct async_server *server, int fd)
{
	int err;

	listener->server = server;
	listener->pause = (struct async_handle){ 0 };
	listener->step = async__slot_take_lasting(server->loop, accept_connections, listener);
	if (!listener->step)
		return async__fail_plain(-ENOMEM);
	listener->source.fd = fd;
	listener->source.ready = ready;
	listener->source.close = abandon;
	err = async__source_add(server->loop, &listener->source, EPOLLIN | EPOLLET);
	if (!err)
		return 0;
	async__slot_drop(listener->step);
	return async__fail_with_reason(err);
}
