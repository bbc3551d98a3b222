/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ladder: the programs are loaded and attached by links of many uprobes, and if any step fails,
 * all is done again by perf's events.
 *
 * A target writes its state when its semaphore rises. With a probe for each kind it rises many
 * times, and only when the last one is attached would nothing be missed: so records pass before
 * that one.
 *
 * The kernel counts sites, not listeners: where somebody has the same probe already the semaphore
 * stays as it is. Then the other semaphore is made to rise, by a program that does nothing at a
 * site of its own.
 *
 * What is wanted is told in the same way, by sites that are never hit; who is to spare the target
 * detaches from them, for which no privileges are needed.
 */
#include "programs.h"
#include "../pid_namespace.h"
#include "memory.h"
#include "refusal.h"
#include <bpf/bpf.h>
#include <errno.h>
#include <events.skel.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(kind) (1ULL << (kind))

static struct bpf_program *find_program(const struct events_bpf *skeleton, unsigned int kind)
{
	switch (kind) {
	case ELF_BATCH:
		return skeleton->progs.batch;
#define DIRECT(number, NAME, name)                                                                 \
	case number:                                                                               \
		return skeleton->progs.direct_##name;
		AT_KINDS(DIRECT)
#undef DIRECT
	}
	return NULL;
}

/* Loads a program for the chosen way, or leaves it out. */
static int choose(const struct programs *programs, struct bpf_program *program, bool wanted)
{
	int err = bpf_program__set_autoload(program, wanted);

	return err ? err : attach_prepare(&programs->attach, program);
}

static int choose_all(const struct programs *programs, bool direct)
{
	bool multi = programs->attach.multi;
	unsigned int kind;
	int err = choose(programs, programs->skeleton->progs.direct_any, direct && multi);

	if (!err)
		err = choose(programs, programs->skeleton->progs.trigger, true);
	for (kind = 0; kind < AT_KINDS_END && !err; kind++)
		err = choose(programs, find_program(programs->skeleton, kind),
			     kind == ELF_BATCH ? !direct : direct && !multi);
	return err;
}

static int load(struct programs *programs, const struct bpf_options *options)
{
	struct events_bpf *skeleton = events_bpf__open();
	int err;

	if (!skeleton)
		return -errno;
	programs->skeleton = skeleton;
	skeleton->rodata->follow = options->follow;
	skeleton->rodata->watermark = options->buffer / 4;
	err = bpf_map__set_max_entries(skeleton->maps.ring, options->buffer);
	if (!err && options->threads)
		err = bpf_map__set_max_entries(skeleton->maps.writers, options->threads);
	if (!err)
		err = choose_all(programs, options->direct);
	return err ? err : events_bpf__load(skeleton);
}

/* Which process is meant, in the kernel's own numbers. */
static int set_target(struct events_bpf *skeleton, const struct bpf_options *options)
{
	const bool traced = true;
	__u32 process = options->pid;

	if (pid_namespace_is_first())
		skeleton->bss->target = process;
	if (!options->follow)
		return 0;
	skeleton->bss->followed = 1;
	return bpf_map__update_elem(skeleton->maps.processes, &process, sizeof(process), &traced,
				    sizeof(traced), BPF_ANY);
}

/* The kinds to be attached in an image, one bit for each. */
static uint64_t wanted_kinds(const struct bpf_options *options, const struct elf_probes *probes)
{
	uint64_t kinds = 0;
	size_t i;

	for (i = 0; i < probes->count; i++)
		kinds |= BIT(probes->probes[i].kind);
	return kinds & (options->direct ? BIT(AT_KINDS_END) - 1 - BIT(ELF_BATCH) : BIT(ELF_BATCH));
}

/* The kinds whose probes somebody has already. */
static uint64_t taken_kinds(const struct bpf_image *image, const struct elf_probes *probes,
			    int memory, pid_t pid)
{
	const struct elf_probe *probe;
	uint64_t kinds = 0;

	for (probe = probes->probes; probe < probes->probes + probes->count; probe++)
		if (memory_has_breakpoint(memory, pid, image->bias + probe->address, image->fd,
					  probe->offset))
			kinds |= BIT(probe->kind);
	return kinds;
}

