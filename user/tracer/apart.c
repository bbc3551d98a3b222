/* SPDX-License-Identifier: BSD-2-Clause */
#include "apart.h"
#include "privileges.h"
#include <base/sanitized.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MEMORY_MAX  (256UL << 20) /* more than we have */
#define SECONDS_MAX 5

/* Of the descriptors, the file becomes 0 and the pipe 1. */
static int keep_only(int fd, int pipe)
{
	int copy = fcntl(fd, F_DUPFD, 2);

	if (copy < 0 || dup2(pipe, 1) < 0 || dup2(copy, 0) < 0 ||
	    syscall(SYS_close_range, 2, ~0U, 0))
		return -errno;
	return 0;
}

static int limit(int what, rlim_t most)
{
	const struct rlimit limit = { most, most };

	return setrlimit(what, &limit) ? -errno : 0;
}

/* All that this copy of us has already; 0 if that is not known. */
static unsigned long memory_size(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	if (file && fscanf(file, "%lu", &pages) != 1)
		pages = 0;
	if (file)
		fclose(file);
	return pages * sysconf(_SC_PAGESIZE);
}

static int confine(int fd, int pipe)
{
	unsigned long size = memory_size();
	int err = keep_only(fd, pipe);

	if (!err)
		err = privileges_become_nobody();
	if (!err)
		err = limit(RLIMIT_CPU, SECONDS_MAX);
#ifndef SANITIZED
	/* Theirs is huge. */
	if (!err)
		err = limit(RLIMIT_AS, size + MEMORY_MAX);
#endif
	if (!err)
		err = limit(RLIMIT_NOFILE, 0);
	if (!err)
		err = limit(RLIMIT_FSIZE, 0);
	return err;
}

/* The result follows the context, so that a whole answer is one that was thought to its end. */
static void answer(int (*work)(int fd, void *context), int fd, int pipe, void *context, size_t size)
{
	int ret = confine(fd, pipe);

	if (!ret)
		ret = work(0, context);
	if (write(1, context, size) == (ssize_t)size && write(1, &ret, sizeof(ret)) < 0)
		_exit(1);
	_exit(0);
}

/* 0, -EBADMSG if it ends before, or -errno. */
static int read_whole(int fd, void *to, size_t size)
{
	ssize_t n = 1;
	size_t done;

	for (done = 0; done < size && n; done += n > 0 ? n : 0) {
		n = read(fd, (char *)to + done, size - done);
		if (n < 0 && errno != EINTR)
			return -errno;
	}
	return done == size ? 0 : -EBADMSG;
}

int apart_run(int (*work)(int fd, void *context), int fd, void *context, size_t size)
{
	char *changed = malloc(size);
	int ends[2], err, ret;
	pid_t pid;

	if (!changed)
		return -ENOMEM;
	if (pipe2(ends, O_CLOEXEC)) {
		free(changed);
		return -errno;
	}
	pid = fork();
	if (!pid)
		answer(work, fd, ends[1], context, size);
	err = pid < 0 ? -errno : 0;
	close(ends[1]);
	if (!err)
		err = read_whole(ends[0], changed, size);
	if (!err)
		err = read_whole(ends[0], &ret, sizeof(ret));
	close(ends[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (!err)
		memcpy(context, changed, size);
	free(changed);
	/* Whoever has taken over that process may answer what they like. */
	if (!err && ret > 0)
		return -EBADMSG;
	return err ? err : ret;
}
