/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that grow beside those whose place they take when they are good for something. */
#ifndef TRACER_REPLACE_H
#define TRACER_REPLACE_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * A file that we have made, held by its folder and its name there: later there is no capability any
 * more, and its path may lead nowhere.
 */
struct replacement;

/*
 * Whether a file beside `path` can take its place in the end, when there is no capability any more:
 * not where a folder is another user's.
 */
bool replace_is_possible(const char *path);

/*
 * Creates PATH.part, or where such a file is already PATH.part.2 and so on. Returns a descriptor,
 * or -errno. The caller ends `*ret` with replace_free().
 */
int replace_open(struct replacement **ret, const char *path, mode_t mode);

/* The same for `path` itself, where nothing may be: it is in its place. */
int replace_create(struct replacement **ret, const char *path, mode_t mode);

/* True until it has taken the place of what is there. */
bool replace_is_pending(const struct replacement *replacement);

/* Takes that place, if it has not yet. 0 or -errno. */
int replace_take_place(struct replacement *replacement);

/* Removes the file. 0 or -errno. */
int replace_remove(const struct replacement *replacement);

/* Whatever becomes of the file. Takes null. */
void replace_free(struct replacement *replacement);

#endif
