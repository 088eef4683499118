/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Changing the table of originals; originals.h says how it is read meanwhile. */
#include "softhca/shim/originals.h"

/* Stands where an entry has been dropped; an address that is no program's object. */
static char dropped_mark;
#define DROPPED ((void *)&dropped_mark)

static struct original *half_in_use(struct originals *table)
{
	return table->halves[atomic_load_explicit(&table->generation, memory_order_relaxed) & 1];
}

/* The object last: who finds it finds its function. */
static void store(struct original *original, void *object, void *function)
{
	atomic_store_explicit(&original->function, function, memory_order_relaxed);
	atomic_store_explicit(&original->object, object, memory_order_release);
}

/* The first slot on the object's way that holds nothing. */
static struct original *find_free(struct original *half, const void *object)
{
	for (unsigned int step = 0;; step++) {
		struct original *original = &half[originals_slot(object, step)];
		void *found = atomic_load_explicit(&original->object, memory_order_relaxed);

		if (!found || found == DROPPED)
			return original;
	}
}

static void move_to_other_half(struct originals *table)
{
	struct original *from = half_in_use(table);
	struct original *to = table->halves[from == table->halves[0]];

	for (unsigned int i = 0; i < ORIGINALS_SLOTS; i++)
		store(&to[i], NULL, NULL);
	for (unsigned int i = 0; i < ORIGINALS_SLOTS; i++) {
		void *object = atomic_load_explicit(&from[i].object, memory_order_relaxed);
		void *function = atomic_load_explicit(&from[i].function, memory_order_relaxed);

		if (object && object != DROPPED)
			store(find_free(to, object), object, function);
	}
	table->dropped = 0;
	atomic_fetch_add_explicit(&table->generation, 1, memory_order_release);
}

bool originals_add(struct originals *table, void *object, void *function)
{
	struct original *original = originals_search(half_in_use(table), object);

	if (original) {
		atomic_store_explicit(&original->function, function, memory_order_release);
		return true;
	}
	if (table->live == ORIGINALS_MAX)
		return false;
	original = find_free(half_in_use(table), object);
	if (atomic_load_explicit(&original->object, memory_order_relaxed) == DROPPED)
		table->dropped--;
	table->live++;
	store(original, object, function);
	return true;
}

void originals_drop(struct originals *table, const void *object)
{
	struct original *original = originals_search(half_in_use(table), object);

	if (!original)
		return;
	atomic_store_explicit(&original->object, DROPPED, memory_order_release);
	table->live--;
	if (++table->dropped > ORIGINALS_MAX_DROPPED)
		move_to_other_half(table);
}
