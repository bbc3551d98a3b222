/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parent's side of worker processes. A thread of the pool forks its own, so that it begins on a
 * stack of ordinary size, hands it one job at a time, and hears of its death by the end of the
 * socket.
 */
#include "jobs.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct process {
	pid_t pid;
	int socket;
};

/* Nobody forks while a socket that is the child's is still open here. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The lock is held. */
static int start(struct process *process)
{
	pid_t parent = getpid();
	int sockets[2], err;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
		return -errno;
	process->socket = sockets[0];
	process->pid = fork();
	err = process->pid < 0 ? -errno : 0;
	if (!process->pid)
		async__process_main(sockets[1], parent);
	close(sockets[1]);
	if (err)
		close(sockets[0]);
	return err;
}

/*
 * Waits for its end. If it has closed its socket and goes on it is killed; else it cannot notice.
 */
static pid_t end_of(const struct process *process, int *status)
{
	siginfo_t ended = { 0 };
	pid_t pid;

	if (!waitid(P_PID, process->pid, &ended, WEXITED | WNOHANG | WNOWAIT) && !ended.si_pid)
		kill(process->pid, SIGKILL);
	do
		pid = waitpid(process->pid, status, 0);
	while (pid < 0 && errno == EINTR);
	return pid;
}

/* How it ended: a new string, or null without memory. */
static char *reap(struct worker *worker)
{
	struct process *process = worker->process;
	char *how = NULL;
	int status, length;
	pid_t pid;

	close(process->socket);
	pid = end_of(process, &status);
	if (pid < 0)
		length = asprintf(&how, "worker %d has died", process->pid);
	else if (WIFSIGNALED(status))
		length = asprintf(&how, "worker %d was killed by signal %d (%s)", pid,
				  WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		length =
			asprintf(&how, "worker %d exited with status %d", pid, WEXITSTATUS(status));
	worker->process = NULL;
	free(process);
	return length < 0 ? NULL : how;
}

/* The kernel has something to say of it though it has no job: its end. */
static bool is_dead(const struct process *process)
{
	struct pollfd socket = { .fd = process->socket, .events = POLLIN };

	return poll(&socket, 1, 0) > 0;
}

pid_t async__process_ready(struct worker *worker)
{
	struct process *process;
	int err;

	if (worker->process && is_dead(worker->process))
		free(reap(worker));
	if (worker->process)
		return worker->process->pid;
	process = malloc(sizeof(*process));
	if (!process)
		return -ENOMEM;
	pthread_mutex_lock(&lock);
	err = start(process);
	pthread_mutex_unlock(&lock);
	if (err) {
		free(process);
		return err;
	}
	worker->process = process;
	return process->pid;
}

/* -ENOMEM without memory for the bytes, which then stay where they are. */
static int receive_bytes(int socket, void **ret, uint64_t size)
{
	char *bytes = malloc(size + 1);
	int err = bytes ? async__socket_receive(socket, bytes, size) : -ENOMEM;

	if (err) {
		free(bytes);
		return err;
	}
	bytes[size] = '\0';
	*ret = bytes;
	return 0;
}

static int exchange(int socket, struct job *job)
{
	const struct request request = { job->function, job->size, job->capacity };
	struct reply reply = { 0 };
	void *message = NULL;
	int err = async__socket_send(socket, &request, sizeof(request));

	if (!err)
		err = async__socket_send(socket, job->in, job->size);
	if (!err)
		err = async__socket_receive(socket, &reply, sizeof(reply));
	if (!err && reply.result > 0)
		err = (uint64_t)reply.result > job->capacity
			      ? -EPROTO
			      : receive_bytes(socket, &job->received, reply.result);
	if (!err && reply.message_size)
		err = receive_bytes(socket, &message, reply.message_size);
	job->result = reply.result;
	if (message)
		async__job_failed(job, reply.result, message);
	return err;
}

int64_t async__process_run(struct worker *worker, struct job *job)
{
	int err = exchange(worker->process->socket, job);
	char *how;

	if (!err)
		return job->result;
	how = reap(worker);
	if (err == -ENOMEM) {
		free(how);
		return err;
	}
	async__job_failed(job, -ECHILD, how);
	return -ECHILD;
}

void async__process_end(struct worker *worker)
{
	struct process *process = worker->process;

	if (!process)
		return;
	/* It ends by itself, between two jobs. */
	shutdown(process->socket, SHUT_RDWR);
	waitid(P_PID, process->pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	free(reap(worker));
}

struct async_executor *async_process_pool_executor_new(unsigned int max_workers)
{
	return async__executor_numbered(max_workers ? max_workers : async__processors(), true);
}

struct async_future *async_run_in_process(struct async_executor *executor,
					  async_process_job *function, const void *in, size_t size,
					  void *out, size_t capacity)
{
	struct async_loop *loop = async__running;
	struct job *job;

	if (!loop || !executor || !executor->processes)
		return NULL;
	job = async__job_new(loop, size + 1);
	if (!job)
		return NULL;
	job->function = (uintptr_t)function;
	job->in = job + 1;
	job->size = size;
	job->out = out;
	job->capacity = capacity;
	if (size)
		memcpy(job + 1, in, size);
	return async__job_give(job, executor);
}
