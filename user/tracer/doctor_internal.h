/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of the doctor: each adds what it finds. */
#ifndef TRACER_DOCTOR_INTERNAL_H
#define TRACER_DOCTOR_INTERNAL_H

#include "facts.h"
#include "options.h"

#define DOCTOR_GRANT                                                                               \
	"sudo asynctrace ..., or once: sudo setcap cap_bpf,cap_perfmon,cap_sys_ptrace,cap_dac_read_search+ep "         \
	"$(command -v asynctrace)"

/* By what tracing works. */
struct doctor_ways {
	bool bpf, ring;
};

/* Kernel, privileges, settings. */
void doctor_machine(struct facts *facts);

/* Programs, ways of attaching, and both transports, by trial. */
void doctor_ways(struct doctor_ways *ret, struct facts *facts, const struct options *options);

/* The process of the options. Returns whether it can be traced. */
bool doctor_process(struct facts *facts, const struct options *options);

#endif
