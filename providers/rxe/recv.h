/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Filling of a receive ring: the same for the queue of a QP and for a shared one. */
#ifndef RXE_RECV_H
#define RXE_RECV_H

#include "libibverbs/driver.h"
#include "util/queue_lock.h"

#include "queue.h"

struct rxe_rq {
	struct rxe_queue queue;
	struct queue_lock lock;
	uint32_t max_sge;
	bool open; /* the state of the QP allows posting */
};

/* Bytes of an element with so many pieces. */
static inline size_t rxe_recv_elem_bytes(uint32_t max_sge)
{
	return sizeof(struct rxe_recv_wqe) + max_sge * sizeof(struct rxe_sge);
}

/* Posts a list up to the first bad request: 0, or errno and *bad_wr. */
int rxe_rq_post(struct rxe_rq *rq, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr);

#endif
