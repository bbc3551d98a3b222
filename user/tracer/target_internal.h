/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files that open a target share. */
#ifndef TRACER_TARGET_INTERNAL_H
#define TRACER_TARGET_INTERNAL_H

#include "target.h"

/*
 * Opens the program that the process runs, and keeps it among the images, too, if it is wanted. 0 or
 * -errno.
 */
int target_add_executable(struct target *target, bool (*wanted)(int fd));

/* Keeps those of the files that the process has mapped that are wanted. 0 or -errno. */
int target_add_mapped(struct target *target, bool (*wanted)(int fd));

#endif
