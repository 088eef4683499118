/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The handle table of an open device. */
#include "softhca/shim/handle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 32, MAX_SIZE = 1 << 24 };

static int grow(struct handle_table *table)
{
	uint32_t size = table->size ? table->size * 2 : FIRST_SIZE;
	struct handle **entries;

	if (size > MAX_SIZE)
		return ENOMEM;
	entries = realloc(table->entries, size * sizeof(struct handle *));
	if (!entries)
		return ENOMEM;
	memset(entries + table->size, 0, (size - table->size) * sizeof(struct handle *));
	table->entries = entries;
	table->size = size;
	return 0;
}

int handle_add(struct handle_table *table, struct handle *handle, enum handle_type type)
{
	uint32_t number = table->lowest_free;

	while (number < table->size && table->entries[number])
		number++;
	if (number == table->size && grow(table))
		return ENOMEM;
	table->entries[number] = handle;
	table->lowest_free = number + 1;
	handle->type = type;
	handle->number = number;
	return 0;
}

struct handle *handle_find(const struct handle_table *table, enum handle_type type, uint32_t number)
{
	struct handle *handle = number < table->size ? table->entries[number] : NULL;

	return handle && handle->type == type ? handle : NULL;
}

void handle_remove(struct handle_table *table, struct handle *handle)
{
	table->entries[handle->number] = NULL;
	if (handle->number < table->lowest_free)
		table->lowest_free = handle->number;
}

struct handle *handle_next(const struct handle_table *table, enum handle_type type, uint32_t number)
{
	for (; number < table->size; number++)
		if (table->entries[number] && table->entries[number]->type == type)
			return table->entries[number];
	return NULL;
}

void handle_table_free(struct handle_table *table)
{
	free(table->entries);
	memset(table, 0, sizeof(*table));
}
