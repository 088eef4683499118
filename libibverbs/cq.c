/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Completion queues: what is checked before the provider sees it. */
#include "libibverbs/entry.h"
#include "libibverbs/library.h"

static int check(struct ibv_context *context, int64_t cqe, struct ibv_comp_channel *channel,
		 int64_t comp_vector)
{
	if (cqe < 1 || cqe > INT32_MAX)
		return EINVAL;
	if (comp_vector < 0 || comp_vector >= context->num_comp_vectors)
		return EINVAL;
	if (channel && channel->context != context)
		return EINVAL;
	return 0;
}

struct ibv_cq *ibv_create_cq(struct ibv_context *context, int cqe, void *cq_context,
			     struct ibv_comp_channel *channel, int comp_vector)
{
	const struct verbs_context_ops *ops = context_ops(context);
	int err;

	if (!ops->create_cq)
		return fail_null(EOPNOTSUPP);
	err = check(context, cqe, channel, comp_vector);
	if (err)
		return fail_null(err);
	return ops->create_cq(context, cqe, cq_context, channel, comp_vector);
}

static int check_ex(struct ibv_context *context, const struct ibv_cq_init_attr_ex *attr)
{
	const uint32_t known_flags =
		IBV_CREATE_CQ_ATTR_SINGLE_THREADED | IBV_CREATE_CQ_ATTR_IGNORE_OVERRUN;

	if (attr->comp_mask & ~(uint32_t)(IBV_CQ_INIT_ATTR_MASK_FLAGS | IBV_CQ_INIT_ATTR_MASK_PD))
		return EOPNOTSUPP;
	if (attr->wc_flags & ~(uint64_t)IBV_CREATE_CQ_SUP_WC_FLAGS)
		return EOPNOTSUPP;
	if (attr->comp_mask & IBV_CQ_INIT_ATTR_MASK_FLAGS && attr->flags & ~known_flags)
		return EOPNOTSUPP;
	if (attr->comp_mask & IBV_CQ_INIT_ATTR_MASK_PD &&
	    (!attr->parent_domain || attr->parent_domain->context != context))
		return EINVAL;
	return check(context, attr->cqe, attr->channel, attr->comp_vector);
}

struct ibv_cq_ex *entry_create_cq_ex(struct ibv_context *context, struct ibv_cq_init_attr_ex *attr)
{
	int err = check_ex(context, attr);

	return err ? fail_null(err) : context_ops(context)->create_cq_ex(context, attr);
}

int entry_modify_cq(struct ibv_cq *cq, struct ibv_modify_cq_attr *attr)
{
	if (attr->attr_mask >= IBV_CQ_ATTR_RESERVED)
		return EOPNOTSUPP;
	return attr->attr_mask ? context_ops(cq->context)->modify_cq(cq, attr) : EINVAL;
}

int ibv_resize_cq(struct ibv_cq *cq, int cqe)
{
	const struct verbs_context_ops *ops = context_ops(cq->context);

	if (!ops->resize_cq)
		return EOPNOTSUPP;
	return cqe < 1 ? EINVAL : ops->resize_cq(cq, cqe);
}

int ibv_destroy_cq(struct ibv_cq *cq)
{
	const struct verbs_context_ops *ops = context_ops(cq->context);

	return ops->destroy_cq ? ops->destroy_cq(cq) : EOPNOTSUPP;
}
