/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ibv_post_send(), one variant per service. */

#include <errno.h>

#include "frame.h"
#include "context.h"
#include "ring.h"
#include "umr.h"

static ALWAYS_INLINE int write_inline(struct mlx5_sq *sq, struct mlx5_wqe *wqe,
				      const struct ibv_send_wr *wr)
{
	char *to = mlx5_wqe_inline_open(sq, wqe);
	size_t length = 0;

	for (int i = 0; i < wr->num_sge; i++) {
		const struct ibv_sge *sge = &wr->sg_list[i];

		length += sge->length;
		if (unlikely(length > sq->max_inline))
			return ENOMEM;
		to = mlx5_wqe_inline_copy(sq, to, (const void *)(uintptr_t)sge->addr, sge->length);
	}
	mlx5_wqe_inline_close(wqe, length);
	return 0;
}

static ALWAYS_INLINE __be32 control_imm(const struct mlx5_request *request,
					const struct ibv_send_wr *wr)
{
	if (request->parts & MLX5_PART_IMM)
		return wr->imm_data;
	if (request->parts & MLX5_PART_INVAL)
		return htobe32(wr->invalidate_rkey);
	return 0;
}

/* The result is eight bytes, whatever length the element claims. */
static ALWAYS_INLINE int build_atomic(struct mlx5_sq *sq, struct mlx5_wqe *wqe,
				      const struct ibv_send_wr *wr)
{
	mlx5_wqe_raddr(wqe, wr->wr.atomic.remote_addr, wr->wr.atomic.rkey);
	if (wr->opcode == IBV_WR_ATOMIC_CMP_AND_SWP)
		mlx5_wqe_atomic(wqe, wr->wr.atomic.swap, wr->wr.atomic.compare_add);
	else
		mlx5_wqe_atomic(wqe, wr->wr.atomic.compare_add, 0);
	if (unlikely(wr->num_sge != 1 || wr->send_flags & IBV_SEND_INLINE))
		return EINVAL;
	mlx5_wqe_data(sq, wqe, wr->sg_list->addr, sizeof(uint64_t), wr->sg_list->lkey);
	return 0;
}

/* Opcodes without an entry in the table, from begin to finish, in sq->wqe. */
static COLD int post_other(struct mlx5_sq *sq, const struct ibv_send_wr *wr,
			   enum mlx5_service service)
{
	/* Their queues are made for smaller requests. */
	bool has_keys = service != MLX5_SERVICE_UD && service != MLX5_SERVICE_RAW;

	if (wr->opcode == IBV_WR_LOCAL_INV && has_keys) {
		mlx5_wqe_local_inv(sq, wr->send_flags, wr->invalidate_rkey, wr->wr_id);
		return 0;
	}
	if (wr->opcode == IBV_WR_BIND_MW && has_keys)
		return mlx5_wqe_bind_mw(sq, wr->send_flags, wr->bind_mw.mw, wr->bind_mw.rkey,
					&wr->bind_mw.bind_info, wr->wr_id);
	return wr->opcode == IBV_WR_TSO ? EOPNOTSUPP : EINVAL;
}

/* Inline data of a frame, but for the start that the Ethernet segment has already. */
static ALWAYS_INLINE int write_frame_inline(struct mlx5_sq *sq, struct mlx5_wqe *wqe, size_t header,
					    const struct ibv_send_wr *wr)
{
	size_t length = 0, room = mlx5_frame_inline_room(sq, wqe);
	char *to = mlx5_wqe_inline_open(sq, wqe);

	for (int i = 0; i < wr->num_sge; i++) {
		const struct ibv_sge *sge = &wr->sg_list[i];
		size_t cut = mlx5_frame_cut(&header, sge->length);

		length += sge->length - cut;
		if (unlikely(length > room))
			return ENOMEM;
		to = mlx5_wqe_inline_copy(sq, to, (const char *)(uintptr_t)sge->addr + cut,
					  sge->length - cut);
	}
	mlx5_wqe_inline_close(wqe, length);
	return 0;
}

static ALWAYS_INLINE int build_frame(struct mlx5_sq *sq, struct mlx5_wqe *wqe,
				     const struct ibv_send_wr *wr)
{
	size_t header = wr->opcode == IBV_WR_TSO ? 0 : sq->inline_header;
	size_t num_sge = (size_t)wr->num_sge;
	uint8_t cs_flags;
	int err;

	err = mlx5_frame_checksums(sq, wr->send_flags, &cs_flags);
	if (unlikely(err))
		return err;
	if (wr->opcode == IBV_WR_TSO) {
		err = mlx5_wqe_tso(sq, wqe, cs_flags, wr->tso.hdr, wr->tso.hdr_sz, wr->tso.mss);
	} else {
		mlx5_wqe_eth(wqe, cs_flags, 0, (uint16_t)header);
		err = mlx5_wqe_header_sges(wqe, header, wr->sg_list, num_sge);
		mlx5_wqe_eth_skip(sq, wqe, header);
	}
	if (unlikely(err))
		return err;
	if (wr->send_flags & IBV_SEND_INLINE)
		return write_frame_inline(sq, wqe, header, wr);
	mlx5_wqe_frame_sges(sq, wqe, header, wr->sg_list, num_sge);
	return 0;
}

static ALWAYS_INLINE int build(struct mlx5_sq *sq, struct mlx5_wqe *wqe,
			       const struct mlx5_request *request, const struct ibv_send_wr *wr,
			       enum mlx5_service service)
{
	if (unlikely((uint32_t)wr->num_sge > sq->max_sge))
		return EINVAL;

