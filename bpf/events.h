/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What the programs of events.bpf.c and the source that loads them agree on. */
#ifndef BPF_EVENTS_H
#define BPF_EVENTS_H

#include <asynctrace/event.h>

/*
 * An entry of the ring: some records of one thread, in their order. Space behind `count` is unused.
 */
struct sample {
	__u32 thread;  /* the kernel's number; in a container the records have another one */
	__u32 process; /* the kernel's number */
	__u32 count;
	__u32 flags;
	__u64 batch; /* where in the target they were copied from, or 0 */
	struct at_event events[];
};

enum {
	SAMPLE_LAST = 1 << 0, /* read when the thread died: perhaps some were passed before */
	SAMPLE_LEFT = 1 << 1, /* no records: the thread writes no more where it did */
	SAMPLE_HERE = 1 << 2, /* no records yet; of the first, only `thread` is there */
};

struct counters {
	__u64 dropped; /* records, for want of room or because they could not be copied */
	__u64 refused; /* hits of a probe that brought them */
	__u64 forked;  /* children that are not traced */
	__u64 unread;  /* threads that died, and nobody knew where they wrote, or it was gone */
};

/* The last record of a thread that was dropped. */
struct tail {
	__u32 thread; /* the kernel's number */
	__u32 process;
	__u32 stated; /* number of the thread in its records */
	__u32 sequence;
	__u32 left; /* it writes no more */
};

/*
 * Tails lie at the thread's number modulo this. Threads that share a place overwrite each other,
 * which costs the report of a loss at the end of one of them; the count of dropped records stays
 * true.
 */
#define TAILS 4096

/* Of threads that share a place one may not be counted as unread. */
#define PLACELESS (1 << 16)

/* What struct at_batch begins with. */
struct batch_header {
	__u32 thread;
	__u32 process;
	__u32 sequence; /* of the last record */
	__u32 count;
};
_Static_assert(sizeof(struct batch_header) == __builtin_offsetof(struct at_batch, events),
	       "a header is all that stands before the records");

/* What a thread was seen to write into; the kernel's thread number is the key. */
struct writer {
	__u64 batch; /* address in the target */
	__u32 stated;
	__u32 reserved;
};

#endif
