/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ibv_poll_cq(), and what CQEs mean. */

#include <errno.h>

#include "cq.h"

/* In a CQE that is ours already: of a queue pair that is gone. The kernel never sets it here. */
enum {
	CQE_DROPPED = SIW_WQE_INLINE,
};

static bool is_valid(const struct siw_cqe *cqe)
{
	return __atomic_load_n(&cqe->flags, __ATOMIC_ACQUIRE) & SIW_WQE_VALID;
}

/* Gives the element back: the kernel writes only where the flags are zero. */
static void release(struct siw_cqe *cqe)
{
	__atomic_store_n(&cqe->flags, 0, __ATOMIC_RELEASE);
}

bool siw_cq_take(struct siw_cq *cq, struct siw_cqe *cqe)
{
	struct siw_cqe *next = &cq->ring[cq->get & cq->mask];

	while (is_valid(next)) {
		*cqe = *next;
		release(next);
		cq->get++;
		if (!(cqe->flags & CQE_DROPPED))
			return true;
		next = &cq->ring[cq->get & cq->mask];
	}
	return false;
}

void siw_cq_clean(struct siw_cq *cq, uint32_t qpn)
{
	pthread_mutex_lock(&cq->mutex);
	for (uint32_t i = 0; i <= cq->mask; i++) {
		struct siw_cqe *cqe = &cq->ring[(cq->get + i) & cq->mask];

		if (!is_valid(cqe))
			break;
		if (cqe->qp_id == qpn)
			cqe->flags |= CQE_DROPPED;
	}
	pthread_mutex_unlock(&cq->mutex);
}

enum ibv_wc_status siw_wc_status(const struct siw_cqe *cqe)
{
	static const uint8_t statuses[SIW_NUM_WC_STATUS] = {
		[SIW_WC_SUCCESS] = IBV_WC_SUCCESS,
		[SIW_WC_LOC_LEN_ERR] = IBV_WC_LOC_LEN_ERR,
		[SIW_WC_LOC_PROT_ERR] = IBV_WC_LOC_PROT_ERR,
		[SIW_WC_LOC_QP_OP_ERR] = IBV_WC_LOC_QP_OP_ERR,
		[SIW_WC_WR_FLUSH_ERR] = IBV_WC_WR_FLUSH_ERR,
		[SIW_WC_BAD_RESP_ERR] = IBV_WC_BAD_RESP_ERR,
		[SIW_WC_LOC_ACCESS_ERR] = IBV_WC_LOC_ACCESS_ERR,
		[SIW_WC_REM_ACCESS_ERR] = IBV_WC_REM_ACCESS_ERR,
		[SIW_WC_REM_INV_REQ_ERR] = IBV_WC_REM_INV_REQ_ERR,
		[SIW_WC_GENERAL_ERR] = IBV_WC_GENERAL_ERR,
	};

	return cqe->status < SIW_NUM_WC_STATUS ? statuses[cqe->status] : IBV_WC_GENERAL_ERR;
}

int siw_wc_opcode(const struct siw_cqe *cqe, enum ibv_wc_opcode *opcode)
{
	switch (cqe->opcode) {
	case SIW_OP_WRITE:
		*opcode = IBV_WC_RDMA_WRITE;
		return 0;
	case SIW_OP_READ:
	case SIW_OP_READ_LOCAL_INV:
		*opcode = IBV_WC_RDMA_READ;
		return 0;
	case SIW_OP_SEND:
	case SIW_OP_SEND_REMOTE_INV:
		*opcode = IBV_WC_SEND;
		return 0;
	case SIW_OP_RECEIVE:
		*opcode = IBV_WC_RECV;
		return 0;
	default:
		return EIO;
	}
}

static int describe(const struct siw_cqe *cqe, struct ibv_wc *wc)
{
	*wc = (struct ibv_wc){
		.wr_id = cqe->id,
		.status = siw_wc_status(cqe),
		.byte_len = cqe->bytes,
		.qp_num = (uint32_t)cqe->qp_id,
	};
	if (cqe->flags & SIW_WQE_REM_INVAL) {
		wc->wc_flags = IBV_WC_WITH_INV;
		wc->invalidated_rkey = cqe->inval_stag;
	}
	return siw_wc_opcode(cqe, &wc->opcode);
}

/* A CQE that made no sense is consumed, and told unless there are good ones to tell. */
int siw_poll_cq(struct ibv_cq *ibv_cq, int num_entries, struct ibv_wc *wc)
{
	struct siw_cq *cq = to_siw_cq(ibv_cq);
	struct siw_cqe cqe;
	int polled = 0, err = 0;

	pthread_mutex_lock(&cq->mutex);
	while (!err && polled < num_entries && siw_cq_take(cq, &cqe)) {
		err = describe(&cqe, &wc[polled]);
		if (!err)
			polled++;
	}
	pthread_mutex_unlock(&cq->mutex);
	return polled || !err ? polled : -1;
}
