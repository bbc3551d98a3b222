/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * On stop() a thread may be in a long step with records that it has not handed over. They are
 * copied from the memory of the target before the probes go: each is then in the copy or in the
 * ring, or in both, which its sequence shows. The probes take a while to go, and what comes of
 * that while is left out: some threads would have a part of it only.
 */
#include "bpf_internal.h"
#include "memory.h"
#include <errno.h>
#include <events.skel.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct leftover {
	struct leftover *next;
	uint32_t thread;
	size_t count;
	struct at_event events[];
};

static int add_leftover(struct bpf_source *self, uint32_t thread, const struct at_batch *batch,
			int count)
{
	size_t bytes = count * sizeof(*batch->events);
	struct leftover *leftover = malloc(sizeof(*leftover) + bytes);

	if (!leftover)
		return -ENOMEM;
	leftover->thread = thread;
	leftover->count = count;
	memcpy(leftover->events, batch->events, bytes);
	leftover->next = self->leftovers;
	self->leftovers = leftover;
	return 0;
}

/*
 * The memory of a child that was followed is opened when it is wanted, if the user may look at that
 * child without privileges.
 */
static int read_child(const struct place *place, struct at_batch *batch)
{
	int pidfd = syscall(SYS_pidfd_open, place->process, 0), memory, count;

	if (pidfd < 0)
		return errno == ESRCH ? -ESTALE : -errno;
	memory = memory_open(place->process, pidfd);
	close(pidfd);
	if (memory < 0)
		return memory;
	count = memory_read_batch(memory, place->batch, place->stated, batch);
	close(memory);
	return count;
}

/* Takes what is in the ring, but no more than fits, for the target may be faster. 0 or -errno. */
static int drain(struct bpf_source *self)
{
	size_t room = self->first.a / sizeof(struct at_event), taken;
	int ret = 0;

	for (taken = 0; !ret && taken < room; taken += self->collected)
		ret = bpf_source_collect(self);
	return ret < 0 ? ret : 0;
}

/* Threads that have written, but nothing of whom has come, may have more that nobody finds. */
static void count_unknown(struct bpf_source *self)
{
	const struct tail *tails = self->programs.skeleton->bss->tails;
	size_t i;

	for (i = 0; i < TAILS; i++) {
		if (tails[i].thread && !tails[i].left &&
		    !writers_know(self->writers, tails[i].thread))
			self->unread++;
	}
}

int bpf_source_find_leftovers(struct bpf_source *self)
{
	const struct place *place = NULL;
	int count, err = drain(self);
	struct at_batch batch;

	while (!err && (place = writers_next(self->writers, place))) {
		if (place->process == self->programs.skeleton->bss->target)
			count = memory_read_batch(self->memory, place->batch, place->stated,
						  &batch);
		else
			count = read_child(place, &batch);
		if (count > 0)
			err = add_leftover(self, place->thread, &batch, count);
		else if (count < 0 && count != -ESTALE && count != -EAGAIN)
			self->unread++;
	}
	count_unknown(self);
	return err;
}

int bpf_source_add_leftovers(struct bpf_source *self)
{
	struct leftover *leftover;
	int err = 0;

	while ((leftover = self->leftovers)) {
		if (!err)
			err = bpf_source_add(self, leftover->thread, leftover->events,
					     leftover->count, true);
		self->records += leftover->count;
		self->leftovers = leftover->next;
		free(leftover);
	}
	return err;
}

void bpf_source_free_leftovers(struct bpf_source *self)
{
	struct leftover *leftover;

	while ((leftover = self->leftovers)) {
		self->leftovers = leftover->next;
		free(leftover);
	}
}
