/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A heap of four children a node, with the keys in its array: what a node is compared by lies on the cache
 * line that is being looked at. Equal keys leave in the order in which they came.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stddef.h>
#include <stdint.h>

/* Part of what is kept. `index` is HEAP_NONE while it is in no heap: set it so at first. */
struct heap_node {
	uint64_t order;
	size_t index;
};
#define HEAP_NONE ((size_t)-1)

struct heap {
	struct heap_entry {
		uint64_t key;
		struct heap_node *node;
	} * entries;
	size_t count;
	size_t size;
	uint64_t order; /* of the next node */
};

/* Makes room for `count` nodes in all, so that heap_add() up to there cannot fail. 0 or -ENOMEM. */
int heap_reserve(struct heap *heap, size_t count);

/* Adds a node, which stays the caller's and where it is until it leaves. Room must be reserved. */
void heap_add(struct heap *heap, struct heap_node *node, uint64_t key);

/* Takes a node out; nothing if it is not in. */
void heap_remove(struct heap *heap, struct heap_node *node);

/* The node with the least key, or null. */
static inline struct heap_node *heap_first(const struct heap *heap)
{
	return heap->count ? heap->entries[0].node : NULL;
}

/* The least key, or UINT64_MAX. */
static inline uint64_t heap_least(const struct heap *heap)
{
	return heap->count ? heap->entries[0].key : UINT64_MAX;
}

/* Frees the array; the nodes are their owners'. */
void heap_free(struct heap *heap);

#endif
