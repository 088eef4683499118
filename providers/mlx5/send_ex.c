/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ibv_wr_ functions: openers and setters of requests, and the ends of a batch. After a fault
 * ibv_wr_complete() takes all of it back.
 */

#include <errno.h>

#include "batch.h"
#include "ring.h"
#include "umr.h"

static void wr_send(struct ibv_qp_ex *qp)
{
	mlx5_batch_open(qp, IBV_WR_SEND, 0);
}

static void wr_send_imm(struct ibv_qp_ex *qp, __be32 imm)
{
	mlx5_batch_open(qp, IBV_WR_SEND_WITH_IMM, imm);
}

static void wr_send_inv(struct ibv_qp_ex *qp, uint32_t rkey)
{
	mlx5_batch_open(qp, IBV_WR_SEND_WITH_INV, htobe32(rkey));
}

static ALWAYS_INLINE void open_rdma(struct ibv_qp_ex *qp, enum ibv_wr_opcode opcode, uint32_t rkey,
				    uint64_t remote_addr, __be32 imm)
{
	if (mlx5_batch_open(qp, opcode, imm))
		mlx5_wqe_raddr(&mlx5_qp_of_ex(qp)->sq.wqe, remote_addr, rkey);
}

static void wr_rdma_write(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr)
{
	open_rdma(qp, IBV_WR_RDMA_WRITE, rkey, remote_addr, 0);
}

static void wr_rdma_write_imm(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr, __be32 imm)
{
	open_rdma(qp, IBV_WR_RDMA_WRITE_WITH_IMM, rkey, remote_addr, imm);
}

static void wr_rdma_read(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr)
{
	open_rdma(qp, IBV_WR_RDMA_READ, rkey, remote_addr, 0);
}

static ALWAYS_INLINE void open_atomic(struct ibv_qp_ex *qp, enum ibv_wr_opcode opcode,
				      uint32_t rkey, uint64_t remote_addr, uint64_t swap_add,
				      uint64_t compare)
{
	struct mlx5_wqe *wqe = &mlx5_qp_of_ex(qp)->sq.wqe;

	if (!mlx5_batch_open(qp, opcode, 0))
		return;
	mlx5_wqe_raddr(wqe, remote_addr, rkey);
	mlx5_wqe_atomic(wqe, swap_add, compare);
}

static void wr_atomic_cmp_swp(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr,
			      uint64_t compare, uint64_t swap)
{
	open_atomic(qp, IBV_WR_ATOMIC_CMP_AND_SWP, rkey, remote_addr, swap, compare);
}

static void wr_atomic_fetch_add(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr,
				uint64_t add)
{
	open_atomic(qp, IBV_WR_ATOMIC_FETCH_AND_ADD, rkey, remote_addr, add, 0);
}

static void wr_local_inv(struct ibv_qp_ex *ex, uint32_t rkey)
{
	struct mlx5_sq *sq = &mlx5_qp_of_ex(ex)->sq;

	if (mlx5_batch_next(sq))
		mlx5_wqe_local_inv(sq, ex->wr_flags, rkey, ex->wr_id);
}

static void wr_bind_mw(struct ibv_qp_ex *ex, struct ibv_mw *mw, uint32_t rkey,
		       const struct ibv_mw_bind_info *info)
{
	struct mlx5_sq *sq = &mlx5_qp_of_ex(ex)->sq;
	int err;

	if (!mlx5_batch_next(sq))
		return;
	/* The key of a window of type 1 is not the program's to choose. */
	err = mw->type == IBV_MW_TYPE_2
		      ? mlx5_wqe_bind_mw(sq, ex->wr_flags, mw, rkey, info, ex->wr_id)
		      : EINVAL;
	if (unlikely(err))
		mlx5_batch_fault(sq, err);
}

/* Setters. */

static void wr_set_ud_addr(struct ibv_qp_ex *qp, struct ibv_ah *ah, uint32_t remote_qpn,
			   uint32_t remote_qkey)
{
	struct mlx5_sq *sq = &mlx5_qp_of_ex(qp)->sq;

	if (mlx5_batch_can_set_address(sq))
		mlx5_wqe_av(&sq->wqe, to_mlx5_ah(ah), remote_qpn, remote_qkey);
}

