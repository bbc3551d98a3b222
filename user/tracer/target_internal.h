/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files that open a target share. */
#ifndef TRACER_TARGET_INTERNAL_H
#define TRACER_TARGET_INTERNAL_H

#include "target.h"

/* By its directory in /proc. 0 or -errno. */
int target_read_stated(struct target *target);

/*
 * Opens the program that the process runs, and keeps those of its files, that one first and then
 * those that it has mapped, that are wanted. 0 or -errno.
 */
int target_add_images(struct target *target, bool (*wanted)(int fd));

#endif
