/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Verbs that go to the provider as they come: there is nothing to check before, only a failure to
 * explain afterwards.
 */
#include "libibverbs/entry.h"
#include "libibverbs/explain/explain.h"

/* The object may be gone when the operation has succeeded, its context is not. */
#define END_OBJECT(verb, op, type)                                                                 \
	int entry_##op(type *object)                                                               \
	{                                                                                          \
		struct ibv_context *context = object->context;                                     \
                                                                                                   \
		return explained(context_ops(context)->op(object), verb, context);                 \
	}

END_OBJECT("ibv_dealloc_td", dealloc_td, struct ibv_td)
END_OBJECT("ibv_dealloc_mw", dealloc_mw, struct ibv_mw)
END_OBJECT("ibv_free_dm", free_dm, struct ibv_dm)
END_OBJECT("ibv_close_xrcd", close_xrcd, struct ibv_xrcd)
END_OBJECT("ibv_destroy_wq", destroy_wq, struct ibv_wq)
END_OBJECT("ibv_destroy_rwq_ind_table", destroy_rwq_ind_table, struct ibv_rwq_ind_table)
END_OBJECT("ibv_destroy_flow", destroy_flow, struct ibv_flow)
END_OBJECT("ibv_destroy_flow_action", destroy_flow_action, struct ibv_flow_action)
END_OBJECT("ibv_destroy_counters", destroy_counters, struct ibv_counters)

struct ibv_mw *entry_alloc_mw(struct ibv_pd *pd, enum ibv_mw_type type)
{
	return explained_pointer(context_ops(pd->context)->alloc_mw(pd, type), "ibv_alloc_mw",
				 pd->context);
}

struct ibv_mr *entry_alloc_null_mr(struct ibv_pd *pd)
{
	return explained_pointer(context_ops(pd->context)->alloc_null_mr(pd), "ibv_alloc_null_mr",
				 pd->context);
}

int entry_get_srq_num(struct ibv_srq *srq, uint32_t *srq_num)
{
	return explained(context_ops(srq->context)->get_srq_num(srq, srq_num), "ibv_get_srq_num",
			 srq->context);
}

int entry_query_rt_values(struct ibv_context *context, struct ibv_values_ex *values)
{
	return explained(context_ops(context)->query_rt_values(context, values),
			 "ibv_query_rt_values_ex", context);
}

int entry_modify_qp_rate_limit(struct ibv_qp *qp, struct ibv_qp_rate_limit_attr *attr)
{
	return explained(context_ops(qp->context)->modify_qp_rate_limit(qp, attr),
			 "ibv_modify_qp_rate_limit", qp->context);
}
