/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sizes of the rings of a QP. Every work request is given room for the largest one its capabilities
 * allow, so that counting requests is enough to know that the ring cannot overflow.
 */

#include <errno.h>

#include "bits.h"
#include "context.h"
#include "qp.h"

enum {
	MAX_RING_BYTES = 1 << 30, /* far beyond any device; keeps the arithmetic in bounds */
};

/*
 * Room before the data. On connected transports that of the largest request of another kind, a
 * memory window bind with its inline translation, rounded up to a basic block; a DC initiator has
 * those only where it was asked for.
 */
static size_t fixed_bytes(const struct mlx5_qp *qp)
{
	size_t ctrl = sizeof(struct mlx5_wqe_ctrl_seg);

	if (qp->service == MLX5_SERVICE_RAW)
		return ctrl + sizeof(struct mlx5_wqe_eth_seg);
	if (qp->service == MLX5_SERVICE_UD || qp->service == MLX5_SERVICE_DCI)
		ctrl += sizeof(struct mlx5_wqe_datagram_seg);
	if (qp->service == MLX5_SERVICE_UD)
		return ctrl;
	if (qp->service == MLX5_SERVICE_DCI && !qp->verbs.qp_ex.wr_local_inv)
		return ctrl + sizeof(struct mlx5_wqe_raddr_seg) +
		       sizeof(struct mlx5_wqe_atomic_seg);
	if (qp->service == MLX5_SERVICE_XRC)
		ctrl += sizeof(struct mlx5_wqe_xrc_seg);
	return ctrl + sizeof(struct mlx5_wqe_umr_ctrl_seg) +
	       sizeof(struct mlx5_wqe_mkey_context_seg) + MLX5_SEND_WQE_BB;
}

static size_t inline_bytes(uint32_t max_inline)
{
	return max_inline ? align_up(sizeof(struct mlx5_wqe_inl_data_seg) + max_inline,
				     MLX5_WQE_DS_UNITS)
			  : 0;
}

/* One request needs more room than a WQE has. */
static int beyond(const struct mlx5_context *context, size_t fixed, const struct ibv_qp_cap *cap)
{
	const size_t room = context->max_sq_wqe_bytes - fixed;
	const size_t most_inline = room - sizeof(struct mlx5_wqe_inl_data_seg);
	const size_t most_sge = room / sizeof(struct mlx5_wqe_data_seg);

	if (cap->max_inline_data > most_inline)
		verbs_explain("max_inline_data %u > device limit %zu", cap->max_inline_data,
			      most_inline);
	else if (cap->max_send_sge > most_sge)
		verbs_explain("max_send_sge %u > device limit %zu", cap->max_send_sge, most_sge);
	else
		verbs_explain("max_send_wr %u > device limit %u", cap->max_send_wr,
			      context->max_send_bb);
	return EINVAL;
}

/* A request fits, but not that many of them. */
static int too_long(const struct mlx5_context *context, const struct ibv_qp_cap *cap,
		    size_t wr_bytes)
{
	verbs_explain(
		"max_send_wr %u of %zu bytes each, with max_send_sge %u and max_inline_data %u, "
		"> device limit %zu",
		cap->max_send_wr, wr_bytes, cap->max_send_sge, cap->max_inline_data,
		(size_t)context->max_send_bb * MLX5_SEND_WQE_BB / wr_bytes);
	return EINVAL;
}

