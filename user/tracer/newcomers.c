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

/*
 * Who loads more of them is told enough. A look takes a process, which a target could keep busy for
 * seconds: there are few, and fewer still before we do something else.
 */
enum { TOLD_MAX = 16, LOOKS_MAX = 512, LOOKS_AT_ONCE = 16 };

struct newcomers {
	const struct target *target;
	bool (*has_probes)(int fd);
	FILE *maps; /* opened while that was allowed, */
	int root;   /* and this */
	uint64_t next_ns;
	struct inodes known; /* those that are mapped, without news */
	struct inode told[TOLD_MAX];
	size_t told_count;
	size_t looks; /* that were taken */
	char *path;   /* of who was told of last */
};

struct newcomers *newcomers_new(const struct target *target, bool (*has_probes)(int fd))
{
	struct newcomers *newcomers = calloc(1, sizeof(*newcomers));
	int maps = openat(target->proc, "maps", O_RDONLY | O_CLOEXEC);
	int root = target_open_root(target);
	size_t i;

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
	/* Without memory they are looked at again. */
	for (i = 0; i < target->mapped.count; i++)
		inodes_add(&newcomers->known, &target->mapped.at[i]);
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
		if (inode_of(&image, target->images[i].fd) && inodes_equal(&image, &file))
			return true;
	return false;
}

static bool has_new_probes(const struct newcomers *newcomers, const struct target_mapping *mapping)
{
	int fd = target_open_in_root(newcomers->root, mapping);
	bool found = fd >= 0 && !is_attached(newcomers->target, fd) && newcomers->has_probes(fd);

	if (fd >= 0)
		close(fd);
	return found;
}

/* Looks at a file unless it is known. False if it is to be looked at the next time. */
static bool look_at(struct newcomers *newcomers, const struct inode *file,
		    const struct target_mapping *mapping, size_t *left)
{
	if (newcomers->looks == LOOKS_MAX || newcomers->told_count == TOLD_MAX ||
	    inodes_have(newcomers->known.at, newcomers->known.count, file) ||
	    inodes_have(newcomers->told, newcomers->told_count, file))
		return true;
	/* One is told at a time. */
	if (newcomers->path || !*left)
		return false;
	newcomers->looks++;
	--*left;
	if (has_new_probes(newcomers, mapping)) {
		newcomers->told[newcomers->told_count++] = *file;
		newcomers->path = strdup(mapping->path);
	}
	return true;
}

static void look_at_all(struct newcomers *newcomers)
{
	size_t left = LOOKS_AT_ONCE, size = 0;
	struct target_mapping mapping;
	struct inodes mapped = { 0 };
	struct inode file;
	char *line = NULL;

	rewind(newcomers->maps);
	while (getline(&line, &size, newcomers->maps) >= 0) {
		if (!target_parse_mapping(&mapping, line) || !mapping.executable || !mapping.inode)
			continue;
		file = (struct inode){ makedev(mapping.major, mapping.minor), mapping.inode };
		/* Without memory it is looked at again the next time. */
		if (!inodes_have(mapped.at, mapped.count, &file) &&
		    look_at(newcomers, &file, &mapping, &left))
			inodes_add(&mapped, &file);
	}
	free(line);
	free(newcomers->known.at);
	newcomers->known = mapped;
}

const char *newcomers_look(struct newcomers *newcomers, uint64_t now_ns)
{
	if (newcomers && !newcomers->next_ns)
		newcomers->next_ns = now_ns + PAUSE_NS;
	if (!newcomers || now_ns < newcomers->next_ns)
		return NULL;
	newcomers->next_ns = now_ns + PAUSE_NS;
	free(newcomers->path);
	newcomers->path = NULL;
	look_at_all(newcomers);
	return newcomers->path;
}
