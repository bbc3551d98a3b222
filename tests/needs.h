/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a test needs besides its program. Where that is missing it is skipped, and says why in words
 * that tools/run-tests counts: "skipped: needs …".
 */
#ifndef TESTS_NEEDS_H
#define TESTS_NEEDS_H

#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#define NEED(condition, reason)                                                                    \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			print_message("skipped: needs %s\n", reason);                              \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

/* To become others, for one thing. */
#define NEED_ROOT() NEED(!geteuid(), "root")

/*
 * A program that could be attached to a probe can be loaded. It returns 0. Before Linux 5.11 it
 * counts as locked memory of the user, with whatever tracers have that have just ended.
 */
static inline bool has_bpf(void)
{
	static const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attributes = {
		.prog_type = BPF_PROG_TYPE_KPROBE,
		.insn_cnt = sizeof(program) / sizeof(*program),
		.insns = (uintptr_t)program,
		.license = (uintptr_t) "Dual BSD/GPL",
	};
	struct rlimit before, unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	int fd;

	getrlimit(RLIMIT_MEMLOCK, &before);
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof(attributes));
	if (fd >= 0)
		close(fd);
	setrlimit(RLIMIT_MEMLOCK, &before);
	return fd >= 0;
}

/* To attach to a process that runs, follow children or use direct probes. */
#define NEED_BPF() NEED(has_bpf(), "CAP_BPF and CAP_PERFMON (run as root)")

#endif
