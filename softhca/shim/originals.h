/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * By object, the function that its table had before: a hash table that wrapped calls read without a
 * lock. Changes are made by one thread at a time. Entries that are dropped leave marks, over which
 * searches go on; when there are many, the rest moves to the other half of the table, and a search
 * that saw it move begins again.
 */
#ifndef SOFTHCA_SHIM_ORIGINALS_H
#define SOFTHCA_SHIM_ORIGINALS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ORIGINALS_SLOTS = 8192,
	ORIGINALS_MAX = ORIGINALS_SLOTS / 2,
	ORIGINALS_MAX_DROPPED = ORIGINALS_SLOTS / 4,
};

struct original {
	void *_Atomic object;
	void *_Atomic function;
};

struct originals {
	/* Its lowest bit is the half in use. */
	_Atomic unsigned int generation;
	unsigned int live, dropped;
	struct original halves[2][ORIGINALS_SLOTS];
};

static inline unsigned int originals_slot(const void *object, unsigned int step)
{
	return ((unsigned int)((uintptr_t)object >> 4) * 0x9e3779b1u + step) % ORIGINALS_SLOTS;
}

/* There is always a slot that was never used, where searches end. */
static inline struct original *originals_search(struct original *half, const void *object)
{
	for (unsigned int step = 0;; step++) {
		struct original *original = &half[originals_slot(object, step)];
		void *found = atomic_load_explicit(&original->object, memory_order_acquire);

		if (found == object)
			return original;
		if (!found)
			return NULL;
	}
}

/* NULL if there is none. */
static inline void *originals_find(struct originals *table, const void *object)
{
	unsigned int generation;
	void *function;

	do {
		struct original *original;

		generation = atomic_load_explicit(&table->generation, memory_order_acquire);
		original = originals_search(table->halves[generation & 1], object);
		function = original
				   ? atomic_load_explicit(&original->function, memory_order_acquire)
				   : NULL;
	} while (generation != atomic_load_explicit(&table->generation, memory_order_acquire));
	return function;
}

/* False when the table is full. */
bool originals_add(struct originals *table, void *object, void *function);
void originals_drop(struct originals *table, const void *object);

#endif
