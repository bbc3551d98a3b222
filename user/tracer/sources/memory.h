/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is read from the memory of a target besides its records' way through the kernel. It is open
 * from the start, so that it can be read when privileges are gone. Nothing in it is trusted.
 */
#ifndef TRACER_SOURCES_MEMORY_H
#define TRACER_SOURCES_MEMORY_H

#include <asynctrace/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A descriptor of the memory of the process `pid`, held by `pidfd`, or -errno. The caller closes
 * it.
 */
int memory_open(pid_t pid, int pidfd);

/* Copies `size` bytes at `address`, all or none. 0 or -errno. */
int memory_read(int memory, uint64_t address, void *to, size_t size);

/*
 * The same, while there are privileges: if the memory could not be opened and `memory` is negative,
 * the right to trace the process `pid` will do.
 */
int memory_read_now(int memory, pid_t pid, uint64_t address, void *to, size_t size);
bool memory_can_be_read_now(int memory, pid_t pid);

/*
 * Wakes the loops of the target that sleep, by the eventfd that its struct at_listeners at
 * `address` names. Needs the right to take descriptors of the process. Whatever is in the way is no
 * error: loops then see who listens when they wake by themselves.
 */
void memory_wake(int memory, pid_t pid, int pidfd, uint64_t address);

/*
 * True if the target has a breakpoint at `address`: something else than its file has at `offset`.
 * False if that cannot be read.
 */
bool memory_has_breakpoint(int memory, pid_t pid, uint64_t address, int file, uint64_t offset);

/*
 * Copies the batch at `address` that thread `stated` is filling. Returns the number of its records,
 * which may be 0; -ESTALE if it is not that thread's any more; -EAGAIN if it was handed over again
 * and again while it was read; -errno.
 */
int memory_read_batch(int memory, uint64_t address, uint32_t stated, struct at_batch *ret);

#endif