static int size_sq(const struct mlx5_context *context, struct mlx5_qp *qp,
		   const struct ibv_qp_cap *cap, size_t *bytes)
{
	const size_t inline_head = sizeof(struct mlx5_wqe_inl_data_seg);
	size_t fixed = fixed_bytes(qp), data, wr_bytes;
	uint64_t ring_bytes;

	*bytes = 0;
	if (!cap->max_send_wr)
		return 0;
	if (cap->max_send_sge > context->max_sq_wqe_bytes ||
	    cap->max_inline_data > context->max_sq_wqe_bytes ||
	    cap->max_send_wr > context->max_send_bb)
		return beyond(context, fixed, cap);
	/* Behind the header of a long payload is data in memory. */
	data = cap->max_send_sge * sizeof(struct mlx5_wqe_data_seg) +
	       align_up(qp->sq.max_tso_header, MLX5_WQE_DS_UNITS);
	if (data < inline_bytes(cap->max_inline_data))
		data = inline_bytes(cap->max_inline_data);
	if (fixed + data > context->max_sq_wqe_bytes)
		return beyond(context, fixed, cap);
	wr_bytes = align_up(fixed + data, MLX5_SEND_WQE_BB);
	if (cap->max_send_wr * wr_bytes > MAX_RING_BYTES)
		return too_long(context, cap, wr_bytes);
	ring_bytes = round_up_pow2((uint32_t)(cap->max_send_wr * wr_bytes));
	if (ring_bytes / MLX5_SEND_WQE_BB > context->max_send_bb)
		return too_long(context, cap, wr_bytes);

	qp->sq.mask = (uint32_t)(ring_bytes / MLX5_SEND_WQE_BB) - 1;
	qp->sq.max_wr = (uint32_t)(ring_bytes / wr_bytes);
	qp->sq.max_sge = cap->max_send_sge;
	/* The longest WQE may end within its last basic block. */
	if (wr_bytes > context->max_sq_wqe_bytes)
		wr_bytes = context->max_sq_wqe_bytes;
	qp->sq.max_inline = (uint32_t)(wr_bytes - fixed - inline_head);
	*bytes = ring_bytes;
	return 0;
}

int mlx5_rq_size(struct mlx5_rq *rq, const struct mlx5_context *context, uint32_t max_wr,
		 uint32_t max_sge, size_t *bytes)
{
	size_t entry_bytes, ring_bytes;

	*bytes = 0;
	if (!max_wr)
		return 0;
	if (max_wr > context->max_recv_wr) {
		verbs_explain("max_recv_wr %u > device limit %u", max_wr, context->max_recv_wr);
		return EINVAL;
	}
	if (max_sge > context->max_rq_wqe_bytes / sizeof(struct mlx5_wqe_data_seg)) {
		verbs_explain("max_recv_sge %u > device limit %zu", max_sge,
			      context->max_rq_wqe_bytes / sizeof(struct mlx5_wqe_data_seg));
		return EINVAL;
	}
	entry_bytes = round_up_pow2((uint32_t)(max_sge * sizeof(struct mlx5_wqe_data_seg)));
	if (entry_bytes < sizeof(struct mlx5_wqe_data_seg))
		entry_bytes = sizeof(struct mlx5_wqe_data_seg);
	if (entry_bytes > context->max_rq_wqe_bytes)
		return EINVAL;
	ring_bytes = round_up_pow2(max_wr) * entry_bytes;
	if (ring_bytes > MAX_RING_BYTES)
		return EINVAL;
	/* The send ring behind it starts at a basic block. */
	if (ring_bytes < MLX5_SEND_WQE_BB)
		ring_bytes = MLX5_SEND_WQE_BB;

	rq->log_stride = (uint8_t)log2_floor((uint32_t)entry_bytes);
	rq->max_wr = (uint32_t)(ring_bytes >> rq->log_stride);
	rq->mask = rq->max_wr - 1;
	rq->max_sge = (uint32_t)(entry_bytes / sizeof(struct mlx5_wqe_data_seg));
	*bytes = ring_bytes;
	return 0;
}

int mlx5_qp_size(struct mlx5_qp *qp, const struct mlx5_context *context,
		 const struct ibv_qp_init_attr_ex *attr, size_t *rq_bytes, size_t *sq_bytes)
{
	int err;

	*rq_bytes = 0;
	*sq_bytes = 0;
	if (qp->service == MLX5_SERVICE_DCT)
		return 0;
	if (!attr->srq && mlx5_receives(attr->qp_type) && qp->service != MLX5_SERVICE_DCI) {
		err = mlx5_rq_size(&qp->rq, context, attr->cap.max_recv_wr, attr->cap.max_recv_sge,
				   rq_bytes);
		if (err)
			return err;
	}
	return size_sq(context, qp, &attr->cap, sq_bytes);
}
