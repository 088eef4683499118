/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shared receive queues. */
#ifndef RXE_SRQ_H
#define RXE_SRQ_H

#include "libibverbs/driver.h"

#include "recv.h"

struct rxe_srq {
	struct verbs_srq verbs;
	struct rxe_rq rq;
};

static inline struct rxe_srq *to_rxe_srq(struct ibv_srq *srq)
{
	return (struct rxe_srq *)srq;
}

struct ibv_srq *rxe_create_srq(struct ibv_pd *pd, struct ibv_srq_init_attr *attr);
struct ibv_srq *rxe_create_srq_ex(struct ibv_context *context, struct ibv_srq_init_attr_ex *attr);
int rxe_modify_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr, int attr_mask);
int rxe_query_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr);
int rxe_get_srq_num(struct ibv_srq *srq, uint32_t *srq_num);
int rxe_destroy_srq(struct ibv_srq *srq);
int rxe_post_srq_recv(struct ibv_srq *srq, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr);

#endif
