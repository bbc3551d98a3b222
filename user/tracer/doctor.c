/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernels and containers forbid things in ways that cannot be asked for. So asynctrace has a probe
 * of its own for the doctor to try on itself: what is sent through it must come back.
 */
#include "doctor.h"
#include "cost.h"
#include "live.h"
#include "sources/elf.h"
#include "sources/source.h"
#include "target.h"
#include <base/text.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Prints a line. Returns `well`. */
__attribute__((format(printf, 3, 4))) static bool say(bool well, const char *remedy,
						      const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs(well ? "ok    " : "FAIL  ", stdout);
	vprintf(format, arguments);
	putchar('\n');
	if (!well)
		printf("      %s\n", remedy);
	va_end(arguments);
	fflush(stdout);
	return well;
}

static void check_kernel(void)
{
	struct utsname name;
	unsigned int major = 0, minor = 0;

	if (uname(&name) || sscanf(name.release, "%u.%u", &major, &minor) != 2)
		return;
	say(major > 5 || (major == 5 && minor >= 10), "Linux 5.10 or later is needed",
	    "kernel %s, %s", name.release, name.machine);
	say(!access("/sys/kernel/btf/vmlinux", R_OK),
	    "use a kernel with CONFIG_DEBUG_INFO_BTF=y, as distributions build them",
	    "types of the kernel (BTF) in /sys/kernel/btf/vmlinux");
}

static void check_privileges(void)
{
	static const struct {
		const char *name;
		unsigned int number;
	} known[] = { { "CAP_SYS_PTRACE", 19 },
		      { "CAP_SYS_ADMIN", 21 },
		      { "CAP_PERFMON", 38 },
		      { "CAP_BPF", 39 } };
	FILE *status = fopen("/proc/self/status", "re");
	uint64_t capabilities = 0;
	char line[256], list[256] = "";
	size_t i, length = 0;

	while (status && fgets(line, sizeof(line), status)) {
		if (sscanf(line, "CapEff: %" SCNx64, &capabilities) == 1)
			break;
	}
	if (status)
		fclose(status);
	for (i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (capabilities >> known[i].number & 1)
			length += snprintf(list + length, sizeof(list) - length, " %s",
					   known[i].name);
	}
	say(length, "run asynctrace as root (sudo)", "privileges: %s%s",
	    geteuid() ? "not root," : "root,", length ? list : " no capability of use");
}

static bool try_machine(const struct options *options)
{
	struct cost cost;
	const char *why;

	if (cost_calibrate(&cost, options, &why))
		return say(false, why, "BPF programs cannot be loaded and attached");
	return say(true, NULL, "a record comes through: %.0f ns, %.0f ns a hit", cost.record_ns,
		   cost.hit_ns);
}

static void describe_image(const struct target_image *image)
{
	char path[TEXT_NAME_SIZE];
	struct elf_probes probes;

	if (!elf_read_probes(&probes, image->fd))
		say(true, NULL, "%zu probes in %s", probes.count,
		    text_safe(path, sizeof(path), image->path));
}

static bool try_process(const struct options *options)
{
	struct target *target;
	struct source *source;
	const char *why;
	bool well;
	size_t i;

	if (target_open(&target, options->pid, elf_has_probes, &why))
		return say(false, why, "process %d cannot be looked at", options->pid);
	say(true, NULL, "process %d can be looked at", options->pid);
	for (i = 0; i < target->image_count; i++)
		describe_image(&target->images[i]);
	if (!i) {
		well = say(false, "its program must use libasync or <asynctrace/probes.h>",
			   "process %d has no probes", options->pid);
	} else if (live_attach(&source, target, options, &why)) {
		well = say(false, why, "process %d cannot be traced", options->pid);
	} else {
		well = say(true, NULL, "process %d can be traced", options->pid);
		source->free(source);
	}
	target_free(target);
	return well;
}

int doctor_run(const struct options *options)
{
	bool well;

	check_kernel();
	check_privileges();
	well = try_machine(options);
	if (options->pid)
		well = try_process(options) && well;
	return well ? 0 : 1;
}
