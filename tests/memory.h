/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The allocator of a test that counts blocks, and has allocations fail. Sanitizers and valgrind
 * have their own, and then nothing is counted and nothing fails.
 */
#ifndef TESTS_MEMORY_H
#define TESTS_MEMORY_H

#include <base/sanitized.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Allocations until one fails (negative: none does); blocks, while they are counted. Compilers
 * believe that malloc() changes no variables.
 */
static volatile long memory_left = -1, memory_live;
static volatile bool memory_counted, memory_failed;

#ifndef SANITIZED
static bool fails(void)
{
	if (memory_left < 0 || memory_left-- > 0)
		return false;
	memory_failed = true;
	errno = ENOMEM;
	return true;
}

static void *counting(void *block)
{
	__atomic_fetch_add(&memory_live, memory_counted && block, __ATOMIC_RELAXED);
	return block;
}

/* glibc's own allocator stands behind these names. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

void *malloc(size_t size)
{
	return fails() ? NULL : counting(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : counting(__libc_calloc(count, size));
}

void *realloc(void *block, size_t size)
{
	if (fails())
		return NULL;
	return block ? __libc_realloc(block, size) : counting(__libc_realloc(NULL, size));
}

void *reallocarray(void *block, size_t count, size_t size)
{
	return realloc(block, count * size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return fails() ? NULL : counting(__libc_memalign(alignment, size));
}

void free(void *block)
{
	__atomic_fetch_sub(&memory_live, memory_counted && block, __ATOMIC_RELAXED);
	__libc_free(block);
}

void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
	if (fails())
		return MAP_FAILED;
	return (void *)syscall(SYS_mmap, address, size, protection, flags, fd, offset);
}
#endif

/* Called where everybody calls them, for that is where others step in. */
static inline bool memory_is_ours(void)
{
	void *(*volatile allocate)(size_t) = malloc;
	void (*volatile give_back)(void *) = free;
	void *block;
	long live;

	memory_live = 0;
	memory_counted = true;
	block = allocate(1);
	live = memory_live;
	give_back(block);
	memory_counted = false;
	return live == 1 && !memory_live;
}

#define SKIP_FOR_MEMORY()                                                                          \
	do {                                                                                       \
		print_message(                                                                     \
			"skipped: needs an allocator of its own: no sanitizer, no valgrind\n");    \
		skip();                                                                            \
	} while (0)

#endif
