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
	sq->request = 0;
}

static ALWAYS_INLINE void mlx5_batch_close_request(struct mlx5_sq *sq)
{
	unsigned int state = sq->request;

	if (!state)
		return;
	sq->request = 0;
	if (unlikely(state & MLX5_REQUEST_INCOMPLETE)) {
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
	sq->request = sq->opened;
	if (request->parts & MLX5_PART_INBOUND)
		sq->request |= MLX5_REQUEST_INBOUND;
	return true;
}

/* Without a request there is nothing to set, nor in one that is in one of the states `except`; and
 * the room in the ring is for one list of data. */
static ALWAYS_INLINE bool mlx5_batch_can_set(struct mlx5_sq *sq, unsigned int except)
{
	unsigned int state = sq->request;

	except |= MLX5_REQUEST_HAS_DATA;
	if (unlikely((state & (MLX5_REQUEST_OPEN | except)) != MLX5_REQUEST_OPEN)) {
		mlx5_batch_fault(sq, EINVAL);
		return false;
	}
	sq->request = (uint8_t)(state | MLX5_REQUEST_HAS_DATA);
	return true;
}

static ALWAYS_INLINE bool mlx5_batch_can_set_data(struct mlx5_sq *sq)
{
	return mlx5_batch_can_set(sq, 0);
}

/* Whether there is a request to set the address of, which then has it. */
static ALWAYS_INLINE bool mlx5_batch_can_set_address(struct mlx5_sq *sq)
{
	if (unlikely(!sq->request)) {
		mlx5_batch_fault(sq, EINVAL);
		return false;
	}
	sq->request &= (uint8_t)~MLX5_REQUEST_INCOMPLETE;
	return true;
}

#endif
