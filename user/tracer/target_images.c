/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ELF files of a process, and where they are loaded. Paths in `maps` are the target's words; a
 * file is believed to be the mapped one only if the kernel leads there (map_files) or its device
 * and inode agree.
 */
#include "apart.h"
#include "target_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

bool target_parse_mapping(struct target_mapping *ret, char *line)
{
	struct target_mapping mapping = { 0 };
	char permissions[5];
	int path = -1;

	if (sscanf(line, "%lx-%lx %4s %lx %x:%x %lu%n", &mapping.start, &mapping.end, permissions,
		   &mapping.offset, &mapping.major, &mapping.minor, &mapping.inode, &path) != 7)
		return false;
	if (mapping.start >= mapping.end || strlen(permissions) != 4)
		return false;
	line[strcspn(line, "\n")] = '\0';
	mapping.executable = permissions[2] == 'x';
	mapping.path = line + path + strspn(line + path, " ");
	*ret = mapping;
	return true;
}

/*
 * Opens what `path` leads to, which is closed, if it is a regular file: others act on being opened.
 */
static int open_regular(int path)
{
	char link[32];
	struct stat file;
	int fd;

	if (path < 0)
		return -errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", path);
	if (fstat(path, &file))
		fd = -errno;
	else if (!S_ISREG(file.st_mode))
		fd = -ENOEXEC;
	else if ((fd = open(link, O_RDONLY | O_CLOEXEC)) < 0)
		fd = -errno;
	close(path);
	return fd;
}

int target_open_root(const struct target *target)
{
	int root = openat(target->proc, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return root < 0 ? -errno : root;
}

int target_open_in_root(int root, const struct target_mapping *mapping)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	struct stat file;
	int fd;

	fd = open_regular(syscall(SYS_openat2, root, mapping->path, &how, sizeof(how)));
	if (fd < 0)
		return fd;
	if (!fstat(fd, &file) && file.st_ino == mapping->inode &&
	    file.st_dev == makedev(mapping->major, mapping->minor))
		return fd;
	close(fd);
	return -ESTALE;
}

/* Without the right to follow map_files, the path is tried within the root of the process. */
static int open_mapping(const struct target *target, const struct target_mapping *mapping)
{
	char name[64];
	int fd, root;

	snprintf(name, sizeof(name), "map_files/%lx-%lx", mapping->start, mapping->end);
	fd = open_regular(openat(target->proc, name, O_PATH | O_CLOEXEC));
	if (fd != -EPERM && fd != -EACCES)
		return fd;
	root = target_open_root(target);
	if (root < 0)
		return root;
	fd = target_open_in_root(root, mapping);
	close(root);
	return fd;
}

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
	bool (*wanted)(int fd);
	const struct target_mapping *mapping; /* null for the executable, which has an entry */
	uint64_t entry;
	uint64_t bias;
	bool is_wanted, has_bias;
};

static int look_at(int fd, void *context)
{
	struct look *look = context;
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
	GElf_Ehdr header;

	if (elf && look->mapping) {
		look->has_bias = mapping_bias(&look->bias, elf, look->mapping);
	} else if (elf && look->entry && gelf_getehdr(elf, &header)) {
		look->bias = look->entry - header.e_entry;
		look->has_bias = true;
	}
	elf_end(elf);
	look->is_wanted = look->wanted(fd);
	return 0;
}

static bool is_known(const struct target *target, int fd)
{
	struct stat file, known;
	size_t i;

	if (fstat(fd, &file))
		return true;
	for (i = 0; i < target->image_count; i++) {
		if (!fstat(target->images[i].fd, &known) && known.st_dev == file.st_dev &&
		    known.st_ino == file.st_ino)
			return true;
	}
	return false;
}

/* Takes the descriptor: keeps it as an image or closes it. 0 or -ENOMEM. */
static int add_image(struct target *target, int fd, const struct look *look, const char *path)
{
	struct target_image *image;

	if (!look->is_wanted || !look->has_bias) {
		close(fd);
		return 0;
	}
	image = &target->images[target->image_count++];
	image->fd = fd;
	image->bias = look->bias;
	image->path = strdup(path);
	return image->path ? 0 : -ENOMEM;
}

int target_add_executable(struct target *target, bool (*wanted)(int fd))
{
	struct look look = { .wanted = wanted };
	char path[4096];
	ssize_t length = readlinkat(target->proc, "exe", path, sizeof(path) - 1);
	int fd = open_regular(openat(target->proc, "exe", O_PATH | O_CLOEXEC));

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
	apart_run(look_at, fd, &look, sizeof(look));
	target->program.bias = look.bias;
	return add_image(target, fd, &look, path);
}

static int add_mapping(struct target *target, const struct target_mapping *mapping,
		       bool (*wanted)(int fd))
{
	struct look look = { .wanted = wanted, .mapping = mapping };
	int fd = open_mapping(target, mapping);

	/* What has been unmapped meanwhile, or cannot be opened, has no probes for us. */
	if (fd < 0)
		return 0;
	if (target->image_count < TARGET_IMAGES_MAX && !is_known(target, fd))
		apart_run(look_at, fd, &look, sizeof(look));
	return add_image(target, fd, &look, mapping->path);
}

int target_add_mapped(struct target *target, bool (*wanted)(int fd))
{
	int fd = openat(target->proc, "maps", O_RDONLY | O_CLOEXEC), err = 0;
	FILE *maps = fd < 0 ? NULL : fdopen(fd, "r");
	struct target_mapping mapping;
	char *line = NULL;
	size_t size = 0;

	if (!maps)
		return -errno;
	while (!err && getline(&line, &size, maps) >= 0) {
		if (!target_parse_mapping(&mapping, line) || !mapping.executable || !mapping.inode)
			continue;
		err = add_mapping(target, &mapping, wanted);
	}
	free(line);
	fclose(maps);
	return err;
}
