/* SPDX-License-Identifier: BSD-2-Clause */
#include "trial.h"
#include "attach.h"
#include <bpf/libbpf.h>
#include <errno.h>
#include <events.h>
#include <events.skel.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char message[192]; /* the last one of libbpf, but for its verdict */

static int remember(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char text[sizeof(message)];

	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(text, sizeof(text), format, arguments);
	text[strcspn(text, "\n")] = '\0';
	if (!*message)
		strcpy(message, text);
	return 0;
}

/* The one for all kinds needs numbers at its sites, which perf's events have from Linux 5.15 on. */
static bool is_used(const struct bpf_program *program, bool multi)
{
	return multi || strcmp(bpf_program__name(program), "direct_any");
}

/*
 * Opens the skeleton with one program to be loaded, all that are used if null; null and errno on
 * failure.
 */
static struct events_bpf *open_alone(const char *name, bool multi)
{
	const struct attach attach = { .multi = multi };
	struct events_bpf *skeleton = events_bpf__open();
	struct bpf_program *program;
	bool wanted;

	if (!skeleton)
		return NULL;
	bpf_object__for_each_program(program, skeleton->obj)
	{
		wanted = name ? !strcmp(bpf_program__name(program), name) : is_used(program, multi);
		bpf_program__set_autoload(program, wanted);
		if (wanted && bpf_program__type(program) == BPF_PROG_TYPE_KPROBE)
			attach_prepare(&attach, program);
	}
	return skeleton;
}

static int load_alone(const char *name, bool multi)
{
	struct events_bpf *skeleton = open_alone(name, multi);
	int err = skeleton ? events_bpf__load(skeleton) : -errno;

	events_bpf__destroy(skeleton);
	return err;
}

void trial_load(struct trial *ret, bool multi)
{
	libbpf_print_fn_t before = libbpf_set_print(remember);
	struct events_bpf *names = events_bpf__open();
	struct bpf_program *program;
	bool all;
	int err;

	*ret = (struct trial){ .err = names ? 0 : -errno };
	/* One by one takes seconds. */
	all = names && !load_alone(NULL, multi);
	bpf_object__for_each_program(program, names ? names->obj : NULL)
	{
		if (!is_used(program, multi))
			continue;
		*message = '\0';
		err = all ? 0 : load_alone(bpf_program__name(program), multi);
		ret->programs++;
		ret->loaded += !err;
		if (!err || ret->err)
			continue;
		ret->err = err;
		snprintf(ret->failed, sizeof(ret->failed), "%s", bpf_program__name(program));
		snprintf(ret->reason, sizeof(ret->reason), "%s",
			 *message && err != -EPERM && err != -EACCES ? message : strerror(-err));
	}
	events_bpf__destroy(names);
	libbpf_set_print(before);
}

int trial_attach(int fd, bool multi)
{
	libbpf_print_fn_t before = libbpf_set_print(remember);
	struct events_bpf *skeleton = open_alone("batch", multi);
	struct attach attach = { .multi = multi };
	struct elf_probes probes;
	int err = skeleton ? events_bpf__load(skeleton) : -errno;

	if (!err)
		err = elf_read_probes(&probes, fd);
	if (!err)
		err = attach_probes(&attach, skeleton->progs.batch, fd, &probes, 1ULL << ELF_BATCH,
				    getpid());
	attach_end(&attach);
	events_bpf__destroy(skeleton);
	libbpf_set_print(before);
	return err;
}

int trial_tracepoints(void)
{
	libbpf_print_fn_t before = libbpf_set_print(remember);
	struct events_bpf *skeleton = open_alone("process_exit", false);
	struct attach attach = { 0 };
	int err = skeleton ? events_bpf__load(skeleton) : -errno;

	if (!err)
		err = attach_tracepoint(&attach, skeleton->progs.process_exit);
	attach_end(&attach);
	events_bpf__destroy(skeleton);
	libbpf_set_print(before);
	return err;
}
