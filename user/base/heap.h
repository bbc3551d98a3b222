/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A heap of four children a node, with the keys in its array: what a node is compared by lies on
 * the cache line that is being looked at. Equal keys leave in the order in which they came.
 *
 * All of it is in this header, so that a library which uses it has no symbols of these names.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Part of what is kept. `index` is HEAP_NONE while it is in no heap: set it so at first. */
struct heap_node {
	uint64_t order;
	size_t index;
};
#define HEAP_NONE ((size_t)-1)

/* Half the levels of a binary heap, and a level is one cache line. */
#define HEAP_CHILDREN 4

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
static inline int heap_reserve(struct heap *heap, size_t count)
{
	size_t size = heap->size ? heap->size : 16;
	struct heap_entry *entries;

	if (count <= heap->size)
		return 0;
	while (size < count)
		size *= 2;
	entries = reallocarray(heap->entries, size, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	heap->entries = entries;
	heap->size = size;
	return 0;
}

static inline bool heap_before(const struct heap_entry *a, const struct heap_entry *b)
{
	if (a->key != b->key)
		return a->key < b->key;
	return a->node->order < b->node->order;
}

static inline void heap_put(struct heap *heap, size_t index, struct heap_entry entry)
{
	heap->entries[index] = entry;
	entry.node->index = index;
}

static inline void heap_sift_up(struct heap *heap, size_t index, struct heap_entry entry)
{
	while (index > 0) {
		size_t parent = (index - 1) / HEAP_CHILDREN;

		if (!heap_before(&entry, &heap->entries[parent]))
			break;
		heap_put(heap, index, heap->entries[parent]);
		index = parent;
	}
	heap_put(heap, index, entry);
}

static inline void heap_sift_down(struct heap *heap, size_t index, struct heap_entry entry)
{
	for (;;) {
		size_t first = index * HEAP_CHILDREN + 1, least = first, child;

		if (first >= heap->count)
			break;
		for (child = first + 1; child < first + HEAP_CHILDREN && child < heap->count;
		     child++) {
			if (heap_before(&heap->entries[child], &heap->entries[least]))
				least = child;
		}
		if (!heap_before(&heap->entries[least], &entry))
			break;
		heap_put(heap, index, heap->entries[least]);
		index = least;
	}
	heap_put(heap, index, entry);
}

/* Adds a node, which stays the caller's and where it is until it leaves. Room must be reserved. */
static inline void heap_add(struct heap *heap, struct heap_node *node, uint64_t key)
{
	node->order = heap->order++;
	heap_sift_up(heap, heap->count++, (struct heap_entry){ .key = key, .node = node });
}

/* Takes a node out; nothing if it is not in. */
static inline void heap_remove(struct heap *heap, struct heap_node *node)
{
	size_t index = node->index;
	struct heap_entry last;

	if (index == HEAP_NONE)
		return;
	node->index = HEAP_NONE;
	last = heap->entries[--heap->count];
	if (index == heap->count)
		return;
	if (index > 0 && heap_before(&last, &heap->entries[(index - 1) / HEAP_CHILDREN]))
		heap_sift_up(heap, index, last);
	else
		heap_sift_down(heap, index, last);
}

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

/* The least key but that one, or UINT64_MAX: one of the first node's children has it. */
static inline uint64_t heap_second_least(const struct heap *heap)
{
	uint64_t least = UINT64_MAX;
	size_t i;

	for (i = 1; i <= HEAP_CHILDREN && i < heap->count; i++) {
		if (heap->entries[i].key < least)
			least = heap->entries[i].key;
	}
	return least;
}

/* The first node has another key from now on; there must be one. */
static inline void heap_first_becomes(struct heap *heap, uint64_t key)
{
	heap_sift_down(heap, 0, (struct heap_entry){ .key = key, .node = heap->entries[0].node });
}

/* Frees the array; the nodes are their owners'. */
static inline void heap_free(struct heap *heap)
{
	free(heap->entries);
	memset(heap, 0, sizeof(*heap));
}

#endif
