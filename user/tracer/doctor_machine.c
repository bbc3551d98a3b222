/* SPDX-License-Identifier: BSD-2-Clause */
/* What the machine says of itself. Only trials decide; this is to understand them by. */
#include "doctor_internal.h"
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The inode of the first namespace of process ids, since Linux 3.8. */
#define PROC_PID_INIT_INO 0xeffffffc

enum { SYS_PTRACE = 19, SYS_ADMIN = 21, PERFMON = 38, BPF = 39 };

static void look_at_kernel(struct facts *facts)
{
	struct utsname name = { 0 };
	unsigned int major = 0, minor = 0;
	bool recent, types = !access("/sys/kernel/btf/vmlinux", R_OK);

	uname(&name);
	sscanf(name.release, "%u.%u", &major, &minor);
	recent = major > 5 || (major == 5 && minor >= 10);
	facts_add(facts, "kernel", "kernel", recent ? FACT_OK : FACT_MISSING,
		  recent ? NULL : "BPF needs Linux 5.10 or later; --source ring does not", "%s, %s",
		  name.release, name.machine);
	facts_add(facts, "btf", "BTF", types ? FACT_OK : FACT_MISSING,
		  types ? NULL : "a kernel with CONFIG_DEBUG_INFO_BTF=y, as distributions build",
		  types ? "/sys/kernel/btf/vmlinux" : "the kernel does not tell its types");
}

/* Reads the first line of a file. False if it cannot be read. */
static bool read_line(const char *path, char *line, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, line, size - 1);

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return false;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return true;
}

static void look_at_settings(struct facts *facts)
{
	static const struct {
		const char *key, *path, *name;
	} settings[] = {
		{ "lockdown", "/sys/kernel/security/lockdown", "lockdown" },
		{ "unprivileged_bpf_disabled", "/proc/sys/kernel/unprivileged_bpf_disabled",
		  "BPF disabled" },
		{ "perf_event_paranoid", "/proc/sys/kernel/perf_event_paranoid", "perf paranoid" },
		{ "ptrace_scope", "/proc/sys/kernel/yama/ptrace_scope", "ptrace scope" },
	};
	char line[128];
	bool known, locked;
	size_t i;

	for (i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		known = read_line(settings[i].path, line, sizeof(line));
		locked = known && strstr(line, "[confidentiality]");
		facts_add(facts, settings[i].key, settings[i].name,
			  locked ? FACT_MISSING : FACT_NOTED,
			  locked ? "BPF may not read memory: boot without lockdown=confidentiality"
				 : NULL,
			  "%s", known ? line : "this kernel does not have it, or does not tell");
	}
}

/* What /proc/self/status tells. */
static void read_status(uint64_t *capabilities, unsigned int *no_new)
{
	FILE *status = fopen("/proc/self/status", "re");
	char line[256];

	*capabilities = *no_new = 0;
	while (status && fgets(line, sizeof(line), status)) {
		sscanf(line, "CapEff: %" SCNx64, capabilities);
		sscanf(line, "NoNewPrivs: %u", no_new);
	}
	if (status)
		fclose(status);
}

static void look_at_privileges(struct facts *facts)
{
	static const struct {
		const char *name;
		unsigned int number;
	} known[] = { { "CAP_BPF", BPF },
		      { "CAP_PERFMON", PERFMON },
		      { "CAP_SYS_PTRACE", SYS_PTRACE },
		      { "CAP_SYS_ADMIN", SYS_ADMIN } };
	char list[2][96] = { "", "" };
	size_t i, length[2] = { 0, 0 };
	uint64_t capabilities;
	unsigned int no_new;
	bool enough;

	read_status(&capabilities, &no_new);
	for (i = 0; i < sizeof(known) / sizeof(*known); i++) {
		bool lacks = !(capabilities >> known[i].number & 1);

		length[lacks] +=
			snprintf(list[lacks] + length[lacks], sizeof(list[lacks]) - length[lacks],
				 " %s", known[i].name);
	}
	enough = (capabilities >> SYS_ADMIN & 1) ||
		 ((capabilities >> BPF & 1) && (capabilities >> PERFMON & 1));
	facts_add(facts, "capabilities", "capabilities", enough ? FACT_OK : FACT_MISSING,
		  enough ? NULL : DOCTOR_GRANT, "%s%s%s%s", length[0] ? list[0] + 1 : "none",
		  length[1] ? " (not:" : "", list[1], length[1] ? ")" : "");
	facts_add(facts, "no_new_privileges", "new privileges",
		  no_new && !enough ? FACT_MISSING : FACT_NOTED,
		  no_new && !enough ? "start it outside of this sandbox: here sudo and setcap have "
				      "no effect"
				    : NULL,
		  no_new ? "cannot be had (no_new_privs)" : "could be had (sudo, setcap)");
}

void doctor_machine(struct facts *facts)
{
	struct stat namespace;
	bool first =
		!stat("/proc/self/ns/pid", &namespace) && namespace.st_ino == PROC_PID_INIT_INO;

	look_at_kernel(facts);
	look_at_privileges(facts);
	facts_add(facts, "pid_namespace", "pid namespace", FACT_NOTED, NULL, "%s",
		  first ? "the machine's" : "a container's: --follow works on the host only");
	look_at_settings(facts);
}
