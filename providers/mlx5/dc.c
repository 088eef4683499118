/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Dynamically connected queue pairs. A request of an initiator (DCI) begins as one of a datagram
 * does, with an address vector behind the control segment, which names a target and holds its
 * access key, and goes on as one of a reliable connection. A target (DCT) has neither rings nor,
 * before RTR, a number.
 */

#include <errno.h>
#include <rdma/mlx5-abi.h>

#include "batch.h"
#include "context.h"

static struct mlx5_qp *of_dv(struct mlx5dv_qp_ex *dv)
{
	return (struct mlx5_qp *)((char *)dv - offsetof(struct mlx5_qp, dv));
}

/* Control segment and address vector are a whole basic block, behind which the ring may end. */
static ALWAYS_INLINE struct mlx5_wqe *open_dci(struct ibv_qp_ex *ex, enum ibv_wr_opcode opcode,
					       __be32 imm)
{
	struct mlx5_sq *sq = &mlx5_qp_of_ex(ex)->sq;

	if (!mlx5_batch_open(ex, opcode, imm))
		return NULL;
	mlx5_wqe_skip(&sq->wqe, sizeof(struct mlx5_wqe_datagram_seg));
	if (unlikely(sq->wqe.seg == sq->end))
		sq->wqe.seg = sq->ring;
	return &sq->wqe;
}

static void dci_send(struct ibv_qp_ex *qp)
{
	open_dci(qp, IBV_WR_SEND, 0);
}

static void dci_send_imm(struct ibv_qp_ex *qp, __be32 imm)
{
	open_dci(qp, IBV_WR_SEND_WITH_IMM, imm);
}

static void dci_send_inv(struct ibv_qp_ex *qp, uint32_t rkey)
{
	open_dci(qp, IBV_WR_SEND_WITH_INV, htobe32(rkey));
}

static ALWAYS_INLINE void open_rdma(struct ibv_qp_ex *qp, enum ibv_wr_opcode opcode, uint32_t rkey,
				    uint64_t remote_addr, __be32 imm)
{
	struct mlx5_wqe *wqe = open_dci(qp, opcode, imm);

	if (wqe)
		mlx5_wqe_raddr(wqe, remote_addr, rkey);
}

static void dci_rdma_write(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr)
{
	open_rdma(qp, IBV_WR_RDMA_WRITE, rkey, remote_addr, 0);
}

static void dci_rdma_write_imm(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr,
			       __be32 imm)
{
	open_rdma(qp, IBV_WR_RDMA_WRITE_WITH_IMM, rkey, remote_addr, imm);
}

static void dci_rdma_read(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr)
{
	open_rdma(qp, IBV_WR_RDMA_READ, rkey, remote_addr, 0);
}

static ALWAYS_INLINE void open_atomic(struct ibv_qp_ex *qp, enum ibv_wr_opcode opcode,
				      uint32_t rkey, uint64_t remote_addr, uint64_t swap_add,
				      uint64_t compare)
{
	struct mlx5_wqe *wqe = open_dci(qp, opcode, 0);

	if (!wqe)
		return;
	mlx5_wqe_raddr(wqe, remote_addr, rkey);
	mlx5_wqe_atomic(wqe, swap_add, compare);
}

static void dci_atomic_cmp_swp(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr,
			       uint64_t compare, uint64_t swap)
{
	open_atomic(qp, IBV_WR_ATOMIC_CMP_AND_SWP, rkey, remote_addr, swap, compare);
}

static void dci_atomic_fetch_add(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr,
				 uint64_t add)
{
	open_atomic(qp, IBV_WR_ATOMIC_FETCH_AND_ADD, rkey, remote_addr, add, 0);
}

static void wr_set_dc_addr(struct mlx5dv_qp_ex *dv, struct ibv_ah *ah, uint32_t remote_dctn,
			   uint64_t remote_dc_key)
{
	struct mlx5_sq *sq = &of_dv(dv)->sq;

	if (mlx5_batch_can_set_address(sq))
		mlx5_wqe_dc_av(&sq->wqe, to_mlx5_ah(ah), remote_dctn, remote_dc_key);
}

/* The device looks at the stream of an initiator that was made with several; perftest names one in
 * any case. */
static void wr_set_dc_addr_stream(struct mlx5dv_qp_ex *dv, struct ibv_ah *ah, uint32_t remote_dctn,
				  uint64_t remote_dc_key, uint16_t stream_id)
{
	struct mlx5_sq *sq = &of_dv(dv)->sq;

	if (mlx5_batch_can_set_address(sq)) {
		sq->wqe.ctrl->dci_stream_channel_id = htobe16(stream_id);
		mlx5_wqe_dc_av(&sq->wqe, to_mlx5_ah(ah), remote_dctn, remote_dc_key);
	}
}

void mlx5_dci_set_ex(struct mlx5_qp *qp, uint64_t send_ops_flags)
{
	struct ibv_qp_ex *ex = &qp->verbs.qp_ex;

	qp->sq.opened |= MLX5_REQUEST_INCOMPLETE;
	if (send_ops_flags & IBV_QP_EX_WITH_SEND)
		ex->wr_send = dci_send;
	if (send_ops_flags & IBV_QP_EX_WITH_SEND_WITH_IMM)
		ex->wr_send_imm = dci_send_imm;
	if (send_ops_flags & IBV_QP_EX_WITH_SEND_WITH_INV)
		ex->wr_send_inv = dci_send_inv;
	if (send_ops_flags & IBV_QP_EX_WITH_RDMA_WRITE)
		ex->wr_rdma_write = dci_rdma_write;
	if (send_ops_flags & IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM)
		ex->wr_rdma_write_imm = dci_rdma_write_imm;
	if (send_ops_flags & IBV_QP_EX_WITH_RDMA_READ)
		ex->wr_rdma_read = dci_rdma_read;
	if (send_ops_flags & IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP)
		ex->wr_atomic_cmp_swp = dci_atomic_cmp_swp;
	if (send_ops_flags & IBV_QP_EX_WITH_ATOMIC_FETCH_AND_ADD)
		ex->wr_atomic_fetch_add = dci_atomic_fetch_add;
	qp->dv.wr_set_dc_addr = wr_set_dc_addr;
	qp->dv.wr_set_dc_addr_stream = wr_set_dc_addr_stream;
}

int mlx5_modify_dct(struct ibv_qp *qp, const struct ibv_qp_attr *attr, int attr_mask)
{
	struct mlx5_ib_modify_qp_resp response = {};
	const struct verbs_udata udata = {.out = &response, .out_len = sizeof(response)};
	int err = ibv_cmd_modify_qp(qp, attr, attr_mask, &udata);

	if (!err && attr_mask & IBV_QP_STATE && attr->qp_state == IBV_QPS_RTR)
		qp->qp_num = response.dctn;
	return err;
}
