/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From the number in a CQE to the queue it is about. Numbers have 24 bits; a table has two levels,
 * and its leaves live as long as the table, so that pollers look up without a lock. The caller
 * makes sure that no CQE of a queue is left when the queue leaves the table.
 */
#ifndef MLX5_RESOURCE_H
#define MLX5_RESOURCE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum mlx5_resource_kind {
	MLX5_RESOURCE_QP,
	MLX5_RESOURCE_RAW_QP, /* of frames: its receive CQEs are those of Ethernet */
	MLX5_RESOURCE_WQ,     /* of frames, too */
	MLX5_RESOURCE_SRQ,
};

/* Embedded in what the table finds. */
struct mlx5_resource {
	uint32_t number;
	enum mlx5_resource_kind kind;
};

enum {
	MLX5_RESOURCE_LEAF_BITS = 12,
	MLX5_RESOURCE_LEAF_SIZE = 1 << MLX5_RESOURCE_LEAF_BITS,
	MLX5_RESOURCE_LEAVES = 1 << (24 - MLX5_RESOURCE_LEAF_BITS),
};

struct mlx5_resource_leaf {
	_Atomic(struct mlx5_resource *) slot[MLX5_RESOURCE_LEAF_SIZE];
};

struct mlx5_resource_table {
	_Atomic(struct mlx5_resource_leaf *) leaf[MLX5_RESOURCE_LEAVES];
	pthread_mutex_t mutex;
	uint32_t next; /* where the search for a free number starts */
};

void mlx5_resource_table_init(struct mlx5_resource_table *table);
void mlx5_resource_table_destroy(struct mlx5_resource_table *table);

/*
 * Enters resource under its number, which the device chose. It may find the one that had the number
 * before and is just being destroyed by another thread, and takes its place. 0, or ENOMEM; EINVAL
 * when the number has more than 24 bits.
 */
int mlx5_resource_insert(struct mlx5_resource_table *table, struct mlx5_resource *resource);
/* Chooses a free number for resource and enters it. 0 or ENOMEM. */
int mlx5_resource_assign(struct mlx5_resource_table *table, struct mlx5_resource *resource);
/* resource is in the table, or was there before another one took its place. */
void mlx5_resource_remove(struct mlx5_resource_table *table, struct mlx5_resource *resource);

/* number has 24 bits. NULL when there is no such queue. */
static inline struct mlx5_resource *mlx5_resource_find(struct mlx5_resource_table *table,
						       uint32_t number)
{
	struct mlx5_resource_leaf *leaf = atomic_load_explicit(
		&table->leaf[number >> MLX5_RESOURCE_LEAF_BITS], memory_order_acquire);

	if (!leaf)
		return NULL;
	return atomic_load_explicit(&leaf->slot[number & (MLX5_RESOURCE_LEAF_SIZE - 1)],
				    memory_order_acquire);
}

#endif
