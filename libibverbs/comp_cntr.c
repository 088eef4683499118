/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Completion counters: the provider's, as the kernel has no object of that kind. */
#include <string.h>

#include "libibverbs/library.h"

int _ibv_query_comp_cntr_caps(struct ibv_context *context, struct ibv_comp_cntr_caps *caps,
			      size_t caps_size)
{
	const struct verbs_context_ops *ops = context_ops(context);
	struct ibv_comp_cntr_caps all = {};
	int err;

	if (!ops->query_comp_cntr_caps)
		return EOPNOTSUPP;
	err = ops->query_comp_cntr_caps(context, &all);
	if (err)
		return err;
	memset(caps, 0, caps_size);
	memcpy(caps, &all, caps_size < sizeof(all) ? caps_size : sizeof(all));
	return 0;
}

struct ibv_comp_cntr *ibv_create_comp_cntr(struct ibv_context *context,
					   struct ibv_comp_cntr_init_attr *attr)
{
	const struct verbs_context_ops *ops = context_ops(context);

	if (!ops->create_comp_cntr || attr->comp_mask || attr->flags)
		return fail_null(EOPNOTSUPP);
	if ((unsigned int)attr->type > IBV_COMP_CNTR_TYPE_BYTES)
		return fail_null(EINVAL);
	return ops->create_comp_cntr(context, attr);
}

int ibv_destroy_comp_cntr(struct ibv_comp_cntr *counter)
{
	const struct verbs_context_ops *ops = context_ops(counter->context);

	return ops->destroy_comp_cntr ? ops->destroy_comp_cntr(counter) : EOPNOTSUPP;
}

int ibv_set_comp_cntr(struct ibv_comp_cntr *counter, uint64_t value)
{
	const struct verbs_context_ops *ops = context_ops(counter->context);

	return ops->set_comp_cntr ? ops->set_comp_cntr(counter, value) : EOPNOTSUPP;
}

int ibv_set_err_comp_cntr(struct ibv_comp_cntr *counter, uint64_t value)
{
	const struct verbs_context_ops *ops = context_ops(counter->context);

	return ops->set_err_comp_cntr ? ops->set_err_comp_cntr(counter, value) : EOPNOTSUPP;
}

int ibv_inc_comp_cntr(struct ibv_comp_cntr *counter, uint64_t amount)
{
	const struct verbs_context_ops *ops = context_ops(counter->context);

	return ops->inc_comp_cntr ? ops->inc_comp_cntr(counter, amount) : EOPNOTSUPP;
}

int ibv_inc_err_comp_cntr(struct ibv_comp_cntr *counter, uint64_t amount)
{
	const struct verbs_context_ops *ops = context_ops(counter->context);

	return ops->inc_err_comp_cntr ? ops->inc_err_comp_cntr(counter, amount) : EOPNOTSUPP;
}

int ibv_read_comp_cntr(struct ibv_comp_cntr *counter, uint64_t *value)
{
	const struct verbs_context_ops *ops = context_ops(counter->context);

	return ops->read_comp_cntr ? ops->read_comp_cntr(counter, value) : EOPNOTSUPP;
}

int ibv_read_err_comp_cntr(struct ibv_comp_cntr *counter, uint64_t *value)
{
	const struct verbs_context_ops *ops = context_ops(counter->context);

	return ops->read_err_comp_cntr ? ops->read_err_comp_cntr(counter, value) : EOPNOTSUPP;
}

int ibv_qp_attach_comp_cntr(struct ibv_qp *qp, struct ibv_comp_cntr *counter,
			    struct ibv_qp_attach_comp_cntr_attr *attr)
{
	const struct verbs_context_ops *ops = context_ops(qp->context);

	if (!ops->qp_attach_comp_cntr || attr->comp_mask)
		return EOPNOTSUPP;
	if (!attr->op_mask || counter->context != qp->context)
		return EINVAL;
	return ops->qp_attach_comp_cntr(qp, counter, attr);
}
