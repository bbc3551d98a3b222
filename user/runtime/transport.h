/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inside of transports and streams.
 *
 * A descriptor is registered with epoll once, edge-triggered, and events only set `readable` and
 * `writable`: reading and writing are tried first, and wait when the kernel has no more. A stream
 * is a transport whose bytes are read by tasks, when they want some.
 */
#ifndef TRANSPORT_H
#define TRANSPORT_H

#include "waiting.h"
#include <netinet/in.h>
#include <sys/un.h>

/* Bytes from `start` to `end`; null when it is empty at first. */
struct buffer {
	char *data;
	size_t start, end;
	size_t size; /* of the memory */
};

struct address {
	socklen_t size; /* 0: none */
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un local;
	};
};

/* Of a new transport: what its descriptor can do. */
enum {
	READS = 1 << 0,
	WRITES = 1 << 1,
	SOCKET = 1 << 2,
	PIECEWISE = 1 << 3, /* a read gives one piece, a line or datagram, and there may be more */
	BLOCKING = 1 << 4,  /* it is still */
};

struct async_transport {
	struct source source; /* its descriptor is -1 once that is closed */
	const struct async_protocol *protocol;
	void *self;
	struct slot *step; /* calls the protocol; a stream has none, and is served at once */
	void (*can_read)(struct async_transport *transport);
	void (*ended)(struct async_transport *transport); /* it is closed; may free it */
	struct async_server *server;			  /* that accepted it, or null */

	uint32_t kind;	  /* READS and so on */
	bool readable;	  /* as far as is known */
	bool writable;	  /* the same, of interest while there is output */
	bool hung_up;	  /* the end or an error is behind what can be read */
	bool reading;	  /* a protocol's reading is not paused */
	bool read_end;	  /* the peer will send no more */
	bool write_ended; /* write_eof() was called */
	bool paused;	  /* the protocol shall not write */
	bool closing;	  /* it reads no more */
	bool lost;	  /* nor does it write */
	int error;	  /* why it is lost */
	uint32_t vain;	  /* writes since */

	struct buffer output;
	size_t high, low;
	struct address peer, own;
	char *info[3]; /* texts of get_extra_info(), made when somebody asks */
};

struct async_stream {
	struct async_transport transport;
	struct async_future *reader;	 /* that a task waits for, or null */
	struct waiting writers, closers; /* tasks that drain, and that wait for the end */
	struct buffer input;
	size_t limit;
	unsigned int reads; /* since the reader has waited */
	unsigned int users; /* calls inside of one that is served: its task may end before them */
	bool busy;	    /* somebody reads */
	bool served;	    /* its owner is the task of a server */
	bool given_up;	    /* by its owner: it is freed when it has ended */
};

struct listener {
	struct source source;
	struct async_server *server;
	struct slot *step;
	struct async_handle pause;
};

struct async_server {
	struct async_loop *loop;
	const struct async_protocol *protocol; /* or null, and there is `serve` */
	async_protocol_factory *factory;
	async_client_connected *serve;
	void *arg;
	size_t connections;
	bool given_up;		    /* by its owner: it is freed with its last connection */
	struct async_future *ended; /* made when somebody waits for it */
	uintptr_t place;	    /* of its creation */
	char *path;		    /* of a socket that is to be removed, or null */
	dev_t device;
	ino_t inode;
	uint16_t port;
	size_t count; /* of those that listen */
	struct listener listeners[];
};

#pragma GCC visibility push(hidden)

/* buffer.c: room for so many bytes at the end. 0 or -ENOMEM. */
int async__buffer_reserve(struct buffer *buffer, size_t more);
int async__buffer_append(struct buffer *buffer, const void *data, size_t size);
void async__buffer_free(struct buffer *buffer);

/* address.c: what get_extra_info() has made. */
void async__transport_free_info(struct async_transport *transport);
/* As Python prints it: ('127.0.0.1', 80). Null without memory. */
char *async__address_repr(const struct address *address);
/* The address of a Unix socket. 0; -ENAMETOOLONG or -EINVAL with a message. */
int64_t async__address_of_path(struct address *address, const char *path);
/*
 * resolve.c: the addresses of a host. Waits, as a task, unless it is null or written as an address.
 * Their number; -EHOSTUNREACH with a message; -ECANCELED; -ENOMEM.
 */
enum { ADDRESSES_MAX = 16 };
int64_t async__resolve(const char *host, uint16_t port, int flags,
		       struct address addresses[ADDRESSES_MAX]);

/*
 * transport.c: what is not zero is for init to keep. It takes the descriptor over unless it fails:
 * 0, -EBUSY, -ENOMEM or -errno.
 */
int async__transport_init(struct async_transport *transport, struct async_loop *loop, int fd,
			  uint32_t kind);
int async__transport_adopt(int fd, uint32_t *kind); /* finds its kind */
/* What a server's transport serves its factory makes, when nothing else can fail. */
int async__transport_create(struct async_loop *loop, int fd, uint32_t kind,
			    const struct address *peer, struct async_server *server,
			    const struct async_protocol *protocol, void *self,
			    struct async_transport **ret);
void async__transport_abandon(struct source *source); /* the loop is closed: nobody is told */
void async__transport_lose(struct async_transport *transport, int error);

/* transport_read.c: what there is, 0 at the end, -EAGAIN, or an error by which it is lost. */
int64_t async__transport_receive(struct async_transport *transport, void *data, size_t size);
void async__transport_can_read(struct async_transport *transport);

/* transport_write.c: writes what it can of the output. */
void async__transport_flush(struct async_transport *transport);

/* stream.c */
int async__stream_create(struct async_loop *loop, int fd, uint32_t kind, const struct address *peer,
			 struct async_server *server, struct async_stream **ret);
/* A call has ended: it may have been the last one of a stream that is given up, which goes then. */
void async__stream_leave(struct async_stream *stream);
/* Why the stream cannot be used, with a message. */
int64_t async__stream_error(const struct async_stream *stream);

/* server.c: one of its connections has ended. */
void async__server_detach(struct async_server *server);

/* accept.c: a listener for a socket, which is the caller's if it fails. */
int async__listener_open(struct listener *listener, struct async_server *server, int fd);

/* listen.c: sockets that listen. Their number, or -errno with a message. */
int64_t async__listen_host(const char *host, uint16_t port, int fds[ADDRESSES_MAX]);
int64_t async__listen_path(const char *path, int fds[ADDRESSES_MAX]);

#pragma GCC visibility pop

static inline void stream_enter(struct async_stream *stream)
{
	stream->users += stream->served;
}

static inline size_t buffer_count(const struct buffer *buffer)
{
	return buffer->end - buffer->start;
}

/* Forgets the first so many bytes. */
static inline void buffer_drop(struct buffer *buffer, size_t size)
{
	buffer->start += size;
	if (buffer->start == buffer->end)
		buffer->start = buffer->end = 0;
}

#endif
