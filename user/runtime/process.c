/* SPDX-License-Identifier: BSD-2-Clause */
/* Child processes with streams: a child, and our ends of its pipes. */
#include "child.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

struct async_process {
	struct child *child;
	struct async_stream *streams[3];
};

static int open_streams(struct async_process *process, struct pipes *pipes)
{
	int i, err;

	for (i = 0; i < 3; i++) {
		if (pipes->ours[i] < 0)
			continue;
		err = async_stream_from_fd(pipes->ours[i], &process->streams[i]);
		if (err)
			return err; /* with a message */
		pipes->ours[i] = -1;
	}
	return 0;
}

static void free_streams(struct async_process *process)
{
	int i;

	for (i = 0; i < 3; i++)
		async_stream_free(process->streams[i]);
}

/* The streams come first: once the program runs, nothing but the lack of a thread can fail. */
static int start(struct async_process *process, const struct async_process_options *options,
		 const char *const argv[])
{
	struct pipes pipes;
	int err = async__pipes_open(&pipes, options);

	if (err)
		return async__fail_with_reason(err);
	err = open_streams(process, &pipes);
	if (!err)
		err = async__child_start(async__running, &pipes, options, argv, &process->child);
	async__pipes_close(&pipes);
	return err;
}

int64_t async_create_subprocess_exec(struct async_process **ret,
				     const struct async_process_options *options,
				     const char *const argv[])
{
	static const struct async_process_options none;
	struct async_process *process;
	int err;

	if (!async__running)
		return -EPERM;
	if (!argv || !argv[0])
		return async__fail_with_reason(-EINVAL);
	process = calloc(1, sizeof(*process));
	if (!process)
		return async__fail_plain(-ENOMEM);
	err = start(process, options ? options : &none, argv);
	if (err) {
		free_streams(process);
		free(process);
		return err;
	}
	*ret = process;
	return 0;
}

int64_t async_create_subprocess_shell(struct async_process **ret,
				      const struct async_process_options *options,
				      const char *command)
{
	const char *const argv[] = { "/bin/sh", "-c", command, NULL };

	return command ? async_create_subprocess_exec(ret, options, argv) : -EINVAL;
}

pid_t async_process_pid(const struct async_process *process)
{
	return process->child->pid;
}

struct async_stream *async_process_stdin(struct async_process *process)
{
	return process->streams[0];
}

struct async_stream *async_process_stdout(struct async_process *process)
{
	return process->streams[1];
}

struct async_stream *async_process_stderr(struct async_process *process)
{
	return process->streams[2];
}

int async_process_returncode(const struct async_process *process)
{
	return process->child->returncode;
}

int64_t async_process_wait(struct async_process *process)
{
	return async__child_wait(process->child);
}

int async_process_send_signal(struct async_process *process, int signal)
{
	return async__child_signal(process->child, signal);
}

int async_process_terminate(struct async_process *process)
{
	return async_process_send_signal(process, SIGTERM);
}

int async_process_kill(struct async_process *process)
{
	return async_process_send_signal(process, SIGKILL);
}

void async_process_free(struct async_process *process)
{
	if (!process)
		return;
	free_streams(process);
	async__child_give_up(process->child);
	free(process);
}
