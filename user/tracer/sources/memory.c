/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The target runs on while its batch is read: records are only appended until it is handed over, so
 * a copy is whole if the first record is the same before and after, and none has gone.
 */
#include "memory.h"
#include "../privileges.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define TRIES 8

int memory_open(pid_t pid, int pidfd)
{
	char path[32];
	int fd, err;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = privileges_open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fd;
	/* Still the same process, be it another user's: then it was when the path was looked up. */
	if (!syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) || errno == EPERM)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int memory_read(int memory, uint64_t address, void *to, size_t size)
{
	ssize_t got = pread(memory, to, size, address);

	if (got < 0)
		return -errno;
	return (size_t)got == size ? 0 : -EFAULT;
}

int memory_read_now(int memory, pid_t pid, uint64_t address, void *to, size_t size)
{
	const struct iovec from = { (void *)(uintptr_t)address, size }, into = { to, size };
	ssize_t got;

	if (memory >= 0)
		return memory_read(memory, address, to, size);
	got = process_vm_readv(pid, &into, 1, &from, 1, 0);
	if (got < 0)
		return -errno;
	return (size_t)got == size ? 0 : -EFAULT;
}

bool memory_can_be_read_now(int memory, pid_t pid)
{
	char byte;

	return memory >= 0 || memory_read_now(memory, pid, 0, &byte, 1) == -EFAULT;
}

static int is_eventfd(int fd)
{
	char path[32], link[32] = { 0 };

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return readlink(path, link, sizeof(link) - 1) > 0 && !strcmp(link, "anon_inode:[eventfd]");
}

void memory_wake(int memory, pid_t pid, int pidfd, uint64_t address)
{
	struct at_listeners listeners;
	struct pollfd room = { .events = POLLOUT };
	uint64_t one = 1;

	if (memory_read_now(memory, pid, address, &listeners, sizeof(listeners)) ||
	    listeners.wakeup < 0)
		return;
	room.fd = syscall(SYS_pidfd_getfd, pidfd, listeners.wakeup, 0);
	if (room.fd < 0)
		return;
	/* A full one would make us wait, and what is no eventfd is none of our business. */
	if (is_eventfd(room.fd) && poll(&room, 1, 0) == 1 && room.revents == POLLOUT &&
	    write(room.fd, &one, sizeof(one)) < 0)
		one = 0;
	close(room.fd);
}

bool memory_has_breakpoint(int memory, pid_t pid, uint64_t address, int file, uint64_t offset)
{
	uint32_t instruction, original;

	return !memory_read_now(memory, pid, address, &instruction, sizeof(instruction)) &&
	       !memory_read(file, offset, &original, sizeof(original)) && instruction != original;
}

/* The header and the first record. */
#define BEGINNING offsetof(struct at_batch, events[1])

int memory_read_batch(int memory, uint64_t address, uint32_t stated, struct at_batch *ret)
{
	struct at_batch after;
	int tries, err;

	for (tries = 0; tries < TRIES; tries++) {
		err = memory_read(memory, address, ret, BEGINNING);
		if (err)
			return err;
		if (ret->thread != stated || ret->count > AT_BATCH_MAX)
			return -ESTALE;
		if (!ret->count)
			return 0;
		err = memory_read(memory, address + offsetof(struct at_batch, events), ret->events,
				  ret->count * sizeof(struct at_event));
		if (!err)
			err = memory_read(memory, address, &after, BEGINNING);
		if (err)
			return err;
		if (after.count >= ret->count &&
		    after.events[0].sequence == ret->events[0].sequence)
			return ret->count;
	}
	return -EAGAIN;
}
