/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Intrusive doubly linked list with a head node. An entry that is on no list points at itself, so
 * list_remove() of such an entry is harmless and list_linked() tells.
 */
#ifndef UTIL_LIST_H
#define UTIL_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next;
	struct list *prev;
};

#define list_entry(node, type, member) ((type *)((char *)(node) - offsetof(type, member)))

static inline void list_init(struct list *node)
{
	node->next = node;
	node->prev = node;
}

static inline bool list_linked(const struct list *node)
{
	return node->next != node;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

static inline void list_append(struct list *head, struct list *node)
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

#define list_for_each(node, head) \
	for (struct list *node = (head)->next; node != (head); node = node->next)

/* The body may remove `node`, and nothing else, from the list. */
#define list_for_each_safe(node, head)                                                    \
	for (struct list *node = (head)->next, *node##_next = node->next; node != (head); \
	     node = node##_next, node##_next = node->next)

#endif
