/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Shared receive queues: entries chained by index. Completions free them in any order; a freed
 * entry goes to the end of the chain, a posted one is taken from its start. One entry always stays
 * behind as the end of the chain.
 */
#ifndef MLX5_SRQ_H
#define MLX5_SRQ_H

#include <stdint.h>

#include "hw/mlx5/wqe.h"
#include "libibverbs/driver.h"

#include "buf.h"
#include "lock.h"
#include "resource.h"

struct mlx5_tags;

struct mlx5_srq {
	struct verbs_srq verbs;
	struct mlx5_resource resource;
	char *ring;
	uint64_t *wr_ids;
	uint32_t head; /* entry the next post takes */
	uint32_t tail; /* end of the chain */
	uint32_t mask;
	uint32_t max_sge;
	uint32_t posted; /* free-running */
	uint8_t log_stride;
	struct mlx5_lock lock;
	__be32 *dbrec;
	struct mlx5_tags *tags; /* NULL: without tag matching */

	/* cold */
	struct mlx5_buf buf;
	struct ibv_pd *domain; /* it was made in */
};

static inline struct mlx5_srq *to_mlx5_srq(struct ibv_srq *srq)
{
	return (struct mlx5_srq *)srq;
}

static inline struct mlx5_srq *mlx5_srq_of_resource(struct mlx5_resource *resource)
{
	return (struct mlx5_srq *)((char *)resource - offsetof(struct mlx5_srq, resource));
}

static inline struct mlx5_wqe_srq_next_seg *mlx5_srq_entry(struct mlx5_srq *srq, uint32_t index)
{
	return (struct mlx5_wqe_srq_next_seg *)(void *)(srq->ring +
							((size_t)index << srq->log_stride));
}

/* A receive has completed: its entry is free again. index comes from the CQE. */
static inline void mlx5_srq_free_entry(struct mlx5_srq *srq, uint16_t index)
{
	mlx5_lock(&srq->lock);
	mlx5_srq_entry(srq, srq->tail)->next_wqe_index = htobe16(index);
	srq->tail = index;
	mlx5_unlock(&srq->lock);
}

struct ibv_srq *mlx5_create_srq(struct ibv_pd *pd, struct ibv_srq_init_attr *attr);
struct ibv_srq *mlx5_create_srq_ex(struct ibv_context *context, struct ibv_srq_init_attr_ex *attr);
int mlx5_modify_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr, int attr_mask);
int mlx5_query_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr);
int mlx5_get_srq_num(struct ibv_srq *srq, uint32_t *srq_num);
int mlx5_destroy_srq(struct ibv_srq *srq);
int mlx5_post_srq_recv(struct ibv_srq *srq, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr);

#endif
