/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files that open a target share. */
#ifndef TRACER_TARGET_INTERNAL_H
#define TRACER_TARGET_INTERNAL_H

#include "target.h"

/* By its directory in /proc. 0 or -errno. */
int target_read_stated(struct target *target);

/*
 * Opens the program that the process runs, and keeps those of its files, that one first and then
 * those that it has mapped, that are wanted. 0 or -errno; `*why` is a sentence for the user if the
 * error alone would not tell, else null.
 */
int target_add_images(struct target *target, bool (*wanted)(int fd), const char **why);

/* Opens what `path` leads to, which is closed, if it is a regular file. A descriptor or -errno. */
int target_open_regular(int path);

/* The file of the mapping, if it is a regular one. A descriptor or -errno. */
int target_open_mapping(struct target *target, const struct target_mapping *mapping);

#endif
