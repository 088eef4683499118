/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Posting to the receive queue of a QP. */

#include <errno.h>

#include "util/udma_barrier.h"

#include "qp.h"
#include "recv.h"

static ALWAYS_INLINE int post_one(struct mlx5_rq *rq, const struct ibv_recv_wr *wr)
{
	uint32_t tail = atomic_load_explicit(&rq->tail, memory_order_acquire);
	uint32_t slot = rq->head & rq->mask;

	if (unlikely(rq->head - tail >= rq->limit))
		return rq->limit == rq->max_wr ? ENOMEM : EINVAL;
	if (unlikely((uint32_t)wr->num_sge > rq->max_sge))
		return EINVAL;
	mlx5_write_scatter((void *)(rq->ring + ((size_t)slot << rq->log_stride)),
			   1u << (rq->log_stride - 4), wr);
	rq->wr_ids[slot] = wr->wr_id;
	rq->head++;
	return 0;
}

int mlx5_post_recv(struct ibv_qp *ibv_qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr)
{
	struct mlx5_rq *rq = &to_mlx5_qp(ibv_qp)->rq;
	uint32_t start;
	int err = 0;

	mlx5_lock(&rq->lock);
	start = rq->head;
	for (; wr; wr = wr->next) {
		err = post_one(rq, wr);
		if (unlikely(err)) {
			*bad_wr = wr;
			verbs_explain_recv(err, "ibv_post_recv", ibv_qp, wr, rq->max_wr,
					   rq->max_sge);
			break;
		}
	}
	if (likely(rq->head != start)) {
		udma_to_device_barrier();
		rq->dbrec[MLX5_RCV_DBR] = mlx5_wqe_count(rq->head);
	}
	mlx5_unlock(&rq->lock);
	return err;
}
