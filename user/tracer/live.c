/* SPDX-License-Identifier: BSD-2-Clause */
/* A command is attached to while it has not begun: nothing of it is missed. */
#include "live.h"
#include "launch.h"
#include "sources/bpf.h"
#include "sources/elf.h"
#include "sources/ring.h"
#include "target.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int accept_program(pid_t pid, void *context, const char **why)
{
	struct live *live = context;
	struct target *target;
	int err = target_open(&target, pid, elf_has_probes, why);

	if (err)
		return err;
	if (!target->image_count) {
		target_free(target);
		return 0;
	}
	live->target = target;
	return 1;
}

int live_attach(struct source **ret, const struct target *target, const struct options *options,
		const char **why)
{
	struct bpf_image images[TARGET_IMAGES_MAX];
	const struct bpf_options bpf = {
		.pid = target->pid,
		.pidfd = target->pidfd,
		.follow = options->follow,
		.direct = options->direct,
		.sparing = options->budget > 0,
		.buffer = options->buffer,
		.images = images,
		.image_count = target->image_count,
	};
	size_t i;

	if (!target->image_count && target->unopened) {
		*why = "nothing of what it has mapped and can be opened has probes: to open the "
		       "rest takes CAP_CHECKPOINT_RESTORE, which root has (sudo)";
		return target->unopened;
	}
	for (i = 0; i < target->image_count; i++) {
		images[i].fd = target->images[i].fd;
		images[i].bias = target->images[i].bias;
	}
	return bpf_source_open(ret, &bpf, why);
}

static const char *explain_memory(enum bpf_memory memory)
{
	if (memory == BPF_MEMORY_OPEN)
		return NULL;
	if (memory == BPF_MEMORY_NOW)
		return "its memory cannot be read to the end, which takes CAP_DAC_READ_SEARCH: "
		       "what its threads have not handed over then is missed";
	return "its memory cannot be read, which takes CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH: "
	       "loops are seen when they wake, and what is not handed over in the end is missed";
}

static int open_bpf(struct live *live, const struct options *options, const char **why)
{
	int err = 0;

	if (options->command)
		err = launch_start(&live->launch, options->command, accept_program, live, why);
	if (!err)
		err = live_attach(&live->source, live->target, options, why);
	if (!err)
		live->unread = explain_memory(bpf_source_memory(live->source));
	return err;
}

/* Starts the command with the ring, and reads that from then on. */
static int start_with(struct live *live, struct ring_memory *memory, const struct options *options,
		      const char **why)
{
	struct ring_options ring = { .buffer = options->buffer };
	int err = launch_start_ring(&live->launch, options->command, memory->fd, memory->ring, why);

	if (!err)
		err = target_open(&live->target, launch_pid(live->launch), elf_has_probes, why);
	if (err)
		return err;
	ring.pid = live->target->pid;
	ring.pidfd = live->target->pidfd;
	ring.proc = live->target->proc;
	*why = "no memory";
	return ring_source_open(&live->source, memory, &ring);
}

static int open_ring(struct live *live, const struct options *options, const char **why)
{
	struct ring_memory memory = { .fd = -1 };
	int err = ring_memory_make(&memory, options->buffer, why);

	if (!err)
		err = start_with(live, &memory, options, why);
	/* Children of the command that live on have it, too. */
	if (err && memory.ring && !__atomic_load_n(&memory.ring->claimed, __ATOMIC_ACQUIRE))
		ring_memory_give_back(&memory, NULL, true);
	if (err && live->launch && !launch_has_ended(live->launch)) {
		launch_free(live->launch);
		live->launch = NULL;
	}
	ring_memory_free(&memory);
	return err;
}

/* Whether a ring could do what BPF cannot. */
static bool ring_will_do(const struct options *options)
{
	return options->source == OPTIONS_SOURCE_AUTO && options->command && !options->follow &&
	       !options->direct;
}

/* Tries and measures what the options want, or what there is. 0 or -errno. */
static int choose(struct live *live, struct options *options, const char **why)
{
	int err = cost_calibrate(&live->cost, options, why);

	if (err && ring_will_do(options)) {
		live->missing = strdup(*why);
		if (!live->missing)
			return -ENOMEM;
		options->source = OPTIONS_SOURCE_RING;
		err = cost_calibrate(&live->cost, options, why);
	}
	live->measured = !err;
	return err;
}

int live_open(struct live *live, const struct options *options, const char **why)
{
	struct options chosen = *options;
	int err = 0;

	*why = "that is asynctrace itself";
	if (options->pid == getpid())
		return -EINVAL;
	if (options->pid)
		err = target_open(&live->target, options->pid, elf_has_probes, why);
	if (err)
		return err;
	/* What cannot be tried may go well all the same; if not, that says why. */
	err = choose(live, &chosen, why);
	if (err == -EIO || err == -ENOMEM)
		return err;
	if (options->pid)
		live->cpu_begin_ns = cost_target_cpu_ns(options->pid);
	return chosen.source == OPTIONS_SOURCE_RING ? open_ring(live, &chosen, why)
						    : open_bpf(live, &chosen, why);
}

void live_look(struct live *live)
{
	uint64_t cpu_ns = live->target ? cost_target_cpu_ns(live->target->pid) : 0;

	if (cpu_ns)
		live->cpu_ns = cpu_ns;
}

void live_detach(struct live *live)
{
	struct source *source = live->source;

	if (!source)
		return;
	source->work(source, &live->hits, &live->records);
	live_look(live);
	source->free(source);
	live->source = NULL;
}

void live_close(struct live *live)
{
	launch_free(live->launch);
	live_detach(live);
	target_free(live->target);
	free(live->missing);
	*live = (struct live){ 0 };
}
