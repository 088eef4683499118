/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Doorbell records: two big-endian dwords in the application's memory. Their counters have 16 bits
 * (24 for a CQ's consumer index); the core counts in 32 and finds the rest from where it stands. A
 * counter that claims more than the queue holds is taken for a full queue.
 */
#include <endian.h>

#include "hw/mlx5/doorbell.h"

#include "softhca/mlx5/family.h"

/* Never arises from arming: bits 31, 30 and 27..25 of an arm dword are zero. */
#define ARM_SENTINEL UINT32_MAX

static uint32_t load_dword(const void *record, unsigned int dword)
{
	return be32toh(__atomic_load_n((const __be32 *)record + dword, __ATOMIC_ACQUIRE));
}

static uint32_t posted_since(uint32_t counter, uint32_t consumer, uint32_t size)
{
	uint32_t posted = (counter - consumer) & MLX5_WQE_COUNT_MASK;

	return posted < size ? posted : size;
}

uint32_t mlx5_send_producer(const struct qp *qp)
{
	uint32_t counter = load_dword(qp->doorbell_record, MLX5_SND_DBR);

	return qp->sq_consumer + posted_since(counter, qp->sq_consumer, qp->sq_units);
}

uint32_t mlx5_recv_producer(const struct qp *qp)
{
	uint32_t counter = load_dword(qp->doorbell_record, MLX5_RCV_DBR);

	return qp->rq_consumer + posted_since(counter, qp->rq_consumer, qp->rq_count);
}

uint32_t mlx5_wq_producer(const struct wq *wq)
{
	uint32_t counter = load_dword(wq->doorbell_record, MLX5_RCV_DBR);

	return wq->consumer + posted_since(counter, wq->consumer, wq->count);
}

uint32_t mlx5_srq_posted(const struct srq *srq)
{
	uint32_t counter = load_dword(srq->doorbell_record, MLX5_RCV_DBR);

	return posted_since(counter, srq->taken, srq->wqe_count);
}

uint32_t mlx5_cq_unpolled(const struct cq *cq)
{
	uint32_t ci = load_dword(cq->doorbell_record, MLX5_CQ_SET_CI);

	return (cq->producer - ci) & MLX5_CQ_CI_MASK;
}

struct cq_arm mlx5_read_cq_arm(const struct cq *cq)
{
	uint32_t arm = load_dword(cq->doorbell_record, MLX5_CQ_ARM_DB);

	return (struct cq_arm){
		.token = arm,
		.solicited_only = arm & MLX5_CQ_DB_REQ_NOT_SOL,
	};
}

void mlx5_cq_disarm(struct cq *cq)
{
	__atomic_store_n((__be32 *)cq->doorbell_record + MLX5_CQ_ARM_DB, ARM_SENTINEL,
			 __ATOMIC_RELEASE);
}
