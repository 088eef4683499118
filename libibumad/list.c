/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lists of adapters. */
#include <errno.h>

#include <infiniband/umad.h>

#include "umad_private.h"

struct builder {
	struct umad_device_node *head, **tail;
	int err;
};

/* The name lies behind its node, in one allocation. */
static bool add(void *arg, const char *name)
{
	struct builder *builder = arg;
	struct umad_device_node *node;
	size_t length = strlen(name) + 1;

	if (!umad_has_mads(name))
		return false;
	node = malloc(sizeof(*node) + length);
	if (!node) {
		builder->err = ENOMEM;
		return true;
	}
	node->ca_name = memcpy(node + 1, name, length);
	node->next = NULL;
	*builder->tail = node;
	builder->tail = &node->next;
	return false;
}

struct umad_device_node *umad_get_ca_device_list(void)
{
	struct builder builder = {.tail = &builder.head};
	int err = umad_walk("class/infiniband", add, &builder);

	if (!err)
		err = builder.err;
	if (!err)
		return builder.head;
	umad_free_ca_device_list(builder.head);
	errno = err;
	return NULL;
}

void umad_free_ca_device_list(struct umad_device_node *head)
{
	while (head) {
		struct umad_device_node *next = head->next;

		free(head);
		head = next;
	}
}

static size_t count(const struct umad_device_node *node)
{
	size_t length = 0;

	for (; node; node = node->next)
		length++;
	return length;
}

static int compare(const void *a, const void *b)
{
	const struct umad_device_node *const *one = a, *const *other = b;

	return strcmp((*one)->ca_name, (*other)->ca_name);
}

int umad_sort_ca_device_list(struct umad_device_node **head, size_t size)
{
	struct umad_device_node **nodes, *node;
	size_t length = size ? size : count(*head), i = 0;

	if (length < 2)
		return 0;
	nodes = calloc(length, sizeof(nodes[0]));
	if (!nodes)
		return ENOMEM;
	for (node = *head; node && i < length; node = node->next)
		nodes[i++] = node;
	/* A size that is not the list's. */
	if (node || i < length) {
		free(nodes);
		return EINVAL;
	}
	qsort(nodes, length, sizeof(nodes[0]), compare);
	for (i = 0; i + 1 < length; i++)
		nodes[i]->next = nodes[i + 1];
	nodes[length - 1]->next = NULL;
	*head = nodes[0];
	free(nodes);
	return 0;
}

int umad_get_cas_names(char cas[][UMAD_CA_NAME_LEN], int max)
{
	struct umad_device_node *list = umad_get_ca_device_list();
	int stored = 0;

	umad_sort_ca_device_list(&list, 0);
	for (struct umad_device_node *node = list; node && stored < max; node = node->next) {
		if (strlen(node->ca_name) >= UMAD_CA_NAME_LEN)
			continue;
		strcpy(cas[stored++], node->ca_name);
	}
	umad_free_ca_device_list(list);
	return stored;
}
