/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Completion queues: the ring of CQEs the device writes, and where software stands in it.
 */
#ifndef MLX5_CQ_H
#define MLX5_CQ_H

#include <stdint.h>

#include "hw/mlx5/cqe.h"
#include "libibverbs/driver.h"

#include "buf.h"
#include "lock.h"
#include "resource.h"

struct mlx5_context;
struct mlx5_srq;

struct mlx5_cq {
	struct verbs_cq verbs;

	/* ring; all of it changes when the queue is resized */
	char *first; /* meaningful half of the first CQE */
	uint32_t ci; /* CQEs consumed, free-running */
	uint32_t mask;
	uint8_t log_cqes;
	uint8_t cqe_shift;
	uint8_t arm_sequence; /* completion events taken */
	struct mlx5_lock lock;
	struct mlx5_resource *last; /* QP of the last CQE: most often that of the next too */
	uint32_t last_number;
	__be32 *dbrec;

	/* between start_poll and end_poll: the current CQE and what was found out about it */
	struct mlx5_cqe64 *cqe;
	uint32_t wc_opcode; /* with MLX5_WC_FRAME for one of an Ethernet queue */

	/* cold */
	uint32_t cqn;
	char *arm_register;
	struct mlx5_buf buf;
	struct ibv_pd *domain; /* parent domain it was made in, or NULL */
};

static inline struct mlx5_cq *to_mlx5_cq(struct ibv_cq *cq)
{
	return (struct mlx5_cq *)cq;
}

static inline struct mlx5_cqe64 *mlx5_cq_cqe(struct mlx5_cq *cq, uint32_t index)
{
	return (struct mlx5_cqe64 *)(void *)(cq->first +
					     ((size_t)(index & cq->mask) << cq->cqe_shift));
}

/*
 * The CQE at index if the device has written it in this lap of the ring, else NULL. What it says
 * may be read after udma_from_device_barrier(). An entry that was never written has the owner bit
 * of the other lap, as one of the last lap has.
 */
static inline struct mlx5_cqe64 *mlx5_cq_written(struct mlx5_cq *cq, uint32_t index)
{
	struct mlx5_cqe64 *cqe = mlx5_cq_cqe(cq, index);
	uint8_t op_own = *(volatile uint8_t *)&cqe->op_own;

	return (op_own ^ index >> cq->log_cqes) & MLX5_CQE_OWNER_MASK ? NULL : cqe;
}

/* cq.c */
struct ibv_cq *mlx5_create_cq(struct ibv_context *context, int cqe, void *cq_context,
			      struct ibv_comp_channel *channel, int comp_vector);
struct ibv_cq_ex *mlx5_create_cq_ex(struct ibv_context *context, struct ibv_cq_init_attr_ex *attr);
/* With CQEs of 64 or 128 bytes, whatever the environment says. */
struct ibv_cq_ex *mlx5_create_cq_sized(struct ibv_context *context,
				       struct ibv_cq_init_attr_ex *attr, uint16_t cqe_bytes);
int mlx5_modify_cq(struct ibv_cq *cq, struct ibv_modify_cq_attr *attr);
int mlx5_resize_cq(struct ibv_cq *cq, int cqe);
int mlx5_destroy_cq(struct ibv_cq *cq);
int mlx5_req_notify_cq(struct ibv_cq *cq, int solicited_only);
void mlx5_cq_event(struct ibv_cq *cq);

/*
 * Takes out the CQEs of a queue that is being destroyed or reset. srq, if not NULL, gets back the
 * entries that the dropped receive completions had used. Called with the CQ locked.
 */
void mlx5_cq_clean(struct mlx5_cq *cq, const struct mlx5_resource *queue, struct mlx5_srq *srq);

/* poll.c: the polling functions for this version of CQEs. */
const struct verbs_context_ops *mlx5_poll_ops(uint8_t cqe_version);

/* poll_ex.c: fills in start_poll and what follows it. EOPNOTSUPP: wc_flags asks for too much. */
int mlx5_cq_set_ex(struct mlx5_context *context, struct mlx5_cq *cq, uint64_t wc_flags);

#endif
