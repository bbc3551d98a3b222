/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections by callbacks: a transport carries bytes, and tells its protocol what happens.
 * stream.h has the same for coroutines.
 *
 * Callbacks come in this order: connection_made; then data_received any number of times, and
 * eof_received at most once; connection_lost, once and last. pause_writing and resume_writing come
 * in pairs.
 *
 * Memory: a transport lives until its connection_lost has returned. Closing the loop closes and
 * frees those that are left, and calls nothing. A server stays its owner's to free even then.
 *
 * Threads: all functions and callbacks belong to the thread of the loop.
 */
#ifndef ASYNC_TRANSPORT_H
#define ASYNC_TRANSPORT_H

#include <async/loop.h>
#include <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

struct async_transport;
struct async_server;

/* What a protocol does; `self` is what was given with it. Null ones are left out. */
struct async_protocol {
	void (*connection_made)(void *self, struct async_transport *transport);
	/* The bytes are the protocol's during the call. */
	void (*data_received)(void *self, const void *data, size_t size);
	/* The peer will send no more. True keeps the transport open for writing. */
	bool (*eof_received)(void *self);
	/* `error` is 0 after a close, or the negative errno that ended the connection. */
	void (*connection_lost)(void *self, int error);
	/* The write buffer has risen above its high-water mark, and fallen to its low one. */
	void (*pause_writing)(void *self);
	void (*resume_writing)(void *self);
};

/*
 * Connects to a host by name or address (null: this machine), and port, over TCP; or to a Unix
 * socket's path (one that begins with '@' is abstract). Waits for it, as a task; names are resolved
 * on the loop's executor, and their addresses tried in order. 0, with *ret (unless null) the
 * transport, whose connection_made has been called; the negative errno of the last address tried,
 * with a message that names it; -ECANCELED; -EPERM outside of a task. A name that cannot be
 * resolved is -EHOSTUNREACH.
 */
int64_t async_create_connection(const struct async_protocol *protocol, void *self, const char *host,
				uint16_t port, struct async_transport **ret);
int64_t async_create_unix_connection(const struct async_protocol *protocol, void *self,
				     const char *path, struct async_transport **ret);

/* Makes the `self` of a new connection's protocol. Null refuses the connection. */
typedef void *async_protocol_factory(void *arg);

/*
 * Listens on all addresses of a host (null: all of this machine) and port (0: any that is free); or
 * on a Unix socket's path, which is replaced if it is a socket already. Each connection gets a
 * protocol whose `self` comes from `factory`. Waits, as a task, if the host is a name. 0 with *ret,
 * the caller's to close and free; -errno with a message; -EPERM without a running loop, or, if the
 * host is a name, outside of a task.
 */
int64_t async_create_server(const struct async_protocol *protocol, async_protocol_factory *factory,
			    void *arg, const char *host, uint16_t port, struct async_server **ret);
int64_t async_create_unix_server(const struct async_protocol *protocol,
				 async_protocol_factory *factory, void *arg, const char *path,
				 struct async_server **ret);

/*
 * Servers, made by the two above or by those of stream.h.
 *
 * close() stops listening, while connections go on; wait_closed() waits until these have ended as
 * well. free() closes, and gives the object up while connections go on; it takes null. With too
 * many open files accepting pauses for a second, and goes on.
 */
void async_server_close(struct async_server *server);
int64_t async_server_wait_closed(struct async_server *server);
void async_server_free(struct async_server *server);
bool async_server_is_serving(const struct async_server *server);
/* Its first TCP port, or 0. */
uint16_t async_server_port(const struct async_server *server);

/*
 * Writes as much as the socket takes at once and keeps a copy of the rest, to be written when it
 * takes more. 0 also if the connection is lost already, as in asyncio: connection_lost tells, and
 * the fifth such call and all later ones log a warning; -EPIPE after write_eof(); -EBADF if it can
 * only be read; -ENOMEM, and nothing was written, or the connection is lost, for want of memory for
 * the rest.
 */
int async_transport_write(struct async_transport *transport, const void *data, size_t size);

/*
 * No more shall be written: the peer sees the end once the buffer is written. A pipe is closed
 * then. 0 or -EOPNOTSUPP.
 */
int async_transport_write_eof(struct async_transport *transport);
bool async_transport_can_write_eof(const struct async_transport *transport);

/* Reads no more, writes what is buffered, then calls connection_lost. */
void async_transport_close(struct async_transport *transport);

/* The same, and drops what is buffered. */
void async_transport_abort(struct async_transport *transport);
bool async_transport_is_closing(const struct async_transport *transport);

/* Stop calling data_received, and go on. Doing it twice is harmless. */
void async_transport_pause_reading(struct async_transport *transport);
void async_transport_resume_reading(struct async_transport *transport);
bool async_transport_is_reading(const struct async_transport *transport);

/* Bytes; at first 64 KiB and a quarter of that. -EINVAL unless `low` <= `high`. */
int async_transport_set_write_buffer_limits(struct async_transport *transport, size_t high,
					    size_t low);
size_t async_transport_get_write_buffer_size(const struct async_transport *transport);

/*
 * "peername", "sockname": "127.0.0.1:80", "[::1]:80", or the path of a Unix socket; "socket": the
 * descriptor. Null if there is none. Valid as long as the transport.
 */
const char *async_transport_get_extra_info(struct async_transport *transport, const char *name);

/* The addresses themselves, which may be of size 0. */
const struct sockaddr *async_transport_peername(const struct async_transport *transport,
						socklen_t *size);
const struct sockaddr *async_transport_sockname(const struct async_transport *transport,
						socklen_t *size);

/* The descriptor, the transport's own; -1 once it is closed. */
int async_transport_fd(const struct async_transport *transport);

#ifdef __cplusplus
}
#endif

#endif
