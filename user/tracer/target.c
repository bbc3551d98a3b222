/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process is opened before its directory in /proc, and asked for once more afterwards: then the
 * directory was its.
 */
#include "privileges.h"
#include "target_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <libelf.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int target_entry(uint64_t *ret, int proc)
{
	int fd = openat(proc, "auxv", O_RDONLY | O_CLOEXEC);
	uint64_t pairs[128];
	ssize_t bytes;
	size_t i;

	if (fd < 0)
		return -errno;
	bytes = read(fd, pairs, sizeof(pairs));
	close(fd);
	for (i = 0; bytes > 0 && i + 1 < bytes / sizeof(*pairs); i += 2) {
		if (pairs[i] == AT_ENTRY) {
			*ret = pairs[i + 1];
			return 0;
		}
	}
	return -ENOEXEC;
}

static int open_process(struct target *target, const char **why)
{
	char path[32];
	int err;

	target->pidfd = syscall(SYS_pidfd_open, target->pid, 0);
	if (target->pidfd < 0) {
		err = -errno;
		*why = "there is no such process";
		if (err == -ENOSYS)
			*why = "this kernel is too old: Linux 5.10 is needed";
		else if (err != -ESRCH && !kill(target->pid, 0))
			*why = "this is a thread: give the number of its process";
		return err;
	}
	*why = "the process has ended, or /proc does not show it";
	snprintf(path, sizeof(path), "/proc/%d", target->pid);
	target->proc = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (target->proc < 0)
		return -errno;
	err = target_read_stated(target);
	if (err)
		return err;
	if (syscall(SYS_pidfd_send_signal, target->pidfd, 0, NULL, 0) && errno != EPERM)
		return -errno;
	return 0;
}

static const char *explain_refusal(const struct target *target)
{
	struct stat process;

	if (privileges_have(CAP_SYS_PTRACE))
		return "it has privileges that asynctrace lacks in this container";
	if (!fstat(target->proc, &process) && process.st_uid != geteuid())
		return "tracing another user's process takes CAP_SYS_PTRACE, which root has (sudo)";
	return "tracing a process that has privileges takes CAP_SYS_PTRACE, which root has (sudo)";
}

int target_open(struct target **ret, pid_t pid, bool (*wanted)(int fd), const char **why)
{
	struct target *target = calloc(1, sizeof(*target));
	const char *words;
	int err = -ENOMEM;

	*why = "no memory";
	elf_version(EV_CURRENT);
	if (target) {
		target->pid = pid;
		target->pidfd = target->proc = target->program.fd = -1;
		target->images = calloc(TARGET_IMAGES_MAX, sizeof(*target->images));
		err = target->images ? open_process(target, why) : -ENOMEM;
	}
	if (!err) {
		err = target_add_images(target, wanted, &words);
		if (words)
			*why = words;
		else if (err == -EACCES || err == -EPERM)
			*why = explain_refusal(target);
		else if (err == -ENOENT)
			*why = "it runs no program: it has ended, or is a thread of the kernel";
		else if (err)
			*why = strerror(-err);
	}
	if (err) {
		target_free(target);
		return err;
	}
	*ret = target;
	return 0;
}

void target_free(struct target *target)
{
	size_t i;

	if (!target)
		return;
	for (i = 0; i < target->image_count; i++) {
		close(target->images[i].fd);
		free(target->images[i].path);
	}
	free(target->images);
	free(target->mapped.at);
	if (target->program.fd >= 0)
		close(target->program.fd);
	free(target->program.path);
	if (target->proc >= 0)
		close(target->proc);
	if (target->pidfd >= 0)
		close(target->pidfd);
	free(target);
}
