/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A breakpoint in a process that is stopped under ptrace, by a debug register: nothing is written
 * to its memory, and children that it forks do not inherit it.
 */
#ifndef TRACER_BREAKPOINT_H
#define TRACER_BREAKPOINT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Stops the process before it executes the instruction at `address`. 0, or -errno if the machine
 * cannot.
 */
int breakpoint_set(pid_t pid, uint64_t address);

/* Removes it. 0 or -errno. */
int breakpoint_clear(pid_t pid);

/* Whether the process is about to execute the instruction at `address`. */
bool breakpoint_is_at(pid_t pid, uint64_t address);

#endif
