/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Version IBVERBS_1.0: protection domains, regions, queues and address handles. The context pointer
 * of an object of today, which comes back with its events, is the address of the old one.
 */
#include <stdlib.h>
#include <string.h>

#include "libibverbs/compat_1_0.h"

#undef ibv_reg_mr

COMPAT(struct ibv_pd_1_0 *, ibv_alloc_pd, struct ibv_context_1_0 *context)
{
	struct ibv_pd_1_0 *pd = calloc(1, sizeof(*pd));

	if (!pd)
		return fail_null(ENOMEM);
	pd->real_pd = ibv_alloc_pd(context->real_context);
	if (!pd->real_pd) {
		free(pd);
		return NULL;
	}
	pd->context = context;
	pd->handle = pd->real_pd->handle;
	return pd;
}

COMPAT(int, ibv_dealloc_pd, struct ibv_pd_1_0 *pd)
{
	int err = ibv_dealloc_pd(pd->real_pd);

	if (!err)
		free(pd);
	return err;
}

COMPAT(struct ibv_mr_1_0 *, ibv_reg_mr, struct ibv_pd_1_0 *pd, void *addr, size_t length,
       int access)
{
	struct ibv_mr_1_0 *mr = calloc(1, sizeof(*mr));

	if (!mr)
		return fail_null(ENOMEM);
	mr->real_mr = ibv_reg_mr(pd->real_pd, addr, length, access);
	if (!mr->real_mr) {
		free(mr);
		return NULL;
	}
	mr->context = pd->context;
	mr->pd = pd;
	mr->handle = mr->real_mr->handle;
	mr->lkey = mr->real_mr->lkey;
	mr->rkey = mr->real_mr->rkey;
	return mr;
}

COMPAT(int, ibv_dereg_mr, struct ibv_mr_1_0 *mr)
{
	int err = ibv_dereg_mr(mr->real_mr);

	if (!err)
		free(mr);
	return err;
}

COMPAT(struct ibv_cq_1_0 *, ibv_create_cq, struct ibv_context_1_0 *context, int cqe,
       void *cq_context, struct ibv_comp_channel *channel, int comp_vector)
{
	struct ibv_cq_1_0 *cq = calloc(1, sizeof(*cq));

	if (!cq)
		return fail_null(ENOMEM);
	cq->context = context;
	cq->cq_context = cq_context;
	cq->real_cq = ibv_create_cq(context->real_context, cqe, cq, channel, comp_vector);
	if (!cq->real_cq) {
		free(cq);
		return NULL;
	}
	cq->handle = cq->real_cq->handle;
	cq->cqe = cq->real_cq->cqe;
	return cq;
}

COMPAT(int, ibv_resize_cq, struct ibv_cq_1_0 *cq, int cqe)
{
	int err = ibv_resize_cq(cq->real_cq, cqe);

	cq->cqe = cq->real_cq->cqe;
	return err;
}

COMPAT(int, ibv_destroy_cq, struct ibv_cq_1_0 *cq)
{
	int err = ibv_destroy_cq(cq->real_cq);

	if (!err)
		free(cq);
	return err;
}

COMPAT(struct ibv_srq_1_0 *, ibv_create_srq, struct ibv_pd_1_0 *pd, struct ibv_srq_init_attr *attr)
{
	struct ibv_srq_1_0 *srq = calloc(1, sizeof(*srq));
	struct ibv_srq_init_attr real = {.srq_context = srq, .attr = attr->attr};

	if (!srq)
		return fail_null(ENOMEM);
	srq->context = pd->context;
	srq->srq_context = attr->srq_context;
	srq->pd = pd;
	srq->real_srq = ibv_create_srq(pd->real_pd, &real);
	if (!srq->real_srq) {
		free(srq);
		return NULL;
	}
	srq->handle = srq->real_srq->handle;
	attr->attr = real.attr;
	return srq;
}

COMPAT(int, ibv_modify_srq, struct ibv_srq_1_0 *srq, struct ibv_srq_attr *attr, int attr_mask)
{
	return ibv_modify_srq(srq->real_srq, attr, attr_mask);
}

COMPAT(int, ibv_query_srq, struct ibv_srq_1_0 *srq, struct ibv_srq_attr *attr)
{
	return ibv_query_srq(srq->real_srq, attr);
}

COMPAT(int, ibv_destroy_srq, struct ibv_srq_1_0 *srq)
{
	int err = ibv_destroy_srq(srq->real_srq);

	if (!err)
		free(srq);
	return err;
}

