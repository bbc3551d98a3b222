/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many loops there are is known from the target's memory. If that says nothing, a while without
 * another answer must do.
 */
#include "snapshot.h"
#include "../target.h"
#include "elf.h"
#include "memory.h"
#include "outside.h"
#include <base/clock.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define PATIENCE_NS 1000000000ULL /* then a loop does not answer */
#define QUIET_NS    50000000ULL

enum { LOOPS_MAX = 1024 };

struct snapshot {
	const struct target *target;
	int memory;		     /* or -errno; until it is looked at */
	struct outside *outside;     /* null if the memory cannot be read */
	const char *why;	     /* it cannot */
	uint64_t begin_ns, heard_ns; /* heard_ns: of the last loop; 0 if none */
	struct outside_loop loops[LOOPS_MAX];
	bool told[LOOPS_MAX];
	size_t count, next; /* next: to be read */
};

/* Where the runtimes of the target say who listens. Returns how many. */
static size_t find_listeners(const struct target *target, uint64_t *listeners)
{
	struct elf_probes *probes = malloc(sizeof(*probes));
	size_t count = 0, i, j;

	for (i = 0; probes && i < target->image_count; i++) {
		if (elf_read_probes_apart(probes, target->images[i].fd))
			continue;
		for (j = 0; j < probes->count; j++) {
			if (probes->probes[j].kind == ELF_BATCH)
				break;
		}
		if (j < probes->count)
			listeners[count++] =
				target->images[i].bias + probes->probes[j].semaphore_address;
	}
	free(probes);
	return count;
}

struct snapshot *snapshot_new(const struct target *target)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (!snapshot)
		return NULL;
	snapshot->target = target;
	snapshot->begin_ns = clock_ns();
	snapshot->memory = memory_open(target->pid, target->pidfd);
	return snapshot;
}

void snapshot_look(struct snapshot *snapshot)
{
	const struct target *target = snapshot->target;
	uint64_t listeners[TARGET_IMAGES_MAX];
	size_t runtimes = find_listeners(target, listeners);
	int memory = snapshot->memory, count = 0;

	snapshot->memory = -1;
	if (!outside_open(&snapshot->outside, memory, target, listeners, runtimes, &snapshot->why))
		count = outside_loops(snapshot->outside, snapshot->loops, LOOPS_MAX);
	snapshot->count = count > 0 ? count : 0;
}

void snapshot_free(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	outside_free(snapshot->outside);
	if (snapshot->memory >= 0)
		close(snapshot->memory);
	free(snapshot);
}

/* Either it has told all, or there is nothing that it has not told. */
static bool tells_all(const struct at_event *event)
{
	return event->kind == AT_LOOP_START || (event->kind == AT_STATE && event->flags & AT_END);
}

void snapshot_hear(struct snapshot *snapshot, const struct at_event *events, size_t count)
{
	size_t i, loop;

	for (i = 0; i < count; i++) {
		if (!tells_all(&events[i]) ||
		    events[i].process != (uint32_t)snapshot->target->stated)
			continue;
		snapshot->heard_ns = clock_ns();
		for (loop = 0; loop < snapshot->count; loop++)
			snapshot->told[loop] |= snapshot->loops[loop].id == events[i].subject;
	}
}

bool snapshot_is_complete(const struct snapshot *snapshot)
{
	uint64_t now_ns = clock_ns();
	size_t told = 0;

	if (now_ns - snapshot->begin_ns >= PATIENCE_NS)
		return true;
	while (told < snapshot->count && snapshot->told[told])
		told++;
	if (snapshot->count)
		return told == snapshot->count;
	return snapshot->heard_ns && now_ns - snapshot->heard_ns >= QUIET_NS;
}

int snapshot_read(struct snapshot *snapshot, const struct at_event **events, size_t *count,
		  const char **why)
{
	struct outside_result result;
	int err;

	*why = NULL;
	if (!snapshot->outside && !snapshot->heard_ns && !snapshot->next++) {
		*events = NULL;
		*count = 0;
		*why = snapshot->why;
		return 1;
	}
	while (snapshot->next < snapshot->count) {
		size_t i = snapshot->next++;

		if (snapshot->told[i])
			continue;
		err = outside_read(snapshot->outside, &snapshot->loops[i],
				   clock_ns() - snapshot->begin_ns, &result);
		if (err == -ESRCH)
			continue;
		if (err)
			return err;
		*events = result.events;
		*count = result.count;
		if (result.torn)
			*why = "its memory changed while it was read: tasks may be missing";
		return 1;
	}
	return 0;
}
