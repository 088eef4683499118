/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Extended polling: ibv_start_poll() and the readers of the current completion. */

#include <errno.h>

#include "cq.h"

static struct siw_cq *of_ex(struct ibv_cq_ex *cq)
{
	return (struct siw_cq *)cq;
}

static int next_poll(struct ibv_cq_ex *ex)
{
	struct siw_cq *cq = of_ex(ex);
	enum ibv_wc_opcode opcode;

	if (!siw_cq_take(cq, &cq->current))
		return ENOENT;
	ex->wr_id = cq->current.id;
	ex->status = siw_wc_status(&cq->current);
	return siw_wc_opcode(&cq->current, &opcode);
}

static void end_poll(struct ibv_cq_ex *ex)
{
	pthread_mutex_unlock(&of_ex(ex)->mutex);
}

static int start_poll(struct ibv_cq_ex *ex, struct ibv_poll_cq_attr *attr)
{
	int err;

	if (attr->comp_mask)
		return EINVAL;
	pthread_mutex_lock(&of_ex(ex)->mutex);
	err = next_poll(ex);
	/* The caller ends only what was started. */
	if (err)
		end_poll(ex);
	return err;
}

/* There is one, or the completion would not have become the current one. */
static enum ibv_wc_opcode read_opcode(struct ibv_cq_ex *cq)
{
	enum ibv_wc_opcode opcode = IBV_WC_SEND;

	siw_wc_opcode(&of_ex(cq)->current, &opcode);
	return opcode;
}

/* The kernel tells nothing beyond the status. */
static uint32_t read_vendor_err(struct ibv_cq_ex *cq)
{
	(void)cq;
	return 0;
}

static uint32_t read_byte_len(struct ibv_cq_ex *cq)
{
	return of_ex(cq)->current.bytes;
}

/* ibv_wc_read_invalidated_rkey() comes through here; there is no immediate data in iWARP. */
static __be32 read_imm_data(struct ibv_cq_ex *cq)
{
	const struct siw_cqe *cqe = &of_ex(cq)->current;

	return cqe->flags & SIW_WQE_REM_INVAL ? cqe->inval_stag : 0;
}

static uint32_t read_qp_num(struct ibv_cq_ex *cq)
{
	return (uint32_t)of_ex(cq)->current.qp_id;
}

static unsigned int read_wc_flags(struct ibv_cq_ex *cq)
{
	return of_ex(cq)->current.flags & SIW_WQE_REM_INVAL ? IBV_WC_WITH_INV : 0;
}

/* Fields of other transports. */
static uint32_t read_none(struct ibv_cq_ex *cq)
{
	(void)cq;
	return 0;
}

static uint8_t read_none_u8(struct ibv_cq_ex *cq)
{
	(void)cq;
	return 0;
}

int siw_cq_set_ex(struct siw_cq *cq, uint64_t wc_flags)
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
		ex->read_src_qp = read_none;
	if (wc_flags & IBV_WC_EX_WITH_SLID)
		ex->read_slid = read_none;
	if (wc_flags & IBV_WC_EX_WITH_SL)
		ex->read_sl = read_none_u8;
	if (wc_flags & IBV_WC_EX_WITH_DLID_PATH_BITS)
		ex->read_dlid_path_bits = read_none_u8;
	return 0;
}
