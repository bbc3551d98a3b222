/* SPDX-License-Identifier: BSD-2-Clause */
#include "inodes.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

bool inode_of(struct inode *ret, int fd)
{
	struct stat file;

	if (fstat(fd, &file))
		return false;
	*ret = (struct inode){ file.st_dev, file.st_ino };
	return true;
}

bool inodes_equal(const struct inode *one, const struct inode *other)
{
	return one->number == other->number && one->device == other->device;
}

bool inodes_have(const struct inode *at, size_t count, const struct inode *inode)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (inodes_equal(&at[i], inode))
			return true;
	return false;
}

int inodes_add(struct inodes *inodes, const struct inode *inode)
{
	struct inode *at = reallocarray(inodes->at, inodes->count + 1, sizeof(*at));

	if (!at)
		return -ENOMEM;
	inodes->at = at;
	at[inodes->count++] = *inode;
	return 0;
}
