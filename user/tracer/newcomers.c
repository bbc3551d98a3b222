/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each file that is mapped executable is opened once, when it is seen for the first time; from then
 * on its inode is known. What is no longer mapped is forgotten, but for what was told.
 */
#include "newcomers.h"
#include "inodes.h"
#include "target.h"
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define PAUSE_NS 1000000000ULL

/* Who loads more of them is told enough. */
enum { TOLD_MAX = 16 };

struct newcomers {
	const struct target *target;
	bool (*has_probes)(int fd);
	FILE *maps; /* opened while that was allowed, */
	int root;   /* and this */
	uint64_t next_ns;
	struct inodes known; /* those that are mapped, without news */
	struct inode told[TOLD_MAX];
	size_t told_count;
	char *path; /* of who was told of last */
};

struct newcomers *newcomers_new(const struct target *target, bool (*has_probes)(int fd))
{
	struct newcomers *newcomers = calloc(1, sizeof(*newcomers));
	int maps = openat(target->proc, "maps", O_RDONLY | O_CLOEXEC);
	int root = target_open_root(target);

	if (newcomers && maps >= 0 && root >= 0)
		newcomers->maps = fdopen(maps, "r");
	if (!newcomers || !newcomers->maps) {
		if (maps >= 0)
			close(maps);
		if (root >= 0)
			close(root);
		free(newcomers);
		return NULL;
	}
	newcomers->target = target;
	newcomers->root = root;
	newcomers->has_probes = has_probes;
	return newcomers;
}

void newcomers_free(struct newcomers *newcomers)
{
	if (!newcomers)
		return;
	fclose(newcomers->maps);
	close(newcomers->root);
	free(newcomers->known.at);
	free(newcomers->path);
	free(newcomers);
}

/* By the files themselves: what `maps` says of a device is another number on some file systems. */
static bool is_attached(const struct target *target, int fd)
{
	struct inode file, image;
	size_t i;

	if (!inode_of(&file, fd))
		return true;
	for (i = 0; i < target->image_count; i++)
		if (inode_of(&image, target->images[i].fd) && inodes_have(&image, 1, &file))
			return true;
	return false;
}

static bool has_new_probes(const struct newcomers *newcomers, const struct target_mapping *mapping)
{
	int fd = target_open_in_root(newcomers->root, mapping);
	bool found = fd >= 0 && newcomers->has_probes(fd) && !is_attached(newcomers->target, fd);

	if (fd >= 0)
		close(fd);
	return found;
}

/* True for one that is to be told of, and has not been. */
static bool is_news(const struct newcomers *newcomers, const struct inode *file,
		    const struct target_mapping *mapping)
{
	return !inodes_have(newcomers->known.at, newcomers->known.count, file) &&
	       !inodes_have(newcomers->told, newcomers->told_count, file) &&
	       newcomers->told_count < TOLD_MAX && has_new_probes(newcomers, mapping);
}

const char *newcomers_look(struct newcomers *newcomers, uint64_t now_ns)
{
	struct target_mapping mapping;
	struct inodes mapped = { 0 };
	char *line = NULL;
	size_t size = 0;

	if (newcomers && !newcomers->next_ns)
		newcomers->next_ns = now_ns + PAUSE_NS;
	if (!newcomers || now_ns < newcomers->next_ns)
		return NULL;
	newcomers->next_ns = now_ns + PAUSE_NS;
	free(newcomers->path);
	newcomers->path = NULL;
	rewind(newcomers->maps);
	while (!newcomers->path && getline(&line, &size, newcomers->maps) >= 0) {
		struct inode file;

		if (!target_parse_mapping(&mapping, line) || !mapping.executable || !mapping.inode)
			continue;
		file = (struct inode){ makedev(mapping.major, mapping.minor), mapping.inode };
		if (inodes_have(mapped.at, mapped.count, &file))
			continue;
		if (is_news(newcomers, &file, &mapping)) {
			newcomers->told[newcomers->told_count++] = file;
			newcomers->path = strdup(mapping.path);
		}
		/* Without memory it is looked at again the next time. */
		inodes_add(&mapped, &file);
	}
	free(line);
	/* One at a time: what follows it is news the next time. */
	free(newcomers->known.at);
	newcomers->known = mapped;
	return newcomers->path;
}
