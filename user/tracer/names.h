/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names for addresses that the target does not describe: of callbacks, of functions that executors
 * run, of calls that create or cancel tasks. When one is met, what the symbols say of it goes into
 * the stream as records, so that a recorded file has the names too and needs no symbols.
 */
#ifndef TRACER_NAMES_H
#define TRACER_NAMES_H

#include <asynctrace/event.h>
#include <stddef.h>

struct names;
struct target;

/*
 * Names for that process, and the title of its trace, which must live as long. Null without memory.
 * The caller frees it with names_free(), which takes null.
 */
struct names *names_new(const struct target *target, const char *title);
void names_free(struct names *names);

/*
 * Takes records of a live source. Returns those that name the addresses among them that are new, to
 * be put before them, and their number in `*count`; valid until the next call. Without memory they
 * stay unnamed.
 */
const struct at_event *names_of(struct names *names, const struct at_event *events, size_t n,
				size_t *count);

#endif
