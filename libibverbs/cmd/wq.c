/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Receive work queues, and the tables that packets are spread over them with. */
#include <stdlib.h>

#include "libibverbs/cmd/carrier.h"

/* Mutex and condition are made ready by ibv_create_wq(), which is an inline function. */
int ibv_cmd_create_wq(struct ibv_context *context, struct ibv_wq_init_attr *attr, struct ibv_wq *wq,
		      const struct verbs_udata *udata)
{
	struct ib_uverbs_ex_create_wq in = {
		.wq_type = attr->wq_type,
		.user_handle = (uintptr_t)wq,
		.pd_handle = attr->pd->handle,
		.cq_handle = attr->cq->handle,
		.max_wr = attr->max_wr,
		.max_sge = attr->max_sge,
	};
	struct ib_uverbs_ex_create_wq_resp answer;
	int err;

	if (attr->comp_mask & IBV_WQ_INIT_ATTR_FLAGS)
		in.create_flags = attr->create_flags;
	wq->context = context;
	wq->wq_context = attr->wq_context;
	wq->pd = attr->pd;
	wq->cq = attr->cq;
	wq->wq_type = attr->wq_type;
	wq->state = IBV_WQS_RESET;
	wq->events_completed = 0;
	wq->comp_mask = 0;
	err = command_run(context,
			  COMMAND(EXTENDED(CREATE_WQ), &in, ANSWER(&answer), .udata = udata));
	if (err)
		return err;
	wq->handle = answer.wq_handle;
	wq->wq_num = answer.wqn;
	attr->max_wr = answer.max_wr;
	attr->max_sge = answer.max_sge;
	return 0;
}

int ibv_cmd_modify_wq(struct ibv_wq *wq, const struct ibv_wq_attr *attr,
		      const struct verbs_udata *udata)
{
	struct ib_uverbs_ex_modify_wq in = {.attr_mask = attr->attr_mask, .wq_handle = wq->handle};
	int err;

	if (attr->attr_mask >= IBV_WQ_ATTR_RESERVED)
		return EINVAL;
	if (attr->attr_mask & IBV_WQ_ATTR_STATE)
		in.wq_state = attr->wq_state;
	if (attr->attr_mask & IBV_WQ_ATTR_CURR_STATE)
		in.curr_wq_state = attr->curr_wq_state;
	if (attr->attr_mask & IBV_WQ_ATTR_FLAGS) {
		in.flags = attr->flags;
		in.flags_mask = attr->flags_mask;
	}
	err = command_run(wq->context, COMMAND(EXTENDED(MODIFY_WQ), &in, .udata = udata));
	if (!err && attr->attr_mask & IBV_WQ_ATTR_STATE)
		wq->state = attr->wq_state;
	return err;
}

int ibv_cmd_destroy_wq(struct ibv_wq *wq)
{
	struct ib_uverbs_ex_destroy_wq in = {.wq_handle = wq->handle};
	struct ib_uverbs_ex_destroy_wq_resp answer;
	int err, sent;

	sent = command_run(wq->context, COMMAND(EXTENDED(DESTROY_WQ), &in, ANSWER(&answer)));
	err = destroy_result(sent);
	if (err)
		return err;
	if (!sent)
		events_wait(&wq->mutex, &wq->cond, &wq->events_completed, answer.events_reported);
	events_finish(&wq->mutex, &wq->cond);
	return 0;
}

/* The handles follow the fixed part, filled up to a multiple of 8 bytes. */
int ibv_cmd_create_rwq_ind_table(struct ibv_context *context,
				 const struct ibv_rwq_ind_table_init_attr *attr,
				 struct ibv_rwq_ind_table *table, const struct verbs_udata *udata)
{
	struct ib_uverbs_ex_create_rwq_ind_table_resp answer;
	struct ib_uverbs_ex_create_rwq_ind_table *in;
	struct command command = {
		.number = EXTENDED(CREATE_RWQ_IND_TBL),
		.out = &answer,
		.out_len = sizeof(answer),
		.udata = udata,
	};
	size_t count;
	int err;

	if (attr->log_ind_tbl_size > IB_USER_VERBS_MAX_LOG_IND_TBL_SIZE)
		return EINVAL;
	count = (size_t)1 << attr->log_ind_tbl_size;
	command.in_len = sizeof(*in) + (count + 1) / 2 * 2 * sizeof(in->wq_handles[0]);
	in = calloc(1, command.in_len);
	if (!in)
		return ENOMEM;
	in->log_ind_tbl_size = attr->log_ind_tbl_size;
	for (size_t i = 0; i < count; i++)
		in->wq_handles[i] = attr->ind_tbl[i]->handle;
	command.in = in;
	err = command_run(context, &command);
	free(in);
	if (err)
		return err;
	/* Public handles are of type int; the kernel's go the same way back. */
	table->context = context;
	table->ind_tbl_handle = (int)answer.ind_tbl_handle;
	table->ind_tbl_num = (int)answer.ind_tbl_num;
	table->comp_mask = 0;
	return 0;
}

int ibv_cmd_destroy_rwq_ind_table(struct ibv_rwq_ind_table *table)
{
	struct ib_uverbs_ex_destroy_rwq_ind_table in = {
		.ind_tbl_handle = (uint32_t)table->ind_tbl_handle,
	};

	return destroy_result(
		command_run(table->context, COMMAND(EXTENDED(DESTROY_RWQ_IND_TBL), &in)));
}
