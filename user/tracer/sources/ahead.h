/* SPDX-License-Identifier: BSD-2-Clause */
/* A source that reads another one ahead of who asks, on a thread of its own. */
#ifndef TRACER_SOURCES_AHEAD_H
#define TRACER_SOURCES_AHEAD_H

#include "source.h"

/*
 * Takes over `inner`, a file's source, and gives what that gives. Returns 0; or -errno, and `inner`
 * stays the caller's.
 */
int ahead_source_open(struct source **ret, struct source *inner);

#endif
