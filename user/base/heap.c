/* SPDX-License-Identifier: BSD-2-Clause */
/* See heap.h. Four children a node: half the levels of a binary heap, and a level is one cache line. */
#include "heap.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { CHILDREN = 4 };

int heap_reserve(struct heap *heap, size_t count)
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

static bool before(const struct heap_entry *a, const struct heap_entry *b)
{
	if (a->key != b->key)
		return a->key < b->key;
	return a->node->order < b->node->order;
}

static void put(struct heap *heap, size_t index, struct heap_entry entry)
{
	heap->entries[index] = entry;
	entry.node->index = index;
}

static void sift_up(struct heap *heap, size_t index, struct heap_entry entry)
{
	while (index > 0) {
		size_t parent = (index - 1) / CHILDREN;

		if (!before(&entry, &heap->entries[parent]))
			break;
		put(heap, index, heap->entries[parent]);
		index = parent;
	}
	put(heap, index, entry);
}

static void sift_down(struct heap *heap, size_t index, struct heap_entry entry)
{
	for (;;) {
		size_t first = index * CHILDREN + 1, least = first, child;

		if (first >= heap->count)
			break;
		for (child = first + 1; child < first + CHILDREN && child < heap->count; child++) {
			if (before(&heap->entries[child], &heap->entries[least]))
				least = child;
		}
		if (!before(&heap->entries[least], &entry))
			break;
		put(heap, index, heap->entries[least]);
		index = least;
	}
	put(heap, index, entry);
}

void heap_add(struct heap *heap, struct heap_node *node, uint64_t key)
{
	node->order = heap->order++;
	sift_up(heap, heap->count++, (struct heap_entry){ .key = key, .node = node });
}

void heap_remove(struct heap *heap, struct heap_node *node)
{
	size_t index = node->index;
	struct heap_entry last;

	if (index == HEAP_NONE)
		return;
	node->index = HEAP_NONE;
	last = heap->entries[--heap->count];
	if (index == heap->count)
		return;
	if (index > 0 && before(&last, &heap->entries[(index - 1) / CHILDREN]))
		sift_up(heap, index, last);
	else
		sift_down(heap, index, last);
}

void heap_free(struct heap *heap)
{
	free(heap->entries);
	memset(heap, 0, sizeof(*heap));
}
