/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finding memory behind a key, shared by the files of this folder. */
#ifndef SOFTHCA_MEMORY_LOOKUP_H
#define SOFTHCA_MEMORY_LOOKUP_H

#include "softhca/core/object.h"
#include "softhca/memory/foreign.h"

/* Whatever has the place that the key names. */
static inline struct mr *lookup_index(const struct hca *hca, uint32_t key)
{
	uint32_t index = key >> 8;

	return index < FABRIC_KEYS ? hca->mrs[index] : NULL;
}

/* Of this process, or else of another one that has the domain as well.
 * The key's low byte is its variant: a key that has been given back does not find its successor. */
static inline struct mr *lookup_key(const struct hca *hca, const struct pd *pd, uint32_t key)
{
	struct mr *mr = lookup_index(hca, key);

	if (__builtin_expect(mr && mr->key == key && mr->scope == pd, 1))
		return mr;
	return mr && mr->key == key && mr->scope == mr ? mr : foreign_find(hca, pd, key);
}

/* Without a sum that could overflow. */
static inline bool lookup_inside(uint64_t start, uint64_t size, uint64_t address, uint64_t length)
{
	uint64_t offset = address - start;

	return offset <= size && length <= size - offset;
}

/* Memory in pages, or wherever the region's callback says. */
uint8_t *lookup_scattered(const struct mr *mr, uint64_t address, bool writing, uint64_t *together);

/* Where the byte at `address` lies in this process, and in `*together` how many lie with it; NULL
 * if it is unmapped. The address is one of the region's. */
static inline uint8_t *lookup_place(const struct mr *mr, uint64_t address, bool writing,
				    uint64_t *together)
{
	uint64_t offset = address - mr->iova;

	if (!mr->linear)
		return lookup_scattered(mr, address, writing, together);
	*together = mr->length - offset;
	return mr->linear + offset;
}

#endif
