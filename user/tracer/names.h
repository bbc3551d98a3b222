/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names for functions that the target does not describe. Callbacks, and functions that executors
 * run, are known by their address only; when one is met, what the symbols say of it goes into the stream as records, so that a recorded
 * file has the names too and needs no symbols.
 */
#ifndef TRACER_NAMES_H
#define TRACER_NAMES_H

#include <asynctrace/event.h>
#include <stddef.h>

struct names;
struct target;

/*
 * Names for that process. Null without memory. The caller frees it with names_free(), which takes
 * null.
 */
struct names *names_new(const struct target *target);
void names_free(struct names *names);

/*
 * Takes records of a live source. Returns those that name the functions among them that are new, to
 * be put before them, and their number in `*count`; valid until the next call. Without memory they
 * stay unnamed.
 */
const struct at_event *names_of(struct names *names, const struct at_event *events, size_t n,
				size_t *count);

#endif
