/* SPDX-License-Identifier: BSD-2-Clause */
#include "ring_memory.h"
#include "ring_read.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define FD_MIN 100
#define PAGE   4096

static int make_file(struct ring_memory *memory)
{
	int fd = memfd_create("asynctrace", MFD_CLOEXEC | MFD_ALLOW_SEALING), high, err;
	struct rlimit limit;

	if (fd < 0)
		return -errno;
	high = fcntl(fd, F_DUPFD_CLOEXEC, FD_MIN);
	if (high >= 0)
		close(fd);
	memory->fd = high < 0 ? fd : high;
	/* To grow beyond it would kill us. */
	if (!getrlimit(RLIMIT_FSIZE, &limit) && limit.rlim_cur < memory->size)
		return -EFBIG;
	/* It does not set errno. */
	err = posix_fallocate(memory->fd, 0, memory->size);
	if (err)
		return -err;
	if (fcntl(memory->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return -errno;
	return 0;
}

int ring_memory_make(struct ring_memory *memory, size_t buffer, const char **why)
{
	size_t offset;
	int err;

	memory->blocks = buffer / sizeof(struct at_block);
	offset = ring_layout(memory->blocks, &memory->size);
	memory->size = (memory->size + PAGE - 1) / PAGE * PAGE;
	*why = "there is no memory for the buffer: a smaller one may do (--buffer)";
	err = make_file(memory);
	if (err)
		return err;
	memory->ring = mmap(NULL, memory->size, PROT_READ | PROT_WRITE, MAP_SHARED, memory->fd, 0);
	if (memory->ring == MAP_FAILED) {
		memory->ring = NULL;
		return -errno;
	}
	memory->ring->magic = AT_RING_MAGIC;
	memory->ring->version = AT_RING_VERSION;
	memory->ring->blocks = memory->blocks;
	memory->ring->blocks_offset = offset;
	memory->ring->reader = getpid();
	return 0;
}

/* Whole pages are given back; of others nobody needs the contents. */
static void drop(void *context, size_t offset, size_t size)
{
	struct ring_memory *memory = context;

	fallocate(memory->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, size);
}

void ring_memory_give_back(struct ring_memory *memory, struct ring_reader *reader, bool ended)
{
	if (ended)
		drop(memory, 0, memory->size);
	else
		ring_close(reader, drop, memory);
}

void ring_memory_free(struct ring_memory *memory)
{
	if (memory->ring)
		munmap(memory->ring, memory->size);
	if (memory->fd >= 0)
		close(memory->fd);
	*memory = (struct ring_memory){ .fd = -1 };
}
