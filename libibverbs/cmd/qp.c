/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Queue pairs: their making and end, and the multicast groups they join. */
#include <string.h>

#include "libibverbs/cmd/carrier.h"

/* What only the extended command can carry. */
static bool needs_extended(const struct ibv_qp_init_attr_ex *attr)
{
	if (attr->comp_mask & IBV_QP_INIT_ATTR_IND_TABLE)
		return true;
	return attr->comp_mask & IBV_QP_INIT_ATTR_CREATE_FLAGS && attr->create_flags;
}

static int check_attr(const struct ibv_qp_init_attr_ex *attr)
{
	if (attr->qp_type == IBV_QPT_XRC_RECV)
		return attr->comp_mask & IBV_QP_INIT_ATTR_XRCD && attr->xrcd ? 0 : EINVAL;
	return attr->comp_mask & IBV_QP_INIT_ATTR_PD && attr->pd ? 0 : EINVAL;
}

/* Everything an event handler looks at, before the kernel can send an event. */
static int prepare(struct verbs_qp *qp, struct ibv_context *context,
		   const struct ibv_qp_init_attr_ex *attr)
{
	bool target = attr->qp_type == IBV_QPT_XRC_RECV;

	qp->qp.context = context;
	qp->qp.qp_context = attr->qp_context;
	qp->qp.pd = target ? NULL : attr->pd;
	qp->qp.send_cq = attr->send_cq;
	qp->qp.recv_cq = attr->recv_cq;
	qp->qp.srq = attr->srq;
	qp->qp.qp_type = attr->qp_type;
	qp->qp.state = IBV_QPS_RESET;
	qp->qp.events_completed = 0;
	if (target) {
		qp->comp_mask |= VERBS_QP_XRCD;
		qp->xrcd = to_verbs_xrcd(attr->xrcd);
	}
	return events_init(&qp->qp.mutex, &qp->qp.cond);
}

/* In the place of the PD an XRC target has its domain. */
static uint32_t domain_handle(const struct ibv_qp_init_attr_ex *attr)
{
	if (attr->qp_type == IBV_QPT_XRC_RECV)
		return to_verbs_xrcd(attr->xrcd)->handle;
	return attr->pd->handle;
}

static int send_classic(struct ibv_context *context, const struct ibv_qp_init_attr_ex *attr,
			struct verbs_qp *qp, struct ib_uverbs_create_qp_resp *answer,
			const struct verbs_udata *udata)
{
	struct ib_uverbs_create_qp in = {
		.user_handle = (uintptr_t)qp,
		.pd_handle = domain_handle(attr),
		.send_cq_handle = HANDLE_OR_ZERO(attr->send_cq),
		.recv_cq_handle = HANDLE_OR_ZERO(attr->recv_cq),
		.srq_handle = HANDLE_OR_ZERO(attr->srq),
		.max_send_wr = attr->cap.max_send_wr,
		.max_recv_wr = attr->cap.max_recv_wr,
		.max_send_sge = attr->cap.max_send_sge,
		.max_recv_sge = attr->cap.max_recv_sge,
		.max_inline_data = attr->cap.max_inline_data,
		.sq_sig_all = !!attr->sq_sig_all,
		.qp_type = attr->qp_type,
		.is_srq = !!attr->srq,
	};

	return command_run(context, COMMAND(IB_USER_VERBS_CMD_CREATE_QP, &in, .out = answer,
					    .out_len = sizeof(*answer), .udata = udata));
}

static int send_extended(struct ibv_context *context, const struct ibv_qp_init_attr_ex *attr,
			 struct verbs_qp *qp, struct ib_uverbs_create_qp_resp *answer,
			 const struct verbs_udata *udata)
{
	struct ib_uverbs_ex_create_qp in = {
		.user_handle = (uintptr_t)qp,
		.pd_handle = domain_handle(attr),
		.send_cq_handle = HANDLE_OR_ZERO(attr->send_cq),
		.recv_cq_handle = HANDLE_OR_ZERO(attr->recv_cq),
		.srq_handle = HANDLE_OR_ZERO(attr->srq),
		.max_send_wr = attr->cap.max_send_wr,
		.max_recv_wr = attr->cap.max_recv_wr,
		.max_send_sge = attr->cap.max_send_sge,
		.max_recv_sge = attr->cap.max_recv_sge,
		.max_inline_data = attr->cap.max_inline_data,
		.sq_sig_all = !!attr->sq_sig_all,
		.qp_type = attr->qp_type,
		.is_srq = !!attr->srq,
	};
	struct ib_uverbs_ex_create_qp_resp extended;
	int err;

	if (attr->comp_mask & IBV_QP_INIT_ATTR_CREATE_FLAGS) {
		in.create_flags = attr->create_flags;
		if (attr->create_flags & IBV_QP_CREATE_SOURCE_QPN)
			in.source_qpn = attr->source_qpn;
	}
	if (attr->comp_mask & IBV_QP_INIT_ATTR_IND_TABLE) {
		in.comp_mask |= IB_UVERBS_CREATE_QP_MASK_IND_TABLE;
		in.rwq_ind_tbl_handle = attr->rwq_ind_tbl->ind_tbl_handle;
	}
	err = command_run(context,
			  COMMAND(EXTENDED(CREATE_QP), &in, ANSWER(&extended), .udata = udata));
	*answer = extended.base;
	return err;
}

