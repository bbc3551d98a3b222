/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rights are needed to attach, not to read what comes, least of all what strangers have written.
 * They go in two steps, for between them files are created, which is the right of the user alone.
 */
#ifndef TRACER_PRIVILEGES_H
#define TRACER_PRIVILEGES_H

#include <stdbool.h>

/* Whether the capability (CAP_BPF, …) is in force; CAP_SYS_ADMIN stands for CAP_BPF and
 * CAP_PERFMON. */
bool privileges_have(unsigned int capability);

/*
 * CAP_DAC_READ_SEARCH, which a file of asynctrace may have, is in force for privileges_open() only:
 * what users name, they must be able to read themselves. The latter returns a descriptor or -errno.
 */
void privileges_hold_back(void);
int privileges_open(const char *path, int flags);

/*
 * Leaves what asynctrace was lent: under sudo it becomes the user who called it, for good;
 * capabilities of its file go. Whoever is root in their own right stays what they are. 0 or -errno.
 */
int privileges_become_user(void);

/*
 * Becomes a user who owns nothing, where there is one, and leaves the rest as below: for a process
 * that only computes. 0 or -errno.
 */
int privileges_become_nobody(void);

/*
 * Leaves the rest: no capability is left in any set, and no program that is executed from now on
 * gains any. To be called while there is one thread. 0 or -errno.
 */
int privileges_drop(void);

#endif
