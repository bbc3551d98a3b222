/* SPDX-License-Identifier: BSD-2-Clause */
/* What the machine says of itself. Only trials decide; this is to understand them by. */
#include "doctor_internal.h"
#include "pid_namespace.h"
#include "privileges.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { READ_SEARCH = 2, SYS_PTRACE = 19, SYS_ADMIN = 21, PERFMON = 38, BPF = 39 };

/* Whether the kernel is of that version or a later one. */
static bool is_recent(const struct utsname *name, unsigned int major, unsigned int minor)
{
	unsigned int its_major = 0, its_minor = 0;

	sscanf(name->release, "%u.%u", &its_major, &its_minor);
	return its_major > major || (its_major == major && its_minor >= minor);
}

static void look_at_kernel(struct facts *facts)
{
	struct utsname name = { 0 };
	bool recent, types = !access("/sys/kernel/btf/vmlinux", R_OK);

	uname(&name);
	recent = is_recent(&name, 5, 10);
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
	struct fact *fact;
	bool known, locked, in_the_way;
	size_t i;

	for (i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		known = read_line(settings[i].path, line, sizeof(line));
		locked = known && strstr(line, "[confidentiality]");
		in_the_way = known && !strcmp(settings[i].key, "ptrace_scope") &&
			     strcmp(line, "0") && !privileges_have(SYS_PTRACE);
		fact = facts_add(facts, settings[i].key, settings[i].name,
				 locked ? FACT_MISSING : FACT_NOTED,
				 locked ? "boot without lockdown=confidentiality" : NULL, "%s%s",
				 known ? line : "this kernel does not have it, or does not tell",
				 locked	      ? ": BPF may not read memory"
				 : in_the_way ? ": the memory of processes cannot be read without "
						"CAP_SYS_PTRACE"
					      : "");
		fact->quiet = !locked && !in_the_way;
	}
}

bool doctor_takes_admin(int multi)
{
	struct utsname name = { 0 };

	if (multi != -EPERM && multi != -EACCES)
		return multi;
	uname(&name);
	return !is_recent(&name, 6, 10);
}

static bool has_enough(bool admin)
{
	return privileges_have(BPF) && privileges_have(PERFMON) &&
	       (!admin || privileges_have(SYS_ADMIN));
}

/* Why no program that is executed gains privileges, whatever its file says; or null. */
static const char *cannot_gain(bool admin)
{
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return "no_new_privs";
	if (!prctl(PR_CAPBSET_READ, BPF, 0, 0, 0) || !prctl(PR_CAPBSET_READ, PERFMON, 0, 0, 0) ||
	    (admin && !prctl(PR_CAPBSET_READ, SYS_ADMIN, 0, 0, 0)))
		return "not in the bounding set";
	return NULL;
}

#define REMEDY(also)                                                                               \
	"sudo asynctrace ..., or once: sudo setcap "                                               \
	"cap_bpf,cap_perfmon,cap_sys_ptrace,cap_dac_read_search" also                              \
	"+ep $(command -v asynctrace)\n"                                                           \
	"who may execute that file then looks into all processes: restrict it first "              \
	"(chgrp GROUP, chmod 750)"

const char *doctor_missing_privileges(bool admin)
{
	if (has_enough(admin) && privileges_have(SYS_PTRACE))
		return NULL;
	if (cannot_gain(admin))
		return "start it outside of this container or sandbox: here sudo and setcap have "
		       "no effect";
	return admin ? REMEDY(",cap_sys_admin") : REMEDY("");
}

static void look_at_privileges(struct facts *facts, bool admin)
{
	static const struct {
		const char *name;
		unsigned int number;
	} known[] = { { "CAP_BPF", BPF },
		      { "CAP_PERFMON", PERFMON },
		      { "CAP_SYS_PTRACE", SYS_PTRACE },
		      { "CAP_DAC_READ_SEARCH", READ_SEARCH },
		      { "CAP_SYS_ADMIN", SYS_ADMIN } };
	char list[2][128] = { "", "" };
	size_t i, length[2] = { 0, 0 };
	const char *in_the_way = cannot_gain(admin);

	for (i = 0; i < sizeof(known) / sizeof(*known); i++) {
		bool lacks = !privileges_have(known[i].number);

		length[lacks] +=
			snprintf(list[lacks] + length[lacks], sizeof(list[lacks]) - length[lacks],
				 " %s", known[i].name);
	}
	facts_add(facts, "capabilities", "capabilities", has_enough(admin) ? FACT_OK : FACT_MISSING,
		  NULL, "%s%s%s%s", length[0] ? list[0] + 1 : "none", length[1] ? " (not:" : "",
		  list[1], length[1] ? ")" : "");
	facts_add(facts, "no_new_privileges", "new privileges",
		  in_the_way && !has_enough(admin) ? FACT_MISSING : FACT_NOTED, NULL, "%s (%s)",
		  in_the_way ? "cannot be had" : "could be had",
		  in_the_way ? in_the_way : "sudo, setcap");
}

void doctor_machine(struct facts *facts, bool admin)
{
	look_at_kernel(facts);
	look_at_privileges(facts, admin);
	facts_add(facts, "pid_namespace", "pid namespace", FACT_NOTED, NULL, "%s",
		  pid_namespace_is_first() ? "the machine's"
					   : "a container's: --follow works on the host only");
	look_at_settings(facts);
}