	mlx5_wqe_begin(sq, wqe, request->opcode, request->wc_opcode, wr->send_flags,
		       control_imm(request, wr), wr->wr_id);
	if (service == MLX5_SERVICE_RAW)
		return build_frame(sq, wqe, wr);
	if (service == MLX5_SERVICE_XRC) {
		mlx5_wqe_xrc(wqe, wr->qp_type.xrc.remote_srqn);
		mlx5_wqe_skip(wqe, sizeof(struct mlx5_wqe_xrc_seg));
	}
	if (service == MLX5_SERVICE_UD) {
		mlx5_wqe_av(wqe, to_mlx5_ah(wr->wr.ud.ah), wr->wr.ud.remote_qpn,
			    wr->wr.ud.remote_qkey);
		mlx5_wqe_skip(wqe, sizeof(struct mlx5_wqe_datagram_seg));
	} else if (request->parts & MLX5_PART_RADDR) {
		if (request->parts & MLX5_PART_ATOMIC)
			return build_atomic(sq, wqe, wr);
		mlx5_wqe_raddr(wqe, wr->wr.rdma.remote_addr, wr->wr.rdma.rkey);
	}

	if (wr->send_flags & IBV_SEND_INLINE) {
		if (unlikely(request->parts & MLX5_PART_INBOUND))
			return EINVAL;
		return write_inline(sq, wqe, wr);
	}
	for (int i = 0; i < wr->num_sge; i++)
		mlx5_wqe_data(sq, wqe, wr->sg_list[i].addr, wr->sg_list[i].length,
			      wr->sg_list[i].lkey);
	return 0;
}

/* Gives the control segment of the finished request, or leaves *last as it was and says why. */
static ALWAYS_INLINE int post_one(struct mlx5_sq *sq, const struct ibv_send_wr *wr,
				  enum mlx5_service service, struct mlx5_wqe_ctrl_seg **last)
{
	const struct mlx5_request *request = mlx5_request(wr->opcode, service);
	struct mlx5_wqe wqe;
	int err;

	if (unlikely(mlx5_sq_full(sq)))
		return mlx5_sq_full_error(sq);
	if (unlikely(!request)) {
		err = post_other(sq, wr, service);
		if (!err)
			*last = sq->wqe.ctrl;
		return err;
	}
	err = build(sq, &wqe, request, wr, service);
	if (unlikely(err))
		return err;
	mlx5_wqe_finish(sq, &wqe);
	*last = wqe.ctrl;
	return 0;
}

static COLD void explain(const struct mlx5_qp *qp, const struct ibv_send_wr *wr, int err)
{
	struct ibv_qp_cap cap;

	mlx5_qp_caps(qp, &cap);
	verbs_explain_send(err, &qp->verbs.qp, wr, &cap);
}

static ALWAYS_INLINE int post(struct mlx5_qp *qp, struct ibv_send_wr *wr,
			      struct ibv_send_wr **bad_wr, enum mlx5_service service)
{
	struct mlx5_wqe_ctrl_seg *last = NULL;
	struct mlx5_sq *sq = &qp->sq;
	uint32_t start_pi, start_head;
	int err = 0;

	mlx5_lock(&sq->lock);
	start_pi = sq->pi;
	start_head = sq->head;
	for (; wr; wr = wr->next) {
		err = post_one(sq, wr, service, &last);
		if (unlikely(err)) {
			*bad_wr = wr;
			explain(qp, wr, err);
			break;
		}
	}
	if (likely(last))
		mlx5_sq_ring(sq, last, start_pi, start_head);
	mlx5_unlock(&sq->lock);
	return err;
}

static int post_rc(struct mlx5_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad_wr)
{
	return post(qp, wr, bad_wr, MLX5_SERVICE_RC);
}

static int post_uc(struct mlx5_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad_wr)
{
	return post(qp, wr, bad_wr, MLX5_SERVICE_UC);
}

static int post_ud(struct mlx5_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad_wr)
{
	return post(qp, wr, bad_wr, MLX5_SERVICE_UD);
}

static int post_raw(struct mlx5_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad_wr)
{
	return post(qp, wr, bad_wr, MLX5_SERVICE_RAW);
}

/* A DC initiator's requests have addresses that struct ibv_send_wr has no room for. */
static int post_none(struct mlx5_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad_wr)
{
	(void)qp;
	*bad_wr = wr;
	return EOPNOTSUPP;
}

static int post_xrc(struct mlx5_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad_wr)
{
	return post(qp, wr, bad_wr, MLX5_SERVICE_XRC);
}

void mlx5_qp_set_post_send(struct mlx5_qp *qp)
{
	switch (qp->service) {
	case MLX5_SERVICE_UC:
		qp->post_send = post_uc;
		break;
	case MLX5_SERVICE_RAW:
		qp->post_send = post_raw;
		break;
	case MLX5_SERVICE_UD:
		qp->post_send = post_ud;
		break;
	case MLX5_SERVICE_XRC:
		qp->post_send = post_xrc;
		break;
	case MLX5_SERVICE_RC:
		qp->post_send = post_rc;
		break;
	case MLX5_SERVICE_DCI:
	case MLX5_SERVICE_DCT:
		qp->post_send = post_none;
		break;
	}
}

int mlx5_post_send(struct ibv_qp *ibv_qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad_wr)
{
	struct mlx5_qp *qp = to_mlx5_qp(ibv_qp);

	return qp->post_send(qp, wr, bad_wr);
}
