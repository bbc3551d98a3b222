/* SPDX-License-Identifier: BSD-2-Clause */
/* The items of a queue: first in first out, last in first out, or the least one first. */
#include "items.h"
#include <errno.h>
#include <stdlib.h>

static struct item *at(struct items *items, size_t index)
{
	return &items->array[(items->head + index) & (items->size - 1)];
}

static int grow(struct items *items)
{
	size_t size = items->size ? items->size * 2 : 8, i;
	struct item *array = calloc(size, sizeof(*array));

	if (!array)
		return -ENOMEM;
	for (i = 0; i < items->count; i++)
		array[i] = *at(items, i);
	free(items->array);
	items->array = array;
	items->size = size;
	items->head = 0;
	return 0;
}

static bool before(const struct items *items, const struct item *a, const struct item *b)
{
	int order = items->compare(a->item, b->item);

	return order ? order < 0 : a->number < b->number;
}

static void sift_up(struct items *items, size_t index, struct item item)
{
	struct item *heap = items->array;

	for (; index; index = (index - 1) / 2) {
		struct item *parent = &heap[(index - 1) / 2];

		if (!before(items, &item, parent))
			break;
		heap[index] = *parent;
	}
	heap[index] = item;
}

static void sift_down(struct items *items, size_t index, struct item item)
{
	struct item *heap = items->array;
	size_t child;

	for (; (child = 2 * index + 1) < items->count; index = child) {
		if (child + 1 < items->count && before(items, &heap[child + 1], &heap[child]))
			child++;
		if (!before(items, &heap[child], &item))
			break;
		heap[index] = heap[child];
	}
	heap[index] = item;
}

int async__items_put(struct items *items, void *item)
{
	struct item new = { .item = item, .number = items->number };
	int err = items->count == items->size ? grow(items) : 0;

	if (err)
		return err;
	items->number++;
	if (items->compare)
		sift_up(items, items->count, new);
	else
		*at(items, items->count) = new;
	items->count++;
	return 0;
}

void *async__items_get(struct items *items)
{
	struct item first = items->array[items->head];

	items->count--;
	if (items->last_first)
		return at(items, items->count)->item;
	if (items->compare)
		sift_down(items, 0, items->array[items->count]);
	else
		items->head = (items->head + 1) & (items->size - 1);
	return first.item;
}
