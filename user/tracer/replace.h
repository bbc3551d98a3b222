/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that grow beside those whose place they take when they are good for something. */
#ifndef TRACER_REPLACE_H
#define TRACER_REPLACE_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Whether a file beside `path` can take its place in the end, when there is no capability any more:
 * not where a folder is another user's.
 */
bool replace_is_possible(const char *path);

/*
 * Creates PATH.part, or where such a file is already PATH.part.2 and so on. Returns a descriptor,
 * and the name in `*part`, which the caller frees; or -errno.
 */
int replace_open(char **part, const char *path, mode_t mode);

/*
 * True if the open file is a pipe with a name, of a user who is neither root nor the caller: who
 * knows who reads it.
 */
bool replace_is_strangers(int fd);

#endif
