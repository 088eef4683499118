/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ibv_post_send(): requests into the ring, then one command that makes the kernel look. */

#include "builder.h"

static ALWAYS_INLINE int write_inline(const struct rxe_sq *sq, struct rxe_send_wqe *wqe,
				      const struct ibv_send_wr *wr)
{
	int err = 0;

	for (int i = 0; i < wr->num_sge && !err; i++)
		err = rxe_wqe_inline(sq, wqe, (const void *)(uintptr_t)wr->sg_list[i].addr,
				     wr->sg_list[i].length);
	return err;
}

static ALWAYS_INLINE int write_data(const struct rxe_sq *sq, struct rxe_send_wqe *wqe,
				    uint8_t parts, const struct ibv_send_wr *wr)
{
	/* Negative counts are beyond every limit this way. */
	if (unlikely((uint32_t)wr->num_sge > sq->max_sge))
		return EINVAL;
	if (!(wr->send_flags & IBV_SEND_INLINE))
		return rxe_wqe_data(sq, wqe, (size_t)wr->num_sge, wr->sg_list);
	if (unlikely(parts & RXE_PART_INBOUND))
		return EINVAL;
	return write_inline(sq, wqe, wr);
}

static ALWAYS_INLINE int build(const struct rxe_sq *sq, struct rxe_send_wqe *wqe,
			       const struct rxe_request *request, const struct ibv_send_wr *wr,
			       enum ibv_qp_type type)
{
	if (request->parts & RXE_PART_IMM)
		wqe->wr.ex.imm_data = wr->imm_data;
	else if (request->parts & RXE_PART_INVAL)
		wqe->wr.ex.invalidate_rkey = wr->invalidate_rkey;

	switch (request->kind) {
	case RXE_SEND:
		if (type == IBV_QPT_UD)
			rxe_wqe_ud(wqe, to_rxe_ah(wr->wr.ud.ah), wr->wr.ud.remote_qpn,
				   wr->wr.ud.remote_qkey);
		break;
	case RXE_RDMA:
		rxe_wqe_rdma(wqe, wr->wr.rdma.remote_addr, wr->wr.rdma.rkey);
		break;
	case RXE_ATOMIC:
		rxe_wqe_atomic(wqe, wr->wr.atomic.remote_addr, wr->wr.atomic.rkey,
			       wr->wr.atomic.compare_add, wr->wr.atomic.swap);
		break;
	case RXE_LOCAL_INV:
		return 0;
	case RXE_BIND_MW:
		return rxe_wqe_bind_mw(wqe, wr->bind_mw.mw, wr->bind_mw.rkey,
				       &wr->bind_mw.bind_info);
	default:
		/* Nowhere in the request is room for what these need; ibv_wr_ calls have it. */
		return EOPNOTSUPP;
	}
	return write_data(sq, wqe, request->parts, wr);
}

static ALWAYS_INLINE int post_one(struct rxe_sq *sq, const struct ibv_send_wr *wr,
				  enum ibv_qp_type type)
{
	const struct rxe_request *request = rxe_request(wr->opcode, type);
	struct rxe_send_wqe *wqe;
	int err;

	err = rxe_sq_room(sq);
	if (unlikely(err))
		return err;
	if (unlikely(!request))
		return wr->opcode == IBV_WR_TSO ? EOPNOTSUPP : EINVAL;
	wqe = rxe_wqe_begin(sq, wr->wr_id, wr->opcode, wr->send_flags);
	err = build(sq, wqe, request, wr, type);
	if (likely(!err))
		rxe_wqe_finish(sq);
	return err;
}

static void explain(const struct rxe_qp *qp, const struct ibv_send_wr *wr, int err)
{
	struct ibv_qp_cap cap;

	rxe_qp_caps(qp, &cap);
	verbs_explain_send(err, &qp->verbs.qp, wr, &cap);
}

/*
 * The command is outside of the lock: it may carry out requests in this very thread. What was
 * published cannot be taken back when it fails, but then nobody will work on it.
 */
int rxe_post_send(struct ibv_qp *ibv_qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad_wr)
{
	struct rxe_qp *qp = to_rxe_qp(ibv_qp);
	struct ibv_send_wr *first = wr;
	int err = 0, ring_err = 0;
	bool ring;

	queue_lock(&qp->sq.lock);
	for (; wr; wr = wr->next) {
		err = post_one(&qp->sq, wr, ibv_qp->qp_type);
		if (unlikely(err)) {
			*bad_wr = wr;
			explain(qp, wr, err);
			break;
		}
	}
	ring = rxe_sq_publish(&qp->sq);
	queue_unlock(&qp->sq.lock);

	if (likely(ring))
		ring_err = ibv_cmd_ring_send_queue(ibv_qp);
	if (likely(!ring_err))
		return err;
	*bad_wr = first;
	return ring_err;
}
