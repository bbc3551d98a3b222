/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In what another process sleeps. Its place in the kernel's code (wchan) would tell the same, but
 * Linux before 5.16 does not know it where it unwinds by ORC.
 */
#ifndef TESTS_ASLEEP_H
#define TESTS_ASLEEP_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The number of the system call, or -1 while it runs. */
static inline long sleeps_in(pid_t pid)
{
	char path[32], text[256] = "";
	long call = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return sscanf(text, "%ld", &call) == 1 ? call : -1;
}

/* True if its loop sleeps for the next event. */
static inline bool sleeps(pid_t pid)
{
	long call = sleeps_in(pid);

#ifdef SYS_poll
	if (call == SYS_poll || call == SYS_epoll_wait)
		return true;
#endif
	return call == SYS_ppoll || call == SYS_epoll_pwait || call == SYS_epoll_pwait2;
}

#endif
