/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When a live process has told all that is alive in it: each of its loops its state. Loops that
 * have not in time are read from its memory.
 */
#ifndef TRACER_SOURCES_SNAPSHOT_H
#define TRACER_SOURCES_SNAPSHOT_H

#include <asynctrace/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct snapshot;
struct target;

/*
 * Of a process that has just been attached to, while privileges allow to open its memory. Null
 * without memory. The target must outlive it; the caller frees it with snapshot_free().
 */
struct snapshot *snapshot_new(const struct target *target);

/* Looks which loops there are: once, before what follows, and without privileges. */
void snapshot_look(struct snapshot *snapshot);

/* Takes null. */
void snapshot_free(struct snapshot *snapshot);

/* Hears the records of the process. */
void snapshot_hear(struct snapshot *snapshot, const struct at_event *events, size_t count);

/* Nothing is to be expected any more, or not soon. */
bool snapshot_is_complete(const struct snapshot *snapshot);

/*
 * The state of the next loop that has not told its own: 1 and its records, valid until the next
 * call; 0 if that was the last one; -errno. `*why` is a sentence for the user if something of it is
 * missing, else null; it is valid as long as the snapshot.
 */
int snapshot_read(struct snapshot *snapshot, const struct at_event **events, size_t *count,
		  const char **why);

#endif
