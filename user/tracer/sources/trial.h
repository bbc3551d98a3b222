/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether the kernel takes the BPF programs, one by one: for who wants to know what is missing. */
#ifndef TRACER_SOURCES_TRIAL_H
#define TRACER_SOURCES_TRIAL_H

#include <stdbool.h>
#include <stddef.h>

struct trial {
	size_t programs, loaded;
	int err;	  /* of the first that failed: -errno, or 0 */
	char failed[32];  /* its name */
	char reason[192]; /* the kernel's, or libbpf's */
};

/*
 * Loads each program that is used, alone, to be attached by links of many uprobes or perf's events.
 */
void trial_load(struct trial *ret, bool multi);

/* Attaches to a probe of the ELF file `fd`, in this process. Returns 0 or -errno. */
int trial_attach(int fd, bool multi);

/* Attaches to each tracepoint that tracing takes. Returns 0, or -errno of the first that fails. */
int trial_tracepoints(void);

#endif
