/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ibv_wr_ functions. A request stays open for its setters until the next one begins or the
 * batch completes. The first fault of a batch is kept, what follows it is ignored, and
 * ibv_wr_complete() takes all of the batch back.
 */

#include "builder.h"

static struct rxe_qp *of_ex(struct ibv_qp_ex *qp)
{
	return (struct rxe_qp *)qp;
}

static __attribute__((cold, noinline)) void fault(struct rxe_sq *sq, int err)
{
	if (!sq->err)
		sq->err = err;
	sq->wqe = NULL;
}

static ALWAYS_INLINE void close_request(struct rxe_sq *sq)
{
	if (!sq->wqe)
		return;
	if (unlikely(sq->needs_av)) {
		fault(sq, EINVAL);
		return;
	}
	sq->wqe = NULL;
	rxe_wqe_finish(sq);
}

/* Ends the request before and begins the next; NULL when there can be none. */
static ALWAYS_INLINE struct rxe_send_wqe *open_request(struct ibv_qp_ex *ex,
						       enum ibv_wr_opcode opcode)
{
	struct rxe_sq *sq = &of_ex(ex)->sq;
	int err;

	close_request(sq);
	if (unlikely(sq->err))
		return NULL;
	err = rxe_sq_room(sq);
	if (unlikely(err)) {
		fault(sq, err);
		return NULL;
	}
	sq->wqe = rxe_wqe_begin(sq, ex->wr_id, opcode, ex->wr_flags);
	sq->needs_av = false;
	sq->has_data = rxe_requests[opcode].parts & RXE_PART_NO_DATA;
	return sq->wqe;
}

static ALWAYS_INLINE struct rxe_send_wqe *open_send(struct ibv_qp_ex *ex, enum ibv_wr_opcode opcode)
{
	struct rxe_send_wqe *wqe = open_request(ex, opcode);

	if (wqe)
		of_ex(ex)->sq.needs_av = ex->qp_base.qp_type == IBV_QPT_UD;
	return wqe;
}

static void wr_send(struct ibv_qp_ex *qp)
{
	open_send(qp, IBV_WR_SEND);
}

static void wr_send_imm(struct ibv_qp_ex *qp, __be32 imm)
{
	struct rxe_send_wqe *wqe = open_send(qp, IBV_WR_SEND_WITH_IMM);

	if (wqe)
		wqe->wr.ex.imm_data = imm;
}

static void wr_send_inv(struct ibv_qp_ex *qp, uint32_t rkey)
{
	struct rxe_send_wqe *wqe = open_send(qp, IBV_WR_SEND_WITH_INV);

	if (wqe)
		wqe->wr.ex.invalidate_rkey = rkey;
}

static void wr_rdma_write(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr)
{
	struct rxe_send_wqe *wqe = open_request(qp, IBV_WR_RDMA_WRITE);

	if (wqe)
		rxe_wqe_rdma(wqe, remote_addr, rkey);
}

static void wr_rdma_write_imm(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr, __be32 imm)
{
	struct rxe_send_wqe *wqe = open_request(qp, IBV_WR_RDMA_WRITE_WITH_IMM);

	if (!wqe)
		return;
	wqe->wr.ex.imm_data = imm;
	rxe_wqe_rdma(wqe, remote_addr, rkey);
}

static void wr_rdma_read(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr)
{
	struct rxe_send_wqe *wqe = open_request(qp, IBV_WR_RDMA_READ);

	if (wqe)
		rxe_wqe_rdma(wqe, remote_addr, rkey);
}

static void wr_atomic_cmp_swp(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr,
			      uint64_t compare, uint64_t swap)
{
	struct rxe_send_wqe *wqe = open_request(qp, IBV_WR_ATOMIC_CMP_AND_SWP);

	if (wqe)
		rxe_wqe_atomic(wqe, remote_addr, rkey, compare, swap);
}

static void wr_atomic_fetch_add(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr,
				uint64_t add)
{
	struct rxe_send_wqe *wqe = open_request(qp, IBV_WR_ATOMIC_FETCH_AND_ADD);

	if (wqe)
		rxe_wqe_atomic(wqe, remote_addr, rkey, add, 0);
}

static void wr_atomic_write(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr,
			    const void *data)
{
	struct rxe_send_wqe *wqe = open_request(qp, IBV_WR_ATOMIC_WRITE);

	if (wqe)
		rxe_wqe_atomic_write(wqe, remote_addr, rkey, data);
}

static void wr_flush(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr, size_t length,
		     uint8_t type, uint8_t level)
{
	struct rxe_send_wqe *wqe = open_request(qp, IBV_WR_FLUSH);

	if (!wqe)
		return;
	if (unlikely(length > UINT32_MAX))
		fault(&of_ex(qp)->sq, EINVAL);
	else
		rxe_wqe_flush(wqe, remote_addr, rkey, (uint32_t)length, type, level);
}

static void wr_local_inv(struct ibv_qp_ex *qp, uint32_t rkey)
{
	struct rxe_send_wqe *wqe = open_request(qp, IBV_WR_LOCAL_INV);

	if (wqe)
		wqe->wr.ex.invalidate_rkey = rkey;
}

static void wr_bind_mw(struct ibv_qp_ex *qp, struct ibv_mw *mw, uint32_t rkey,
		       const struct ibv_mw_bind_info *bind_info)
{
	struct rxe_send_wqe *wqe = open_request(qp, IBV_WR_BIND_MW);
	int err;

	if (!wqe)
		return;
	err = rxe_wqe_bind_mw(wqe, mw, rkey, bind_info);
	if (unlikely(err))
		fault(&of_ex(qp)->sq, err);
}

/* Setters. */

