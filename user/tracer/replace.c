/* SPDX-License-Identifier: BSD-2-Clause */
#include "replace.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PARTS_MAX 100

struct replacement {
	int folder;	/* serves for paths only */
	char *name;	/* there */
	char *replaces; /* the name whose place it has not taken yet, or null */
};

/* What follows in the path is `*name`. A descriptor or -errno. */
static int open_folder(const char **name, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, slash + 1 - path) : strdup(".");
	int fd;

	if (!folder)
		return -ENOMEM;
	*name = slash ? slash + 1 : path;
	fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	free(folder);
	return fd;
}

/* Root without capabilities is a user like others. */
static bool can_rename(int at, const char *name)
{
	uid_t user = geteuid();
	struct stat folder, file;
	mode_t rights;

	if (fstat(at, &folder))
		return true;
	rights = folder.st_uid ? S_IWOTH | S_IXOTH : S_IWUSR | S_IXUSR;
	if (!user && (folder.st_mode & rights) != rights)
		return false;
	if (!(folder.st_mode & S_ISVTX) || folder.st_uid == user)
		return true;
	return fstatat(at, name, &file, AT_SYMLINK_NOFOLLOW) || file.st_uid == user;
}

bool replace_is_possible(const char *path)
{
	const char *name;
	int folder = open_folder(&name, path);
	bool can;

	if (folder < 0)
		return true; /* whoever tries is told why not */
	can = can_rename(folder, name);
	close(folder);
	return can;
}

static int new_replacement(struct replacement **ret, const char *path)
{
	struct replacement *replacement = calloc(1, sizeof(*replacement));
	const char *name;

	if (!replacement)
		return -ENOMEM;
	*ret = replacement;
	replacement->folder = open_folder(&name, path);
	if (replacement->folder < 0)
		return replacement->folder;
	replacement->name = strdup(name);
	return replacement->name ? 0 : -ENOMEM;
}

/* Nothing is written through a link that lies there. */
static int create(const struct replacement *replacement, mode_t mode)
{
	int fd = openat(replacement->folder, replacement->name,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

	return fd < 0 ? -errno : fd;
}

static int create_part(struct replacement *replacement, mode_t mode)
{
	int i, fd = -EEXIST;
	char *name;

	replacement->replaces = replacement->name;
	replacement->name = NULL;
	for (i = 1; i <= PARTS_MAX && fd == -EEXIST; i++) {
		if ((i == 1 ? asprintf(&name, "%s.part", replacement->replaces)
			    : asprintf(&name, "%s.part.%d", replacement->replaces, i)) < 0)
			return -ENOMEM;
		free(replacement->name);
		replacement->name = name;
		fd = create(replacement, mode);
	}
	return fd;
}

/* Takes the replacement: gives it away, or frees it if there is no file. */
static int give(struct replacement **ret, struct replacement *replacement, int fd)
{
	if (fd < 0)
		replace_free(replacement);
	else
		*ret = replacement;
	return fd;
}

int replace_open(struct replacement **ret, const char *path, mode_t mode)
{
	struct replacement *replacement = NULL;
	int err = new_replacement(&replacement, path);

	return give(ret, replacement, err ? err : create_part(replacement, mode));
}

int replace_create(struct replacement **ret, const char *path, mode_t mode)
{
	struct replacement *replacement = NULL;
	int err = new_replacement(&replacement, path);

	return give(ret, replacement, err ? err : create(replacement, mode));
}

bool replace_is_pending(const struct replacement *replacement)
{
	return replacement->replaces;
}

int replace_take_place(struct replacement *replacement)
{
	if (!replacement->replaces)
		return 0;
	if (renameat(replacement->folder, replacement->name, replacement->folder,
		     replacement->replaces))
		return -errno;
	free(replacement->name);
	replacement->name = replacement->replaces;
	replacement->replaces = NULL;
	return 0;
}

int replace_remove(const struct replacement *replacement)
{
	return unlinkat(replacement->folder, replacement->name, 0) ? -errno : 0;
}

void replace_free(struct replacement *replacement)
{
	if (!replacement)
		return;
	if (replacement->folder >= 0)
		close(replacement->folder);
	free(replacement->name);
	free(replacement->replaces);
	free(replacement);
}
