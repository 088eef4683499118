/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Queue pairs: what is checked before the provider sees it. qp_state.c has the state machine. */
#include "libibverbs/entry.h"
#include "libibverbs/explain/explain.h"
#include "libibverbs/library.h"

static bool is_known_type(enum ibv_qp_type type)
{
	switch (type) {
	case IBV_QPT_RC:
	case IBV_QPT_UC:
	case IBV_QPT_UD:
	case IBV_QPT_RAW_PACKET:
	case IBV_QPT_XRC_SEND:
	case IBV_QPT_XRC_RECV:
	case IBV_QPT_DRIVER:
		return true;
	}
	return false;
}

/* Both completion queues are part of these types, whatever the capacities (IBTA vol. 1, 10.2.4). */
static bool needs_both_cqs(enum ibv_qp_type type)
{
	return type == IBV_QPT_RC || type == IBV_QPT_UC || type == IBV_QPT_UD;
}

static bool belongs(const struct ibv_cq *cq, const struct ibv_context *context)
{
	return !cq || cq->context == context;
}

static int check_queues(const char *verb, const struct ibv_context *context, enum ibv_qp_type type,
			const struct ibv_cq *send_cq, const struct ibv_cq *recv_cq,
			const struct ibv_srq *srq)
{
	if (!is_known_type(type))
		return explain(EINVAL, verb, "qp_type %d is unknown", (int)type);
	if (!belongs(send_cq, context) || !belongs(recv_cq, context))
		return explain(EINVAL, verb, "%s is of another context",
			       belongs(send_cq, context) ? "recv_cq" : "send_cq");
	if (srq && srq->context != context)
		return explain(EINVAL, verb, "srq is of another context");
	return 0;
}

static int explain_no_cq(const char *verb, enum ibv_qp_type type, const struct ibv_cq *send_cq)
{
	return explain(EINVAL, verb, "%s is missing, %s queue pairs need both",
		       send_cq ? "recv_cq" : "send_cq", explain_qp_type(type));
}

struct ibv_qp *ibv_create_qp(struct ibv_pd *pd, struct ibv_qp_init_attr *attr)
{
	const struct verbs_context_ops *ops = context_ops(pd->context);
	struct ibv_qp *qp;
	int err;

	if (!ops->create_qp)
		return fail_null(explain_errno(EOPNOTSUPP, __func__, pd->context));
	err = check_queues(__func__, pd->context, attr->qp_type, attr->send_cq, attr->recv_cq,
			   attr->srq);
	if (!err && needs_both_cqs(attr->qp_type) && (!attr->send_cq || !attr->recv_cq))
		err = explain_no_cq(__func__, attr->qp_type, attr->send_cq);
	if (!err && attr->qp_type == IBV_QPT_XRC_RECV)
		err = explain(EINVAL, __func__,
			      "its attributes cannot name an XRC domain; use ibv_create_qp_ex");
	if (err)
		return fail_null(err);
	qp = ops->create_qp(pd, attr);
	if (!qp)
		explain_qp(errno, __func__, pd->context, attr->qp_type, &attr->cap);
	return qp;
}

static bool has_domain(struct ibv_context *context, const struct ibv_qp_init_attr_ex *attr)
{
	if (attr->qp_type == IBV_QPT_XRC_RECV)
		return attr->comp_mask & IBV_QP_INIT_ATTR_XRCD && attr->xrcd &&
		       attr->xrcd->context == context;
	return attr->comp_mask & IBV_QP_INIT_ATTR_PD && attr->pd && attr->pd->context == context;
}

static const char create_qp_ex[] = "ibv_create_qp_ex";

/* The receive side of a QP that spreads over an indirection table is in that table. */
static int check_ex(struct ibv_context *context, const struct ibv_qp_init_attr_ex *attr)
{
	const uint32_t known = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_XRCD |
			       IBV_QP_INIT_ATTR_CREATE_FLAGS | IBV_QP_INIT_ATTR_MAX_TSO_HEADER |
			       IBV_QP_INIT_ATTR_IND_TABLE | IBV_QP_INIT_ATTR_RX_HASH |
			       IBV_QP_INIT_ATTR_SEND_OPS_FLAGS;
	bool table = attr->comp_mask & IBV_QP_INIT_ATTR_IND_TABLE;

	if (attr->comp_mask & ~known)
		return explain(EOPNOTSUPP, create_qp_ex, "comp_mask %#x has unknown bits",
			       attr->comp_mask);
	if (!has_domain(context, attr))
		return explain(EINVAL, create_qp_ex, "%s is missing or of another context",
			       attr->qp_type == IBV_QPT_XRC_RECV ? "xrcd" : "pd");
	if (table && (!attr->rwq_ind_tbl || attr->rwq_ind_tbl->context != context))
		return explain(EINVAL, create_qp_ex,
			       "rwq_ind_tbl is missing or of another context");
	if (attr->comp_mask & IBV_QP_INIT_ATTR_RX_HASH && attr->rx_hash_conf.rx_hash_key_len &&
	    !attr->rx_hash_conf.rx_hash_key)
		return explain(EINVAL, create_qp_ex, "rx_hash_conf.rx_hash_key is missing");
	if (!table && needs_both_cqs(attr->qp_type) && (!attr->send_cq || !attr->recv_cq))
		return explain_no_cq(create_qp_ex, attr->qp_type, attr->send_cq);
	return check_queues(create_qp_ex, context, attr->qp_type, attr->send_cq, attr->recv_cq,
			    attr->srq);
}

