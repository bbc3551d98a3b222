/* SPDX-License-Identifier: BSD-2-Clause */
#include "pipe.h"
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

bool pipe_is_strangers(int fd)
{
	struct statfs system;
	struct stat file;

	if (fstat(fd, &file) || !S_ISFIFO(file.st_mode) || !file.st_uid || file.st_uid == geteuid())
		return false;
	return fstatfs(fd, &system) || system.f_type != PIPEFS_MAGIC;
}
