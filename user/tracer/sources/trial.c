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

static char message[192]; /* the first of libbpf, which is the cause; others follow from it */

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

/* Loads those that `names` has. */
static void load_each(struct trial *ret, const struct events_bpf *names, bool multi)
{
	struct bpf_program *program;
	bool all;
	int err;

	/* One by one takes seconds. */
	all = !load_alone(NULL, multi);
	bpf_object__for_each_program(program, names->obj)
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
}

void trial_load(struct trial *ret, bool multi)
{
	libbpf_print_fn_t before = libbpf_set_print(remember);
	struct events_bpf *names = events_bpf__open();

	*ret = (struct trial){ .err = names ? 0 : -errno };
	snprintf(ret->failed, sizeof(ret->failed), "the skeleton");
	snprintf(ret->reason, sizeof(ret->reason), "%s", strerror(-ret->err));
	if (names)
		load_each(ret, names, multi);
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

static int attach_one(const char *name)
{
	struct events_bpf *skeleton = open_alone(name, false);
	struct attach attach = { 0 };
	int err = skeleton ? events_bpf__load(skeleton) : -errno;

	if (!err)
		err = attach_tracepoint(&attach,
					bpf_object__find_program_by_name(skeleton->obj, name));
	attach_end(&attach);
	events_bpf__destroy(skeleton);
	return err;
}

int trial_tracepoints(void)
{
	static const char *const names[] = { "process_exit", "signal_deliver", "process_exec",
					     "process_fork" };
	libbpf_print_fn_t before = libbpf_set_print(remember);
	size_t i;
	int err = 0;

	for (i = 0; i < sizeof(names) / sizeof(*names) && !err; i++)
		err = attach_one(names[i]);
	libbpf_set_print(before);
	return err;
}
