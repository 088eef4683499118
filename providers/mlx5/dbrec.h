/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Doorbell records: two dwords a queue, cut from pages that are shared by the queues of a context.
 * The kernel pins the page under a record, so records get pages of their own.
 */
#ifndef MLX5_DBREC_H
#define MLX5_DBREC_H

#include <pthread.h>
#include <stdbool.h>
#include <linux/types.h>

struct mlx5_dbrec_page;

struct mlx5_dbrec_pool {
	pthread_mutex_t mutex;
	struct mlx5_dbrec_page *pages;
	unsigned int stride; /* bytes between records: a cache line, so that none is shared */
};

/* stride: a power of two. */
void mlx5_dbrec_pool_init(struct mlx5_dbrec_pool *pool, unsigned int stride);
/* Leaves the records of queues that the program has not destroyed: the adapter still uses them. */
void mlx5_dbrec_pool_destroy(struct mlx5_dbrec_pool *pool);

/* Two zeroed dwords, or NULL when there is no memory. */
__be32 *mlx5_dbrec_alloc(struct mlx5_dbrec_pool *pool);
/* False when the record is not of this pool. */
bool mlx5_dbrec_free(struct mlx5_dbrec_pool *pool, __be32 *dbrec);

#endif
