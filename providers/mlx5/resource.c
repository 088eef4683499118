/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Changes of the number tables; looking up is inline in the header. */

#include <errno.h>
#include <stdlib.h>

#include "resource.h"

enum {
	NUMBERS = MLX5_RESOURCE_LEAVES * MLX5_RESOURCE_LEAF_SIZE,
};

void mlx5_resource_table_init(struct mlx5_resource_table *table)
{
	for (size_t i = 0; i < MLX5_RESOURCE_LEAVES; i++)
		atomic_init(&table->leaf[i], NULL);
	pthread_mutex_init(&table->mutex, NULL);
	table->next = 0;
}

void mlx5_resource_table_destroy(struct mlx5_resource_table *table)
{
	for (size_t i = 0; i < MLX5_RESOURCE_LEAVES; i++)
		free(atomic_load_explicit(&table->leaf[i], memory_order_relaxed));
	pthread_mutex_destroy(&table->mutex);
}

static _Atomic(struct mlx5_resource *) *slot_of(struct mlx5_resource_table *table, uint32_t number)
{
	_Atomic(struct mlx5_resource_leaf *) *place =
		&table->leaf[number >> MLX5_RESOURCE_LEAF_BITS];
	struct mlx5_resource_leaf *leaf = atomic_load_explicit(place, memory_order_relaxed);

	if (!leaf) {
		leaf = calloc(1, sizeof(*leaf));
		if (!leaf)
			return NULL;
		atomic_store_explicit(place, leaf, memory_order_release);
	}
	return &leaf->slot[number & (MLX5_RESOURCE_LEAF_SIZE - 1)];
}

int mlx5_resource_insert(struct mlx5_resource_table *table, struct mlx5_resource *resource)
{
	_Atomic(struct mlx5_resource *) *slot;

	if (resource->number >= NUMBERS)
		return EINVAL;
	pthread_mutex_lock(&table->mutex);
	slot = slot_of(table, resource->number);
	if (slot)
		atomic_store_explicit(slot, resource, memory_order_release);
	pthread_mutex_unlock(&table->mutex);
	return slot ? 0 : ENOMEM;
}

int mlx5_resource_assign(struct mlx5_resource_table *table, struct mlx5_resource *resource)
{
	_Atomic(struct mlx5_resource *) *slot = NULL;
	int err = ENOMEM;

	pthread_mutex_lock(&table->mutex);
	for (uint32_t tried = 0; tried < NUMBERS; tried++) {
		resource->number = table->next;
		slot = slot_of(table, resource->number);
		if (!slot)
			break;
		table->next = (table->next + 1) % NUMBERS;
		if (!atomic_load_explicit(slot, memory_order_relaxed)) {
			atomic_store_explicit(slot, resource, memory_order_release);
			err = 0;
			break;
		}
	}
	pthread_mutex_unlock(&table->mutex);
	return err;
}

void mlx5_resource_remove(struct mlx5_resource_table *table, struct mlx5_resource *resource)
{
	_Atomic(struct mlx5_resource *) *slot;

	pthread_mutex_lock(&table->mutex);
	slot = slot_of(table, resource->number);
	if (atomic_load_explicit(slot, memory_order_relaxed) == resource)
		atomic_store_explicit(slot, NULL, memory_order_release);
	pthread_mutex_unlock(&table->mutex);
}
