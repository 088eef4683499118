/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Requests that work on a memory key, all of them UMRs: a bind gives a window its range, its rights
 * and the one piece of memory behind it; an invalidation frees the key and makes it one of no QP.
 * Which flags and mask bits that takes is what stock libmlx5 was seen to write.
 */

#include "builder.h"
#include "umr.h"

enum {
	ANY_QPN = 0xffffff,
	FREEING = MLX5_WQE_UMR_CTRL_MKEY_MASK_FREE | MLX5_WQE_UMR_CTRL_MKEY_MASK_MKEY,
	BINDING = FREEING | MLX5_WQE_UMR_CTRL_MKEY_MASK_LEN |
		  MLX5_WQE_UMR_CTRL_MKEY_MASK_START_ADDR |
		  MLX5_WQE_UMR_CTRL_MKEY_MASK_ACCESS_LOCAL_WRITE |
		  MLX5_WQE_UMR_CTRL_MKEY_MASK_ACCESS_REMOTE_READ |
		  MLX5_WQE_UMR_CTRL_MKEY_MASK_ACCESS_REMOTE_WRITE |
		  MLX5_WQE_UMR_CTRL_MKEY_MASK_ACCESS_ATOMIC,
	/* The list of pieces takes a basic block, filled up with empty ones. */
	LIST_PIECES = MLX5_SEND_WQE_BB / sizeof(struct mlx5_wqe_umr_klm_seg),
	WINDOW_ACCESS = IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ |
			IBV_ACCESS_REMOTE_ATOMIC | IBV_ACCESS_ZERO_BASED,
};

/* A longer piece has no length in the list. */
#define MAX_WINDOW_BYTES (1ull << 31)

/* Both segments of a key begin a basic block, where the ring may wrap. */
static void *next_block(struct mlx5_sq *sq, struct mlx5_wqe *wqe, size_t bytes)
{
	void *block;

	if (wqe->seg == sq->end)
		wqe->seg = sq->ring;
	block = wqe->seg;
	memset(block, 0, bytes);
	mlx5_wqe_skip(wqe, bytes);
	return block;
}

static struct mlx5_wqe_mkey_context_seg *begin(struct mlx5_sq *sq, uint8_t wc_opcode,
					       unsigned int send_flags, uint32_t rkey,
					       uint64_t wr_id, uint8_t flags, uint64_t mask)
{
	struct mlx5_wqe_umr_ctrl_seg *umr;
	struct mlx5_wqe *wqe = &sq->wqe;

	mlx5_wqe_begin(sq, wqe, MLX5_OPCODE_UMR, wc_opcode, send_flags, htobe32(rkey), wr_id);
	umr = (void *)wqe->seg;
	memset(umr, 0, sizeof(*umr));
	umr->flags =
		flags | MLX5_WQE_UMR_CTRL_FLAG_INLINE | MLX5_WQE_UMR_CTRL_FLAG_TRNSLATION_OFFSET;
	if (mask & MLX5_WQE_UMR_CTRL_MKEY_MASK_LEN)
		umr->klm_octowords = htobe16(LIST_PIECES);
	umr->mkey_mask = htobe64(mask);
	mlx5_wqe_skip(wqe, sizeof(*umr));
	return next_block(sq, wqe, sizeof(struct mlx5_wqe_mkey_context_seg));
}

static void finish(struct mlx5_sq *sq)
{
	mlx5_wqe_finish(sq, &sq->wqe);
	/* Requests behind it must find the key changed. */
	sq->next_fence = MLX5_WQE_CTRL_INITIATOR_SMALL_FENCE;
}

/* Of a window of type 2 only if it is bound for this queue pair; all invalidations are of those. */
static void free_key(struct mlx5_sq *sq, uint8_t wc_opcode, unsigned int send_flags, uint32_t rkey,
		     uint8_t variant, uint64_t wr_id, bool type_2)
{
	struct mlx5_wqe_mkey_context_seg *key;

	key = begin(sq, wc_opcode, send_flags, rkey, wr_id,
		    type_2 ? MLX5_WQE_UMR_CTRL_FLAG_CHECK_QPN : 0,
		    FREEING | (type_2 ? MLX5_WQE_UMR_CTRL_MKEY_MASK_QPN : 0));
	key->free = MLX5_WQE_MKEY_CONTEXT_FREE;
	key->qpn_mkey = htobe32((uint32_t)ANY_QPN << 8 | variant);
	finish(sq);
}

