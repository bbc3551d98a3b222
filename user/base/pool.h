/* SPDX-License-Identifier: BSD-2-Clause */
/* Spare objects of one size, the last one given back taken first: it is still in the cache. */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include "base/sanitized.h"
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* No limit to the spare objects: their memory stays theirs. */
#define POOL_KEEP_ALL SIZE_MAX

struct pool {
	struct pool_item {
		struct pool_item *next;
	} * items;
	size_t count;
};

/* A spare object, or null. */
static inline void *pool_pop(struct pool *pool)
{
	struct pool_item *item = pool->items;

	if (__builtin_expect(!item, 0))
		return NULL;
	pool->items = item->next;
	pool->count--;
	return item;
}

/* An object with undefined content, or null without memory. */
static inline void *pool_take(struct pool *pool, size_t size)
{
	void *object = pool_pop(pool);

	return object ? object : malloc(size);
}

/*
 * The same, aligned to a power of two of which `size` is a multiple. One pool keeps to one of the
 * two.
 */
static inline void *pool_take_aligned(struct pool *pool, size_t size, size_t alignment)
{
	void *object = pool_pop(pool);

	return object ? object : aligned_alloc(alignment, size);
}

/*
 * Gives an object back; if `limit` are there already it is freed. So it is at once if a sanitizer
 * watches who uses it further, except where all are kept.
 */
static inline void pool_give(struct pool *pool, void *object, size_t limit)
{
	struct pool_item *item = object;

#ifdef SANITIZED
	limit = limit == POOL_KEEP_ALL ? limit : 0;
#endif
	if (__builtin_expect(pool->count >= limit, 0)) {
		free(item);
		return;
	}
	item->next = pool->items;
	pool->items = item;
	pool->count++;
}

/* Frees the spare objects. */
static inline void pool_free(struct pool *pool)
{
	struct pool_item *item;

	while ((item = pool->items)) {
		pool->items = item->next;
		free(item);
	}
	pool->count = 0;
}

#endif
