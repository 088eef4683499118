/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ibv_wr_ functions. A request stays open for its setters until the next one begins or the
 * batch completes. The first fault of a batch is kept, what follows it is ignored, and
 * ibv_wr_complete() takes all of the batch back.
 */

#include "builder.h"

static struct siw_qp *of_ex(struct ibv_qp_ex *qp)
{
	return (struct siw_qp *)qp;
}

static void fault(struct siw_sq *sq, int err)
{
	if (!sq->err)
		sq->err = err;
	sq->open = NULL;
}

static void close_request(struct siw_sq *sq)
{
	int err;

	if (!sq->open)
		return;
	sq->open = NULL;
	err = siw_sqe_finish(sq);
	if (err)
		fault(sq, err);
}

static void open_request(struct ibv_qp_ex *ex, enum siw_opcode opcode, uint32_t rkey,
			 uint64_t remote_addr)
{
	struct siw_sq *sq = &of_ex(ex)->sq;

	close_request(sq);
	if (sq->err)
		return;
	sq->open = siw_sqe_begin(sq, sq->start, opcode, ex->wr_flags, ex->wr_id);
	sq->has_data = false;
	if (sq->open)
		siw_sqe_remote(sq->open, rkey, remote_addr);
	else
		fault(sq, ENOMEM);
}

static void wr_send(struct ibv_qp_ex *qp)
{
	open_request(qp, SIW_OP_SEND, 0, 0);
}

static void wr_send_inv(struct ibv_qp_ex *qp, uint32_t rkey)
{
	open_request(qp, SIW_OP_SEND_REMOTE_INV, rkey, 0);
}

static void wr_rdma_write(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr)
{
	open_request(qp, SIW_OP_WRITE, rkey, remote_addr);
}

static void wr_rdma_read(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr)
{
	open_request(qp, SIW_OP_READ, rkey, remote_addr);
}

/* Setters. Data can be set once, and only of a request. */
static bool can_set_data(struct siw_sq *sq)
{
	if (!sq->open || sq->has_data) {
		fault(sq, EINVAL);
		return false;
	}
	sq->has_data = true;
	return true;
}

static void wr_set_sge_list(struct ibv_qp_ex *qp, size_t num_sge, const struct ibv_sge *sg_list)
{
	struct siw_sq *sq = &of_ex(qp)->sq;
	int err;

	if (!can_set_data(sq))
		return;
	err = siw_sqe_list(sq, sq->open, sg_list, num_sge);
	if (err)
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
	struct siw_sq *sq = &of_ex(qp)->sq;
	int err = 0;

	if (!can_set_data(sq))
		return;
	for (size_t i = 0; !err && i < num_buf; i++)
		err = siw_sqe_inline(sq->open, buf_list[i].addr, buf_list[i].length);
	if (err)
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
	struct siw_sq *sq = &of_ex(qp)->sq;

	pthread_mutex_lock(&sq->mutex);
	sq->start = sq->put;
	sq->err = 0;
	sq->open = NULL;
}

static int wr_complete(struct ibv_qp_ex *ex)
{
	struct siw_qp *qp = of_ex(ex);
	struct siw_sq *sq = &qp->sq;
	int err;

	close_request(sq);
	err = sq->err;
	if (err)
		sq->put = sq->start;
	else
		err = siw_sq_ring(qp, sq->start);
	pthread_mutex_unlock(&sq->mutex);
	return err;
}

static void wr_abort(struct ibv_qp_ex *qp)
{
	struct siw_sq *sq = &of_ex(qp)->sq;

	sq->put = sq->start;
	sq->open = NULL;
	pthread_mutex_unlock(&sq->mutex);
}

int siw_qp_set_ex(struct siw_qp *qp, uint64_t send_ops_flags)
{
	const uint64_t supported = IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_SEND_WITH_INV |
				   IBV_QP_EX_WITH_RDMA_WRITE | IBV_QP_EX_WITH_RDMA_READ;
	struct ibv_qp_ex *ex = &qp->verbs.qp_ex;

	if (send_ops_flags & ~supported)
		return EOPNOTSUPP;
	ex->wr_start = wr_start;
	ex->wr_complete = wr_complete;
	ex->wr_abort = wr_abort;
	if (send_ops_flags & IBV_QP_EX_WITH_SEND)
		ex->wr_send = wr_send;
	if (send_ops_flags & IBV_QP_EX_WITH_SEND_WITH_INV)
		ex->wr_send_inv = wr_send_inv;
	if (send_ops_flags & IBV_QP_EX_WITH_RDMA_WRITE)
		ex->wr_rdma_write = wr_rdma_write;
	if (send_ops_flags & IBV_QP_EX_WITH_RDMA_READ)
		ex->wr_rdma_read = wr_rdma_read;
	ex->wr_set_sge = wr_set_sge;
	ex->wr_set_sge_list = wr_set_sge_list;
	ex->wr_set_inline_data = wr_set_inline_data;
	ex->wr_set_inline_data_list = wr_set_inline_data_list;
	qp->verbs.comp_mask |= VERBS_QP_EX;
	return 0;
}
