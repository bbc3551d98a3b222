/* SPDX-License-Identifier: BSD-2-Clause */
/* Connecting: to one address after another, waiting as a task. */
#include "transport.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* On the heap, for a task may be destroyed while it waits. */
struct attempt {
	struct source source;
	struct async_future *future;
};

static void ready(struct source *source, uint32_t events)
{
	struct attempt *attempt = container_of(source, struct attempt, source);

	(void)events;
	if (attempt->future->state == PENDING)
		async__future_finish(attempt->future, FINISHED, 0);
}

static void drop(struct attempt *attempt)
{
	async__source_remove(&attempt->source);
	async_future_unref(attempt->future);
	free(attempt);
}

static void abandon(struct source *source)
{
	int fd = source->fd;

	drop(container_of(source, struct attempt, source));
	close(fd);
}

/* Waits until the socket is connected, or has failed. */
static int64_t wait_connected(struct async_loop *loop, int fd)
{
	struct attempt *attempt = malloc(sizeof(*attempt));
	socklen_t size = sizeof(int);
	int64_t err;
	int failure;

	if (!attempt)
		return -ENOMEM;
	attempt->source.fd = fd;
	attempt->source.ready = ready;
	attempt->source.close = abandon;
	attempt->future = async__future_new(loop, AT_WRITE, fd);
	err = attempt->future ? async__source_add(loop, &attempt->source, EPOLLOUT | EPOLLET)
			      : -ENOMEM;
	if (err) {
		async_future_unref(attempt->future);
		free(attempt);
		return err;
	}
	err = async_await_future(async_future_ref(attempt->future));
	drop(attempt);
	if (!err && getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size))
		failure = errno;
	return err ? err : -failure;
}

/* A connected socket, or -errno. */
static int64_t connect_socket(const struct address *address)
{
	int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int64_t err = 0;

	if (fd < 0)
		return -errno;
	if (connect(fd, &address->any, address->size))
		err = errno == EINPROGRESS || errno == EINTR ? wait_connected(async__running, fd)
							     : -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* The error with a message that names the address, unless that has nothing to do with it. */
static int64_t failed(int64_t err, const struct address *address)
{
	char *text;

	if (err == -EMFILE || err == -ENFILE)
		return async__fail_with_reason(err);
	text = err == -ECANCELED ? NULL : async__address_repr(address);
	if (text)
		async_fail(err, "Connect call failed %s: %s", text, strerror(-err));
	free(text);
	return err;
}

static int64_t connect_address(const struct address *address)
{
	int64_t result = connect_socket(address), err = 0;
	uint64_t pause_ns = 1000000;

	/* The server has more connections than it accepts; the kernel tells nobody when. */
	while (result == -EAGAIN && address->any.sa_family == AF_UNIX && !err) {
		err = async_sleep_ns(pause_ns);
		result = err ? err : connect_socket(address);
		pause_ns += pause_ns < 64000000 ? pause_ns : 0;
	}
	return result < 0 ? failed(result, address) : result;
}

static int64_t connect_path(const char *path, struct address *peer)
{
	int64_t err = async__address_of_path(peer, path);

	return err ? err : connect_address(peer);
}

static int64_t connect_host(const char *host, uint16_t port, struct address *peer)
{
	struct address addresses[ADDRESSES_MAX];
	int64_t count = async__resolve(host, port, 0, addresses), result = count, i;

	for (i = 0; i < count; i++) {
		result = connect_address(&addresses[i]);
		if (result == -ECANCELED)
			break;
		if (result < 0)
			continue;
		*peer = addresses[i];
		break;
	}
	return result;
}

static int64_t make_transport(int64_t fd, const struct address *peer,
			      const struct async_protocol *protocol, void *self,
			      struct async_transport **ret)
{
	int err;

	if (fd < 0)
		return fd;
	err = async__transport_create(async__running, fd, READS | WRITES | SOCKET, peer, NULL,
				      protocol, self, ret);
	if (!err)
		return 0;
	close(fd);
	return async__fail_with_reason(err);
}

int64_t async_create_connection(const struct async_protocol *protocol, void *self, const char *host,
				uint16_t port, struct async_transport **ret)
{
	struct address peer;

	if (!current_task())
		return -EPERM;
	return make_transport(connect_host(host, port, &peer), &peer, protocol, self, ret);
}

int64_t async_create_unix_connection(const struct async_protocol *protocol, void *self,
				     const char *path, struct async_transport **ret)
{
	struct address peer;

	if (!current_task())
		return -EPERM;
	return make_transport(connect_path(path, &peer), &peer, protocol, self, ret);
}

static int64_t make_stream(int64_t fd, const struct address *peer, struct async_stream **ret)
{
	int err;

	if (fd < 0)
		return fd;
	err = async__stream_create(async__running, fd, READS | WRITES | SOCKET, peer, NULL, ret);
	if (!err)
		return 0;
	close(fd);
	return async__fail_with_reason(err);
}

int64_t async_open_connection(const char *host, uint16_t port, struct async_stream **ret)
{
	struct address peer;

	if (!current_task())
		return -EPERM;
	return make_stream(connect_host(host, port, &peer), &peer, ret);
}

int64_t async_open_unix_connection(const char *path, struct async_stream **ret)
{
	struct address peer;

	if (!current_task())
		return -EPERM;
	return make_stream(connect_path(path, &peer), &peer, ret);
}
