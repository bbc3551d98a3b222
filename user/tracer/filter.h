/* SPDX-License-Identifier: BSD-2-Clause */
/* Lets only a part of what the model tells through to a view. */
#ifndef TRACER_FILTER_H
#define TRACER_FILTER_H

#include <stddef.h>
#include <stdint.h>

#define FILTER_GLOBS_MAX 16

/* What is wanted; all zero: everything. Times count from the begin of the trace. */
struct filter_options {
	const char *globs[FILTER_GLOBS_MAX]; /* of coroutine functions and tasks: any of them */
	size_t glob_count;
	const char *task; /* name, number or glob */
	uint32_t thread;
	uint64_t since_ns, until_ns; /* an end of 0 is none */
	uint64_t min_duration_ns;
};

#endif
