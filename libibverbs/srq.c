/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shared receive queues: what is checked before the provider sees it. */
#include "libibverbs/entry.h"
#include "libibverbs/library.h"

struct ibv_srq *ibv_create_srq(struct ibv_pd *pd, struct ibv_srq_init_attr *attr)
{
	const struct verbs_context_ops *ops = context_ops(pd->context);

	return ops->create_srq ? ops->create_srq(pd, attr) : fail_null(EOPNOTSUPP);
}

/* Each kind of queue has parts that others do without. */
static int check_parts(const struct ibv_srq_init_attr_ex *attr)
{
	uint32_t needed = 0;

	if (!(attr->comp_mask & IBV_SRQ_INIT_ATTR_TYPE))
		return 0;
	if (attr->srq_type == IBV_SRQT_XRC)
		needed = IBV_SRQ_INIT_ATTR_XRCD | IBV_SRQ_INIT_ATTR_CQ;
	if (attr->srq_type == IBV_SRQT_TM)
		needed = IBV_SRQ_INIT_ATTR_TM | IBV_SRQ_INIT_ATTR_CQ;
	return (attr->comp_mask & needed) == needed ? 0 : EINVAL;
}

static int check_ex(struct ibv_context *context, const struct ibv_srq_init_attr_ex *attr)
{
	if (attr->comp_mask >= IBV_SRQ_INIT_ATTR_RESERVED)
		return EOPNOTSUPP;
	if (!(attr->comp_mask & IBV_SRQ_INIT_ATTR_PD) || !attr->pd || attr->pd->context != context)
		return EINVAL;
	if (attr->comp_mask & IBV_SRQ_INIT_ATTR_TYPE && (unsigned int)attr->srq_type > IBV_SRQT_TM)
		return EINVAL;
	if (attr->comp_mask & IBV_SRQ_INIT_ATTR_XRCD &&
	    (!attr->xrcd || attr->xrcd->context != context))
		return EINVAL;
	if (attr->comp_mask & IBV_SRQ_INIT_ATTR_CQ && (!attr->cq || attr->cq->context != context))
		return EINVAL;
	return check_parts(attr);
}

struct ibv_srq *entry_create_srq_ex(struct ibv_context *context, struct ibv_srq_init_attr_ex *attr)
{
	int err = check_ex(context, attr);

	return err ? fail_null(err) : context_ops(context)->create_srq_ex(context, attr);
}

int ibv_modify_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr, int attr_mask)
{
	const struct verbs_context_ops *ops = context_ops(srq->context);

	if (!ops->modify_srq)
		return EOPNOTSUPP;
	return ops->modify_srq(srq, attr, attr_mask);
}

int ibv_query_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr)
{
	const struct verbs_context_ops *ops = context_ops(srq->context);

	return ops->query_srq ? ops->query_srq(srq, attr) : EOPNOTSUPP;
}

int ibv_destroy_srq(struct ibv_srq *srq)
{
	const struct verbs_context_ops *ops = context_ops(srq->context);

	return ops->destroy_srq ? ops->destroy_srq(srq) : EOPNOTSUPP;
}