static struct ibv_qp *create_real_qp(struct ibv_qp_1_0 *qp, struct ibv_qp_init_attr_1_0 *attr)
{
	struct ibv_qp_init_attr init = {
		.qp_context = qp,
		.send_cq = attr->send_cq ? attr->send_cq->real_cq : NULL,
		.recv_cq = attr->recv_cq ? attr->recv_cq->real_cq : NULL,
		.srq = attr->srq ? attr->srq->real_srq : NULL,
		.cap = attr->cap,
		.qp_type = attr->qp_type,
		.sq_sig_all = attr->sq_sig_all,
	};
	struct ibv_qp *real = ibv_create_qp(qp->pd->real_pd, &init);

	if (real)
		attr->cap = init.cap;
	return real;
}

COMPAT(struct ibv_qp_1_0 *, ibv_create_qp, struct ibv_pd_1_0 *pd, struct ibv_qp_init_attr_1_0 *attr)
{
	struct ibv_qp_1_0 *qp = calloc(1, sizeof(*qp));

	if (!qp)
		return fail_null(ENOMEM);
	qp->context = pd->context;
	qp->qp_context = attr->qp_context;
	qp->pd = pd;
	qp->send_cq = attr->send_cq;
	qp->recv_cq = attr->recv_cq;
	qp->srq = attr->srq;
	qp->qp_type = attr->qp_type;
	qp->real_qp = create_real_qp(qp, attr);
	if (!qp->real_qp) {
		free(qp);
		return NULL;
	}
	qp->handle = qp->real_qp->handle;
	qp->qp_num = qp->real_qp->qp_num;
	qp->state = qp->real_qp->state;
	return qp;
}

/* struct ibv_qp_attr has grown at its end: rate_limit lies behind what the caller has. */
COMPAT(int, ibv_query_qp, struct ibv_qp_1_0 *qp, struct ibv_qp_attr *attr, int attr_mask,
       struct ibv_qp_init_attr_1_0 *init_attr)
{
	struct ibv_qp_init_attr real_init;
	struct ibv_qp_attr real;
	int err = ibv_query_qp(qp->real_qp, &real, attr_mask, &real_init);

	if (err)
		return err;
	memcpy(attr, &real, offsetof(struct ibv_qp_attr, rate_limit));
	qp->state = qp->real_qp->state;
	*init_attr = (struct ibv_qp_init_attr_1_0){
		.qp_context = qp->qp_context,
		.send_cq = qp->send_cq,
		.recv_cq = qp->recv_cq,
		.srq = qp->srq,
		.cap = real_init.cap,
		.qp_type = qp->qp_type,
		.sq_sig_all = real_init.sq_sig_all,
	};
	return 0;
}

COMPAT(int, ibv_modify_qp, struct ibv_qp_1_0 *qp, struct ibv_qp_attr *attr, int attr_mask)
{
	struct ibv_qp_attr real = {};
	int err;

	memcpy(&real, attr, offsetof(struct ibv_qp_attr, rate_limit));
	err = ibv_modify_qp(qp->real_qp, &real, attr_mask);
	qp->state = qp->real_qp->state;
	return err;
}

COMPAT(int, ibv_destroy_qp, struct ibv_qp_1_0 *qp)
{
	int err = ibv_destroy_qp(qp->real_qp);

	if (!err)
		free(qp);
	return err;
}

COMPAT(int, ibv_attach_mcast, struct ibv_qp_1_0 *qp, union ibv_gid *gid, uint16_t lid)
{
	return ibv_attach_mcast(qp->real_qp, gid, lid);
}

COMPAT(int, ibv_detach_mcast, struct ibv_qp_1_0 *qp, union ibv_gid *gid, uint16_t lid)
{
	return ibv_detach_mcast(qp->real_qp, gid, lid);
}

COMPAT(struct ibv_ah_1_0 *, ibv_create_ah, struct ibv_pd_1_0 *pd, struct ibv_ah_attr *attr)
{
	struct ibv_ah_1_0 *ah = calloc(1, sizeof(*ah));

	if (!ah)
		return fail_null(ENOMEM);
	ah->real_ah = ibv_create_ah(pd->real_pd, attr);
	if (!ah->real_ah) {
		free(ah);
		return NULL;
	}
	ah->context = pd->context;
	ah->pd = pd;
	ah->handle = ah->real_ah->handle;
	return ah;
}

COMPAT(int, ibv_destroy_ah, struct ibv_ah_1_0 *ah)
{
	int err = ibv_destroy_ah(ah->real_ah);

	if (!err)
		free(ah);
	return err;
}
