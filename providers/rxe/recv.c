/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Posting to receive queues. The kernel looks at them when a packet needs a request: no doorbell.
 */

#include <errno.h>
#include <string.h>

#include "qp.h"
#include "recv.h"

_Static_assert(sizeof(struct ibv_sge) == sizeof(struct rxe_sge) &&
		       offsetof(struct ibv_sge, addr) == offsetof(struct rxe_sge, addr) &&
		       offsetof(struct ibv_sge, length) == offsetof(struct rxe_sge, length) &&
		       offsetof(struct ibv_sge, lkey) == offsetof(struct rxe_sge, lkey),
	       "lists are copied whole");

static ALWAYS_INLINE int build(struct rxe_recv_wqe *wqe, const struct ibv_recv_wr *wr,
			       uint32_t max_sge)
{
	uint64_t length = 0;

	if (unlikely((uint32_t)wr->num_sge > max_sge))
		return EINVAL;
	for (int i = 0; i < wr->num_sge; i++)
		length += wr->sg_list[i].length;
	if (unlikely(length > UINT32_MAX))
		return EINVAL;
	*wqe = (struct rxe_recv_wqe){
		.wr_id = wr->wr_id,
		.dma.length = (uint32_t)length,
		.dma.resid = (uint32_t)length,
		.dma.num_sge = (uint32_t)wr->num_sge,
	};
	if (wr->num_sge)
		memcpy(wqe->dma.sge, wr->sg_list, (size_t)wr->num_sge * sizeof(struct rxe_sge));
	return 0;
}

static ALWAYS_INLINE int post_one(const struct rxe_rq *rq, uint32_t index,
				  const struct ibv_recv_wr *wr)
{
	if (unlikely(rxe_queue_full(&rq->queue, index)))
		return ENOMEM;
	return build(rxe_queue_elem(&rq->queue, index), wr, rq->max_sge);
}

int rxe_rq_post(struct rxe_rq *rq, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr)
{
	uint32_t index;
	int err = 0;

	queue_lock(&rq->lock);
	index = rq->queue.index;
	if (unlikely(!rq->open)) {
		err = EINVAL;
		*bad_wr = wr;
		wr = NULL;
	}
	for (; wr; wr = wr->next) {
		err = post_one(rq, index, wr);
		if (unlikely(err)) {
			*bad_wr = wr;
			break;
		}
		index = rxe_queue_next(&rq->queue, index);
	}
	if (likely(index != rq->queue.index))
		rxe_queue_produce(&rq->queue, index);
	queue_unlock(&rq->lock);
	return err;
}

/*
 * No packet will come to a QP in the error state, and rxe takes no POST_RECV: that the QP is put in
 * error once more makes the kernel flush what has been posted since.
 */
static int flush(struct ibv_qp *qp)
{
	const struct ibv_qp_attr error = {.qp_state = IBV_QPS_ERR};

	return ibv_cmd_modify_qp(qp, &error, IBV_QP_STATE, NULL);
}

int rxe_post_recv(struct ibv_qp *ibv_qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr)
{
	struct rxe_rq *rq = &to_rxe_qp(ibv_qp)->rq;
	int flush_err, err = rxe_rq_post(rq, wr, bad_wr);

	if (unlikely(err))
		verbs_explain_recv(err, "ibv_post_recv", ibv_qp, *bad_wr, rq->queue.mask,
				   rq->max_sge);

	if (likely(ibv_qp->state != IBV_QPS_ERR))
		return err;
	flush_err = flush(ibv_qp);
	if (!flush_err)
		return err;
	*bad_wr = wr;
	return flush_err;
}
