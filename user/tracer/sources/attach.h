/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Puts programs on probes. There are two ways, and a program is loaded for one of them: a link of
 * many uprobes, which detaches quickly and needs fewer capabilities, and perf's events, which older
 * kernels have. Which of them works is found out by trying.
 */
#ifndef TRACER_SOURCES_ATTACH_H
#define TRACER_SOURCES_ATTACH_H

#include "elf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bpf_link;
struct bpf_program;

/* What is attached. Zeroed at first, but for `multi`. */
struct attach {
	bool multi; /* by links of many uprobes */
	struct attach_link {
		int fd;		      /* of such a link, or -1 */
		struct bpf_link *bpf; /* what libbpf attached, or null */
		uint64_t kinds;	      /* of its probes; 0 of a tracepoint */
	} * links;
	size_t count;
};

/* Before a program is loaded: says which way it will be attached. Returns 0 or -errno. */
int attach_prepare(const struct attach *attach, struct bpf_program *program);

/*
 * Attaches the loaded program to every probe of the file `fd` whose kind is in `kinds`, one bit for
 * each, in the process `pid` or in any if it is 0. A link of many uprobes gives each its kind for a
 * cookie.
 *
 * Returns 0 or -errno: -EOPNOTSUPP if the links of this kernel filter threads in place of
 * processes.
 */
int attach_probes(struct attach *attach, struct bpf_program *program, int fd,
		  const struct elf_probes *probes, uint64_t kinds, pid_t pid);

/* Attaches the program to the tracepoint that its section names. Returns 0 or -errno. */
int attach_tracepoint(struct attach *attach, struct bpf_program *program);

/* Detaches from what was attached for these kinds, and no others with them. */
void attach_end_kinds(struct attach *attach, uint64_t kinds);

/*
 * Detaches all, the last one first. No probe is hit any more when it returns; a program on a
 * tracepoint may still be at its end.
 */
void attach_end(struct attach *attach);

#endif
