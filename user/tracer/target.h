/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process that runs: held by a descriptor, so that its number cannot come to mean another one,
 * with the ELF files that it has mapped, opened once, so that what is read is what is probed.
 */
#ifndef TRACER_TARGET_H
#define TRACER_TARGET_H

#include "inodes.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct target_image {
	int fd;
	uint64_t bias; /* what to add to the file's addresses to have the process's */
	char *path;    /* for people only: the target chose it */
};

struct target {
	pid_t pid;
	pid_t stated; /* its number in its own namespace: what it and its records say */
	int pidfd;
	int proc;		     /* its directory in /proc */
	struct target_image program; /* whether wanted or not */
	struct target_image *images;
	size_t image_count;
	struct inodes mapped; /* files that were mapped then, as maps has them */
	int unopened;	      /* why one could not be opened: -errno, or 0 */
};

/* More images with probes than this are left out. */
#define TARGET_IMAGES_MAX 64

/*
 * Opens the process `pid` and those of its mapped ELF files for which `wanted` returns true. The
 * caller frees `*ret` with target_free(). Returns 0 or -errno, with a sentence for the user in
 * `*why`.
 */
int target_open(struct target **ret, pid_t pid, bool (*wanted)(int fd), const char **why);

/* Takes null and half-opened ones. */
void target_free(struct target *target);

/*
 * The address of the first instruction of the program that the process runs, its dynamic loader
 * aside. `proc` is its directory in /proc. Returns 0 or -errno.
 */
int target_entry(uint64_t *ret, int proc);

/* The kernel's letter for the state of the thread that has this number for itself, or 0. */
char target_thread_state(const struct target *target, pid_t stated);

struct target_mapping {
	uint64_t start, end, offset, inode;
	unsigned int major, minor;
	bool executable;
	const char *path; /* within the line; "" if the mapping has none */
};

/* The root directory of the process. A descriptor, which serves for paths only, or -errno. */
int target_open_root(const struct target *target);

/*
 * Opens the file of the mapping by its path from there, as far as the caller's rights allow, if it
 * is a regular one and the mapped one. A descriptor or -errno.
 */
int target_open_in_root(int root, const struct target_mapping *mapping);

/* Reads one line of /proc/PID/maps and cuts off its newline. False if the line is not one. */
bool target_parse_mapping(struct target_mapping *ret, char *line);

#endif
