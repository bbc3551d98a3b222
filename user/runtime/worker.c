/* SPDX-License-Identifier: BSD-2-Clause */
/* A worker process: a request, a call, a reply, until the other side is gone. */
#include "jobs.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

int async__socket_send(int socket, const void *bytes, size_t size)
{
	while (size) {
		ssize_t sent = send(socket, bytes, size, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return -errno;
		bytes = (const char *)bytes + sent;
		size -= sent;
	}
	return 0;
}

int async__socket_receive(int socket, void *bytes, size_t size)
{
	while (size) {
		ssize_t received = recv(socket, bytes, size, 0);

		if (received < 0 && errno == EINTR)
			continue;
		if (received <= 0)
			return received ? -errno : -EPIPE;
		bytes = (char *)bytes + received;
		size -= received;
	}
	return 0;
}

/* What the parent handles would be handled twice; what it ignores stays ignored. */
static void reset_signals(void)
{
	struct sigaction action;
	sigset_t none;
	int number;

	for (number = 1; number < NSIG; number++) {
		if (sigaction(number, NULL, &action) || action.sa_handler == SIG_IGN ||
		    action.sa_handler == SIG_DFL)
			continue;
		action.sa_handler = SIG_DFL;
		action.sa_flags = 0;
		sigaction(number, &action, NULL);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * What the parent has open it must be able to close: all descriptors of the runtime are
 * close-on-exec, those of other workers among them.
 */
static void close_descriptors(int socket)
{
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		int fd = atoi(entry->d_name), flags = fcntl(fd, F_GETFD);

		if (flags >= 0 && flags & FD_CLOEXEC && fd != socket && fd != dirfd(folder))
			close(fd);
	}
	if (folder)
		closedir(folder);
	async__wakeup_forget();
}

static int64_t call(const struct request *request, const void *in, void *out)
{
	async_process_job *function = (async_process_job *)(uintptr_t)request->function;
	int64_t result;

	if (!out)
		return -ENOMEM;
	result = function(in, request->size, out, request->capacity);
	return result > 0 && (uint64_t)result > request->capacity ? -EMSGSIZE : result;
}

static int answer(int socket, const struct request *request, const void *in)
{
	void *out = malloc(request->capacity + 1);
	struct job job = { 0 };
	struct reply reply;
	int err;

	async__job = &job;
	reply.result = call(request, in, out);
	reply.message_size = reply.result < 0 && reply.result == job.failed && job.message
				     ? strlen(job.message)
				     : 0;
	/* Nobody else will: the process ends without exit(). */
	fflush(stdout);
	err = async__socket_send(socket, &reply, sizeof(reply));
	if (!err && reply.result > 0)
		err = async__socket_send(socket, out, reply.result);
	if (!err && reply.message_size)
		err = async__socket_send(socket, job.message, reply.message_size);
	async__job = NULL;
	free(job.message);
	free(out);
	return err;
}

static int serve(int socket)
{
	struct request request;
	void *in;
	int err = async__socket_receive(socket, &request, sizeof(request));

	if (err)
		return err;
	in = malloc(request.size + 1);
	if (!in)
		return -ENOMEM;
	err = async__socket_receive(socket, in, request.size);
	if (!err)
		err = answer(socket, &request, in);
	free(in);
	return err;
}

_Noreturn void async__process_main(int socket, pid_t parent)
{
	int err = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	/* What the parent has not written yet it will write itself. */
	__fpurge(stdout);
	reset_signals();
	close_descriptors(socket);
	while (!err)
		err = serve(socket);
	_exit(err == -EPIPE || err == -ECONNRESET ? 0 : -err);
}
