/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * valgrind 3.19 refuses system calls that are younger than it is, and those of pidfds are among
 * them. Under it, a process of ours that valgrind does not watch makes them: see with_calls.c,
 * which starts it, and calls.c, which asks it.
 */
#ifndef TESTS_KERNEL_CALLS_H
#define TESTS_KERNEL_CALLS_H

#include <string.h>
#include <sys/socket.h>

/* Of the environment: the number of the descriptor that leads there. */
#define CALLS_VARIABLE "ASYNCTRACE_TEST_CALLS"

/* What is asked, and in `number` the answer: a result or -errno. */
struct kernel_call {
	long number, arguments[4];
};

/* A descriptor goes along unless it is negative. 0 or -1. */
static inline int kernel_call_send(int to, const struct kernel_call *call, int fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec data = { .iov_base = (void *)call, .iov_len = sizeof(*call) };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };

	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	return sendmsg(to, &message, MSG_NOSIGNAL) == sizeof(*call) ? 0 : -1;
}

/* The descriptor that came along is the caller's, or -1. 0 or -1. */
static inline int kernel_call_receive(int from, struct kernel_call *call, int *fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec data = { .iov_base = call, .iov_len = sizeof(*call) };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	*fd = -1;
	if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) != sizeof(*call))
		return -1;
	if (message.msg_controllen)
		memcpy(fd, CMSG_DATA(&control.header), sizeof(*fd));
	return 0;
}

#endif
