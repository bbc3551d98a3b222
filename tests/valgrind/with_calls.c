/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Becomes a command, and leaves a process behind that makes system calls for it:
 *
 *	with_calls valgrind [OPTION...] PROGRAM [ARG...]
 *
 * It is nobody's child that the command could wait for, and ends with the last that asks.
 */
#include "kernel_calls.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void serve(int client)
{
	struct kernel_call call;
	long *arguments = call.arguments, ret;
	int given, made;

	while (!kernel_call_receive(client, &call, &given)) {
		made = -1;
		/* No caller of ours gives a siginfo. */
		if (given >= 0)
			arguments[0] = given;
		ret = syscall(call.number, arguments[0], arguments[1], arguments[2], arguments[3]);
		if (ret < 0)
			ret = -errno;
		else if (call.number != SYS_pidfd_send_signal)
			made = ret;
		call.number = ret;
		if (kernel_call_send(client, &call, made))
			break;
		if (given >= 0)
			close(given);
		if (made >= 0)
			close(made);
	}
}

int main(int argc, char *argv[])
{
	char number[16], library[4096];
	ssize_t length = readlink("/proc/self/exe", library, sizeof(library) - 16);
	int ends[2];
	pid_t pid;

	if (argc < 2 || length < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends))
		return 1;
	pid = fork();
	if (!pid && fork() > 0)
		_exit(0);
	if (!pid) {
		setsid();
		close(ends[0]);
		close(STDIN_FILENO);
		close(STDOUT_FILENO);
		close(STDERR_FILENO);
		serve(ends[1]);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	close(ends[1]);
	library[length] = '\0';
	strcpy(strrchr(library, '/'), "/calls.so");
	snprintf(number, sizeof(number), "%d", ends[0]);
	setenv(CALLS_VARIABLE, number, 1);
	setenv("LD_PRELOAD", library, 1);
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 127;
}
