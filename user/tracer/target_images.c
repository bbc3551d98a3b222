/* SPDX-License-Identifier: BSD-2-Clause */
/* The ELF files of a process, and where they are loaded. */
#include "apart.h"
#include "inodes.h"
#include "target_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The difference between where the file wants to be and where the mapping is. */
static bool mapping_bias(uint64_t *ret, Elf *elf, const struct target_mapping *mapping)
{
	uint64_t page = sysconf(_SC_PAGESIZE), from;
	size_t count, i;
	GElf_Phdr segment;

	if (elf_getphdrnum(elf, &count))
		return false;
	for (i = 0; i < count && gelf_getphdr(elf, i, &segment); i++) {
		from = segment.p_offset & -page;
		if (segment.p_type != PT_LOAD || !(segment.p_flags & PF_X) ||
		    mapping->offset < from ||
		    mapping->offset - from >= segment.p_offset - from + segment.p_filesz)
			continue;
		*ret = mapping->start - (mapping->offset - from) - (segment.p_vaddr & -page);
		return true;
	}
	return false;
}

/* What is to be found out about a file, in a process that can do no harm. */
struct look {
	struct {
		uint64_t bias;
		unsigned int is_wanted, has_bias;
	} found; /* all that comes back, of one who may say anything */
	bool (*wanted)(int fd);
	const struct target_mapping *mapping; /* null for the executable, which has an entry */
	uint64_t entry;
};

/* Each look takes a process: a target could have it take hours. */
enum { LOOKS_MAX = 2048 };

/* The files that need no second look. */
struct looked {
	struct inodes files;
	size_t looks;
	const char *why; /* for the user: a look could not be taken, or null */
};

static int look_at(int fd, void *context)
{
	struct look *look = context;
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
	GElf_Ehdr header;

	if (elf && look->mapping) {
		look->found.has_bias = mapping_bias(&look->found.bias, elf, look->mapping);
	} else if (elf && look->entry && gelf_getehdr(elf, &header)) {
		look->found.bias = look->entry - header.e_entry;
		look->found.has_bias = true;
	}
	elf_end(elf);
	look->found.is_wanted = look->wanted(fd);
	return 0;
}

static const char *explain_apart(int err)
{
	static char words[128];

	snprintf(words, sizeof(words),
		 "to read its files takes a process without rights, which cannot be had: %s",
		 strerror(-err));
	return words;
}

/*
 * Looks at a file that it does not know yet. 0 or -errno; one that takes too much, or over, is none
 * that is wanted. One that is may be mapped more than once before it shows where it is.
 */
static int look_once(struct target *target, struct looked *looked, int fd, struct look *look)
{
	struct inode inode;
	int err;

	if (target->image_count == TARGET_IMAGES_MAX || looked->looks == LOOKS_MAX ||
	    !inode_of(&inode, fd) || inodes_have(looked->files.at, looked->files.count, &inode))
		return 0;
	looked->looks++;
	err = apart_run(look_at, fd, look, sizeof(look->found));
	if (err && err != -EBADMSG) {
		looked->why = explain_apart(err);
		return err;
	}
	if (look->found.is_wanted && !look->found.has_bias)
		return 0;
	return inodes_add(&looked->files, &inode);
}

/* Takes the descriptor: keeps it as an image or closes it. 0 or -ENOMEM. */
static int add_image(struct target *target, int fd, const struct look *look, const char *path)
{
	struct target_image *image;

	if (!look->found.is_wanted || !look->found.has_bias) {
		close(fd);
		return 0;
	}
	image = &target->images[target->image_count++];
	image->fd = fd;
	image->bias = look->found.bias;
	image->path = strdup(path);
	return image->path ? 0 : -ENOMEM;
}

static int add_executable(struct target *target, struct looked *looked, bool (*wanted)(int fd))
{
	struct look look = { .wanted = wanted };
	char path[4096];
	ssize_t length = readlinkat(target->proc, "exe", path, sizeof(path) - 1);
	int fd = target_open_regular(openat(target->proc, "exe", O_PATH | O_CLOEXEC)), err;

	if (fd < 0)
		return fd;
	path[length > 0 ? length : 0] = '\0';
	target->program.path = strdup(path);
	target->program.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (!target->program.path || target->program.fd < 0) {
		close(fd);
		return -ENOMEM;
	}
	/* Without an entry, or if the file makes no sense, it is none of those that are wanted. */
	target_entry(&look.entry, target->proc);
	err = look_once(target, looked, fd, &look);
	target->program.bias = look.found.bias;
	if (!err)
		return add_image(target, fd, &look, path);
	close(fd);
	return err;
}

static int add_mapping(struct target *target, struct looked *looked,
		       const struct target_mapping *mapping, bool (*wanted)(int fd))
{
	struct look look = { .wanted = wanted, .mapping = mapping };
	int fd = target_open_mapping(target, mapping), err;

	/* What has been unmapped meanwhile, or cannot be opened, has no probes for us. */
	if (fd < 0)
		return 0;
	err = look_once(target, looked, fd, &look);
	if (!err)
		return add_image(target, fd, &look, mapping->path);
	close(fd);
	return err;
}

static int add_mapped(struct target *target, struct looked *looked, bool (*wanted)(int fd))
{
	int fd = openat(target->proc, "maps", O_RDONLY | O_CLOEXEC), err = 0;
	FILE *maps = fd < 0 ? NULL : fdopen(fd, "r");
	struct target_mapping mapping;
	struct inode file;
	char *line = NULL;
	size_t size = 0;

	if (!maps)
		return -errno;
	while (!err && getline(&line, &size, maps) >= 0) {
		if (!target_parse_mapping(&mapping, line) || !mapping.executable || !mapping.inode)
			continue;
		err = add_mapping(target, looked, &mapping, wanted);
		file = (struct inode){ makedev(mapping.major, mapping.minor), mapping.inode };
		if (!err && target->mapped.count < LOOKS_MAX &&
		    !inodes_have(target->mapped.at, target->mapped.count, &file))
			err = inodes_add(&target->mapped, &file);
	}
	free(line);
	fclose(maps);
	return err;
}

int target_add_images(struct target *target, bool (*wanted)(int fd), const char **why)
{
	struct looked looked = { 0 };
	int err = add_executable(target, &looked, wanted);

	if (!err)
		err = add_mapped(target, &looked, wanted);
	free(looked.files.at);
	*why = looked.why;
	return err;
}
