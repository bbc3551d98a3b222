/* SPDX-License-Identifier: BSD-2-Clause */
/* A command is attached to while it stands at its first instruction: nothing of it is missed. */
#include "live.h"
#include "launch.h"
#include "sources/bpf.h"
#include "sources/elf.h"
#include "target.h"
#include <errno.h>

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

	for (i = 0; i < target->image_count; i++) {
		images[i].fd = target->images[i].fd;
		images[i].bias = target->images[i].bias;
	}
	return bpf_source_open(ret, &bpf, why);
}

int live_open(struct live *live, const struct options *options, const char **why)
{
	int err;

	if (options->command)
		err = launch_start(&live->launch, options->command, accept_program, live, why);
	else
		err = target_open(&live->target, options->pid, elf_has_probes, why);
	return err ? err : live_attach(&live->source, live->target, options, why);
}

void live_close(struct live *live)
{
	if (live->source)
		live->source->free(live->source);
	launch_free(live->launch);
	target_free(live->target);
	*live = (struct live){ 0 };
}
