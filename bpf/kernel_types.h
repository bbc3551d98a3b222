/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The few fields of the kernel's structs that the programs read, relocated to where the running
 * kernel keeps them. Registers are those of the UAPI headers, so bpf_tracing.h must take us for
 * user space: __VMLINUX_H__ stays undefined.
 */
#ifndef BPF_KERNEL_TYPES_H
#define BPF_KERNEL_TYPES_H

#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <linux/types.h>
#include <stdbool.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

struct k_sigaction {
	struct {
		void *sa_handler;
	} sa;
};

struct signal_struct {
	atomic_t live; /* threads of the process that have not ended */
};

struct task_struct {
	int pid;
	int tgid;
	struct signal_struct *signal;
};

#pragma clang attribute pop

#endif
