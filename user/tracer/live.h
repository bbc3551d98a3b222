/* SPDX-License-Identifier: BSD-2-Clause */
/* The live source of the command line: a process that runs already, or a command. */
#ifndef TRACER_LIVE_H
#define TRACER_LIVE_H

#include "cost.h"
#include "options.h"

struct launch;
struct source;
struct target;

/* Zeroed before it is opened. */
struct live {
	struct target *target;
	struct launch *launch; /* null without a command; else it waits for launch_go() */
	struct source *source;
	bool measured; /* that which is in `cost` */
	struct cost cost;
	uint64_t cpu_begin_ns, cpu_ns; /* CPU time of the target: before, as last seen */
	const char *unread;	       /* for people: what its memory is not read for, or null */
	uint64_t hits, records;	       /* what it has done for us, from live_detach() on */
	char *missing; /* why not BPF, if it was up to us and a ring was taken; or null */
};

/*
 * Opens the process or starts the command that the options name, and attaches to it. Returns 0, or
 * -errno with a sentence for the user in `*why`, which is null if the command could not be
 * executed. In both cases the caller ends it with live_close().
 */
int live_open(struct live *live, const struct options *options, const char **why);

/* The part of it that attaches. The target must outlive the source, which the caller frees. */
int live_attach(struct source **ret, const struct target *target, const struct options *options,
		const char **why);

/*
 * Looks at the CPU time that the target has taken. What was seen last counts when it has gone: call
 * it now and then.
 */
void live_look(struct live *live);

/*
 * Leaves the target alone from now on: the source is gone, and what it cost is known. The process
 * and the command stay. Takes what was not opened.
 */
void live_detach(struct live *live);

/* Takes what was not opened, or only in part. */
void live_close(struct live *live);

#endif