/*
 * The kind by which to raise it, as one bit: 0 if there is no need. Returns 0, or -EBUSY if none is
 * left.
 */
static int find_trigger(uint64_t *ret, const struct bpf_options *options, size_t image,
			const struct elf_probes *probes, int memory)
{
	/* Few of these are written, so it costs the target next to nothing. */
	static const unsigned int rare[] = { AT_WARNING,   AT_LOOP_STOP,   AT_STATE,
					     AT_TASK_NAME, AT_TASK_CANCEL, AT_FUNCTION };
	uint64_t taken = taken_kinds(&options->images[image], probes, memory, options->pid);
	uint64_t wanted = wanted_kinds(options, probes), left = ~taken;
	size_t i;

	*ret = 0;
	if (!(taken & wanted & -wanted))
		return 0;
	if (options->direct)
		*ret = left & BIT(ELF_BATCH);
	for (i = 0; i < sizeof(rare) / sizeof(*rare) && !options->direct && !*ret; i++)
		*ret = left & BIT(rare[i]);
	return *ret ? 0 : -EBUSY;
}

/*
 * The kinds to which the program of one is attached. Who is not sparing wants all, whatever others
 * want, and says so in the same go.
 */
static uint64_t kinds_with(unsigned int kind, const struct bpf_options *options)
{
	return BIT(kind) | (kind == ELF_BATCH && !options->sparing ? BIT(ELF_COROUTINES) : 0);
}

/* All of an image's probes but those of one kind, or just these. */
static int attach_image(struct programs *programs, const struct bpf_options *options, size_t image,
			const struct elf_probes *probes, bool last)
{
	const struct events_bpf *skeleton = programs->skeleton;
	uint64_t kinds = wanted_kinds(options, probes), one = kinds & -kinds;
	int err = 0, fd = options->images[image].fd;
	pid_t pid = options->follow ? 0 : options->pid;
	unsigned int kind;

	kinds = last ? one : kinds - one;
	if (programs->attach.multi && options->direct)
		return attach_probes(&programs->attach, skeleton->progs.direct_any, fd, probes,
				     kinds, pid);
	for (kind = 0; kind < AT_KINDS_END && !err; kind++)
		if (kinds >> kind & 1)
			err = attach_probes(&programs->attach, find_program(skeleton, kind), fd,
					    probes, kinds_with(kind, options), pid);
	return err;
}

/* Attaches to what is never hit. */
static int attach_wants(struct programs *programs, const struct bpf_options *options, size_t image,
			const struct elf_probes *probes)
{
	static const unsigned int wants[] = { ELF_COROUTINES, ELF_SWITCHES, ELF_OTHERS,
					      ELF_SPARING };
	size_t count = options->sparing ? sizeof(wants) / sizeof(*wants) : options->direct, i;
	int err = 0;

	for (i = 0; i < count && !err; i++)
		err = attach_probes(&programs->attach, programs->skeleton->progs.trigger,
				    options->images[image].fd, probes, BIT(wants[i]),
				    options->follow ? 0 : options->pid);
	for (i = 0; i < probes->count; i++)
		programs->can_spare |= probes->probes[i].kind == ELF_SPARING;
	return err;
}

/* The last kind, by which the target hears of us. */
static int attach_last(struct programs *programs, const struct bpf_options *options, size_t image,
		       const struct elf_probes *probes, int memory)
{
	uint64_t trigger;
	int err = find_trigger(&trigger, options, image, probes, memory);

	if (!err)
		err = attach_image(programs, options, image, probes, true);
	if (!err && trigger)
		err = attach_probes(&programs->attach, programs->skeleton->progs.trigger,
				    options->images[image].fd, probes, trigger,
				    options->follow ? 0 : options->pid);
	return err;
}

