/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file that a stranger has made is read with rights that harm nobody: in a process of its own,
 * that has no privileges, no other files, little memory and little time. For what must be read
 * before privileges can go.
 */
#ifndef TRACER_APART_H
#define TRACER_APART_H

#include <stddef.h>

/*
 * Calls `work` there. Of all that it sees and changes only the `size` bytes at `context` come back,
 * which may not be owners of anything. It has no descriptor but `fd`, whose number is another one.
 *
 * Returns what it returned, 0 or -errno; -EBADMSG if it did not come to its end, and then the
 * context is untouched; or -errno.
 */
int apart_run(int (*work)(int fd, void *context), int fd, void *context, size_t size);

#endif
