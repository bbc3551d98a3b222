/* SPDX-License-Identifier: BSD-2-Clause */
/* What load and its tests share: the first page of a file. */
#ifndef TESTS_PROGRAMS_LOAD_H
#define TESTS_PROGRAMS_LOAD_H

#include <stdint.h>
#include <sys/types.h>

enum load_command {
	LOAD_NOTHING,
	LOAD_END,	/* all threads end, and the process with status 0 */
	LOAD_FORK,	/* a child goes on with the same work, and neither executes anything */
	LOAD_EXEC,	/* the process becomes what its command line names */
	LOAD_LATE_EXEC, /* so it does, by a thread that is not its first */
	LOAD_OPEN,	/* it loads the library that its command line names */
	LOAD_CHURN,	/* thread after thread comes, writes some records and ends */
};

#define LOAD_WRITERS 64

/* A thread of load. Only the thread itself writes to it, so it holds whatever kills the process. */
struct load_writer {
	uint32_t thread;
	uint32_t sequence; /* of the last record, or the one before when it dies in between */
	uint64_t bursts;   /* of work, traced or not */
};

struct load {
	/* The test sets these. */
	uint32_t pause_ns; /* after each burst */
	uint32_t command;  /* enum load_command: done once it is LOAD_NOTHING again */

	uint32_t writer_count;
	uint32_t churned;	  /* threads that have come and gone */
	uint64_t churned_records; /* what they have written */
	pid_t child;
	int child_status; /* of wait(2), once the child has ended */
	struct load_writer writers[LOAD_WRITERS];
};

#endif
