/* SPDX-License-Identifier: BSD-2-Clause */
#include "replace.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#define PARTS_MAX 100

bool replace_is_possible(const char *path)
{
	char *copy = strdup(path);
	struct stat folder, file;
	bool can = true;

	if (!copy || stat(dirname(copy), &folder))
		can = true;
	else if (!geteuid())
		can = folder.st_uid ? (folder.st_mode & (S_IWOTH | S_ISVTX)) == S_IWOTH
				    : folder.st_mode & S_IWUSR;
	else if (folder.st_mode & S_ISVTX && folder.st_uid != geteuid())
		can = lstat(path, &file) || file.st_uid == geteuid();
	free(copy);
	return can;
}

int replace_open(char **part, const char *path, mode_t mode)
{
	int i, fd, err = -EEXIST;
	char *name;

	for (i = 1; i <= PARTS_MAX && err == -EEXIST; i++) {
		if ((i == 1 ? asprintf(&name, "%s.part", path)
			    : asprintf(&name, "%s.part.%d", path, i)) < 0)
			return -ENOMEM;
		/* Nothing is written through a link that lies there. */
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
		if (fd >= 0) {
			*part = name;
			return fd;
		}
		err = -errno;
		free(name);
	}
	return err;
}

bool replace_is_strangers(int fd)
{
	struct statfs system;
	struct stat file;

	if (fstat(fd, &file) || !S_ISFIFO(file.st_mode) || !file.st_uid || file.st_uid == geteuid())
		return false;
	return fstatfs(fd, &system) || system.f_type != PIPEFS_MAGIC;
}
