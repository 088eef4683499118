/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Completion queues: the kernel writes struct ib_uverbs_wc into a shared ring. */
#ifndef RXE_CQ_H
#define RXE_CQ_H

#include <rdma/ib_user_verbs.h>

#include "libibverbs/driver.h"
#include "util/queue_lock.h"

#include "queue.h"

struct rxe_cq {
	struct verbs_cq verbs;
	struct rxe_queue queue;
	struct queue_lock lock;
	/* between start_poll and end_poll, and still in the ring */
	const struct ib_uverbs_wc *current;
};

static inline struct rxe_cq *to_rxe_cq(struct ibv_cq *cq)
{
	return (struct rxe_cq *)cq;
}

/* The core of polling, under the lock: the completion at index, or NULL. */
static ALWAYS_INLINE const struct ib_uverbs_wc *rxe_cq_completion(const struct rxe_cq *cq,
								  uint32_t index)
{
	return rxe_queue_empty(&cq->queue, index) ? NULL : rxe_queue_elem(&cq->queue, index);
}

/*
 * The kernel writes the flags of its own enum ib_wc_flags, in which "with invalidate" is bit 2;
 * for applications that is bit 3, and bit 2 a checksum that rxe never vouches for.
 */
static ALWAYS_INLINE unsigned int rxe_wc_flags(const struct ib_uverbs_wc *completion)
{
	unsigned int flags = completion->wc_flags & (IBV_WC_GRH | IBV_WC_WITH_IMM);

	if (completion->wc_flags & (1 << 2 | IBV_WC_WITH_INV))
		flags |= IBV_WC_WITH_INV;
	return flags;
}

/* cq.c */
struct ibv_cq *rxe_create_cq(struct ibv_context *context, int cqe, void *cq_context,
			     struct ibv_comp_channel *channel, int comp_vector);
struct ibv_cq_ex *rxe_create_cq_ex(struct ibv_context *context, struct ibv_cq_init_attr_ex *attr);
int rxe_resize_cq(struct ibv_cq *cq, int cqe);
int rxe_destroy_cq(struct ibv_cq *cq);

/* poll.c */
int rxe_poll_cq(struct ibv_cq *cq, int num_entries, struct ibv_wc *wc);

/* poll_ex.c: fills in start_poll and what follows it. EOPNOTSUPP: wc_flags asks for too much. */
int rxe_cq_set_ex(struct rxe_cq *cq, uint64_t wc_flags);

#endif
