/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The live source: the probes of a running process, through BPF programs.
 *
 * The stream begins with AT_ATTACH. What follows is in order of time, but for threads that hand
 * their records over late because a step of theirs takes long. It closes, when the target ends or
 * stop() is called, with AT_LOST for every thread that lost its last records, and AT_DETACH.
 */
#ifndef TRACER_SOURCES_BPF_H
#define TRACER_SOURCES_BPF_H

#include "source.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct bpf_image {
	int fd;	       /* of an ELF file that the target has mapped */
	uint64_t bias; /* where it is loaded, minus where it was linked to */
};

/* Less could not hold a batch and more than one to come. */
#define BPF_BUFFER_MIN (1 << 16)

struct bpf_options {
	pid_t pid;
	int pidfd;	  /* of the same; it must stay open as long as the source lives */
	bool follow;	  /* its children too, and theirs */
	bool direct;	  /* by the probe of each kind, not by batches */
	bool sparing;	  /* spare() will be asked for less detail; not together with `direct` */
	size_t buffer;	  /* bytes of the ring: a power of two */
	uint32_t threads; /* whose last records can be found when they die, at once; 0: 16384 */
	const struct bpf_image *images;
	size_t image_count;
};

/*
 * Attaches to the target, wakes its loops that sleep, and gives the source in `*ret`. The options,
 * and the files of the images, may go when it returns. Reading, stopping and freeing need no
 * privileges.
 *
 * Returns 0 or -errno, with a sentence for the user in `*why`, valid until the next call: -ENOENT
 * if no image has the probes, -EPERM or -EACCES without the privileges, -ESRCH if the process has
 * ended.
 */
int bpf_source_open(struct source **ret, const struct bpf_options *options, const char **why);

/* How far the memory of the target can be read. */
enum bpf_memory {
	BPF_MEMORY_CLOSED, /* not at all: loops that sleep were not woken */
	BPF_MEMORY_NOW,	   /* while there are privileges: in the end threads may hold records */
	BPF_MEMORY_OPEN,   /* as long as it lives */
};

enum bpf_memory bpf_source_memory(const struct source *source);

/* How it is attached: "uprobe_multi" or "perf uprobes". */
const char *bpf_source_way(const struct source *source);

#endif
