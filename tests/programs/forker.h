/* SPDX-License-Identifier: BSD-2-Clause */
/* What forker and its test share. */
#ifndef TESTS_PROGRAMS_FORKER_H
#define TESTS_PROGRAMS_FORKER_H

#include <stdint.h>
#include <sys/types.h>

struct forker {
	/* The test sets these: fork now; the child shall end. */
	uint32_t fork, end;

	pid_t child;
	uint64_t parent_ticks, child_ticks;
};

#endif
