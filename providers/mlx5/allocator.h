/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where the memory of queues comes from: the library, or functions of the application that a
 * parent domain has. Those may leave a piece to the library (IBV_ALLOCATOR_USE_DEFAULT).
 */
#ifndef MLX5_ALLOCATOR_H
#define MLX5_ALLOCATOR_H

#include <stdint.h>
#include <linux/types.h>

#include "buf.h"

struct ibv_pd;
struct mlx5_context;

/*
 * A ring, zeroed, at the start of a page. domain: what the queue is made in, or NULL;
 * resource_type: an MLX5DV_RES_TYPE_, for the application. 0 or errno.
 */
int mlx5_queue_buf_alloc(struct mlx5_buf *buf, size_t bytes, enum mlx5_buf_pages pages,
			 struct ibv_pd *domain, uint64_t resource_type);
void mlx5_queue_buf_free(struct mlx5_buf *buf);

/* A doorbell record, zeroed; NULL when there is no memory. The domain is the same for both. */
__be32 *mlx5_queue_record_alloc(struct mlx5_context *context, struct ibv_pd *domain);
void mlx5_queue_record_free(struct mlx5_context *context, struct ibv_pd *domain, __be32 *dbrec);

/* A parent domain stays as long as something in it does. Nothing for others, and for NULL. */
void mlx5_domain_hold(struct ibv_pd *domain);
void mlx5_domain_release(struct ibv_pd *domain);

#endif
