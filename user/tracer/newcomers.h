/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Libraries with probes that the target loads after it was attached to. They are not traced, for
 * the privileges to do that are gone; but nobody should take their silence for idleness.
 */
#ifndef TRACER_NEWCOMERS_H
#define TRACER_NEWCOMERS_H

#include <stdbool.h>
#include <stdint.h>

struct newcomers;
struct target;

/*
 * To be called with the privileges that reading the target's mappings takes; the target must
 * outlive it. `has_probes` is asked of files that the target chooses. Null if the mappings cannot
 * be read, or without memory. The caller frees it.
 */
struct newcomers *newcomers_new(const struct target *target, bool (*has_probes)(int fd));

/* Takes null. */
void newcomers_free(struct newcomers *newcomers);

/*
 * Looks once a second, by `now_ns`, a second after the first call for the first time. The path of a
 * library that has come, the target's words, once for each and valid until the next call; or null.
 * What may not be opened is not told of. Takes null.
 */
const char *newcomers_look(struct newcomers *newcomers, uint64_t now_ns);

#endif
