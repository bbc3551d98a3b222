/* SPDX-License-Identifier: BSD-2-Clause */
/* Attaching, and all that a stream needs before it can be read. */
#include "bounds.h"
#include "bpf_internal.h"
#include "memory.h"
#include "timens.h"
#include <base/clock.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <events.skel.h>
#include <string.h>
#include <sys/epoll.h>

/* The ring and what watches it. */
static int open_ring(struct bpf_source *self, const struct bpf_options *options)
{
	int map = bpf_map__fd(self->programs.skeleton->maps.ring);
	struct epoll_event ring = { .events = EPOLLIN | EPOLLET };
	struct epoll_event end = { .events = EPOLLIN | EPOLLET, .data.ptr = self };

	self->ring = ring_buffer__new(map, bpf_source_take, self, NULL);
	self->wake = epoll_create1(EPOLL_CLOEXEC);
	if (!self->ring || self->wake < 0 || epoll_ctl(self->wake, EPOLL_CTL_ADD, map, &ring) ||
	    epoll_ctl(self->wake, EPOLL_CTL_ADD, options->pidfd, &end))
		return -errno;
	return 0;
}

static void wake_loops(const struct bpf_source *self, const struct bpf_options *options,
		       const struct elf_probes *probes)
{
	size_t image, i;

	for (image = 0; image < options->image_count; image++)
		for (i = 0; i < probes[image].count; i++)
			if (probes[image].probes[i].kind == ELF_BATCH)
				memory_wake(self->memory, options->pid, options->pidfd,
					    options->images[image].bias +
						    probes[image].probes[i].semaphore_address);
}

static int read_images(struct elf_probes *probes, const struct bpf_options *options,
		       const char **why)
{
	size_t i;
	int err = 0;

	for (i = 0; i < options->image_count && !err; i++)
		err = elf_read_probes_apart(&probes[i], options->images[i].fd);
	if (err == -ENOTSUP)
		*why = "a probe of the process is not on the instruction that it should be on";
	else if (err == -EBADMSG || err == -ENOEXEC)
		*why = "the probes of the process cannot be read: its file is damaged";
	else if (err)
		*why = strerror(-err);
	return err;
}

int bpf_source_begin(struct bpf_source *self, const struct bpf_options *options,
		     struct elf_probes *probes, const char **why)
{
	int err = read_images(probes, options, why);

	if (err)
		return err;
	self->ahead_ns = timens_ahead_ns(options->pid);
	self->first = bounds_event(AT_ATTACH, options->pid);
	self->first.a = options->buffer;
	self->order = order_new(BOUNDS_WINDOW_NS, self->first.time_ns);
	self->writers = writers_new();
	self->memory = memory_open(options->pid, options->pidfd);
	if (self->memory >= 0)
		self->readable = BPF_MEMORY_OPEN;
	else if (memory_can_be_read_now(self->memory, options->pid))
		self->readable = BPF_MEMORY_NOW;
	err = programs_start(&self->programs, options, probes, self->memory, why);
	if (err)
		return err;
	self->first.c = clock_ns() - self->first.time_ns;
	if (options->direct)
		self->first.b = self->first.c;
	*why = "no memory";
	err = self->order && self->writers ? open_ring(self, options) : -ENOMEM;
	if (!err)
		wake_loops(self, options, probes);
	return err;
}
