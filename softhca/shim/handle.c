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
	handle->number = table->base + number;
	return 0;
}

struct handle *handle_find(const struct handle_table *table, enum handle_type type, uint32_t number)
{
	uint32_t index = number - table->base;
	struct handle *handle = index < table->size ? table->entries[index] : NULL;

	return handle && handle->type == type ? handle : NULL;
}

void handle_remove(struct handle_table *table, struct handle *handle)
{
	uint32_t index = handle->number - table->base;

	table->entries[index] = NULL;
	if (index < table->lowest_free)
		table->lowest_free = index;
}

struct handle *handle_next(const struct handle_table *table, enum handle_type type, uint32_t number)
{
	uint32_t index = number < table->base ? 0 : number - table->base;

	for (; index < table->size; index++)
		if (table->entries[index] && table->entries[index]->type == type)
			return table->entries[index];
	return NULL;
}

void handle_table_free(struct handle_table *table)
{
	free(table->entries);
	memset(table, 0, sizeof(*table));
}
