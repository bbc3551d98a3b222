/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libbpf 1.1 knows nothing of links of many uprobes, so these are made by the system call itself,
 * whose attributes are spelled out here because the headers of older systems lack them.
 */
#include "attach.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LINK_CREATE  28
#define UPROBE_MULTI 48

struct multi {
	uint32_t program, target, type, flags;
	uint64_t path, offsets, semaphores, cookies;
	uint32_t count, multi_flags, pid, reserved;
};

int attach_prepare(const struct attach *attach, struct bpf_program *program)
{
	if (!attach->multi)
		return 0;
	return bpf_program__set_expected_attach_type(program, UPROBE_MULTI);
}

static int keep(struct attach *attach, int fd, struct bpf_link *bpf, uint64_t kinds)
{
	struct attach_link *links;

	links = reallocarray(attach->links, attach->count + 1, sizeof(*links));
	if (!links) {
		bpf_link__destroy(bpf);
		if (fd >= 0)
			close(fd);
		return -ENOMEM;
	}
	attach->links = links;
	links[attach->count].fd = fd;
	links[attach->count].bpf = bpf;
	links[attach->count++].kinds = kinds;
	return 0;
}

/* What is attached at once: offsets in a file. */
struct sites {
	uint64_t offsets[ELF_PROBES_MAX], semaphores[ELF_PROBES_MAX], cookies[ELF_PROBES_MAX];
	size_t count;
	uint64_t kinds;
};

static int link_multi(int program, const char *path, const struct sites *sites, pid_t pid)
{
	const struct multi multi = {
		.program = program,
		.type = UPROBE_MULTI,
		.path = (uintptr_t)path,
		.offsets = (uintptr_t)sites->offsets,
		.semaphores = (uintptr_t)sites->semaphores,
		.cookies = (uintptr_t)sites->cookies,
		.count = sites->count,
		.pid = pid,
	};
	int fd = syscall(SYS_bpf, LINK_CREATE, &multi, sizeof(multi));

	return fd < 0 ? -errno : fd;
}

/*
 * Linux before 6.10 took `pid` for a thread. Those that are right refuse a wrong one before they
 * look at the path.
 */
static bool filters_processes(int program)
{
	const struct sites nowhere = { .count = 1 };

	return link_multi(program, "/", &nowhere, -1) == -EINVAL;
}

static int attach_multi(struct attach *attach, struct bpf_program *program, const char *path,
			const struct sites *sites, pid_t pid)
{
	int fd, id = bpf_program__fd(program);

	if (!filters_processes(id))
		return -EOPNOTSUPP;
	fd = link_multi(id, path, sites, pid);
	return fd < 0 ? fd : keep(attach, fd, NULL, sites->kinds);
}

static int attach_perf(struct attach *attach, struct bpf_program *program, const char *path,
		       const struct sites *sites, pid_t pid)
{
	LIBBPF_OPTS(bpf_uprobe_opts, options);
	struct bpf_link *bpf;
	size_t i;
	int err = 0;

	for (i = 0; i < sites->count && !err; i++) {
		options.ref_ctr_offset = sites->semaphores[i];
		bpf = bpf_program__attach_uprobe_opts(program, pid ? pid : -1, path,
						      sites->offsets[i], &options);
		err = bpf ? keep(attach, -1, bpf, sites->kinds) : -errno;
	}
	return err;
}

int attach_probes(struct attach *attach, struct bpf_program *program, int fd,
		  const struct elf_probes *probes, uint64_t kinds, pid_t pid)
{
	struct sites sites = { .kinds = kinds };
	const struct elf_probe *probe;
	char path[32];

	for (probe = probes->probes; probe < probes->probes + probes->count; probe++) {
		if (!(kinds >> probe->kind & 1))
			continue;
		sites.offsets[sites.count] = probe->offset;
		sites.semaphores[sites.count] = probe->semaphore;
		sites.cookies[sites.count++] = probe->kind;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!sites.count)
		return 0;
	return (attach->multi ? attach_multi : attach_perf)(attach, program, path, &sites, pid);
}

int attach_tracepoint(struct attach *attach, struct bpf_program *program)
{
	struct bpf_link *bpf = bpf_program__attach(program);

	return bpf ? keep(attach, -1, bpf, 0) : -errno;
}

static void detach(struct attach_link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	bpf_link__destroy(link->bpf);
	*link = (struct attach_link){ .fd = -1 };
}

void attach_end_kinds(struct attach *attach, uint64_t kinds)
{
	size_t i;

	for (i = 0; i < attach->count; i++) {
		if (attach->links[i].kinds == kinds)
			detach(&attach->links[i]);
	}
}

void attach_end(struct attach *attach)
{
	while (attach->count--)
		detach(&attach->links[attach->count]);
	free(attach->links);
	attach->links = NULL;
	attach->count = 0;
}