static void wr_set_xrc_srqn(struct ibv_qp_ex *qp, uint32_t remote_srqn)
{
	struct mlx5_sq *sq = &mlx5_qp_of_ex(qp)->sq;

	if (mlx5_batch_can_set_address(sq))
		mlx5_wqe_xrc(&sq->wqe, remote_srqn);
}

static void wr_set_sge(struct ibv_qp_ex *qp, uint32_t lkey, uint64_t addr, uint32_t length)
{
	struct mlx5_sq *sq = &mlx5_qp_of_ex(qp)->sq;

	if (mlx5_batch_can_set_data(sq))
		mlx5_wqe_data(sq, &sq->wqe, addr, length, lkey);
}

static void wr_set_sge_list(struct ibv_qp_ex *qp, size_t num_sge, const struct ibv_sge *sg_list)
{
	struct mlx5_sq *sq = &mlx5_qp_of_ex(qp)->sq;

	if (!mlx5_batch_can_set_data(sq))
		return;
	if (unlikely(num_sge > sq->max_sge)) {
		mlx5_batch_fault(sq, EINVAL);
		return;
	}
	for (size_t i = 0; i < num_sge; i++)
		mlx5_wqe_data(sq, &sq->wqe, sg_list[i].addr, sg_list[i].length, sg_list[i].lkey);
}

static ALWAYS_INLINE void set_inline(struct ibv_qp_ex *qp, size_t num_buf,
				     const struct ibv_data_buf *buf_list)
{
	struct mlx5_sq *sq = &mlx5_qp_of_ex(qp)->sq;
	size_t length = 0;
	char *to;

	/* Data that comes back cannot land in the request. */
	if (!mlx5_batch_can_set(sq, MLX5_REQUEST_INBOUND))
		return;
	to = mlx5_wqe_inline_open(sq, &sq->wqe);
	for (size_t i = 0; i < num_buf; i++) {
		if (unlikely(buf_list[i].length > sq->max_inline - length)) {
			mlx5_batch_fault(sq, ENOMEM);
			return;
		}
		length += buf_list[i].length;
		to = mlx5_wqe_inline_copy(sq, to, buf_list[i].addr, buf_list[i].length);
	}
	mlx5_wqe_inline_close(&sq->wqe, length);
}

static void wr_set_inline_data_list(struct ibv_qp_ex *qp, size_t num_buf,
				    const struct ibv_data_buf *buf_list)
{
	set_inline(qp, num_buf, buf_list);
}

static void wr_set_inline_data(struct ibv_qp_ex *qp, void *addr, size_t length)
{
	const struct ibv_data_buf buf = {.addr = addr, .length = length};

	set_inline(qp, 1, &buf);
}

/* The batch. */

static void wr_start(struct ibv_qp_ex *qp)
{
	struct mlx5_sq *sq = &mlx5_qp_of_ex(qp)->sq;

	mlx5_lock(&sq->lock);
	sq->start_pi = sq->pi;
	sq->start_head = sq->head;
	sq->start_fence = sq->next_fence;
	sq->err = 0;
}

static void take_back(struct mlx5_sq *sq)
{
	sq->pi = sq->start_pi;
	sq->head = sq->start_head;
	sq->next_fence = sq->start_fence;
	sq->request = 0;
}

static COLD int refuse_batch(struct mlx5_sq *sq)
{
	int err = sq->err;

	take_back(sq);
	mlx5_unlock(&sq->lock);
	return err;
}

static int wr_complete(struct ibv_qp_ex *qp)
{
	struct mlx5_sq *sq = &mlx5_qp_of_ex(qp)->sq;

	mlx5_batch_close_request(sq);
	if (unlikely(sq->err))
		return refuse_batch(sq);
	if (likely(sq->head != sq->start_head))
		mlx5_sq_ring(sq, sq->wqe.ctrl, sq->start_pi, sq->start_head);
	mlx5_unlock(&sq->lock);
	return 0;
}

static void wr_abort(struct ibv_qp_ex *qp)
{
	struct mlx5_sq *sq = &mlx5_qp_of_ex(qp)->sq;

	take_back(sq);
	mlx5_unlock(&sq->lock);
}