struct ibv_qp *entry_create_qp_ex(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr)
{
	int err = check_ex(context, attr);
	struct ibv_qp *qp;

	if (err)
		return fail_null(err);
	qp = context_ops(context)->create_qp_ex(context, attr);
	if (!qp)
		explain_qp(errno, create_qp_ex, context, attr->qp_type, &attr->cap);
	return qp;
}

static const char open_qp[] = "ibv_open_qp";

static int check_open(const struct ibv_context *context, const struct ibv_qp_open_attr *attr)
{
	const uint32_t needed =
		IBV_QP_OPEN_ATTR_NUM | IBV_QP_OPEN_ATTR_XRCD | IBV_QP_OPEN_ATTR_TYPE;

	if (attr->comp_mask >= IBV_QP_OPEN_ATTR_RESERVED)
		return explain(EOPNOTSUPP, open_qp, "comp_mask %#x has unknown bits",
			       attr->comp_mask);
	if ((attr->comp_mask & needed) != needed || attr->qp_type != IBV_QPT_XRC_RECV)
		return explain(EINVAL, open_qp,
			       "qp_num, xrcd and qp_type IBV_QPT_XRC_RECV are all needed");
	if (!attr->xrcd || attr->xrcd->context != context)
		return explain(EINVAL, open_qp, "xrcd is missing or of another context");
	return 0;
}

struct ibv_qp *entry_open_qp(struct ibv_context *context, struct ibv_qp_open_attr *attr)
{
	int err = check_open(context, attr);

	if (err)
		return fail_null(err);
	return explained_pointer(context_ops(context)->open_qp(context, attr), open_qp, context);
}

struct ibv_qp_ex *ibv_qp_to_qp_ex(struct ibv_qp *qp)
{
	struct verbs_qp *verbs = to_verbs_qp(qp);

	return verbs->comp_mask & VERBS_QP_EX ? &verbs->qp_ex : NULL;
}

int ibv_query_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int attr_mask,
		 struct ibv_qp_init_attr *init_attr)
{
	const struct verbs_context_ops *ops = context_ops(qp->context);
	int err;

	err = ops->query_qp ? ops->query_qp(qp, attr, attr_mask, init_attr) : EOPNOTSUPP;
	if (!err && attr_mask & IBV_QP_STATE)
		qp->state = attr->qp_state;
	return explained(err, __func__, qp->context);
}

int ibv_modify_qp(struct ibv_qp *qp, struct ibv_qp_attr *attr, int attr_mask)
{
	const struct verbs_context_ops *ops = context_ops(qp->context);
	int err;

	if (!ops->modify_qp)
		return explain_errno(EOPNOTSUPP, __func__, qp->context);
	err = qp_transition_check(qp, attr, attr_mask);
	if (err)
		return err;
	err = ops->modify_qp(qp, attr, attr_mask);
	if (err)
		return explain_modify(err, qp, attr, attr_mask);
	if (attr_mask & IBV_QP_STATE)
		qp->state = attr->qp_state;
	return 0;
}

/* 0, "no promise", is a complete answer for a provider that knows nothing of its order. */
int ibv_query_qp_data_in_order(struct ibv_qp *qp, enum ibv_wr_opcode op, uint32_t flags)
{
	const struct verbs_context_ops *ops = context_ops(qp->context);

	return ops->query_qp_data_in_order ? ops->query_qp_data_in_order(qp, op, flags) : 0;
}

int ibv_set_ece(struct ibv_qp *qp, struct ibv_ece *ece)
{
	const struct verbs_context_ops *ops = context_ops(qp->context);

	if (!ece->vendor_id)
		return 0; /* the peer has no options to agree on */
	return explained(ops->set_ece ? ops->set_ece(qp, ece) : EOPNOTSUPP, __func__, qp->context);
}

int ibv_query_ece(struct ibv_qp *qp, struct ibv_ece *ece)
{
	const struct verbs_context_ops *ops = context_ops(qp->context);

	return explained(ops->query_ece ? ops->query_ece(qp, ece) : EOPNOTSUPP, __func__,
			 qp->context);
}

int ibv_destroy_qp(struct ibv_qp *qp)
{
	struct ibv_context *context = qp->context;
	const struct verbs_context_ops *ops = context_ops(context);

	return explained(ops->destroy_qp ? ops->destroy_qp(qp) : EOPNOTSUPP, __func__, context);
}

int ibv_attach_mcast(struct ibv_qp *qp, const union ibv_gid *gid, uint16_t lid)
{
	const struct verbs_context_ops *ops = context_ops(qp->context);

	return explained(ops->attach_mcast ? ops->attach_mcast(qp, gid, lid) : EOPNOTSUPP, __func__,
			 qp->context);
}

int ibv_detach_mcast(struct ibv_qp *qp, const union ibv_gid *gid, uint16_t lid)
{
	const struct verbs_context_ops *ops = context_ops(qp->context);

	return explained(ops->detach_mcast ? ops->detach_mcast(qp, gid, lid) : EOPNOTSUPP, __func__,
			 qp->context);
}
