/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams: connections and pipes for coroutines. One object is both of asyncio's StreamReader and
 * StreamWriter.
 *
 *	static ASYNC(echo, struct async_stream *, stream, void *, arg)
 *	{
 *		char data[128];
 *		int64_t size;
 *
 *		(void)arg;
 *		while ((size = async_stream_read(stream, data, sizeof(data))) > 0) {
 *			async_stream_write(stream, data, (size_t)size);
 *			async_stream_drain(stream);
 *		}
 *		return size;
 *	}
 *
 * A stream reads only when somebody asks: a peer that sends without end fills the kernel's buffer,
 * not ours. What is written to a peer that does not read stays in memory; drain() waits while that
 * is more than the high-water mark.
 *
 * One task at a time may read: a second one gets -EBUSY. Any number may drain, or wait for the end.
 * Functions that wait return -ECANCELED if the calling task is cancelled, and nothing that was read
 * is lost then; -EPERM outside of a task; -EBADF once the stream is closed, but 0, the end, to the
 * task that is reading when another one closes it; or, with a message, the connection's negative
 * errno (-ECONNRESET, …), and each call after that returns it again.
 *
 * Memory: closing the loop closes its streams; they stay their owner's to free, all but those of
 * start_server().
 *
 * Threads: all functions belong to the thread of the loop.
 */
#ifndef ASYNC_STREAM_H
#define ASYNC_STREAM_H

#include <async/transport.h>

#ifdef __cplusplus
extern "C" {
#endif

struct async_stream;

/* Connect as async_create_connection() does, with *ret a stream, the caller's to free. */
int64_t async_open_connection(const char *host, uint16_t port, struct async_stream **ret);
int64_t async_open_unix_connection(const char *path, struct async_stream **ret);

/* Returns the coroutine that serves a connection, as ASYNC(serve, struct async_stream *, stream,
 * void *, arg) does. */
typedef struct async_coroutine *async_client_connected(struct async_stream *stream, void *arg);

/*
 * Listen as async_create_server() does. Each connection becomes a task that runs `serve(stream,
 * arg)`. The stream is closed and freed when that ends: other tasks may wait for it until then,
 * and get -EBADF. A failure of the task is reported (see log.h).
 */
int64_t async_start_server(async_client_connected *serve, void *arg, const char *host,
			   uint16_t port, struct async_server **ret);
int64_t async_start_unix_server(async_client_connected *serve, void *arg, const char *path,
				struct async_server **ret);

/*
 * A stream of a socket, pipe or terminal that is open already, and that it will close. Becomes
 * non-blocking. 0 with *ret, the caller's to free; or the descriptor stays the caller's: -EBUSY if
 * the loop watches it already, -EPERM for other files or without a running loop, -errno.
 */
int async_stream_from_fd(int fd, struct async_stream **ret);

/*
 * At least one byte and at most `size`, which is not 0, as soon as there are any. Returns how many;
 * 0 at the end.
 */
int64_t async_stream_read(struct async_stream *stream, void *data, size_t size);

/*
 * Exactly `size` bytes; returns `size`. If the stream ends before: -ENODATA (asyncio:
 * IncompleteReadError), and what there was is still to be read. `size` may exceed the limit.
 */
int64_t async_stream_read_exactly(struct async_stream *stream, void *data, size_t size);

/*
 * Up to and with a separator of `length` bytes: puts the address of what was read into *data, which
 * is valid until the next call that reads, and returns its size. -ENODATA as above; -EMSGSIZE
 * (asyncio: LimitOverrunError) if there is none within the limit, and what there is can still be
 * read. -EINVAL if `length` is 0.
 */
int64_t async_stream_read_until(struct async_stream *stream, const char *separator, size_t length,
				const char **data);

/*
 * A line, with its '\n' unless it is the last one and has none; 0 at the end. As read_until(), but
 * a line that is longer than the limit is dropped as far as it was read, as in asyncio.
 */
int64_t async_stream_read_line(struct async_stream *stream, const char **line);

/* The end was reached, or the stream was closed, and everything has been read. */
bool async_stream_at_eof(const struct async_stream *stream);

/*
 * What read_until() and read_line() may keep: 64 KiB at first. Returns 0, -EINVAL for 0.
 */
int async_stream_set_limit(struct async_stream *stream, size_t bytes);

/* As the functions of the transport. */
int async_stream_write(struct async_stream *stream, const void *data, size_t size);
int async_stream_write_eof(struct async_stream *stream);
bool async_stream_can_write_eof(const struct async_stream *stream);

/*
 * Waits until the write buffer is down at its low-water mark, if it is above the high one. 0, or
 * the error of the connection. Lets others run once if the stream is closing, as in asyncio.
 */
int64_t async_stream_drain(struct async_stream *stream);

/*
 * close() reads no more, writes what is buffered and closes the descriptor; wait_closed() waits
 * until that is done, and returns 0 or the error of the connection. free() closes, if nobody has,
 * and gives the object up while buffered bytes are still being written; it takes null. Nobody may
 * be waiting for the stream then.
 */
void async_stream_close(struct async_stream *stream);
bool async_stream_is_closing(const struct async_stream *stream);
int64_t async_stream_wait_closed(struct async_stream *stream);
void async_stream_free(struct async_stream *stream);

/* The transport under it, for get_extra_info(), limits, abort(): as long as the stream. */
struct async_transport *async_stream_transport(struct async_stream *stream);
const char *async_stream_get_extra_info(struct async_stream *stream, const char *name);

#ifdef __cplusplus
}
#endif

#endif
