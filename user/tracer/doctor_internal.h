/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of the doctor: each adds what it finds. */
#ifndef TRACER_DOCTOR_INTERNAL_H
#define TRACER_DOCTOR_INTERNAL_H

#include "facts.h"
#include "options.h"

/* By what tracing works. */
struct doctor_ways {
	int multi; /* 0, or -errno of links of many uprobes */
	bool bpf, ring;
};

/*
 * Whether BPF takes CAP_SYS_ADMIN besides: it does without links of many uprobes. Where trying them
 * is not permitted, the kernel's version must do.
 */
bool doctor_takes_admin(int multi);

/* Kernel, privileges, settings; `admin` is whether BPF takes CAP_SYS_ADMIN, here and below. */
void doctor_machine(struct facts *facts, bool admin);

/* What to do about privileges that are missing; null if they are all there. */
const char *doctor_missing_privileges(bool admin);

/* The first trial, of what the rest is judged by: sets `multi`. */
void doctor_multi(struct doctor_ways *ways);

/* Programs, ways of attaching, and both transports, by trial. */
void doctor_ways(struct doctor_ways *ways, struct facts *facts, const struct options *options);

/* The process of the options. Returns whether it can be traced. */
bool doctor_process(struct facts *facts, const struct options *options);

#endif
