/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Requests that work on a memory key: local invalidate, which is a UMR that frees the key and makes
 * it one of no QP. Which flags and mask bits that takes is what stock libmlx5 was seen to write.
 */

#include "builder.h"

#define ANY_QPN 0xffffffu

/* The key segment starts at the second basic block, so the ring may wrap before it. */
void mlx5_wqe_local_inv(struct mlx5_sq *sq, unsigned int send_flags, uint32_t rkey, uint64_t wr_id)
{
	struct mlx5_wqe_mkey_context_seg *key;
	struct mlx5_wqe_umr_ctrl_seg *umr;
	struct mlx5_wqe *wqe = &sq->wqe;

	mlx5_wqe_begin(sq, wqe, MLX5_OPCODE_UMR, IBV_WC_LOCAL_INV, send_flags, htobe32(rkey),
		       wr_id);
	umr = (void *)wqe->seg;
	memset(umr, 0, sizeof(*umr));
	umr->flags = MLX5_WQE_UMR_CTRL_FLAG_INLINE | MLX5_WQE_UMR_CTRL_FLAG_TRNSLATION_OFFSET |
		     MLX5_WQE_UMR_CTRL_FLAG_CHECK_QPN;
	umr->mkey_mask =
		htobe64(MLX5_WQE_UMR_CTRL_MKEY_MASK_FREE | MLX5_WQE_UMR_CTRL_MKEY_MASK_MKEY |
			MLX5_WQE_UMR_CTRL_MKEY_MASK_QPN);
	mlx5_wqe_skip(wqe, sizeof(*umr));

	if (wqe->seg == sq->end)
		wqe->seg = sq->ring;
	key = (void *)wqe->seg;
	memset(key, 0, sizeof(*key));
	key->free = MLX5_WQE_MKEY_CONTEXT_FREE;
	key->qpn_mkey = htobe32(ANY_QPN << 8);
	mlx5_wqe_skip(wqe, sizeof(*key));

	mlx5_wqe_finish(sq, wqe);
	/* Requests behind it must not use the key any more. */
	sq->next_fence = MLX5_WQE_CTRL_INITIATOR_SMALL_FENCE;
}
