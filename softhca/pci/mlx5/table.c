/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tables of objects, and sets of numbers. */
#include "softhca/pci/mlx5/table.h"

#include <errno.h>
#include <string.h>

static const struct list *bucket(const struct mlx5_table *table, uint32_t number)
{
	return &table->buckets[number % MLX5_TABLE_BUCKETS];
}

void mlx5_table_init(struct mlx5_table *table)
{
	for (unsigned int i = 0; i < MLX5_TABLE_BUCKETS; i++)
		list_init(&table->buckets[i]);
}

void mlx5_table_add(struct mlx5_table *table, struct mlx5_object *object)
{
	list_append(&table->buckets[object->number % MLX5_TABLE_BUCKETS], &object->link);
}

void *mlx5_table_find(const struct mlx5_table *table, uint32_t number)
{
	list_for_each (node, bucket(table, number)) {
		struct mlx5_object *object = list_entry(node, struct mlx5_object, link);

		if (object->number == number)
			return object;
	}
	return NULL;
}

void *mlx5_table_take(struct mlx5_table *table)
{
	for (unsigned int i = 0; i < MLX5_TABLE_BUCKETS; i++) {
		struct list *head = &table->buckets[i];

		if (!list_empty(head)) {
			struct mlx5_object *object =
				list_entry(head->next, struct mlx5_object, link);

			list_remove(&object->link);
			return object;
		}
	}
	return NULL;
}

void mlx5_set_init(struct mlx5_number_set *set, uint32_t first, uint32_t end)
{
	set->first = first;
	set->end = end;
	memset(set->words, 0, sizeof(set->words));
}

int mlx5_set_reserve(struct mlx5_number_set *set, uint32_t *number)
{
	for (uint32_t i = set->first; i < set->end; i++) {
		if (mlx5_set_has(set, i))
			continue;
		set->words[i / 64] |= 1ull << i % 64;
		*number = i;
		return 0;
	}
	return ENOMEM;
}

int mlx5_set_release(struct mlx5_number_set *set, uint32_t number)
{
	if (!mlx5_set_has(set, number))
		return ENOENT;
	set->words[number / 64] &= ~(1ull << number % 64);
	return 0;
}

bool mlx5_set_has(const struct mlx5_number_set *set, uint32_t number)
{
	return number >= set->first && number < set->end &&
	       set->words[number / 64] >> number % 64 & 1;
}
