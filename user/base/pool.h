/* SPDX-License-Identifier: BSD-2-Clause */
/* Spare objects of one size, the last one given back taken first: it is still in the cache. */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stddef.h>
#include <stdlib.h>

struct pool {
	struct pool_item {
		struct pool_item *next;
	} * items;
	size_t count;
};

/* An object with undefined content, aligned as said (a power of two), or null without memory. */
static inline void *pool_take(struct pool *pool, size_t size, size_t alignment)
{
	struct pool_item *item = pool->items;

	if (__builtin_expect(!item, 0))
		return aligned_alloc(alignment, size);
	pool->items = item->next;
	pool->count--;
	return item;
}

/* Gives an object back; if `limit` are there already it is freed. */
static inline void pool_give(struct pool *pool, void *object, size_t limit)
{
	struct pool_item *item = object;

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
