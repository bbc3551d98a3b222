/* SPDX-License-Identifier: BSD-2-Clause */
/* What the ways to launch a command share. */
#ifndef TRACER_LAUNCH_INTERNAL_H
#define TRACER_LAUNCH_INTERNAL_H

#include "launch.h"
#include <stdbool.h>
#include <stdint.h>

struct launch {
	pid_t pid;
	int channel; /* the child waits here for leave to run, and says why it cannot */
	bool traced;
	bool ended;
	int status;	      /* of wait(2), once it has ended */
	uint64_t entry;	      /* where the breakpoint is, or 0 */
	struct at_ring *ring; /* where the process waits for `go`, or null */
};

/*
 * Forks a child that waits at the channel before it executes `argv`. It inherits the descriptor
 * `ring`, and the variable that tells of it, unless that is -1. 0 or -errno.
 */
int launch_fork(struct launch *launch, char *const argv[], int ring);

/* Lets it execute the command. 0 or -errno. */
int launch_execute(struct launch *launch);

/* Waits for the next stop or the end. 0 or -errno. */
int launch_await(struct launch *launch, int *status);

/* After its end: the -errno and sentence for the user that launch_start() returns. */
int launch_failed(struct launch *launch, const char **why);

/*
 * Runs `search` on what was allocated and forked, with SIGINT and SIGQUIT left to the command. What
 * fails is freed, but for a command that has ended.
 */
int launch_search(struct launch **ret, struct launch *launch, int err,
		  int (*search)(struct launch *launch, void *context, const char **why),
		  void *context, const char **why);

#endif
