/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The scatter list of a receive entry, the same in receive and shared receive queues, and the ring
 * of a receive queue, the same for queue pairs and work queues.
 */
#ifndef MLX5_RECV_H
#define MLX5_RECV_H

#include <errno.h>

#include "hw/mlx5/wqe.h"
#include "libibverbs/driver.h"
#include "util/udma_barrier.h"

#include "bits.h"
#include "qp.h"

/*
 * Writes the elements of a list into room segments from seg on, and an end mark when they are
 * fewer. An element of length 0 would stand for 2^31 bytes: it is left out.
 */
static ALWAYS_INLINE void mlx5_write_scatter(struct mlx5_wqe_data_seg *seg, uint32_t room,
					     const struct ibv_recv_wr *wr)
{
	struct mlx5_wqe_data_seg *end = seg + room;

	for (int i = 0; i < wr->num_sge; i++) {
		const struct ibv_sge *sge = &wr->sg_list[i];

		if (unlikely(!sge->length))
			continue;
		seg->byte_count = htobe32(sge->length);
		seg->lkey = htobe32(sge->lkey);
		seg->addr = htobe64(sge->addr);
		seg++;
	}
	if (seg < end) {
		seg->byte_count = 0;
		seg->lkey = htobe32(MLX5_INVALID_LKEY);
		seg->addr = 0;
	}
}

static ALWAYS_INLINE int mlx5_rq_post_one(struct mlx5_rq *rq, const struct ibv_recv_wr *wr)
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

static ALWAYS_INLINE int mlx5_rq_post(struct mlx5_rq *rq, struct ibv_recv_wr *wr,
				      struct ibv_recv_wr **bad_wr)
{
	uint32_t start;
	int err = 0;

	mlx5_lock(&rq->lock);
	start = rq->head;
	for (; wr; wr = wr->next) {
		err = mlx5_rq_post_one(rq, wr);
		if (unlikely(err)) {
			*bad_wr = wr;
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

#endif
