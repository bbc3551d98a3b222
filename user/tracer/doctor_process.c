/* SPDX-License-Identifier: BSD-2-Clause */
#include "doctor_internal.h"
#include "live.h"
#include "sources/elf.h"
#include "sources/memory.h"
#include "sources/source.h"
#include "target.h"
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define IMAGES_SHOWN 12

/* How many of the probes somebody is at already. */
static size_t count_taken(const struct target_image *image, const struct elf_probes *probes,
			  int memory, pid_t pid)
{
	const struct elf_probe *probe;
	size_t taken = 0;

	for (probe = probes->probes; probe < probes->probes + probes->count; probe++)
		taken += memory_has_breakpoint(memory, pid, image->bias + probe->address, image->fd,
					       probe->offset);
	return taken;
}

static const struct elf_probe *find_batch(const struct elf_probes *probes)
{
	size_t i;

	for (i = 0; i < probes->count; i++)
		if (probes->probes[i].kind == ELF_BATCH)
			return &probes->probes[i];
	return NULL;
}

/* Whether somebody listens to the process. */
struct listening {
	bool somebody, unknown;
};

static void add_image(struct facts *facts, enum fact_state state, const char *path,
		      const char *text)
{
	facts_add(facts, "images", "image", state, NULL, "%s: %s", path, text)->listed = true;
}

/* 0, -errno, or -ENOENT if it has no probe that would tell where they are. */
static int read_listeners(struct at_listeners *ret, const struct target_image *image,
			  const struct elf_probes *probes, int memory, pid_t pid)
{
	const struct elf_probe *batch = find_batch(probes);

	if (!batch)
		return -ENOENT;
	return memory_read_now(memory, pid, image->bias + batch->semaphore_address, &ret->any,
			       sizeof(ret->any));
}

static void describe_image(struct facts *facts, struct listening *listening,
			   const struct target_image *image, int memory, pid_t pid)
{
	struct at_listeners listeners;
	struct elf_probes probes;
	char text[128];
	size_t taken;

	if (elf_read_probes_apart(&probes, image->fd)) {
		listening->unknown = true;
		add_image(facts, FACT_MISSING, image->path, "its probes cannot be read");
		return;
	}
	taken = count_taken(image, &probes, memory, pid);
	if (read_listeners(&listeners, image, &probes, memory, pid)) {
		listening->unknown = true;
		listeners.any = 0;
		snprintf(text, sizeof(text), "%zu probes, breakpoints and semaphores unknown",
			 probes.count);
	} else {
		snprintf(text, sizeof(text),
			 "%zu probes, %zu with a breakpoint, semaphores %u and %u%s", probes.count,
			 taken, listeners.batch, listeners.direct,
			 listeners.ring ? ", a ring" : "");
	}
	listening->somebody |= taken || listeners.any;
	add_image(facts, probes.count ? FACT_OK : FACT_MISSING, image->path, text);
}

static void describe_images(struct facts *facts, const struct target *target)
{
	int memory = memory_open(target->pid, target->pidfd);
	bool readable = memory_can_be_read_now(memory, target->pid);
	struct listening listening = { false, false };
	size_t i;

	for (i = 0; i < target->image_count && i < IMAGES_SHOWN; i++)
		describe_image(facts, &listening, &target->images[i], memory, target->pid);
	if (i < target->image_count)
		facts_add(facts, "images_left_out", "", FACT_NOTED, NULL,
			  "and %zu more images with probes", target->image_count - i);
	if (!i)
		facts_add(facts, "images", "image", FACT_MISSING,
			  "build it with libasync or <asynctrace/probes.h>",
			  "nothing that it has mapped has probes")
			->listed = true;
	facts_add(facts, "traced", "listeners", FACT_NOTED, NULL, "%s",
		  listening.somebody  ? "somebody traces it already; up to seven can at once"
		  : listening.unknown ? "unknown: its memory cannot be read"
				      : "nobody traces it");
	if (memory < 0)
		facts_add(facts, "memory", "memory", FACT_MISSING, NULL,
			  readable
				  ? "what threads have not handed over in the end is missed: that "
				    "takes CAP_DAC_READ_SEARCH"
				  : "cannot be read, so loops that sleep are not woken: that takes "
				    "CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH");
	else
		close(memory);
}

bool doctor_process(struct facts *facts, const struct options *options)
{
	struct options chosen = *options;
	struct source *source = NULL;
	struct target *target;
	const char *why;
	bool works;

	if (target_open(&target, options->pid, elf_has_probes, &why)) {
		facts_add(facts, "process", "process", FACT_MISSING, NULL,
			  "%d cannot be looked at: %s", options->pid, why);
		return false;
	}
	describe_images(facts, target);
	chosen.source = OPTIONS_SOURCE_BPF;
	works = !live_attach(&source, target, &chosen, &why);
	if (works)
		source->free(source);
	facts_add(facts, "process", "process", works ? FACT_OK : FACT_MISSING, NULL, "%d %s%s",
		  options->pid,
		  works ? "can be attached to" : "cannot be traced: ", works ? "" : why);
	target_free(target);
	return works;
}
