/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes the recorded file, a chunk at a time. */
#ifndef TRACER_FORMATS_RECORDING_H
#define TRACER_FORMATS_RECORDING_H

#include <asynctrace/event.h>
#include <stddef.h>

struct recording;

/*
 * Creates `path`, for its owner only because records hold arguments. A regular file of that name is
 * replaced; a symbolic link is refused with -ELOOP. Returns 0 or -errno. The caller ends it with
 * recording_close() or recording_discard().
 */
int recording_create(struct recording **ret, const char *path);

/* Takes records; what is in memory goes to the file when it is a chunk. 0 or -errno. */
int recording_write(struct recording *recording, const struct at_event *events, size_t count);

/* Writes what is in memory as a chunk of its own. 0 or -errno. */
int recording_flush(struct recording *recording);

/*
 * Completes the file and frees the writer. Returns 0, or -errno, and then the file has been
 * removed.
 */
int recording_close(struct recording *recording);

/* Removes the file and frees the writer. Takes null and half-made ones. */
void recording_discard(struct recording *recording);

#endif
