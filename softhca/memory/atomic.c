/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * RDMA atomics, by the CPU's own on the very memory: so they are atomic against the application's
 * threads and against every engine that maps it.
 */
#include "softhca/memory/access.h"
#include "softhca/memory/guard.h"
#include "softhca/memory/lookup.h"

/* Eight aligned bytes never cross a page, unless the region begins at an odd place in its first. */
static uint64_t *word_at(const struct mr *mr, uint64_t address)
{
	uint64_t together = 0;
	uint8_t *place = lookup_place(mr, address, true, &together);

	return together < sizeof(uint64_t) || (uintptr_t)place % sizeof(uint64_t)
		       ? NULL
		       : (uint64_t *)place;
}

bool memory_compare_swap(const struct mr *mr, uint64_t address, uint64_t compare, uint64_t swap,
			 uint64_t *found)
{
	uint64_t *word = word_at(mr, address);
	struct guard guard;

	if (!word)
		return false;
	if (guard_fault(guard))
		return false;
	guard_begin(&guard);
	*found = compare;
	__atomic_compare_exchange_n(word, found, swap, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	guard_end();
	return true;
}

bool memory_fetch_add(const struct mr *mr, uint64_t address, uint64_t add, uint64_t *found)
{
	uint64_t *word = word_at(mr, address);
	struct guard guard;

	if (!word)
		return false;
	if (guard_fault(guard))
		return false;
	guard_begin(&guard);
	*found = __atomic_fetch_add(word, add, __ATOMIC_SEQ_CST);
	guard_end();
	return true;
}
