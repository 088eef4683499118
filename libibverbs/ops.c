/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From a provider's operations to the two public tables that inline functions of verbs.h reach
 * into. Members of the older one are called unchecked, so they always point somewhere; in the newer
 * one an empty member is what tells applications that a verb is missing.
 */
#include <string.h>

#include "libibverbs/entry.h"
#include "libibverbs/library.h"

static int no_bind_mw(struct ibv_qp *qp, struct ibv_mw *mw, struct ibv_mw_bind *bind)
{
	(void)qp, (void)mw, (void)bind;
	return EOPNOTSUPP;
}

static int no_dealloc_mw(struct ibv_mw *mw)
{
	(void)mw;
	return EOPNOTSUPP;
}

/* Negative, as this one returns a count. */
static int no_poll_cq(struct ibv_cq *cq, int num_entries, struct ibv_wc *wc)
{
	(void)cq, (void)num_entries, (void)wc;
	return -EOPNOTSUPP;
}

static int no_req_notify_cq(struct ibv_cq *cq, int solicited_only)
{
	(void)cq, (void)solicited_only;
	return EOPNOTSUPP;
}

static int no_post_srq_recv(struct ibv_srq *srq, struct ibv_recv_wr *wr,
			    struct ibv_recv_wr **bad_wr)
{
	(void)srq;
	*bad_wr = wr;
	return EOPNOTSUPP;
}

static int no_post_send(struct ibv_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad_wr)
{
	(void)qp;
	*bad_wr = wr;
	return EOPNOTSUPP;
}

static int no_post_recv(struct ibv_qp *qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr)
{
	(void)qp;
	*bad_wr = wr;
	return EOPNOTSUPP;
}

/* The structure is nothing but function pointers, so it merges slot by slot. */
static void merge(struct verbs_context_ops *to, const struct verbs_context_ops *from)
{
	void (*op)(void);

	_Static_assert(sizeof(*to) % sizeof(op) == 0, "function pointers only");
	for (size_t at = 0; at < sizeof(*to); at += sizeof(op)) {
		memcpy(&op, (const char *)from + at, sizeof(op));
		if (op)
			memcpy((char *)to + at, &op, sizeof(op));
	}
}

static void publish_fast(struct ibv_context_ops *to, const struct verbs_context_ops *ops)
{
	to->alloc_mw = ops->alloc_mw ? entry_alloc_mw : NULL;
	to->bind_mw = ops->bind_mw ? ops->bind_mw : no_bind_mw;
	to->dealloc_mw = ops->dealloc_mw ? entry_dealloc_mw : no_dealloc_mw;
	to->poll_cq = ops->poll_cq ? ops->poll_cq : no_poll_cq;
	to->req_notify_cq = ops->req_notify_cq ? ops->req_notify_cq : no_req_notify_cq;
	to->post_srq_recv = ops->post_srq_recv ? ops->post_srq_recv : no_post_srq_recv;
	to->post_send = ops->post_send ? ops->post_send : no_post_send;
	to->post_recv = ops->post_recv ? ops->post_recv : no_post_recv;
}

/* These go to the provider as they come. */
static void publish_direct(struct verbs_context *to, const struct verbs_context_ops *ops)
{
	to->free_buf = ops->free_buf;
	to->alloc_buf = ops->alloc_buf;
	to->dm_export_dmabuf_fd = ops->dm_export_dmabuf_fd;
	to->reg_mr_ex = ops->reg_mr_ex;
	to->dealloc_dmah = ops->dealloc_dmah;
	to->alloc_dmah = ops->alloc_dmah;
	to->post_srq_ops = ops->post_srq_ops;
}

/* Behind these stands a function that explains failures. */
static void publish_explained(struct verbs_context *to, const struct verbs_context_ops *ops)
{
	to->alloc_null_mr = ops->alloc_null_mr ? entry_alloc_null_mr : NULL;
	to->destroy_counters = ops->destroy_counters ? entry_destroy_counters : NULL;
	to->free_dm = ops->free_dm ? entry_free_dm : NULL;
	to->destroy_flow_action = ops->destroy_flow_action ? entry_destroy_flow_action : NULL;
	to->modify_qp_rate_limit = ops->modify_qp_rate_limit ? entry_modify_qp_rate_limit : NULL;
	to->dealloc_td = ops->dealloc_td ? entry_dealloc_td : NULL;
	to->destroy_rwq_ind_table = ops->destroy_rwq_ind_table ? entry_destroy_rwq_ind_table : NULL;
	to->destroy_wq = ops->destroy_wq ? entry_destroy_wq : NULL;
	to->query_rt_values = ops->query_rt_values ? entry_query_rt_values : NULL;
	to->ibv_destroy_flow = ops->destroy_flow ? entry_destroy_flow : NULL;
	to->get_srq_num = ops->get_srq_num ? entry_get_srq_num : NULL;
	to->close_xrcd = ops->close_xrcd ? entry_close_xrcd : NULL;
}

/* In front of these stands a function that checks attributes or knows about sizes. */
static void publish_checked(struct verbs_context *to, const struct verbs_context_ops *ops)
{
	to->query_port = ops->query_port ? entry_query_port : NULL;
	to->query_device_ex = ops->query_device_ex ? entry_query_device_ex : NULL;
	to->create_cq_ex = ops->create_cq_ex ? entry_create_cq_ex : NULL;
	to->create_srq_ex = ops->create_srq_ex ? entry_create_srq_ex : NULL;
	to->create_qp_ex = ops->create_qp_ex ? entry_create_qp_ex : NULL;
	to->open_qp = ops->open_qp ? entry_open_qp : NULL;
	to->modify_cq = ops->modify_cq ? entry_modify_cq : NULL;
	to->alloc_td = ops->alloc_td ? entry_alloc_td : NULL;
	to->alloc_parent_domain = ops->alloc_parent_domain ? entry_alloc_parent_domain : NULL;
	to->open_xrcd = ops->open_xrcd ? entry_open_xrcd : NULL;
	to->advise_mr = ops->advise_mr ? entry_advise_mr : NULL;
	to->alloc_dm = ops->alloc_dm ? entry_alloc_dm : NULL;
	to->reg_dm_mr = ops->reg_dm_mr ? entry_reg_dm_mr : NULL;
	to->create_wq = ops->create_wq ? entry_create_wq : NULL;
	to->modify_wq = ops->modify_wq ? entry_modify_wq : NULL;
	to->create_rwq_ind_table = ops->create_rwq_ind_table ? entry_create_rwq_ind_table : NULL;
	to->create_flow_action_esp =
		ops->create_flow_action_esp ? entry_create_flow_action_esp : NULL;
	to->modify_flow_action_esp =
		ops->modify_flow_action_esp ? entry_modify_flow_action_esp : NULL;
	to->create_counters = ops->create_counters ? entry_create_counters : NULL;
	to->attach_counters_point_flow =
		ops->attach_counters_point_flow ? entry_attach_counters_point_flow : NULL;
	to->read_counters = ops->read_counters ? entry_read_counters : NULL;
	to->ibv_create_flow = ops->create_flow ? entry_create_flow : NULL;
}

void verbs_set_ops(struct verbs_context *context, const struct verbs_context_ops *ops)
{
	struct verbs_context_ops *all = &context->priv->ops;

	merge(all, ops);
	publish_fast(&context->context.ops, all);
	publish_direct(context, all);
	publish_explained(context, all);
	publish_checked(context, all);
}
