/* SPDX-License-Identifier: BSD-2-Clause */
#include "refusal.h"
#include "../privileges.h"
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static char said[256]; /* by libbpf */

static int remember(enum libbpf_print_level level, const char *format, va_list arguments)
{
	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(said, sizeof(said), format, arguments);
	said[strcspn(said, "\n")] = '\0';
	return 0;
}

void refusal_listen(void)
{
	*said = '\0';
	libbpf_set_print(remember);
}

/* Before Linux 5.11 a ring is locked memory. libbpf raises the limit, where that is allowed. */
static bool is_limited(void)
{
	struct rlimit locked;

	return !privileges_have(CAP_SYS_RESOURCE) && !getrlimit(RLIMIT_MEMLOCK, &locked) &&
	       locked.rlim_cur != RLIM_INFINITY;
}

/* What it takes to load programs, and to attach them by perf's events. */
static const char *explain_rights(void)
{
	bool bpf = privileges_have(CAP_BPF), perfmon = privileges_have(CAP_PERFMON);

	if (!bpf && !perfmon)
		return "tracing by BPF takes CAP_BPF and CAP_PERFMON, which root has (sudo)";
	if (!bpf)
		return "tracing by BPF takes CAP_BPF, too, which root has (sudo)";
	if (!perfmon)
		return "tracing by BPF takes CAP_PERFMON, too, which root has (sudo)";
	if (!privileges_have(CAP_SYS_ADMIN))
		return "tracing by BPF takes CAP_SYS_ADMIN before Linux 6.10, which root has (sudo)";
	if (is_limited())
		return "the kernel refuses BPF, as in a container, if it is locked down or, before "
		       "Linux 5.11, without CAP_SYS_RESOURCE or more locked memory (ulimit -l)";
	return "the kernel refuses BPF, as in a container or if it is locked down";
}

const char *refusal_explain(int err)
{
	static char words[sizeof(said) + 64];

	switch (err) {
	case -EPERM:
	case -EACCES:
		return explain_rights();
	case -ENOSYS:
		return "this kernel has no BPF, and without it a running process cannot be traced";
	case -ESRCH:
		return "the process has ended";
	case -ENOMEM:
		return "no memory: try a smaller buffer";
	case -EBUSY:
		return "too many tracers listen to it already: end one of them";
	}
	snprintf(words, sizeof(words), "the kernel did not take the tracing programs: %s",
		 *said ? said : strerror(-err));
	return words;
}