static int attach(struct programs *programs, const struct bpf_options *options,
		  const struct elf_probes *probes, int memory)
{
	struct events_bpf *skeleton = programs->skeleton;
	int err = set_target(skeleton, options);
	size_t i;

	if (!err)
		err = attach_tracepoint(&programs->attach, skeleton->progs.process_exit);
	if (!err)
		err = attach_tracepoint(&programs->attach, skeleton->progs.signal_deliver);
	if (!err)
		err = attach_tracepoint(&programs->attach, skeleton->progs.process_exec);
	if (!err)
		err = attach_tracepoint(&programs->attach, skeleton->progs.process_fork);
	/* Since Linux 6.10. Without it, what an exec takes along is counted as unread. */
	if (!err)
		attach_tracepoint(&programs->attach, skeleton->progs.prepare_exec);
	for (i = 0; i < options->image_count && !err; i++)
		err = attach_wants(programs, options, i, &probes[i]);
	for (i = 0; i < options->image_count && !err; i++)
		err = attach_image(programs, options, i, &probes[i], false);
	skeleton->bss->enabled = true;
	for (i = 0; i < options->image_count && !err; i++)
		err = attach_last(programs, options, i, &probes[i], memory);
	return err;
}

/* Waited for, its number may be another's by now, who would be traced in its place. */
static int look_for(const struct bpf_options *options)
{
	bool ended = syscall(SYS_pidfd_send_signal, options->pidfd, 0, NULL, 0) && errno == ESRCH;

	return ended ? -ESRCH : 0;
}

/* Loading takes long: another one is not to be touched, and if it comes even later, left alone. */
static int try_way(struct programs *programs, const struct bpf_options *options,
		   const struct elf_probes *probes, int memory, bool multi)
{
	int err;

	programs->attach.multi = multi;
	err = load(programs, options);
	if (!err)
		err = look_for(options);
	if (!err)
		err = attach(programs, options, probes, memory);
	return err ? err : look_for(options);
}

int programs_start(struct programs *programs, const struct bpf_options *options,
		   const struct elf_probes *probes, int memory, const char **why)
{
	uint64_t wanted = 0;
	size_t i;
	int err;

	for (i = 0; i < options->image_count; i++)
		wanted |= wanted_kinds(options, &probes[i]);
	if (!wanted) {
		*why = "the process has no probes of asynctrace: it must be built with libasync or "
		       "asynctrace/probes.h, and not be stripped of its section headers";
		return -ENOENT;
	}
	if (options->follow && !pid_namespace_is_first()) {
		*why = "children cannot be followed from within a container: run asynctrace on the "
		       "host";
		return -EOPNOTSUPP;
	}
	refusal_listen();
	err = try_way(programs, options, probes, memory, true);
	if (err && err != -EBUSY && err != -ESRCH) {
		programs_free(programs);
		err = try_way(programs, options, probes, memory, false);
	}
	if (err)
		*why = refusal_explain(err);
	return err;
}

int programs_spare(struct programs *programs, enum at_detail detail)
{
	static const unsigned int wants[] = {
		[AT_DETAIL_NO_COROUTINES] = ELF_COROUTINES,
		[AT_DETAIL_NO_SWITCHES] = ELF_SWITCHES,
		[AT_DETAIL_COUNTS] = ELF_OTHERS,
	};
	unsigned int i;

	if (!programs->can_spare)
		return -ENOTSUP;
	for (i = AT_DETAIL_NO_COROUTINES; i <= detail; i++)
		attach_end_kinds(&programs->attach, BIT(wants[i]));
	return 0;
}

void programs_stop(struct programs *programs)
{
	programs->skeleton->bss->enabled = false;
	attach_end(&programs->attach);
}

void programs_free(struct programs *programs)
{
	attach_end(&programs->attach);
	events_bpf__destroy(programs->skeleton);
	programs->skeleton = NULL;
}
