/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A doubly linked ring of nodes that are part of what is listed. A list is a node too: its own
 * first and last.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next;
	struct list *previous;
};

static inline void list_init(struct list *list)
{
	list->next = list;
	list->previous = list;
}

static inline bool list_empty(const struct list *list)
{
	return list->next == list;
}

/* Adds a node at the end. */
static inline void list_add(struct list *list, struct list *node)
{
	node->next = list;
	node->previous = list->previous;
	list->previous->next = node;
	list->previous = node;
}

/* Takes a node out and leaves it a list of its own: removing it again is harmless. */
static inline void list_remove(struct list *node)
{
	node->previous->next = node->next;
	node->next->previous = node->previous;
	list_init(node);
}

#define container_of(node, type, member) ((type *)((char *)(node)-offsetof(type, member)))

#define list_for_each(node, list) for (node = (list)->next; node != (list); node = node->next)

/* The same; the node at hand may be removed. */
#define list_for_each_safe(node, following, list)                                                  \
	for (node = (list)->next, following = node->next; node != (list);                          \
	     node = following, following = node->next)

#endif
