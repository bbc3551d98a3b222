/* SPDX-License-Identifier: BSD-2-Clause */
/* Files and sets of them, by what they are and not by name. */
#ifndef TRACER_INODES_H
#define TRACER_INODES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct inode {
	dev_t device;
	ino_t number;
};

/* Zeroed when it is empty; the caller frees `at`. */
struct inodes {
	struct inode *at;
	size_t count;
};

/* Of an open file. False if that cannot be known. */
bool inode_of(struct inode *ret, int fd);

bool inodes_equal(const struct inode *one, const struct inode *other);

bool inodes_have(const struct inode *at, size_t count, const struct inode *inode);

/* Returns 0, or -ENOMEM: then it is not in. */
int inodes_add(struct inodes *inodes, const struct inode *inode);

#endif
