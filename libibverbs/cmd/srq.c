/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shared receive queues. */
#include "libibverbs/cmd/carrier.h"

static int prepare(struct verbs_srq *srq, struct ibv_context *context, struct ibv_pd *pd,
		   void *srq_context)
{
	srq->srq.context = context;
	srq->srq.srq_context = srq_context;
	srq->srq.pd = pd;
	srq->srq.events_completed = 0;
	return events_init(&srq->srq.mutex, &srq->srq.cond);
}

static int finish(struct verbs_srq *srq, int err, const struct ib_uverbs_create_srq_resp *answer,
		  struct ibv_srq_attr *attr)
{
	if (err) {
		events_finish(&srq->srq.mutex, &srq->srq.cond);
		return err;
	}
	srq->srq.handle = answer->srq_handle;
	attr->max_wr = answer->max_wr;
	attr->max_sge = answer->max_sge;
	return 0;
}

int ibv_cmd_create_srq(struct ibv_pd *pd, struct ibv_srq_init_attr *attr, struct verbs_srq *srq,
		       const struct verbs_udata *udata)
{
	struct ib_uverbs_create_srq in = {
		.user_handle = (uintptr_t)srq,
		.pd_handle = pd->handle,
		.max_wr = attr->attr.max_wr,
		.max_sge = attr->attr.max_sge,
		.srq_limit = attr->attr.srq_limit,
	};
	struct ib_uverbs_create_srq_resp answer;
	int err;

	err = prepare(srq, pd->context, pd, attr->srq_context);
	if (err)
		return err;
	srq->type = IBV_SRQT_BASIC;
	err = command_run(pd->context, COMMAND(IB_USER_VERBS_CMD_CREATE_SRQ, &in, ANSWER(&answer),
					       .udata = udata));
	return finish(srq, err, &answer, &attr->attr);
}

int ibv_cmd_create_srq_ex(struct ibv_context *context, struct ibv_srq_init_attr_ex *attr,
			  struct verbs_srq *srq, const struct verbs_udata *udata)
{
	enum ibv_srq_type type =
		attr->comp_mask & IBV_SRQ_INIT_ATTR_TYPE ? attr->srq_type : IBV_SRQT_BASIC;
	struct ib_uverbs_create_xsrq in = {
		.user_handle = (uintptr_t)srq,
		.srq_type = type,
		.max_wr = attr->attr.max_wr,
		.max_sge = attr->attr.max_sge,
		.srq_limit = attr->attr.srq_limit,
	};
	struct ib_uverbs_create_srq_resp answer;
	int err;

	in.pd_handle = attr->pd->handle;
	srq->type = type;
	srq->xrcd = type == IBV_SRQT_XRC ? to_verbs_xrcd(attr->xrcd) : NULL;
	srq->cq = type == IBV_SRQT_BASIC ? NULL : attr->cq;
	in.xrcd_handle = HANDLE_OR_ZERO(srq->xrcd);
	in.cq_handle = HANDLE_OR_ZERO(srq->cq);
	in.max_num_tags = type == IBV_SRQT_TM ? attr->tm_cap.max_num_tags : 0;

	err = prepare(srq, context, attr->pd, attr->srq_context);
	if (err)
		return err;
	err = command_run(context, COMMAND(IB_USER_VERBS_CMD_CREATE_XSRQ, &in, ANSWER(&answer),
					   .udata = udata));
	srq->srq_num = err ? 0 : answer.srqn;
	return finish(srq, err, &answer, &attr->attr);
}

int ibv_cmd_modify_srq(struct ibv_srq *srq, const struct ibv_srq_attr *attr, int attr_mask,
		       const struct verbs_udata *udata)
{
	struct ib_uverbs_modify_srq in = {
		.srq_handle = srq->handle,
		.attr_mask = attr_mask,
		.max_wr = attr->max_wr,
		.srq_limit = attr->srq_limit,
	};

	return command_run(srq->context,
			   COMMAND(IB_USER_VERBS_CMD_MODIFY_SRQ, &in, .udata = udata));
}

int ibv_cmd_query_srq(struct ibv_srq *srq, struct ibv_srq_attr *attr,
		      const struct verbs_udata *udata)
{
	struct ib_uverbs_query_srq in = {.srq_handle = srq->handle};
	struct ib_uverbs_query_srq_resp answer;
	int err;

	err = command_run(srq->context, COMMAND(IB_USER_VERBS_CMD_QUERY_SRQ, &in, ANSWER(&answer),
						.udata = udata));
	if (err)
		return err;
	attr->max_wr = answer.max_wr;
	attr->max_sge = answer.max_sge;
	attr->srq_limit = answer.srq_limit;
	return 0;
}

int ibv_cmd_destroy_srq(struct verbs_srq *srq)
{
	struct ib_uverbs_destroy_srq in = {.srq_handle = srq->srq.handle};
	struct ib_uverbs_destroy_srq_resp answer;
	int err, sent;

	sent = command_run(srq->srq.context,
			   COMMAND(IB_USER_VERBS_CMD_DESTROY_SRQ, &in, ANSWER(&answer)));
	err = destroy_result(sent);
	if (err)
		return err;
	if (!sent)
		events_wait(&srq->srq.mutex, &srq->srq.cond, &srq->srq.events_completed,
			    answer.events_reported);
	events_finish(&srq->srq.mutex, &srq->srq.cond);
	return 0;
}
