/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Extended polling: ibv_start_poll() and the readers of the current completion. */

#include <errno.h>

#include "cq.h"

static struct rxe_cq *of_ex(struct ibv_cq_ex *cq)
{
	return (struct rxe_cq *)cq;
}

static ALWAYS_INLINE int take(struct rxe_cq *cq)
{
	struct ibv_cq_ex *ex = &cq->verbs.cq_ex;
	const struct ib_uverbs_wc *completion = rxe_cq_completion(cq, cq->queue.index);

	if (!completion)
		return ENOENT;
	cq->current = completion;
	ex->wr_id = completion->wr_id;
	ex->status = (enum ibv_wc_status)completion->status;
	return 0;
}

/* The current completion has been read. There is none after a next_poll that found none. */
static ALWAYS_INLINE void release_current(struct rxe_cq *cq)
{
	if (!cq->current)
		return;
	cq->current = NULL;
	rxe_queue_consume(&cq->queue, rxe_queue_next(&cq->queue, cq->queue.index));
}

static int start_poll(struct ibv_cq_ex *ex, struct ibv_poll_cq_attr *attr)
{
	struct rxe_cq *cq = of_ex(ex);
	int err;

	if (unlikely(attr->comp_mask))
		return EINVAL;
	queue_lock(&cq->lock);
	err = take(cq);
	/* The caller ends only what was started. */
	if (err)
		queue_unlock(&cq->lock);
	return err;
}

static int next_poll(struct ibv_cq_ex *ex)
{
	struct rxe_cq *cq = of_ex(ex);

	release_current(cq);
	return take(cq);
}

static void end_poll(struct ibv_cq_ex *ex)
{
	struct rxe_cq *cq = of_ex(ex);

	release_current(cq);
	queue_unlock(&cq->lock);
}

static enum ibv_wc_opcode read_opcode(struct ibv_cq_ex *cq)
{
	return (enum ibv_wc_opcode)of_ex(cq)->current->opcode;
}

static uint32_t read_vendor_err(struct ibv_cq_ex *cq)
{
	return of_ex(cq)->current->vendor_err;
}

static uint32_t read_byte_len(struct ibv_cq_ex *cq)
{
	return of_ex(cq)->current->byte_len;
}

/* Also where ibv_wc_read_invalidated_rkey() finds the key, in host order. */
static __be32 read_imm_data(struct ibv_cq_ex *cq)
{
	return of_ex(cq)->current->ex.imm_data;
}

static uint32_t read_qp_num(struct ibv_cq_ex *cq)
{
	return of_ex(cq)->current->qp_num;
}

static uint32_t read_src_qp(struct ibv_cq_ex *cq)
{
	return of_ex(cq)->current->src_qp;
}

static unsigned int read_wc_flags(struct ibv_cq_ex *cq)
{
	return rxe_wc_flags(of_ex(cq)->current);
}

static uint32_t read_slid(struct ibv_cq_ex *cq)
{
	return of_ex(cq)->current->slid;
}

static uint8_t read_sl(struct ibv_cq_ex *cq)
{
	return of_ex(cq)->current->sl;
}

static uint8_t read_dlid_path_bits(struct ibv_cq_ex *cq)
{
	return of_ex(cq)->current->dlid_path_bits;
}

int rxe_cq_set_ex(struct rxe_cq *cq, uint64_t wc_flags)
{
	struct ibv_cq_ex *ex = &cq->verbs.cq_ex;

	if (wc_flags & ~(uint64_t)IBV_WC_STANDARD_FLAGS)
		return EOPNOTSUPP;
	ex->start_poll = start_poll;
	ex->next_poll = next_poll;
	ex->end_poll = end_poll;
	ex->read_opcode = read_opcode;
	ex->read_vendor_err = read_vendor_err;
	ex->read_wc_flags = read_wc_flags;
	if (wc_flags & IBV_WC_EX_WITH_BYTE_LEN)
		ex->read_byte_len = read_byte_len;
	if (wc_flags & IBV_WC_EX_WITH_IMM)
		ex->read_imm_data = read_imm_data;
	if (wc_flags & IBV_WC_EX_WITH_QP_NUM)
		ex->read_qp_num = read_qp_num;
	if (wc_flags & IBV_WC_EX_WITH_SRC_QP)
		ex->read_src_qp = read_src_qp;
	if (wc_flags & IBV_WC_EX_WITH_SLID)
		ex->read_slid = read_slid;
	if (wc_flags & IBV_WC_EX_WITH_SL)
		ex->read_sl = read_sl;
	if (wc_flags & IBV_WC_EX_WITH_DLID_PATH_BITS)
		ex->read_dlid_path_bits = read_dlid_path_bits;
	return 0;
}
