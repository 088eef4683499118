/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shared receive queues. */
#ifndef SIW_SRQ_H
#define SIW_SRQ_H

#include "recv.h"

struct siw_srq {
	struct verbs_srq verbs;
	struct siw_rq rq;
};

static inline struct siw_srq *to_siw_srq(struct ibv_srq *srq)
{
	return (struct siw_srq *)srq;
}

struct ibv_srq *siw_create_srq(struct ibv_pd *pd, struct ibv_srq_init_attr *attr);
int siw_modify_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr, int attr_mask);
int siw_query_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr);
int siw_destroy_srq(struct ibv_srq *srq);
int siw_post_srq_recv(struct ibv_srq *srq, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr);

#endif
