/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses of a process to names, files and lines, for functions that the target does not describe
 * itself, plain callbacks, and for calls. Reads ELF and DWARF, which a hostile target may have
 * made: only after privileges are gone.
 */
#ifndef TRACER_SYMBOLS_H
#define TRACER_SYMBOLS_H

#include <stdint.h>

struct symbols;

/* With its zero; more of a name is cut. */
#define SYMBOL_NAME_SIZE 129

struct symbol {
	char name[SYMBOL_NAME_SIZE]; /* of the function */
	const char *file; /* as the compiler was given it; null if unknown, as the line is 0 */
	int line;
};

/* No files yet. Null without memory. The caller frees it with symbols_free(), which takes null. */
struct symbols *symbols_new(void);
void symbols_free(struct symbols *symbols);

/*
 * Adds a file of the process: its `path` for messages, an open `fd`, which stays the caller's, and
 * the difference between its addresses in memory and in the file. 0 or -errno.
 */
int symbols_add(struct symbols *symbols, const char *path, int fd, uint64_t bias);

/* Twice the bytes of the longest that is taken, and the zero. */
#define SYMBOLS_BUILD_ID_SIZE 129

/* The GNU build id of the ELF file `fd` in hexadecimal digits, or null if it has none. */
const char *symbols_build_id(char buffer[SYMBOLS_BUILD_ID_SIZE], int fd);

/*
 * Finds the function at `address`, and where it begins. Returns 0, with strings that live as long
 * as `symbols`, or -ENOENT.
 */
int symbols_find(struct symbols *symbols, uint64_t address, struct symbol *ret);

/*
 * The same of the call that returns to `address`: the function that it is in, and where it stands.
 * What was inlined stands where its call was written.
 */
int symbols_find_call(struct symbols *symbols, uint64_t address, struct symbol *ret);

#endif
