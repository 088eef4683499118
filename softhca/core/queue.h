/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory of a hardware queue as its owner laid it out: one linear range in an application, or a
 * list of pages in a guest. Offsets are checked by the caller against `size`.
 */
#ifndef SOFTHCA_CORE_QUEUE_H
#define SOFTHCA_CORE_QUEUE_H

#include <stddef.h>
#include <stdint.h>

struct queue_memory {
	uint8_t *linear;
	/* Used when `linear` is NULL; the first byte of the queue is the first byte of page 0. */
	uint8_t *const *pages;
	unsigned int log_page_size;
	size_t size;
};

/* Where byte `offset` of the queue lies. Good for as many bytes as share its 64-byte block. */
static inline uint8_t *queue_at(const struct queue_memory *memory, size_t offset)
{
	if (__builtin_expect(memory->linear != NULL, 1))
		return memory->linear + offset;
	return memory->pages[offset >> memory->log_page_size] +
	       (offset & (((size_t)1 << memory->log_page_size) - 1));
}

#endif
