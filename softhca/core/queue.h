/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory of a hardware queue as its owner laid it out: one linear range in an application, or a
 * list of pages in a guest. Offsets are checked by the caller against `size`. The list belongs to
 * who made it, and stays as long as the queue does.
 */
#ifndef SOFTHCA_CORE_QUEUE_H
#define SOFTHCA_CORE_QUEUE_H

#include <stddef.h>
#include <stdint.h>

struct queue_memory {
	uint8_t *linear;
	/* Used when `linear` is NULL: as many pages as `size` bytes reach that begin `page_offset`
	 * bytes, a multiple of 64, into page 0. */
	uint8_t *const *pages;
	unsigned int log_page_size;
	size_t page_offset;
	size_t size;
};

/* Where byte `offset` of the queue lies. Good for as many bytes as share its 64-byte block. */
static inline uint8_t *queue_at(const struct queue_memory *memory, size_t offset)
{
	if (__builtin_expect(memory->linear != NULL, 1))
		return memory->linear + offset;
	offset += memory->page_offset;
	return memory->pages[offset >> memory->log_page_size] +
	       (offset & (((size_t)1 << memory->log_page_size) - 1));
}

#endif
