/* SPDX-License-Identifier: BSD-2-Clause */
#include "inodes.h"
#include <errno.h>
#include <stdlib.h>

bool inodes_equal(const struct stat *one, const struct stat *other)
{
	return one->st_ino == other->st_ino && one->st_dev == other->st_dev;
}

bool inodes_have(const struct inode *at, size_t count, const struct inode *inode)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (at[i].number == inode->number && at[i].device == inode->device)
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