static uint64_t supported_ops(enum mlx5_service service)
{
	const uint64_t sends = IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_SEND_WITH_IMM;
	const uint64_t connected = sends | IBV_QP_EX_WITH_SEND_WITH_INV |
				   IBV_QP_EX_WITH_RDMA_WRITE | IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM;
	const uint64_t reliable = connected | IBV_QP_EX_WITH_RDMA_READ |
				  IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP |
				  IBV_QP_EX_WITH_ATOMIC_FETCH_AND_ADD;
	const uint64_t keys = IBV_QP_EX_WITH_LOCAL_INV | IBV_QP_EX_WITH_BIND_MW;

	switch (service) {
	case MLX5_SERVICE_RC:
	case MLX5_SERVICE_DCI:
	case MLX5_SERVICE_XRC:
		return reliable | keys;
	case MLX5_SERVICE_UC:
		return connected | keys;
	case MLX5_SERVICE_RAW:
		return IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_TSO;
	case MLX5_SERVICE_UD:
		return sends;
	default:
		return 0;
	}
}

int mlx5_qp_set_ex(struct mlx5_qp *qp, uint64_t send_ops_flags)
{
	struct ibv_qp_ex *ex = &qp->verbs.qp_ex;

	if (send_ops_flags & ~supported_ops(qp->service))
		return EOPNOTSUPP;
	qp->sq.opened = MLX5_REQUEST_OPEN;
	ex->wr_start = wr_start;
	ex->wr_complete = wr_complete;
	ex->wr_abort = wr_abort;
	if (send_ops_flags & IBV_QP_EX_WITH_SEND)
		ex->wr_send = wr_send;
	if (send_ops_flags & IBV_QP_EX_WITH_SEND_WITH_IMM)
		ex->wr_send_imm = wr_send_imm;
	if (send_ops_flags & IBV_QP_EX_WITH_SEND_WITH_INV)
		ex->wr_send_inv = wr_send_inv;
	if (send_ops_flags & IBV_QP_EX_WITH_RDMA_WRITE)
		ex->wr_rdma_write = wr_rdma_write;
	if (send_ops_flags & IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM)
		ex->wr_rdma_write_imm = wr_rdma_write_imm;
	if (send_ops_flags & IBV_QP_EX_WITH_RDMA_READ)
		ex->wr_rdma_read = wr_rdma_read;
	if (send_ops_flags & IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP)
		ex->wr_atomic_cmp_swp = wr_atomic_cmp_swp;
	if (send_ops_flags & IBV_QP_EX_WITH_ATOMIC_FETCH_AND_ADD)
		ex->wr_atomic_fetch_add = wr_atomic_fetch_add;
	if (send_ops_flags & IBV_QP_EX_WITH_LOCAL_INV)
		ex->wr_local_inv = wr_local_inv;
	if (send_ops_flags & IBV_QP_EX_WITH_BIND_MW)
		ex->wr_bind_mw = wr_bind_mw;
	if (qp->service == MLX5_SERVICE_UD) {
		ex->wr_set_ud_addr = wr_set_ud_addr;
		qp->sq.address_bytes = sizeof(struct mlx5_wqe_datagram_seg);
		qp->sq.opened |= MLX5_REQUEST_INCOMPLETE;
	}
	if (qp->service == MLX5_SERVICE_XRC) {
		ex->wr_set_xrc_srqn = wr_set_xrc_srqn;
		qp->sq.address_bytes = sizeof(struct mlx5_wqe_xrc_seg);
		qp->sq.opened |= MLX5_REQUEST_INCOMPLETE;
	}
	ex->wr_set_sge = wr_set_sge;
	ex->wr_set_sge_list = wr_set_sge_list;
	ex->wr_set_inline_data = wr_set_inline_data;
	ex->wr_set_inline_data_list = wr_set_inline_data_list;
	if (qp->service == MLX5_SERVICE_RAW)
		mlx5_qp_set_ex_frames(qp, send_ops_flags);
	if (qp->service == MLX5_SERVICE_DCI)
		mlx5_dci_set_ex(qp, send_ops_flags);
	qp->verbs.comp_mask |= VERBS_QP_EX;
	return 0;
}
