/* SPDX-License-Identifier: BSD-2-Clause */
/* Servers: they accept connections, and count them. */
#include "transport.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

static void remove_path(struct async_server *server)
{
	struct stat file;

	if (server->path && !stat(server->path, &file) && file.st_dev == server->device &&
	    file.st_ino == server->inode)
		unlink(server->path);
	free(server->path);
	server->path = NULL;
}

static void end_if_unused(struct async_server *server)
{
	if (server->count || server->connections)
		return;
	if (server->ended && server->ended->state == PENDING)
		async__future_finish(server->ended, FINISHED, 0);
	if (!server->given_up)
		return;
	async_future_unref(server->ended);
	free(server);
}

void async__server_detach(struct async_server *server)
{
	server->connections--;
	end_if_unused(server);
}

static void close_listener(struct listener *listener)
{
	async_handle_cancel(listener->pause);
	async__slot_drop(listener->step);
	async__source_remove(&listener->source);
	close(listener->source.fd);
	listener->source.fd = -1;
}

static void close_listeners(struct async_server *server)
{
	remove_path(server);
	while (server->count)
		close_listener(&server->listeners[--server->count]);
}

void async_server_close(struct async_server *server)
{
	if (!server->count)
		return;
	close_listeners(server);
	end_if_unused(server);
}

void async_server_free(struct async_server *server)
{
	if (!server)
		return;
	close_listeners(server);
	server->given_up = true;
	end_if_unused(server);
}

static void pass_on(struct async_future *ended, void *arg)
{
	struct async_future *future = arg;

	(void)ended;
	if (future->state == PENDING)
		async__future_finish(future, FINISHED, 0);
	async_future_unref(future);
}

int64_t async_server_wait_closed(struct async_server *server)
{
	struct async_future *future;

	if (!current_task())
		return -EPERM;
	if (!server->count && !server->connections)
		return 0;
	if (!server->ended)
		server->ended = async_future_new(server->loop);
	/* Each waits for a future of his own: who is cancelled does not cancel the others'. */
	future = server->ended ? async_future_new(server->loop) : NULL;
	if (future && async__future_add_owner(server->ended, pass_on, async_future_ref(future))) {
		async_future_unref(future);
		future = NULL;
	}
	return async_await_future(future);
}

bool async_server_is_serving(const struct async_server *server)
{
	return server->count;
}

uint16_t async_server_port(const struct async_server *server)
{
	return server->port;
}

static uint16_t port_of(int fd)
{
	struct address address = { 0 };
	socklen_t size = sizeof(address) - offsetof(struct address, any);

	if (getsockname(fd, &address.any, &size) || address.any.sa_family == AF_UNIX)
		return 0;
	return ntohs(address.v4.sin_port);
}

/* Makes a server like the model, of sockets that it takes over: `result`, unless it is -errno. */
static int64_t create(struct async_server *model, int64_t result, const int fds[],
		      struct async_server **ret)
{
	struct async_server *server;
	int64_t count = result, i;

	if (count < 0)
		return count;
	model->loop = async__running;
	server = malloc(sizeof(*server) + count * sizeof(*server->listeners));
	result = server ? 0 : async__fail_plain(-ENOMEM);
	if (server)
		*server = *model;
	else
		free(model->path);
	for (i = 0; i < count && !result; i++) {
		result = async__listener_open(&server->listeners[i], server, fds[i]);
		server->count += !result;
	}
	if (!result) {
		server->port = port_of(fds[0]);
		*ret = server;
		return 0;
	}
	for (i = server ? server->count : 0; i < count; i++)
		close(fds[i]);
	async_server_free(server);
	return result;
}

int64_t async_create_server(const struct async_protocol *protocol, async_protocol_factory *factory,
			    void *arg, const char *host, uint16_t port, struct async_server **ret)
{
	struct async_server model = {
		.protocol = protocol,
		.factory = factory,
		.arg = arg,
		.place = (uintptr_t)__builtin_return_address(0),
	};
	int fds[ADDRESSES_MAX];

	return create(&model, async__running ? async__listen_host(host, port, fds) : -EPERM, fds,
		      ret);
}

int64_t async_start_server(async_client_connected *serve, void *arg, const char *host,
			   uint16_t port, struct async_server **ret)
{
	struct async_server model = {
		.serve = serve,
		.arg = arg,
		.place = (uintptr_t)__builtin_return_address(0),
	};
	int fds[ADDRESSES_MAX];

	return create(&model, async__running ? async__listen_host(host, port, fds) : -EPERM, fds,
		      ret);
}

static int64_t create_at(struct async_server *model, const char *path, struct async_server **ret)
{
	int fds[ADDRESSES_MAX];
	int64_t result = async__running ? async__listen_path(path, fds) : -EPERM;
	struct stat file;

	if (result > 0 && *path != '@' && !stat(path, &file)) {
		model->path = strdup(path);
		model->device = file.st_dev;
		model->inode = file.st_ino;
	}
	return create(model, result, fds, ret);
}

int64_t async_create_unix_server(const struct async_protocol *protocol,
				 async_protocol_factory *factory, void *arg, const char *path,
				 struct async_server **ret)
{
	struct async_server model = {
		.protocol = protocol,
		.factory = factory,
		.arg = arg,
		.place = (uintptr_t)__builtin_return_address(0),
	};

	return create_at(&model, path, ret);
}

int64_t async_start_unix_server(async_client_connected *serve, void *arg, const char *path,
				struct async_server **ret)
{
	struct async_server model = {
		.serve = serve,
		.arg = arg,
		.place = (uintptr_t)__builtin_return_address(0),
	};

	return create_at(&model, path, ret);
}
