/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files that a process has mapped. Paths in `maps` are the target's words; a file is believed
 * to be the mapped one only if the kernel leads there (map_files) or shows the same device and
 * inode when it is mapped here.
 */
#include "target_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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

/* Others act on being opened. */
int target_open_regular(int path)
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

/* What maps this address of our own. */
static bool find_own(struct target_mapping *ret, const void *address)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	bool found = false;
	char *line = NULL;
	size_t size = 0;

	while (maps && !found && getline(&line, &size, maps) >= 0)
		found = target_parse_mapping(ret, line) && ret->start <= (uintptr_t)address &&
			ret->end > (uintptr_t)address;
	free(line);
	if (maps)
		fclose(maps);
	return found;
}

/*
 * Some file systems, which lie on others or in parts of one, give fstat() another device than maps:
 * so the file is mapped here, too.
 */
static bool is_mapped_one(int fd, const struct target_mapping *mapping)
{
	size_t page = sysconf(_SC_PAGESIZE);
	void *address = mmap(NULL, page, PROT_READ, MAP_PRIVATE, fd, 0);
	struct target_mapping own;
	bool is;

	if (address == MAP_FAILED)
		return false;
	is = find_own(&own, address) && own.inode == mapping->inode &&
	     own.major == mapping->major && own.minor == mapping->minor;
	munmap(address, page);
	return is;
}

int target_open_in_root(int root, const struct target_mapping *mapping)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	int fd;

	fd = target_open_regular(syscall(SYS_openat2, root, mapping->path, &how, sizeof(how)));
	if (fd < 0 || is_mapped_one(fd, mapping))
		return fd;
	close(fd);
	return -ESTALE;
}

/* Without the right to follow map_files, the path is tried within the root of the process. */
int target_open_mapping(struct target *target, const struct target_mapping *mapping)
{
	char name[64];
	int fd, root;

	snprintf(name, sizeof(name), "map_files/%lx-%lx", mapping->start, mapping->end);
	fd = target_open_regular(openat(target->proc, name, O_PATH | O_CLOEXEC));
	if (fd != -EPERM && fd != -EACCES)
		return fd;
	root = target_open_root(target);
	if (root < 0)
		return root;
	fd = target_open_in_root(root, mapping);
	close(root);
	if (fd < 0)
		target->unopened = fd;
	return fd;
}
