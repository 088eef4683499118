/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "softhca/shim/rdma_cm/ucm.h"

static int grow(struct ucm_numbers *numbers)
{
	uint32_t size = numbers->size ? numbers->size * 2 : 64;
	void **entries = realloc(numbers->entries, size * sizeof(*entries));

	if (!entries)
		return ENOMEM;
	memset(entries + numbers->size, 0, (size - numbers->size) * sizeof(*entries));
	numbers->entries = entries;
	numbers->size = size;
	return 0;
}

int ucm_number_add(struct ucm_numbers *numbers, void *entry, uint32_t *number)
{
	uint32_t free = 0;

	while (free < numbers->size && numbers->entries[free])
		free++;
	if (free == numbers->size && grow(numbers))
		return ENOMEM;
	numbers->entries[free] = entry;
	*number = free;
	return 0;
}

void *ucm_number_find(const struct ucm_numbers *numbers, uint32_t number)
{
	return number < numbers->size ? numbers->entries[number] : NULL;
}

void ucm_number_drop(struct ucm_numbers *numbers, uint32_t number)
{
	numbers->entries[number] = NULL;
}