static void take_answer(struct verbs_qp *qp, struct ibv_qp_cap *cap,
			const struct ib_uverbs_create_qp_resp *answer)
{
	qp->qp.handle = answer->qp_handle;
	qp->qp.qp_num = answer->qpn;
	cap->max_send_wr = answer->max_send_wr;
	cap->max_recv_wr = answer->max_recv_wr;
	cap->max_send_sge = answer->max_send_sge;
	cap->max_recv_sge = answer->max_recv_sge;
	cap->max_inline_data = answer->max_inline_data;
}

int ibv_cmd_create_qp_ex(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr,
			 struct verbs_qp *qp, const struct verbs_udata *udata)
{
	struct ib_uverbs_create_qp_resp answer;
	int err;

	err = check_attr(attr);
	if (err)
		return err;
	err = prepare(qp, context, attr);
	if (err)
		return err;
	if (needs_extended(attr))
		err = send_extended(context, attr, qp, &answer, udata);
	else
		err = send_classic(context, attr, qp, &answer, udata);
	if (err) {
		events_finish(&qp->qp.mutex, &qp->qp.cond);
		return err;
	}
	take_answer(qp, &attr->cap, &answer);
	return 0;
}

int ibv_cmd_create_qp(struct ibv_pd *pd, struct ibv_qp_init_attr *attr, struct verbs_qp *qp,
		      const struct verbs_udata *udata)
{
	struct ibv_qp_init_attr_ex ex = {
		.qp_context = attr->qp_context,
		.send_cq = attr->send_cq,
		.recv_cq = attr->recv_cq,
		.srq = attr->srq,
		.cap = attr->cap,
		.qp_type = attr->qp_type,
		.sq_sig_all = attr->sq_sig_all,
		.comp_mask = IBV_QP_INIT_ATTR_PD,
		.pd = pd,
	};
	int err = ibv_cmd_create_qp_ex(pd->context, &ex, qp, udata);

	if (!err)
		attr->cap = ex.cap;
	return err;
}

int ibv_cmd_open_qp(struct ibv_context *context, const struct ibv_qp_open_attr *attr,
		    struct verbs_qp *qp, const struct verbs_udata *udata)
{
	struct ibv_qp_init_attr_ex made = {.qp_type = attr->qp_type, .xrcd = attr->xrcd};
	struct ib_uverbs_open_qp in = {
		.user_handle = (uintptr_t)qp,
		.qpn = attr->qp_num,
		.qp_type = attr->qp_type,
	};
	struct ib_uverbs_create_qp_resp answer;
	int err;

	if (attr->comp_mask & IBV_QP_OPEN_ATTR_CONTEXT)
		made.qp_context = attr->qp_context;
	in.pd_handle = to_verbs_xrcd(attr->xrcd)->handle;

	err = prepare(qp, context, &made);
	if (err)
		return err;
	err = command_run(context,
			  COMMAND(IB_USER_VERBS_CMD_OPEN_QP, &in, ANSWER(&answer), .udata = udata));
	if (err) {
		events_finish(&qp->qp.mutex, &qp->qp.cond);
		return err;
	}
	qp->qp.handle = answer.qp_handle;
	qp->qp.qp_num = answer.qpn;
	/* Its owner may have taken it anywhere by now. */
	qp->qp.state = IBV_QPS_UNKNOWN;
	return 0;
}

int ibv_cmd_destroy_qp(struct ibv_qp *qp)
{
	struct ib_uverbs_destroy_qp in = {.qp_handle = qp->handle};
	struct ib_uverbs_destroy_qp_resp answer;
	int err, sent;

	sent = command_run(qp->context,
			   COMMAND(IB_USER_VERBS_CMD_DESTROY_QP, &in, ANSWER(&answer)));
	err = destroy_result(sent);
	if (err)
		return err;
	if (!sent)
		events_wait(&qp->mutex, &qp->cond, &qp->events_completed, answer.events_reported);
	events_finish(&qp->mutex, &qp->cond);
	return 0;
}

int ibv_cmd_attach_mcast(struct ibv_qp *qp, const union ibv_gid *gid, uint16_t lid)
{
	struct ib_uverbs_attach_mcast in = {.qp_handle = qp->handle, .mlid = lid};

	memcpy(in.gid, gid->raw, sizeof(in.gid));
	return command_run(qp->context, COMMAND(IB_USER_VERBS_CMD_ATTACH_MCAST, &in));
}

int ibv_cmd_detach_mcast(struct ibv_qp *qp, const union ibv_gid *gid, uint16_t lid)
{
	struct ib_uverbs_detach_mcast in = {.qp_handle = qp->handle, .mlid = lid};

	memcpy(in.gid, gid->raw, sizeof(in.gid));
	return destroy_result(
		command_run(qp->context, COMMAND(IB_USER_VERBS_CMD_DETACH_MCAST, &in)));
}
