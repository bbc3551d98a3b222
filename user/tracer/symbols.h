/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses of a process to names, files and lines, for functions that the target does not describe
 * itself: plain callbacks. Reads ELF and DWARF, which a hostile target may have made: only after
 * privileges are gone.
 */
#ifndef TRACER_SYMBOLS_H
#define TRACER_SYMBOLS_H

#include <stdint.h>

struct symbols;

struct symbol {
	const char *name; /* of the function */
	const char *file; /* null if unknown, as the line is 0 */
	int line;	  /* where the function begins */
};

/* No files yet. Null without memory. The caller frees it with symbols_free(), which takes null. */
struct symbols *symbols_new(void);
void symbols_free(struct symbols *symbols);

/*
 * Adds a file of the process: its `path` for messages, an open `fd`, which stays the caller's, and
 * the difference between its addresses in memory and in the file. 0 or -errno.
 */
int symbols_add(struct symbols *symbols, const char *path, int fd, uint64_t bias);

/*
 * Finds the function at `address`. Returns 0, with strings that live as long as `symbols`, or
 * -ENOENT.
 */
int symbols_find(struct symbols *symbols, uint64_t address, struct symbol *ret);

#endif
