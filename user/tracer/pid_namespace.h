/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TRACER_PID_NAMESPACE_H
#define TRACER_PID_NAMESPACE_H

#include <stdbool.h>
#include <sys/stat.h>

/* The inode of the first namespace of process ids, since Linux 3.8. */
#define PROC_PID_INIT_INO 0xeffffffc

/* False in a container, where numbers of processes are not the kernel's own. */
static inline bool pid_namespace_is_first(void)
{
	struct stat namespace;

	return !stat("/proc/self/ns/pid", &namespace) && namespace.st_ino == PROC_PID_INIT_INO;
}

#endif
