/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hash tables of what is looked up by a number; several may have the same. */
#ifndef SOFTHCA_CM_TABLE_H
#define SOFTHCA_CM_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TABLE_BUCKETS = 1024 };

struct table_link {
	struct table_link *next;
	uint32_t key;
	bool linked;
};

/* All zeroes: empty. */
struct table {
	struct table_link *buckets[TABLE_BUCKETS];
};

#define table_entry(link, type, member) ((type *)((char *)(link)-offsetof(type, member)))

/* Ids differ in their low bits, of QPs as well. */
static inline struct table_link **table_bucket(struct table *table, uint32_t key)
{
	return &table->buckets[key % TABLE_BUCKETS];
}

static inline void table_insert(struct table *table, uint32_t key, struct table_link *link)
{
	struct table_link **bucket = table_bucket(table, key);

	link->key = key;
	link->linked = true;
	link->next = *bucket;
	*bucket = link;
}

/* Harmless for what is in no table. */
static inline void table_remove(struct table *table, struct table_link *link)
{
	struct table_link **at = table_bucket(table, link->key);

	if (!link->linked)
		return;
	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
	link->linked = false;
}

#define table_for_each(link, table, wanted)                                                        \
	for (struct table_link *link = *table_bucket(table, wanted); link; link = link->next)      \
		if (link->key == (wanted))

#endif
