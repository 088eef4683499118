/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Queue pairs: the rings of send and receive requests and where software stands in them. */
#ifndef RXE_QP_H
#define RXE_QP_H

#include "libibverbs/driver.h"
#include "util/queue_lock.h"

#include "queue.h"
#include "recv.h"

struct rxe_sq {
	struct rxe_queue queue;
	struct queue_lock lock;
	uint32_t next; /* where the next request goes, ahead of queue.index within a list */
	uint32_t ssn;  /* send sequence number: requests written so far */
	uint32_t max_sge;
	uint32_t max_inline;
	bool open; /* the state of the QP allows posting */

	/* ibv_wr_start() to ibv_wr_complete() */
	struct rxe_send_wqe *wqe; /* the current request, NULL: none */
	uint32_t start_ssn;
	int err;
	bool needs_av; /* it has no address yet */
	bool has_data; /* its data has been set, or it takes none */
};

struct rxe_qp {
	struct verbs_qp verbs;
	struct rxe_sq sq;
	struct rxe_rq rq; /* not mapped when receives come from an SRQ */
};

static inline struct rxe_qp *to_rxe_qp(struct ibv_qp *qp)
{
	return (struct rxe_qp *)qp;
}

/* qp.c */
struct ibv_qp *rxe_create_qp(struct ibv_pd *pd, struct ibv_qp_init_attr *attr);
struct ibv_qp *rxe_create_qp_ex(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr);
void rxe_qp_caps(const struct rxe_qp *qp, struct ibv_qp_cap *cap);
int rxe_query_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int attr_mask,
		 struct ibv_qp_init_attr *init_attr);
int rxe_modify_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int attr_mask);
int rxe_destroy_qp(struct ibv_qp *qp);

/* send.c */
int rxe_post_send(struct ibv_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad_wr);

/* send_ex.c: fills in the ibv_wr_ functions. EOPNOTSUPP: send_ops_flags asks for too much. */
int rxe_qp_set_ex(struct rxe_qp *qp, uint64_t send_ops_flags);

/* recv.c */
int rxe_post_recv(struct ibv_qp *qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr);

#endif
