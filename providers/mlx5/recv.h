/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The scatter list of a receive entry, the same in receive and shared receive queues. */
#ifndef MLX5_RECV_H
#define MLX5_RECV_H

#include "hw/mlx5/wqe.h"
#include "libibverbs/driver.h"

#include "bits.h"

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

#endif
