/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Receive work queues and their tables: what is checked before the provider sees it. */
#include <rdma/ib_user_verbs.h>

#include "libibverbs/entry.h"
#include "libibverbs/library.h"

static int check_wq(const struct ibv_context *context, const struct ibv_wq_init_attr *attr)
{
	if (attr->comp_mask >= IBV_WQ_INIT_ATTR_RESERVED || attr->wq_type != IBV_WQT_RQ)
		return EOPNOTSUPP;
	if (attr->comp_mask & IBV_WQ_INIT_ATTR_FLAGS && attr->create_flags >= IBV_WQ_FLAGS_RESERVED)
		return EOPNOTSUPP;
	if (!attr->pd || attr->pd->context != context)
		return EINVAL;
	return !attr->cq || attr->cq->context != context ? EINVAL : 0;
}

struct ibv_wq *entry_create_wq(struct ibv_context *context, struct ibv_wq_init_attr *attr)
{
	int err = check_wq(context, attr);

	return err ? fail_null(err) : context_ops(context)->create_wq(context, attr);
}

/*
 * A queue goes to ERR or RESET from anywhere, but to RDY not from ERR. The caller may know better
 * than wq->state where it is: errors move it, too.
 */
static int check_change(const struct ibv_wq *wq, const struct ibv_wq_attr *attr)
{
	enum ibv_wq_state from =
		attr->attr_mask & IBV_WQ_ATTR_CURR_STATE ? attr->curr_wq_state : wq->state;

	if (!attr->attr_mask || attr->attr_mask >= IBV_WQ_ATTR_RESERVED)
		return EINVAL;
	if ((unsigned int)from > IBV_WQS_ERR)
		return EINVAL;
	if (attr->attr_mask & IBV_WQ_ATTR_STATE &&
	    ((unsigned int)attr->wq_state > IBV_WQS_ERR ||
	     (attr->wq_state == IBV_WQS_RDY && from == IBV_WQS_ERR)))
		return EINVAL;
	if (attr->attr_mask & IBV_WQ_ATTR_FLAGS &&
	    (attr->flags | attr->flags_mask) >= IBV_WQ_FLAGS_RESERVED)
		return EOPNOTSUPP;
	return 0;
}

int entry_modify_wq(struct ibv_wq *wq, struct ibv_wq_attr *attr)
{
	int err = check_change(wq, attr);

	return err ? err : context_ops(wq->context)->modify_wq(wq, attr);
}

static int check_table(const struct ibv_context *context,
		       const struct ibv_rwq_ind_table_init_attr *attr)
{
	if (attr->comp_mask)
		return EOPNOTSUPP;
	if (!attr->ind_tbl || attr->log_ind_tbl_size > IB_USER_VERBS_MAX_LOG_IND_TBL_SIZE)
		return EINVAL;
	for (size_t i = 0; i < (size_t)1 << attr->log_ind_tbl_size; i++)
		if (!attr->ind_tbl[i] || attr->ind_tbl[i]->context != context)
			return EINVAL;
	return 0;
}

struct ibv_rwq_ind_table *entry_create_rwq_ind_table(struct ibv_context *context,
						     struct ibv_rwq_ind_table_init_attr *attr)
{
	int err = check_table(context, attr);

	return err ? fail_null(err) : context_ops(context)->create_rwq_ind_table(context, attr);
}
