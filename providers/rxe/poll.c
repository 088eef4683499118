/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ibv_poll_cq(). The kernel's status and opcode are the numbers of the public enums. */

#include "cq.h"

static ALWAYS_INLINE void describe(const struct ib_uverbs_wc *completion, struct ibv_wc *wc)
{
	wc->wr_id = completion->wr_id;
	wc->status = (enum ibv_wc_status)completion->status;
	wc->opcode = (enum ibv_wc_opcode)completion->opcode;
	wc->vendor_err = completion->vendor_err;
	wc->byte_len = completion->byte_len;
	/* One union on both sides: immediate data in network order or a key in host order. */
	wc->imm_data = completion->ex.imm_data;
	wc->qp_num = completion->qp_num;
	wc->src_qp = completion->src_qp;
	wc->wc_flags = rxe_wc_flags(completion);
	wc->pkey_index = completion->pkey_index;
	wc->slid = completion->slid;
	wc->sl = completion->sl;
	wc->dlid_path_bits = completion->dlid_path_bits;
}

int rxe_poll_cq(struct ibv_cq *ibv_cq, int num_entries, struct ibv_wc *wc)
{
	struct rxe_cq *cq = to_rxe_cq(ibv_cq);
	const struct ib_uverbs_wc *completion;
	uint32_t index;
	int polled;

	queue_lock(&cq->lock);
	index = cq->queue.index;
	for (polled = 0; polled < num_entries; polled++) {
		completion = rxe_cq_completion(cq, index);
		if (!completion)
			break;
		describe(completion, &wc[polled]);
		index = rxe_queue_next(&cq->queue, index);
	}
	if (polled)
		rxe_queue_consume(&cq->queue, index);
	queue_unlock(&cq->lock);
	return polled;
}
