/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of the doctor: each adds what it finds. */
#ifndef TRACER_DOCTOR_INTERNAL_H
#define TRACER_DOCTOR_INTERNAL_H

#include "facts.h"
#include "options.h"

/* By what tracing works. */
struct doctor_ways {
	bool bpf, ring;
};

/* Kernel, privileges, settings. */
void doctor_machine(struct facts *facts);

/* What to do about privileges that are missing; null if they are all there. */
const char *doctor_missing_privileges(void);

/* Programs, ways of attaching, and both transports, by trial. */
void doctor_ways(struct doctor_ways *ret, struct facts *facts, const struct options *options);

/* The process of the options. Returns whether it can be traced. */
bool doctor_process(struct facts *facts, const struct options *options);

#endif
