/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Completion queues: what is checked before the provider sees it. */
#include "libibverbs/entry.h"
#include "libibverbs/explain/explain.h"
#include "libibverbs/library.h"

static int check(const char *verb, struct ibv_context *context, int64_t cqe,
		 struct ibv_comp_channel *channel, int64_t comp_vector)
{
	if (cqe < 1 || cqe > INT32_MAX)
		return explain(EINVAL, verb, "cqe %lld is not within 1 to %d", (long long)cqe,
			       INT32_MAX);
	if (comp_vector < 0 || comp_vector >= context->num_comp_vectors)
		return explain(EINVAL, verb, "comp_vector %lld, %s has 0 to %d",
			       (long long)comp_vector, context->device->name,
			       context->num_comp_vectors - 1);
	if (channel && channel->context != context)
		return explain(EINVAL, verb, "channel is of another context");
	return 0;
}

struct ibv_cq *ibv_create_cq(struct ibv_context *context, int cqe, void *cq_context,
			     struct ibv_comp_channel *channel, int comp_vector)
{
	const struct verbs_context_ops *ops = context_ops(context);
	struct ibv_cq *cq;
	int err;

	if (!ops->create_cq)
		return fail_null(explain_errno(EOPNOTSUPP, __func__, context));
	err = check(__func__, context, cqe, channel, comp_vector);
	if (err)
		return fail_null(err);
	cq = ops->create_cq(context, cqe, cq_context, channel, comp_vector);
	if (!cq)
		explain_cq(errno, __func__, context, cqe);
	return cq;
}

static const char create_cq_ex[] = "ibv_create_cq_ex";

static int check_ex(struct ibv_context *context, const struct ibv_cq_init_attr_ex *attr)
{
	const uint32_t known_flags =
		IBV_CREATE_CQ_ATTR_SINGLE_THREADED | IBV_CREATE_CQ_ATTR_IGNORE_OVERRUN;

	if (attr->comp_mask & ~(uint32_t)(IBV_CQ_INIT_ATTR_MASK_FLAGS | IBV_CQ_INIT_ATTR_MASK_PD))
		return explain(EOPNOTSUPP, create_cq_ex, "comp_mask %#x has unknown bits",
			       attr->comp_mask);
	if (attr->wc_flags & ~(uint64_t)IBV_CREATE_CQ_SUP_WC_FLAGS)
		return explain(EOPNOTSUPP, create_cq_ex, "wc_flags %#llx has unknown bits",
			       (unsigned long long)attr->wc_flags);
	if (attr->comp_mask & IBV_CQ_INIT_ATTR_MASK_FLAGS && attr->flags & ~known_flags)
		return explain(EOPNOTSUPP, create_cq_ex, "flags %#x has unknown bits", attr->flags);
	if (attr->comp_mask & IBV_CQ_INIT_ATTR_MASK_PD &&
	    (!attr->parent_domain || attr->parent_domain->context != context))
		return explain(EINVAL, create_cq_ex,
			       "parent_domain is missing or of another context");
	return check(create_cq_ex, context, attr->cqe, attr->channel, attr->comp_vector);
}

struct ibv_cq_ex *entry_create_cq_ex(struct ibv_context *context, struct ibv_cq_init_attr_ex *attr)
{
	int err = check_ex(context, attr);
	struct ibv_cq_ex *cq;

	if (err)
		return fail_null(err);
	cq = context_ops(context)->create_cq_ex(context, attr);
	if (!cq)
		explain_cq(errno, create_cq_ex, context, attr->cqe);
	return cq;
}

int entry_modify_cq(struct ibv_cq *cq, struct ibv_modify_cq_attr *attr)
{
	static const char verb[] = "ibv_modify_cq";

	if (attr->attr_mask >= IBV_CQ_ATTR_RESERVED)
		return explain(EOPNOTSUPP, verb, "attr_mask %#x has unknown bits", attr->attr_mask);
	if (!attr->attr_mask)
		return explain(EINVAL, verb, "attr_mask is 0: there is nothing to modify");
	return explained(context_ops(cq->context)->modify_cq(cq, attr), verb, cq->context);
}

int ibv_resize_cq(struct ibv_cq *cq, int cqe)
{
	const struct verbs_context_ops *ops = context_ops(cq->context);

	int err;

	if (!ops->resize_cq)
		return explain_errno(EOPNOTSUPP, __func__, cq->context);
	if (cqe < 1)
		return explain(EINVAL, __func__, "cqe %d is not positive", cqe);
	err = ops->resize_cq(cq, cqe);
	return err ? explain_cq(err, __func__, cq->context, cqe) : 0;
}

int ibv_destroy_cq(struct ibv_cq *cq)
{
	struct ibv_context *context = cq->context;
	const struct verbs_context_ops *ops = context_ops(context);

	return explained(ops->destroy_cq ? ops->destroy_cq(cq) : EOPNOTSUPP, __func__, context);
}
