/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Receive work queues: the receive ring of a QP without the QP. Packets reach it through an
 * indirection table.
 */
#ifndef MLX5_WQ_H
#define MLX5_WQ_H

#include "libibverbs/driver.h"

#include "buf.h"
#include "qp.h"
#include "resource.h"

struct mlx5_wq {
	struct ibv_wq wq;
	struct mlx5_resource resource;
	struct mlx5_rq rq;

	/* cold */
	struct mlx5_buf buf;
	struct ibv_pd *domain; /* it was made in */
};

static inline struct mlx5_wq *to_mlx5_wq(struct ibv_wq *wq)
{
	return (struct mlx5_wq *)wq;
}

static inline struct mlx5_wq *mlx5_wq_of_resource(struct mlx5_resource *resource)
{
	return (struct mlx5_wq *)((char *)resource - offsetof(struct mlx5_wq, resource));
}

struct ibv_wq *mlx5_create_wq(struct ibv_context *context, struct ibv_wq_init_attr *attr);
int mlx5_modify_wq(struct ibv_wq *wq, struct ibv_wq_attr *attr);
int mlx5_destroy_wq(struct ibv_wq *wq);
struct ibv_rwq_ind_table *mlx5_create_rwq_ind_table(struct ibv_context *context,
						    struct ibv_rwq_ind_table_init_attr *attr);
int mlx5_destroy_rwq_ind_table(struct ibv_rwq_ind_table *table);

#endif
