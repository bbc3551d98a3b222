/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Child processes: started, talked to by streams, waited for.
 *
 * Threads: all functions belong to the thread of the loop.
 */
#ifndef ASYNC_PROCESS_H
#define ASYNC_PROCESS_H

#include <async/stream.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a child gets as a standard stream: one of these, or a copy of a descriptor above 0. */
enum {
	ASYNC_INHERIT = 0, /* the parent's own */
	ASYNC_PIPE = -1,   /* a new pipe, whose other end is a stream of ours */
	ASYNC_STDOUT = -2, /* of errors: where output goes */
	ASYNC_DEVNULL = -3,
};

/* Zeroed, or null, it is a child that inherits everything. */
struct async_process_options {
	int input, output, errors; /* standard input, output and error */
	const char *directory;	   /* to run in; null: ours */
	char *const *environment;  /* null: ours */
	bool new_session;
};

struct async_process;

/*
 * Start a program, found in $PATH, with its arguments (argv[0] included, null at the end); or
 * /bin/sh with a command line. Only the standard streams are passed on; signals that this process
 * ignores stay ignored, but SIGPIPE, and none is blocked. 0 with *ret, the caller's to free;
 * -ENOENT, -EACCES and so on with a message that names the program, or the directory; -EINVAL for
 * options that are none, or nothing to start; -EPERM without a running loop. `options` may be null.
 */
int64_t async_create_subprocess_exec(struct async_process **ret,
				     const struct async_process_options *options,
				     const char *const argv[]);
int64_t async_create_subprocess_shell(struct async_process **ret,
				      const struct async_process_options *options,
				      const char *command);

pid_t async_process_pid(const struct async_process *process);

/* Our ends of pipes; null if there is none. The process's own: not to be freed. */
struct async_stream *async_process_stdin(struct async_process *process);
struct async_stream *async_process_stdout(struct async_process *process);
struct async_stream *async_process_stderr(struct async_process *process);

/*
 * Its exit status; -N if signal N killed it, as in Python; 255 if somebody else has reaped it, or
 * SIGCHLD is ignored. ASYNC_RUNNING while that is not known.
 */
#define ASYNC_RUNNING INT32_MIN
int async_process_returncode(const struct async_process *process);

/*
 * Waits for its end: 0 (the exit status is async_process_returncode()), -ECANCELED, -EPERM outside
 * of a task, -EXDEV if its loop was closed first. Any number of tasks may wait. A child that fills
 * a pipe which nobody reads does not end: communicate() reads.
 */
int64_t async_process_wait(struct async_process *process);

/* What communicate() has read; the caller frees `data`, which is null if there was no pipe. */
struct async_bytes {
	char *data; /* a zero follows the last byte */
	size_t size;
};

/*
 * Writes `size` bytes to its standard input and closes that, reads its output and errors to their
 * ends, and waits for its end. `output` and `errors` may be null. 0, -ECANCELED, -ENOMEM, -EPERM
 * outside of a task, -EBUSY if somebody reads, -EINVAL for input without a pipe, or the error of a
 * pipe; that the child did not want to read everything is none. On failure what was read is lost.
 */
int64_t async_process_communicate(struct async_process *process, const void *input, size_t size,
				  struct async_bytes *output, struct async_bytes *errors);

/*
 * 0; -ESRCH if it has ended; -EINVAL for no signal, or -errno of kill(). terminate() sends SIGTERM,
 * kill() SIGKILL.
 */
int async_process_send_signal(struct async_process *process, int signal);
int async_process_terminate(struct async_process *process);
int async_process_kill(struct async_process *process);

/*
 * Closes the pipes and gives the object up; takes null. A child that runs on is waited for as long
 * as the loop lives, so that it leaves no zombie; it is not killed. Nor is it when the loop is
 * closed: from then on it is the program's to wait for.
 */
void async_process_free(struct async_process *process);

/* The form by callbacks. */
struct async_subprocess_transport;

/* Null ones are left out. `fd` is 0, 1 or 2. */
struct async_subprocess_protocol {
	void (*connection_made)(void *self, struct async_subprocess_transport *transport);
	void (*pipe_data_received)(void *self, int fd, const void *data, size_t size);
	void (*pipe_connection_lost)(void *self, int fd, int error);
	void (*process_exited)(void *self);
	/* It has ended and all pipes are closed; the last call. */
	void (*connection_lost)(void *self, int error);
};

/*
 * As async_create_subprocess_exec() and _shell(), for a protocol; connection_made has been called
 * when they return 0. The transport lives until the caller has closed it and connection_lost has
 * returned.
 */
int64_t async_subprocess_exec(const struct async_subprocess_protocol *protocol, void *self,
			      const struct async_process_options *options, const char *const argv[],
			      struct async_subprocess_transport **ret);
int64_t async_subprocess_shell(const struct async_subprocess_protocol *protocol, void *self,
			       const struct async_process_options *options, const char *command,
			       struct async_subprocess_transport **ret);

pid_t async_subprocess_transport_get_pid(const struct async_subprocess_transport *transport);
int async_subprocess_transport_get_returncode(const struct async_subprocess_transport *transport);

/* The transport of pipe 0, for writing, 1 or 2; null if there is none or it is closed. */
struct async_transport *
async_subprocess_transport_get_pipe_transport(struct async_subprocess_transport *transport, int fd);

int async_subprocess_transport_send_signal(struct async_subprocess_transport *transport,
					   int signal);
int async_subprocess_transport_terminate(struct async_subprocess_transport *transport);
int async_subprocess_transport_kill(struct async_subprocess_transport *transport);

/* Closes the pipes, and kills the child if it still runs, as asyncio does. Takes null. */
void async_subprocess_transport_close(struct async_subprocess_transport *transport);

#ifdef __cplusplus
}
#endif

#endif
