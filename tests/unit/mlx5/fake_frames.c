/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Commands of work queues, flow rules and counters, without a kernel. */

#include "fake_kernel.h"

int ibv_cmd_create_wq(struct ibv_context *context, struct ibv_wq_init_attr *attr, struct ibv_wq *wq,
		      const struct verbs_udata *udata)
{
	const struct mlx5_ib_create_wq_resp response = {.response_length = sizeof(response)};

	fake_keep(&fake.wq_request, sizeof(fake.wq_request), udata);
	fake_reply(udata, &response, sizeof(response));
	wq->context = context;
	wq->cq = attr->cq;
	wq->wq_num = FAKE_WQN;
	return fake_created();
}

int ibv_cmd_modify_wq(struct ibv_wq *wq, const struct ibv_wq_attr *attr,
		      const struct verbs_udata *udata)
{
	(void)wq;
	assert_int_equal(udata->in_len, sizeof(struct mlx5_ib_modify_wq));
	fake.wq_change = *attr;
	return 0;
}

int ibv_cmd_destroy_wq(struct ibv_wq *wq)
{
	(void)wq;
	return fake_destroyed();
}

int ibv_cmd_create_rwq_ind_table(struct ibv_context *context,
				 const struct ibv_rwq_ind_table_init_attr *attr,
				 struct ibv_rwq_ind_table *table, const struct verbs_udata *udata)
{
	(void)attr;
	assert_null(udata);
	table->context = context;
	return fake_created();
}

int ibv_cmd_destroy_rwq_ind_table(struct ibv_rwq_ind_table *table)
{
	(void)table;
	return fake_destroyed();
}

static void keep_descriptions(const struct verbs_udata *udata)
{
	const struct mlx5_ib_create_flow *request = udata->in;
	const struct mlx5_ib_flow_counters_data *data = request->data;

	fake.flow.num_descs = 0;
	if (!request->ncounters_data) {
		assert_int_equal(udata->in_len, sizeof(*request));
		return;
	}
	assert_int_equal(request->ncounters_data, 1);
	assert_int_equal(udata->in_len, sizeof(*request) + sizeof(*data));
	assert_true(data->ncounters <= sizeof(fake.flow.descs) / sizeof(fake.flow.descs[0]));
	fake.flow.num_descs = (int)data->ncounters;
	memcpy(fake.flow.descs, (const void *)(uintptr_t)data->counters_data,
	       data->ncounters * sizeof(fake.flow.descs[0]));
}

int ibv_cmd_create_flow(struct ibv_qp *qp, const struct ibv_flow_attr *attr, struct ibv_flow *flow,
			const struct verbs_udata *udata)
{
	(void)attr;
	fake.flow.num_descs = -1;
	if (udata)
		keep_descriptions(udata);
	flow->context = qp->context;
	return fake_created();
}

int ibv_cmd_destroy_flow(struct ibv_flow *flow)
{
	(void)flow;
	return fake_destroyed();
}

int ibv_cmd_create_flow_action_esp(struct ibv_context *context,
				   const struct ibv_flow_action_esp_attr *attr,
				   struct verbs_flow_action *action, struct verbs_ioctl *call)
{
	(void)attr;
	assert_null(call);
	action->action.context = context;
	return fake_created();
}

int ibv_cmd_modify_flow_action_esp(struct verbs_flow_action *action,
				   const struct ibv_flow_action_esp_attr *attr,
				   struct verbs_ioctl *call)
{
	(void)action;
	(void)attr;
	assert_null(call);
	return 0;
}

int ibv_cmd_destroy_flow_action(struct verbs_flow_action *action)
{
	(void)action;
	return fake_destroyed();
}

int ibv_cmd_create_counters(struct ibv_context *context, const struct ibv_counters_init_attr *attr,
			    struct verbs_counters *counters, struct verbs_ioctl *call)
{
	(void)attr;
	assert_null(call);
	counters->counters.context = context;
	return fake_created();
}

int ibv_cmd_destroy_counters(struct verbs_counters *counters)
{
	(void)counters;
	return fake_destroyed();
}

int ibv_cmd_read_counters(struct verbs_counters *counters, uint64_t *values, uint32_t count,
			  uint32_t flags, struct verbs_ioctl *call)
{
	(void)counters;
	assert_null(call);
	for (uint32_t i = 0; i < count; i++)
		values[i] = i * 10 + flags;
	return 0;
}