/* Without a request there is nothing to set, and a request has one list of data at most. */
static ALWAYS_INLINE struct rxe_send_wqe *wants_data(struct rxe_sq *sq)
{
	if (unlikely(!sq->wqe || sq->has_data)) {
		fault(sq, EINVAL);
		return NULL;
	}
	sq->has_data = true;
	return sq->wqe;
}

static void wr_set_ud_addr(struct ibv_qp_ex *qp, struct ibv_ah *ah, uint32_t remote_qpn,
			   uint32_t remote_qkey)
{
	struct rxe_sq *sq = &of_ex(qp)->sq;

	if (unlikely(!sq->wqe)) {
		fault(sq, EINVAL);
		return;
	}
	rxe_wqe_ud(sq->wqe, to_rxe_ah(ah), remote_qpn, remote_qkey);
	sq->needs_av = false;
}

static void wr_set_sge_list(struct ibv_qp_ex *qp, size_t num_sge, const struct ibv_sge *sg_list)
{
	struct rxe_sq *sq = &of_ex(qp)->sq;
	struct rxe_send_wqe *wqe = wants_data(sq);
	int err;

	if (!wqe)
		return;
	err = rxe_wqe_data(sq, wqe, num_sge, sg_list);
	if (unlikely(err))
		fault(sq, err);
}

static void wr_set_sge(struct ibv_qp_ex *qp, uint32_t lkey, uint64_t addr, uint32_t length)
{
	const struct ibv_sge sge = {.addr = addr, .length = length, .lkey = lkey};

	wr_set_sge_list(qp, 1, &sge);
}

static void wr_set_inline_data_list(struct ibv_qp_ex *qp, size_t num_buf,
				    const struct ibv_data_buf *buf_list)
{
	struct rxe_sq *sq = &of_ex(qp)->sq;
	struct rxe_send_wqe *wqe = wants_data(sq);
	int err = 0;

	if (!wqe)
		return;
	/* Data that comes back cannot land in the request. */
	if (unlikely(rxe_requests[wqe->wr.opcode].parts & RXE_PART_INBOUND))
		err = EINVAL;
	for (size_t i = 0; i < num_buf && !err; i++)
		err = rxe_wqe_inline(sq, wqe, buf_list[i].addr, buf_list[i].length);
	if (unlikely(err))
		fault(sq, err);
}

static void wr_set_inline_data(struct ibv_qp_ex *qp, void *addr, size_t length)
{
	const struct ibv_data_buf buf = {.addr = addr, .length = length};

	wr_set_inline_data_list(qp, 1, &buf);
}

/* The batch. */

static void wr_start(struct ibv_qp_ex *qp)
{
	struct rxe_sq *sq = &of_ex(qp)->sq;

	queue_lock(&sq->lock);
	sq->start_ssn = sq->ssn;
	sq->err = 0;
	sq->wqe = NULL;
}

static void take_back(struct rxe_sq *sq)
{
	sq->next = sq->queue.index;
	sq->ssn = sq->start_ssn;
	sq->wqe = NULL;
}

static int wr_complete(struct ibv_qp_ex *qp)
{
	struct rxe_sq *sq = &of_ex(qp)->sq;
	bool ring;
	int err;

	close_request(sq);
	err = sq->err;
	if (unlikely(err))
		take_back(sq);
	ring = rxe_sq_publish(sq);
	queue_unlock(&sq->lock);
	return ring ? ibv_cmd_ring_send_queue(&qp->qp_base) : err;
}

static void wr_abort(struct ibv_qp_ex *qp)
{
	struct rxe_sq *sq = &of_ex(qp)->sq;

	take_back(sq);
	queue_unlock(&sq->lock);
}

static uint64_t supported_ops(enum ibv_qp_type type)
{
	const uint64_t sends = IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_SEND_WITH_IMM;
	const uint64_t connected = sends | IBV_QP_EX_WITH_RDMA_WRITE |
				   IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM | IBV_QP_EX_WITH_BIND_MW;

	switch (type) {
	case IBV_QPT_RC:
		return connected | IBV_QP_EX_WITH_SEND_WITH_INV | IBV_QP_EX_WITH_RDMA_READ |
		       IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP | IBV_QP_EX_WITH_ATOMIC_FETCH_AND_ADD |
		       IBV_QP_EX_WITH_LOCAL_INV | IBV_QP_EX_WITH_FLUSH |
		       IBV_QP_EX_WITH_ATOMIC_WRITE;
	case IBV_QPT_UC:
		return connected;
	default:
		return sends;
	}
}

int rxe_qp_set_ex(struct rxe_qp *qp, uint64_t send_ops_flags)
{
	struct ibv_qp_ex *ex = &qp->verbs.qp_ex;

	if (send_ops_flags & ~supported_ops(qp->verbs.qp.qp_type))
		return EOPNOTSUPP;
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
	if (send_ops_flags & IBV_QP_EX_WITH_ATOMIC_WRITE)
		ex->wr_atomic_write = wr_atomic_write;
	if (send_ops_flags & IBV_QP_EX_WITH_FLUSH)
		ex->wr_flush = wr_flush;
	if (send_ops_flags & IBV_QP_EX_WITH_LOCAL_INV)
		ex->wr_local_inv = wr_local_inv;
	if (send_ops_flags & IBV_QP_EX_WITH_BIND_MW)
		ex->wr_bind_mw = wr_bind_mw;
	if (qp->verbs.qp.qp_type == IBV_QPT_UD)
		ex->wr_set_ud_addr = wr_set_ud_addr;
	ex->wr_set_sge = wr_set_sge;
	ex->wr_set_sge_list = wr_set_sge_list;
	ex->wr_set_inline_data = wr_set_inline_data;
	ex->wr_set_inline_data_list = wr_set_inline_data_list;
	qp->verbs.comp_mask |= VERBS_QP_EX;
	return 0;
}
