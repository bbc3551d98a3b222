/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stacks of tasks: carved from slabs that double in size, each with a guard page below it, and
 * pooled.
 *
 *	slab   | guard | … stack … top | colour | guard | … stack … top | colour | …
 *
 * A guard costs no mapping of its own where the kernel has MADV_GUARD_INSTALL (6.13), so a million
 * stacks make some forty mappings; elsewhere mprotect() splits the slab, and vm.max_map_count
 * limits the stacks.
 *
 * The tops are staggered ("coloured") within their page: at the same offset they would fight for
 * the same sets of the cache (measured with 1,000 tasks: 15.5 ns a switch against 12.7).
 */
#include "runtime.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND		    0
#define VALGRIND_STACK_REGISTER(start, end) 0
#define VALGRIND_STACK_DEREGISTER(id)	    (void)(id)
#endif

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

enum {
	GUARD_SIZE = 4 << 10, /* at least a page of every machine that has 4 KiB pages */
	COLOURS = 32,
	COLOUR_SIZE = 64,
	FIRST_SLAB = 16,	/* stacks */
	LARGEST_SLAB = 1 << 16, /* stacks: 4 GiB of addresses */
	KEEP = 1024,		/* spare stacks that keep their pages when the loop is idle */
	TRIM_AT_ONCE = 64,
};

struct slab {
	struct slab *next;
	char *base;
	size_t count;	   /* of stacks */
	size_t used;	   /* of these, carved */
	unsigned int *ids; /* under valgrind, which must know them from each other; or null */
};

static size_t guard_size(void)
{
	long page = sysconf(_SC_PAGESIZE);

	return page > GUARD_SIZE ? page : GUARD_SIZE;
}

static void *top_of(const struct slab *slab, size_t index)
{
	return slab->base + (index + 1) * STACK_SIZE - index % COLOURS * COLOUR_SIZE;
}

/* The lowest address of the stack with that top: colours are less than a stack. */
static char *bottom_of(const struct slab *slab, void *top)
{
	size_t index = ((char *)top - 1 - slab->base) / STACK_SIZE;

	return slab->base + index * STACK_SIZE;
}

static const struct slab *slab_of(const struct stacks *stacks, uintptr_t address)
{
	const struct slab *slab;

	for (slab = stacks->slabs; slab; slab = slab->next) {
		if (address - (uintptr_t)slab->base < slab->count * STACK_SIZE)
			return slab;
	}
	return NULL;
}

static int add_slab(struct stacks *stacks)
{
	size_t last = stacks->slabs ? stacks->slabs->count : FIRST_SLAB / 2;
	size_t count = last < LARGEST_SLAB ? last * 2 : LARGEST_SLAB;
	struct slab *slab = malloc(sizeof(*slab));
	void **spare = reallocarray(stacks->spare, stacks->size + count, sizeof(*spare));

	if (spare)
		stacks->spare = spare;
	if (!slab || !spare)
		goto error;
	slab->base = mmap(NULL, count * STACK_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (slab->base == MAP_FAILED)
		goto error;
	madvise(slab->base, count * STACK_SIZE, MADV_NOHUGEPAGE);
	slab->count = count;
	slab->used = 0;
	slab->ids = RUNNING_ON_VALGRIND ? calloc(count, sizeof(*slab->ids)) : NULL;
	slab->next = stacks->slabs;
	stacks->slabs = slab;
	stacks->size += count;
	return 0;

error:
	free(slab);
	return -ENOMEM;
}

static int guard(char *bottom)
{
	size_t size = guard_size();

	if (!madvise(bottom, size, MADV_GUARD_INSTALL))
		return 0;
	return mprotect(bottom, size, PROT_NONE) ? -ENOMEM : 0;
}

void *async__stack_carve(struct stacks *stacks)
{
	struct slab *slab = stacks->slabs;
	char *bottom, *top;

	if (!slab || slab->used == slab->count) {
		if (add_slab(stacks))
			return NULL;
		slab = stacks->slabs;
	}
	bottom = slab->base + slab->used * STACK_SIZE;
	if (guard(bottom))
		return NULL;
	top = top_of(slab, slab->used);
	if (slab->ids)
		slab->ids[slab->used] = VALGRIND_STACK_REGISTER(bottom, top - 1);
	slab->used++;
	return top;
}

bool async__stacks_trim(struct stacks *stacks)
{
	size_t last = stacks->count > KEEP ? stacks->count - KEEP : 0;
	unsigned int left = TRIM_AT_ONCE;

	while (stacks->trimmed < last && left--) {
		void *top = stacks->spare[stacks->trimmed++];
		char *bottom = bottom_of(slab_of(stacks, (uintptr_t)top - 1), top);

		madvise(bottom + guard_size(), STACK_SIZE - guard_size(), MADV_DONTNEED);
	}
	return stacks->trimmed < last;
}

void *async__stacks_guarded(const struct stacks *stacks, uintptr_t address)
{
	const struct slab *slab = slab_of(stacks, address);
	size_t offset;

	if (!slab)
		return NULL;
	offset = address - (uintptr_t)slab->base;
	if (offset % STACK_SIZE >= guard_size())
		return NULL;
	return top_of(slab, offset / STACK_SIZE);
}

void async__stacks_free(struct stacks *stacks)
{
	struct slab *slab;

	while ((slab = stacks->slabs)) {
		stacks->slabs = slab->next;
		while (slab->ids && slab->used)
			VALGRIND_STACK_DEREGISTER(slab->ids[--slab->used]);
		free(slab->ids);
		munmap(slab->base, slab->count * STACK_SIZE);
		free(slab);
	}
	free(stacks->spare);
}
