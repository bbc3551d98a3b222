/* SPDX-License-Identifier: BSD-2-Clause */
/* What a queue keeps, in one of three orders. */
#ifndef ITEMS_H
#define ITEMS_H

#include "runtime.h"

struct item {
	void *item;
	uint64_t number; /* in the order in which they came */
};

/* A ring; with a comparison, a binary heap that begins at 0. All zero is an empty one. */
struct items {
	struct item *array;
	size_t size; /* a power of two */
	size_t head; /* less than `size` */
	size_t count;
	uint64_t number; /* of the next one */
	bool last_first;
	async_queue_compare *compare; /* or null */
};

#pragma GCC visibility push(hidden)

/* items.c */
int async__items_put(struct items *items, void *item); /* 0 or -ENOMEM */
void *async__items_get(struct items *items);	       /* there must be one */

#pragma GCC visibility pop

#endif