void mlx5_wqe_local_inv(struct mlx5_sq *sq, unsigned int send_flags, uint32_t rkey, uint64_t wr_id)
{
	free_key(sq, IBV_WC_LOCAL_INV, send_flags, rkey, 0, wr_id, true);
}

static uint8_t window_rights(unsigned int access)
{
	uint8_t rights = 0;

	if (access & IBV_ACCESS_REMOTE_READ)
		rights |= MLX5_WQE_MKEY_CONTEXT_ACCESS_FLAGS_REMOTE_READ;
	if (access & IBV_ACCESS_REMOTE_WRITE)
		rights |= MLX5_WQE_MKEY_CONTEXT_ACCESS_FLAGS_REMOTE_WRITE;
	if (access & IBV_ACCESS_REMOTE_ATOMIC)
		rights |= MLX5_WQE_MKEY_CONTEXT_ACCESS_FLAGS_ATOMIC;
	return rights;
}

static int check_bind(const struct ibv_mw *mw, const struct ibv_mw_bind_info *info)
{
	bool zero_based = info->mw_access_flags & IBV_ACCESS_ZERO_BASED;

	if (!mw || info->mw_access_flags & ~(unsigned int)WINDOW_ACCESS)
		return EINVAL;
	if (mw->type == IBV_MW_TYPE_1 && zero_based)
		return EINVAL;
	if (!info->length)
		return 0;
	if (!info->mr)
		return EINVAL;
	if (to_verbs_mr(info->mr)->type == VERBS_MR_TYPE_NULL ||
	    to_verbs_mr(info->mr)->type == VERBS_MR_TYPE_DM)
		return EOPNOTSUPP;
	return info->length > MAX_WINDOW_BYTES ? EOPNOTSUPP : 0;
}

static void bind(struct mlx5_sq *sq, unsigned int send_flags, const struct ibv_mw *mw,
		 uint32_t rkey, const struct ibv_mw_bind_info *info, uint64_t wr_id)
{
	bool type_2 = mw->type == IBV_MW_TYPE_2;
	struct mlx5_wqe_mkey_context_seg *key;
	struct mlx5_wqe_umr_klm_seg *piece;

	key = begin(sq, IBV_WC_BIND_MW, send_flags, mw->rkey, wr_id,
		    type_2 ? MLX5_WQE_UMR_CTRL_FLAG_CHECK_FREE : 0,
		    BINDING | (type_2 ? MLX5_WQE_UMR_CTRL_MKEY_MASK_QPN : 0));
	key->access_flags = window_rights(info->mw_access_flags);
	key->qpn_mkey = htobe32((type_2 ? sq->qpn : (uint32_t)ANY_QPN) << 8 | (rkey & 0xff));
	if (!(info->mw_access_flags & IBV_ACCESS_ZERO_BASED))
		key->start_addr = htobe64(info->addr);
	key->len = htobe64(info->length);
	piece = next_block(sq, &sq->wqe, MLX5_SEND_WQE_BB);
	piece->byte_count = htobe32((uint32_t)info->length);
	piece->mkey = htobe32(info->mr->lkey);
	piece->address = htobe64(info->addr);
	finish(sq);
}

int mlx5_wqe_bind_mw(struct mlx5_sq *sq, unsigned int send_flags, const struct ibv_mw *mw,
		     uint32_t rkey, const struct ibv_mw_bind_info *info, uint64_t wr_id)
{
	int err = check_bind(mw, info);

	if (err)
		return err;
	if (info->length)
		bind(sq, send_flags, mw, rkey, info, wr_id);
	else
		free_key(sq, IBV_WC_BIND_MW, send_flags, mw->rkey, (uint8_t)rkey, wr_id,
			 mw->type == IBV_MW_TYPE_2);
	return 0;
}
