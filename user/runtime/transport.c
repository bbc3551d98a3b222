/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transports: how they begin, hear of events and end.
 *
 * What a protocol is told comes from a step of its own, as any callback does. Streams, which are
 * the runtime's, are served where the event is heard of.
 */
#include "transport.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HIGH_WATER = 64 << 10, LOW_WATER = HIGH_WATER / 4 };

static void detach(struct async_transport *transport)
{
	struct async_server *server = transport->server;

	async__source_remove(&transport->source);
	close(transport->source.fd);
	transport->source.fd = -1;
	transport->server = NULL;
	async__buffer_free(&transport->output);
	if (transport->step)
		async__slot_drop(transport->step);
	transport->step = NULL;
	if (server)
		async__server_detach(server);
}

static void end(struct async_transport *transport)
{
	if (transport->protocol && transport->protocol->connection_lost)
		transport->protocol->connection_lost(transport->self, transport->error);
	detach(transport);
	transport->ended(transport);
}

void async__transport_lose(struct async_transport *transport, int error)
{
	if (transport->lost)
		return;
	transport->closing = true;
	transport->lost = true;
	transport->error = error;
	async__buffer_free(&transport->output);
	if (transport->step)
		async__slot_queue(transport->step);
	else
		end(transport);
}

/* Does what can be done; a stream may be freed at the end of it. */
static void serve(struct async_transport *transport)
{
	if (transport->readable && !transport->closing)
		transport->can_read(transport);
	if (transport->lost)
		return;
	if (transport->writable && buffer_count(&transport->output))
		async__transport_flush(transport);
	else if (transport->hung_up && !(transport->kind & READS))
		/* For a protocol that has written everything it is no error, as in asyncio. */
		async__transport_lose(transport, transport->step ? 0 : -EPIPE);
}

static void run_step(void *arg)
{
	struct async_transport *transport = arg;

	if (transport->lost)
		end(transport);
	else
		serve(transport);
}

static bool has_work(const struct async_transport *transport)
{
	return (transport->readable && transport->reading && !transport->closing) ||
	       (transport->writable && buffer_count(&transport->output)) ||
	       (transport->hung_up && !(transport->kind & READS));
}

static void ready(struct source *source, uint32_t events)
{
	struct async_transport *transport = container_of(source, struct async_transport, source);

	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		transport->readable = transport->kind & READS;
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		transport->writable = true;
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		transport->hung_up = true;
	if (!transport->step)
		serve(transport);
	else if (has_work(transport))
		async__slot_queue(transport->step);
}

void async__transport_abandon(struct source *source)
{
	struct async_transport *transport = container_of(source, struct async_transport, source);

	if (!transport->closing)
		async__unclosed(AT_ID(transport->kind & READS ? AT_READ : AT_WRITE, source->fd), 0,
				source->loop->debug, "unclosed transport <%s fd=%d>",
				transport->kind & SOCKET  ? "_SelectorSocketTransport"
				: transport->kind & READS ? "_UnixReadPipeTransport"
							  : "_UnixWritePipeTransport",
				source->fd);
	transport->closing = true;
	transport->lost = true;
	detach(transport);
	transport->ended(transport);
}

int async__transport_adopt(int fd, uint32_t *kind)
{
	int flags = fcntl(fd, F_GETFL), type = 0;
	socklen_t size = sizeof(type);
	struct stat file;

	if (flags < 0 || fstat(fd, &file))
		return -errno;
	*kind = (flags & O_ACCMODE) == O_RDONLY	  ? READS
		: (flags & O_ACCMODE) == O_WRONLY ? WRITES
						  : READS | WRITES;
	if (!(flags & O_NONBLOCK))
		*kind |= BLOCKING;
	if (S_ISSOCK(file.st_mode))
		*kind |= SOCKET;
	getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
	if (!S_ISFIFO(file.st_mode) && type != SOCK_STREAM)
		*kind |= PIECEWISE;
	return 0;
}

static void find_address(struct address *address, int fd,
			 int (*get)(int fd, struct sockaddr *address, socklen_t *size))
{
	socklen_t room = sizeof(*address) - offsetof(struct address, any), size = room;

	if (!get(fd, &address->any, &size))
		address->size = size < room ? size : room;
}

static void find_addresses(struct async_transport *transport)
{
	int fd = transport->source.fd, one = 1;

	find_address(&transport->own, fd, getsockname);
	if (!transport->peer.size)
		find_address(&transport->peer, fd, getpeername);
	if (transport->own.any.sa_family == AF_INET || transport->own.any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

int async__transport_init(struct async_transport *transport, struct async_loop *loop, int fd,
			  uint32_t kind)
{
	uint32_t events = EPOLLET;
	int err;

	transport->source.fd = fd;
	transport->source.ready = ready;
	transport->source.close = async__transport_abandon;
	transport->kind = kind;
	transport->reading = kind & READS;
	transport->high = HIGH_WATER;
	transport->low = LOW_WATER;
	if (kind & READS)
		events |= EPOLLIN | EPOLLRDHUP;
	if (kind & WRITES)
		events |= EPOLLOUT;
	err = async__source_add(loop, &transport->source, events);
	if (err)
		return err == -EEXIST ? -EBUSY : err;
	/* Not before: a descriptor that stays the caller's is as it was. */
	if (kind & BLOCKING)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (kind & SOCKET)
		find_addresses(transport);
	return 0;
}

static void free_transport(struct async_transport *transport)
{
	async__transport_free_info(transport);
	free(transport);
}

int async__transport_create(struct async_loop *loop, int fd, uint32_t kind,
			    const struct address *peer, struct async_server *server,
			    const struct async_protocol *protocol, void *self,
			    struct async_transport **ret)
{
	struct async_transport *transport = calloc(1, sizeof(*transport));
	int err = -ENOMEM;

	if (!transport)
		return err;
	transport->step = async__slot_take_lasting(loop, run_step, transport);
	if (!transport->step)
		goto error;
	if (peer)
		transport->peer = *peer;
	transport->protocol = protocol;
	transport->can_read = async__transport_can_read;
	transport->ended = free_transport;
	err = async__transport_init(transport, loop, fd, kind);
	if (err)
		goto error_slot;
	transport->self = server ? server->factory(server->arg) : self;
	err = -ECONNABORTED;
	if (!transport->self && server)
		goto error_source;
	transport->server = server;
	if (ret)
		*ret = transport;
	if (protocol->connection_made)
		protocol->connection_made(transport->self, transport);
	return 0;

error_source:
	async__source_remove(&transport->source);
error_slot:
	async__slot_drop(transport->step);
error:
	free(transport);
	return err;
}

int async__transport_new(struct async_loop *loop, int fd, bool reads, bool writes,
			 const struct async_protocol *protocol, void *self,
			 struct async_transport **ret)
{
	uint32_t kind;
	int err = async__transport_adopt(fd, &kind);

	if (err)
		return err;
	if (!reads)
		kind &= ~READS;
	if (!writes)
		kind &= ~WRITES;
	return async__transport_create(loop, fd, kind, NULL, NULL, protocol, self, ret);
}

void async_transport_close(struct async_transport *transport)
{
	if (transport->closing)
		return;
	transport->closing = true;
	if (!buffer_count(&transport->output))
		async__transport_lose(transport, 0);
}

void async_transport_abort(struct async_transport *transport)
{
	async__transport_lose(transport, 0);
}

bool async_transport_is_closing(const struct async_transport *transport)
{
	return transport->closing;
}

int async_transport_fd(const struct async_transport *transport)
{
	return transport->source.fd;
}
