/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Merges the records of several threads into one stream in order of time.
 *
 * Threads hand their records over when it suits them, so those of one may come after younger ones
 * of another. Records are held back for a fixed time, after which the past is taken for settled. A
 * single thread needs no merging, and its records pass at once.
 */
#ifndef TRACER_SOURCES_ORDER_H
#define TRACER_SOURCES_ORDER_H

#include <asynctrace/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct order;

/* More records than this are never held back. */
#define ORDER_HELD_MAX (1 << 20)

/*
 * Of many more threads than this, those are forgotten that have given all their records and were
 * silent for longest; if they write again, nothing of theirs is left out as a repetition.
 */
#define ORDER_THREADS_MAX (1 << 16)

/*
 * An empty one, or null without memory. Records are held for `window_ns`. Those older than
 * `since_ns` that come first of a thread are left out: it kept them since somebody else listened.
 */
struct order *order_new(uint64_t window_ns, uint64_t since_ns);

/* Takes null. */
void order_free(struct order *order);

/*
 * Adds records of one thread, which are copied: they follow those that were added for it before. If
 * `again` they may repeat some of these, by their sequence, which are left out then; a thread's
 * number may come to mean a new one, so otherwise nothing is concluded from a sequence that does
 * not rise.
 *
 * `thread` tells threads apart; what the records say themselves is the target's claim. Ends the
 * validity of what order_take() gave. Returns 0 or -ENOMEM.
 */
int order_add(struct order *order, uint32_t thread, const struct at_event *events, size_t count,
	      bool again);

/*
 * Gives, in `*events` and `*count`, the records that are settled: their time is the window before
 * that of the newest, to which what has passed by `now_ns` since it came is added. Only differences
 * of `now_ns` count; UINT64_MAX settles everything, and so does having seen a single thread.
 *
 * The records of a thread keep their order; one that comes too late is given at once. Valid until
 * the next call for the same order. Returns 0 or -ENOMEM.
 */
int order_take(struct order *order, uint64_t now_ns, const struct at_event **events, size_t *count);

/*
 * The sequence of the last record of the thread, in `*ret`. False if there was none, or if it is
 * forgotten.
 */
bool order_last(const struct order *order, uint32_t thread, uint32_t *ret);

/* True if sequence `a` comes after `b`. It is counted modulo 2^32. */
static inline bool order_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

#endif
