/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shared receive queues: what is checked before the provider sees it. */
#include "libibverbs/entry.h"
#include "libibverbs/explain/explain.h"
#include "libibverbs/library.h"

struct ibv_srq *ibv_create_srq(struct ibv_pd *pd, struct ibv_srq_init_attr *attr)
{
	const struct verbs_context_ops *ops = context_ops(pd->context);

	struct ibv_srq *srq;

	srq = ops->create_srq ? ops->create_srq(pd, attr) : fail_null(EOPNOTSUPP);
	if (!srq)
		explain_srq(errno, __func__, pd->context, &attr->attr);
	return srq;
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
	if ((attr->comp_mask & needed) == needed)
		return 0;
	return explain(EINVAL, "ibv_create_srq_ex", "srq_type %s needs %s",
		       attr->srq_type == IBV_SRQT_XRC ? "IBV_SRQT_XRC" : "IBV_SRQT_TM",
		       attr->srq_type == IBV_SRQT_XRC ? "xrcd and cq" : "tm_cap and cq");
}

static const char create_srq_ex[] = "ibv_create_srq_ex";

static int check_ex(struct ibv_context *context, const struct ibv_srq_init_attr_ex *attr)
{
	if (attr->comp_mask >= IBV_SRQ_INIT_ATTR_RESERVED)
		return explain(EOPNOTSUPP, create_srq_ex, "comp_mask %#x has unknown bits",
			       attr->comp_mask);
	if (!(attr->comp_mask & IBV_SRQ_INIT_ATTR_PD) || !attr->pd || attr->pd->context != context)
		return explain(EINVAL, create_srq_ex, "pd is missing or of another context");
	if (attr->comp_mask & IBV_SRQ_INIT_ATTR_TYPE && (unsigned int)attr->srq_type > IBV_SRQT_TM)
		return explain(EINVAL, create_srq_ex, "srq_type %d is unknown",
			       (int)attr->srq_type);
	if (attr->comp_mask & IBV_SRQ_INIT_ATTR_XRCD &&
	    (!attr->xrcd || attr->xrcd->context != context))
		return explain(EINVAL, create_srq_ex, "xrcd is missing or of another context");
	if (attr->comp_mask & IBV_SRQ_INIT_ATTR_CQ && (!attr->cq || attr->cq->context != context))
		return explain(EINVAL, create_srq_ex, "cq is missing or of another context");
	return check_parts(attr);
}

static void explain_ex(int err, struct ibv_context *context,
		       const struct ibv_srq_init_attr_ex *attr)
{
	bool tags = attr->comp_mask & IBV_SRQ_INIT_ATTR_TYPE && attr->srq_type == IBV_SRQT_TM;

	if (!tags || !explain_tags(err, create_srq_ex, context, &attr->tm_cap))
		explain_srq(err, create_srq_ex, context, &attr->attr);
}

struct ibv_srq *entry_create_srq_ex(struct ibv_context *context, struct ibv_srq_init_attr_ex *attr)
{
	int err = check_ex(context, attr);
	struct ibv_srq *srq;

	if (err)
		return fail_null(err);
	srq = context_ops(context)->create_srq_ex(context, attr);
	if (!srq)
		explain_ex(errno, context, attr);
	return srq;
}

int ibv_modify_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr, int attr_mask)
{
	const struct verbs_context_ops *ops = context_ops(srq->context);

	int err = ops->modify_srq ? ops->modify_srq(srq, attr, attr_mask) : EOPNOTSUPP;

	return err ? explain_srq(err, __func__, srq->context, attr) : 0;
}

int ibv_query_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr)
{
	const struct verbs_context_ops *ops = context_ops(srq->context);

	return explained(ops->query_srq ? ops->query_srq(srq, attr) : EOPNOTSUPP, __func__,
			 srq->context);
}

int ibv_destroy_srq(struct ibv_srq *srq)
{
	struct ibv_context *context = srq->context;
	const struct verbs_context_ops *ops = context_ops(context);

	return explained(ops->destroy_srq ? ops->destroy_srq(srq) : EOPNOTSUPP, __func__, context);
}
