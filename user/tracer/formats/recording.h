/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes the recorded file, a chunk at a time. */
#ifndef TRACER_FORMATS_RECORDING_H
#define TRACER_FORMATS_RECORDING_H

#include <asynctrace/event.h>
#include <stddef.h>
#include <stdint.h>

struct recording;

/*
 * Creates `path`, for its owner only because records hold arguments. A regular file of that name is
 * replaced by the first chunk, until when PATH.part grows, but at once in a folder where root could
 * not do so without capabilities; a symbolic link is refused with -ELOOP, a stranger's pipe with
 * -EACCES. Returns 0 or -errno. The caller ends it with recording_close() or recording_discard().
 */
int recording_create(struct recording **ret, const char *path);

/*
 * Takes records; what is in memory goes to the file when it is a chunk. 0 or -errno: then the file
 * has ended with its last whole chunk, nothing more is written, and every call returns the same.
 */
int recording_write(struct recording *recording, const struct at_event *events, size_t count);

/* Writes what is in memory as a chunk of its own. Returns as recording_write() does. */
int recording_flush(struct recording *recording);

/* How many records are in the file, in whole chunks. */
uint64_t recording_count(const struct recording *recording);

/* Those that are not yet in it, but were written to it, or in part when that failed. */
size_t recording_pending(const struct recording *recording, const struct at_event **ret);

/*
 * Completes the file and frees the writer. Returns 0; -ENODATA if there was no record to replace a
 * file with; or another -errno. If not 0 the file is as recording_discard() leaves it.
 */
int recording_close(struct recording *recording);

/*
 * Frees the writer. The file stays, marked as unfinished, if it has any records; else it is
 * removed, or emptied where that takes a capability that is gone. Takes null and half-made ones.
 */
void recording_discard(struct recording *recording);

#endif
