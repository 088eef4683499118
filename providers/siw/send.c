/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ibv_post_send(). */

#include "builder.h"

static int write_inline(struct siw_sqe *sqe, const struct ibv_send_wr *wr)
{
	int err = 0;

	for (int i = 0; !err && i < wr->num_sge; i++)
		err = siw_sqe_inline(sqe, (const void *)(uintptr_t)wr->sg_list[i].addr,
				     wr->sg_list[i].length);
	return err;
}

static int post_one(struct siw_sq *sq, uint32_t start, const struct ibv_send_wr *wr)
{
	int opcode = siw_opcode(wr->opcode), err;
	struct siw_sqe *sqe;

	if (opcode < 0)
		return EOPNOTSUPP;
	if (wr->num_sge < 0 || (uint32_t)wr->num_sge > sq->max_sge)
		return EINVAL;
	sqe = siw_sqe_begin(sq, start, (enum siw_opcode)opcode, wr->send_flags, wr->wr_id);
	if (!sqe)
		return ENOMEM;
	if (opcode == SIW_OP_WRITE || opcode == SIW_OP_READ)
		siw_sqe_remote(sqe, wr->wr.rdma.rkey, wr->wr.rdma.remote_addr);
	else if (opcode == SIW_OP_SEND_REMOTE_INV)
		siw_sqe_remote(sqe, wr->invalidate_rkey, 0);
	if (wr->send_flags & IBV_SEND_INLINE)
		err = write_inline(sqe, wr);
	else
		err = siw_sqe_list(sq, sqe, wr->sg_list, (size_t)wr->num_sge);
	return err ? err : siw_sqe_finish(sq);
}

static void explain(const struct siw_qp *qp, const struct ibv_send_wr *wr, int err)
{
	struct ibv_qp_cap cap;

	siw_qp_caps(qp, &cap);
	verbs_explain_send(err, &qp->verbs.qp, wr, &cap);
}

int siw_post_send(struct ibv_qp *ibv_qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad_wr)
{
	struct siw_qp *qp = to_siw_qp(ibv_qp);
	struct ibv_send_wr *bad = wr;
	uint32_t start;
	int err = 0, refused;

	pthread_mutex_lock(&qp->sq.mutex);
	start = qp->sq.put;
	while (bad && !err) {
		err = post_one(&qp->sq, start, bad);
		if (!err)
			bad = bad->next;
	}
	refused = siw_sq_ring(qp, start);
	pthread_mutex_unlock(&qp->sq.mutex);
	if (refused) {
		*bad_wr = wr;
		return refused;
	}
	if (err) {
		*bad_wr = bad;
		explain(qp, bad, err);
	}
	return err;
}
