/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Queue pairs. The kernel's connection manager takes them from state to state when a connection is
 * made or lost, so the state known here may be an old one, and the kernel is who judges.
 */
#ifndef SIW_QP_H
#define SIW_QP_H

#include <stdatomic.h>

#include "recv.h"

struct siw_sq {
	struct siw_sqe *ring;
	uint32_t size;
	uint32_t put; /* requests built, free-running; they are shown to the kernel by siw_sq_ring()
		       */
	uint32_t max_sge;
	bool signal_all;
	pthread_mutex_t mutex;

	/* ibv_wr_start() to ibv_wr_complete() */
	struct siw_sqe *open; /* the current request, NULL when there is none */
	bool has_data;
	int err;
	uint32_t start;

	struct siw_map map;
};

struct siw_qp {
	struct verbs_qp verbs;
	struct siw_sq sq;
	struct siw_rq rq; /* without a ring when there is a shared one */

	/*
	 * The application has put it into the error state. The kernel flushes what is in the rings
	 * at that moment and never looks at them again, so posting is refused from then on.
	 */
	atomic_bool ended;
};

static inline struct siw_qp *to_siw_qp(struct ibv_qp *qp)
{
	return (struct siw_qp *)qp;
}

/* qp.c */
struct ibv_qp *siw_create_qp(struct ibv_pd *pd, struct ibv_qp_init_attr *attr);
struct ibv_qp *siw_create_qp_ex(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr);
void siw_qp_caps(const struct siw_qp *qp, struct ibv_qp_cap *cap);
int siw_query_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int attr_mask,
		 struct ibv_qp_init_attr *init_attr);
int siw_modify_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int attr_mask);
int siw_destroy_qp(struct ibv_qp *qp);

/* send.c */
int siw_post_send(struct ibv_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad_wr);

/* send_ex.c: fills in the ibv_wr_ functions. EOPNOTSUPP: send_ops_flags asks for too much. */
int siw_qp_set_ex(struct siw_qp *qp, uint64_t send_ops_flags);

/* recv.c */
int siw_post_recv(struct ibv_qp *qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr);

#endif
