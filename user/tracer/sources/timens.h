/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A time namespace has a CLOCK_MONOTONIC of its own: what a process in another one says of times is
 * off by a constant, and is put right before it is compared with anything.
 */
#ifndef TRACER_SOURCES_TIMENS_H
#define TRACER_SOURCES_TIMENS_H

#include <asynctrace/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* By how many ns the clock of the process is ahead of ours. 0 if that is not known. */
int64_t timens_ahead_ns(pid_t pid);

/*
 * Makes times of the target's clock those of one that is `ahead_ns` behind it. `stamped`: the time
 * of the records themselves is not the target's.
 */
void timens_shift(struct at_event *events, size_t count, int64_t ahead_ns, bool stamped);

#endif
