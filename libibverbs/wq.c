/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Receive work queues and their tables: what is checked before the provider sees it. */
#include <rdma/ib_user_verbs.h>

#include "libibverbs/entry.h"
#include "libibverbs/explain/explain.h"
#include "libibverbs/library.h"

static const char create_wq[] = "ibv_create_wq";

static int check_wq(const struct ibv_context *context, const struct ibv_wq_init_attr *attr)
{
	if (attr->comp_mask >= IBV_WQ_INIT_ATTR_RESERVED || attr->wq_type != IBV_WQT_RQ)
		return explain(EOPNOTSUPP, create_wq, "comp_mask %#x or wq_type %d is unknown",
			       attr->comp_mask, (int)attr->wq_type);
	if (attr->comp_mask & IBV_WQ_INIT_ATTR_FLAGS && attr->create_flags >= IBV_WQ_FLAGS_RESERVED)
		return explain(EOPNOTSUPP, create_wq, "create_flags %#x has unknown bits",
			       attr->create_flags);
	if (!attr->pd || attr->pd->context != context)
		return explain(EINVAL, create_wq, "pd is missing or of another context");
	if (!attr->cq || attr->cq->context != context)
		return explain(EINVAL, create_wq, "cq is missing or of another context");
	return 0;
}

struct ibv_wq *entry_create_wq(struct ibv_context *context, struct ibv_wq_init_attr *attr)
{
	int err = check_wq(context, attr);

	if (err)
		return fail_null(err);
	return explained_pointer(context_ops(context)->create_wq(context, attr), create_wq,
				 context);
}

static const char modify_wq[] = "ibv_modify_wq";

/*
 * A queue goes to ERR or RESET from anywhere, but to RDY not from ERR. The caller may know better
 * than wq->state where it is: errors move it, too.
 */
static int check_change(const struct ibv_wq *wq, const struct ibv_wq_attr *attr)
{
	enum ibv_wq_state from =
		attr->attr_mask & IBV_WQ_ATTR_CURR_STATE ? attr->curr_wq_state : wq->state;

	if (!attr->attr_mask || attr->attr_mask >= IBV_WQ_ATTR_RESERVED)
		return explain(EINVAL, modify_wq, "attr_mask %#x is 0 or has unknown bits",
			       attr->attr_mask);
	if ((unsigned int)from > IBV_WQS_ERR)
		return explain(EINVAL, modify_wq, "curr_wq_state %d is unknown", (int)from);
	if (attr->attr_mask & IBV_WQ_ATTR_STATE &&
	    ((unsigned int)attr->wq_state > IBV_WQS_ERR ||
	     (attr->wq_state == IBV_WQS_RDY && from == IBV_WQS_ERR)))
		return explain(EINVAL, modify_wq,
			       "wq_state %d is unknown, or RDY, to which no way leads from ERR",
			       (int)attr->wq_state);
	if (attr->attr_mask & IBV_WQ_ATTR_FLAGS &&
	    (attr->flags | attr->flags_mask) >= IBV_WQ_FLAGS_RESERVED)
		return explain(EOPNOTSUPP, modify_wq,
			       "flags %#x or flags_mask %#x has unknown bits", attr->flags,
			       attr->flags_mask);
	return 0;
}

int entry_modify_wq(struct ibv_wq *wq, struct ibv_wq_attr *attr)
{
	int err = check_change(wq, attr);

	if (err)
		return err;
	return explained(context_ops(wq->context)->modify_wq(wq, attr), modify_wq, wq->context);
}

static const char create_table[] = "ibv_create_rwq_ind_table";

static int check_table(const struct ibv_context *context,
		       const struct ibv_rwq_ind_table_init_attr *attr)
{
	if (attr->comp_mask)
		return explain(EOPNOTSUPP, create_table, "comp_mask %#x has unknown bits",
			       attr->comp_mask);
	if (!attr->ind_tbl || attr->log_ind_tbl_size > IB_USER_VERBS_MAX_LOG_IND_TBL_SIZE)
		return explain(EINVAL, create_table,
			       "ind_tbl is missing or log_ind_tbl_size %u > %d",
			       attr->log_ind_tbl_size, IB_USER_VERBS_MAX_LOG_IND_TBL_SIZE);
	for (size_t i = 0; i < (size_t)1 << attr->log_ind_tbl_size; i++)
		if (!attr->ind_tbl[i] || attr->ind_tbl[i]->context != context)
			return explain(EINVAL, create_table,
				       "ind_tbl[%zu] is missing or of another context", i);
	return 0;
}

struct ibv_rwq_ind_table *entry_create_rwq_ind_table(struct ibv_context *context,
						     struct ibv_rwq_ind_table_init_attr *attr)
{
	int err = check_table(context, attr);

	if (err)
		return fail_null(err);
	return explained_pointer(context_ops(context)->create_rwq_ind_table(context, attr),
				 create_table, context);
}
