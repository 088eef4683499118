/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The requests between ibv_wr_start() and ibv_wr_complete(). One stays open for its setters until
 * the next begins or the batch completes; the first fault is kept, and what follows it is ignored.
 */
#ifndef MLX5_BATCH_H
#define MLX5_BATCH_H

#include "builder.h"

static ALWAYS_INLINE struct mlx5_qp *mlx5_qp_of_ex(struct ibv_qp_ex *qp)
{
	return (struct mlx5_qp *)qp;
}

static COLD void mlx5_batch_fault(struct mlx5_sq *sq, int err)
{
	if (!sq->err)
		sq->err = err;
	sq->open = false;
}

static ALWAYS_INLINE void mlx5_batch_close_request(struct mlx5_sq *sq)
{
	if (!sq->open)
		return;
	sq->open = false;
	if (unlikely(sq->incomplete)) {
		mlx5_batch_fault(sq, EINVAL);
		return;
	}
	mlx5_wqe_finish(sq, &sq->wqe);
}

/* Ends the request before; false when there can be no new one. */
static ALWAYS_INLINE bool mlx5_batch_next(struct mlx5_sq *sq)
{
	mlx5_batch_close_request(sq);
	if (unlikely(sq->err))
		return false;
	if (unlikely(mlx5_sq_full(sq))) {
		mlx5_batch_fault(sq, mlx5_sq_full_error(sq));
		return false;
	}
	return true;
}

static ALWAYS_INLINE bool mlx5_batch_open(struct ibv_qp_ex *ex, enum ibv_wr_opcode opcode,
					  __be32 imm)
{
	const struct mlx5_request *request = &mlx5_requests[opcode];
	struct mlx5_sq *sq = &mlx5_qp_of_ex(ex)->sq;

	if (!mlx5_batch_next(sq))
		return false;
	mlx5_wqe_begin(sq, &sq->wqe, request->opcode, request->wc_opcode, ex->wr_flags, imm,
		       ex->wr_id);
	mlx5_wqe_skip(&sq->wqe, sq->address_bytes);
	sq->open = true;
	sq->incomplete = sq->address_bytes;
	sq->has_data = false;
	return true;
}

/* Without a request there is nothing to set; and the room in the ring is for one list of data. */
static ALWAYS_INLINE bool mlx5_batch_can_set_data(struct mlx5_sq *sq)
{
	if (unlikely(!sq->open || sq->has_data)) {
		mlx5_batch_fault(sq, EINVAL);
		return false;
	}
	sq->has_data = true;
	return true;
}

#endif
