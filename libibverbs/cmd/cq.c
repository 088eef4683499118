/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Completion queues. */
#include "libibverbs/cmd/carrier.h"

/* A channel may not go while a queue is bound to it; the context's mutex guards the count. */
static void bind_channel(struct ibv_comp_channel *channel, int by)
{
	if (!channel)
		return;
	pthread_mutex_lock(&channel->context->mutex);
	channel->refcnt += by;
	pthread_mutex_unlock(&channel->context->mutex);
}

/* Everything an event handler looks at, before the kernel can send an event. */
static int prepare(struct verbs_cq *cq, struct ibv_context *context,
		   const struct ibv_cq_init_attr_ex *attr)
{
	cq->cq.context = context;
	cq->cq.channel = attr->channel;
	cq->cq.cq_context = attr->cq_context;
	cq->cq.comp_events_completed = 0;
	cq->cq.async_events_completed = 0;
	return events_init(&cq->cq.mutex, &cq->cq.cond);
}

static int send_extended(struct ibv_context *context, const struct ibv_cq_init_attr_ex *attr,
			 uint32_t flags, struct verbs_cq *cq,
			 struct ib_uverbs_create_cq_resp *answer, const struct verbs_udata *udata)
{
	struct ib_uverbs_ex_create_cq in = {
		.user_handle = (uintptr_t)cq,
		.cqe = attr->cqe,
		.comp_vector = attr->comp_vector,
		.comp_channel = attr->channel ? attr->channel->fd : -1,
		.flags = flags,
	};
	struct ib_uverbs_ex_create_cq_resp extended;
	int err;

	err = command_run(context,
			  COMMAND(EXTENDED(CREATE_CQ), &in, ANSWER(&extended), .udata = udata));
	*answer = extended.base;
	return err;
}

static int send_classic(struct ibv_context *context, const struct ibv_cq_init_attr_ex *attr,
			struct verbs_cq *cq, struct ib_uverbs_create_cq_resp *answer,
			const struct verbs_udata *udata)
{
	struct ib_uverbs_create_cq in = {
		.user_handle = (uintptr_t)cq,
		.cqe = attr->cqe,
		.comp_vector = attr->comp_vector,
		.comp_channel = attr->channel ? attr->channel->fd : -1,
	};

	return command_run(context, COMMAND(IB_USER_VERBS_CMD_CREATE_CQ, &in, .out = answer,
					    .out_len = sizeof(*answer), .udata = udata));
}

/* Only a queue with flags needs the extended command, which kernels before 4.0 lack. */
int ibv_cmd_create_cq_ex(struct ibv_context *context, const struct ibv_cq_init_attr_ex *attr,
			 uint32_t flags, struct verbs_cq *cq, const struct verbs_udata *udata)
{
	struct ib_uverbs_create_cq_resp answer;
	int err;

	err = prepare(cq, context, attr);
	if (err)
		return err;
	if (flags)
		err = send_extended(context, attr, flags, cq, &answer, udata);
	else
		err = send_classic(context, attr, cq, &answer, udata);
	if (!err && answer.cqe > INT32_MAX)
		err = EIO;
	if (err) {
		events_finish(&cq->cq.mutex, &cq->cq.cond);
		return err;
	}
	cq->cq.handle = answer.cq_handle;
	cq->cq.cqe = answer.cqe;
	bind_channel(attr->channel, 1);
	return 0;
}

int ibv_cmd_create_cq(struct ibv_context *context, int cqe, void *cq_context,
		      struct ibv_comp_channel *channel, int comp_vector, struct verbs_cq *cq,
		      const struct verbs_udata *udata)
{
	struct ibv_cq_init_attr_ex attr = {
		.cqe = cqe,
		.cq_context = cq_context,
		.channel = channel,
		.comp_vector = comp_vector,
	};

	return ibv_cmd_create_cq_ex(context, &attr, 0, cq, udata);
}

int ibv_cmd_resize_cq(struct ibv_cq *cq, int cqe, const struct verbs_udata *udata)
{
	struct ib_uverbs_resize_cq in = {.cq_handle = cq->handle, .cqe = cqe};
	struct ib_uverbs_resize_cq_resp answer;
	int err;

	err = command_run(cq->context, COMMAND(IB_USER_VERBS_CMD_RESIZE_CQ, &in, ANSWER(&answer),
					       .udata = udata));
	if (err)
		return err;
	if (answer.cqe > INT32_MAX)
		return EIO;
	cq->cqe = answer.cqe;
	return 0;
}

int ibv_cmd_modify_cq(struct ibv_cq *cq, const struct ibv_modify_cq_attr *attr)
{
	struct ib_uverbs_ex_modify_cq in = {
		.cq_handle = cq->handle,
		.attr_mask = attr->attr_mask,
		.attr.cq_count = attr->moderate.cq_count,
		.attr.cq_period = attr->moderate.cq_period,
	};

	return command_run(cq->context, COMMAND(EXTENDED(MODIFY_CQ), &in));
}

int ibv_cmd_req_notify_cq(struct ibv_cq *cq, int solicited_only)
{
	struct ib_uverbs_req_notify_cq in = {
		.cq_handle = cq->handle,
		.solicited_only = !!solicited_only,
	};

	return command_run(cq->context, COMMAND(IB_USER_VERBS_CMD_REQ_NOTIFY_CQ, &in));
}

int ibv_cmd_destroy_cq(struct ibv_cq *cq)
{
	struct ib_uverbs_destroy_cq in = {.cq_handle = cq->handle};
	struct ib_uverbs_destroy_cq_resp answer;
	int err, sent;

	sent = command_run(cq->context,
			   COMMAND(IB_USER_VERBS_CMD_DESTROY_CQ, &in, ANSWER(&answer)));
	err = destroy_result(sent);
	if (err)
		return err;
	if (!sent) {
		events_wait(&cq->mutex, &cq->cond, &cq->comp_events_completed,
			    answer.comp_events_reported);
		events_wait(&cq->mutex, &cq->cond, &cq->async_events_completed,
			    answer.async_events_reported);
	}
	events_finish(&cq->mutex, &cq->cond);
	bind_channel(cq->channel, -1);
	return 0;
}
