/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The live source of a command, without any help of the kernel's: a ring (asynctrace/ring.h) that
 * its process inherits and writes into.
 *
 * The stream is that of bpf.h. It also ends when the process executes another program.
 */
#ifndef TRACER_SOURCES_RING_H
#define TRACER_SOURCES_RING_H

#include "ring_memory.h"
#include "source.h"
#include <sys/types.h>

struct ring_options {
	pid_t pid;     /* it has claimed the ring, and waits for `go` */
	int pidfd;     /* of the same; it must stay open as long as the source lives */
	int proc;      /* its directory in /proc */
	size_t buffer; /* bytes that were asked for */
};

/*
 * Gives the source in `*ret`, which has taken over the memory: `*memory` is empty then. Returns 0
 * or -ENOMEM.
 */
int ring_source_open(struct source **ret, struct ring_memory *memory,
		     const struct ring_options *options);

#endif
