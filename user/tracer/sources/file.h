/* SPDX-License-Identifier: BSD-2-Clause */
/* The source that reads a recorded file, one chunk at a time. */
#ifndef TRACER_SOURCES_FILE_H
#define TRACER_SOURCES_FILE_H

#include "source.h"

/*
 * Opens the recording `path`. Returns 0 or -errno, with a sentence for the user in `*why`.
 *
 * Its read() gives whole, verified chunks. Then comes 0 if the recording was closed by AT_DETACH;
 * -EINPROGRESS if it was not finished; -ENODATA if it was, and ends early; -EBADMSG if it is
 * damaged from there on; or another -errno.
 */
int file_source_open(struct source **ret, const char *path, const char **why);

#endif
