/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Flow rules: which set of counters they name, and what it counts. ESP actions. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <rdma/mlx5-abi.h>

#include "context.h"
#include "flow.h"

/*
 * The set that the specifications name, NULL if none does: the device has one counter a rule.
 * Specifications lie behind each other, at any address.
 */
static int find_counters(const struct ibv_qp *qp, const struct ibv_flow_attr *attr,
			 struct mlx5_counters **found)
{
	const char *at = (const char *)(attr + 1);

	*found = NULL;
	for (unsigned int i = 0; i < attr->num_of_specs; i++) {
		struct ibv_flow_spec spec = {};

		memcpy(&spec, at, sizeof(spec.hdr));
		if (spec.hdr.size < sizeof(spec.hdr))
			return EINVAL;
		if (spec.hdr.type == IBV_FLOW_SPEC_ACTION_COUNT) {
			if (*found) {
				verbs_explain("a rule has one set of counters");
				return EINVAL;
			}
			if (spec.hdr.size < sizeof(spec.flow_count))
				return EINVAL;
			memcpy(&spec, at, sizeof(spec.flow_count));
			if (!spec.flow_count.counters ||
			    spec.flow_count.counters->context != qp->context)
				return EINVAL;
			*found = to_mlx5_counters(spec.flow_count.counters);
		}
		at += spec.hdr.size;
	}
	return 0;
}

/* The first rule of a set brings along what it counts; the kernel takes that only once. */
static int create_counted(struct ibv_qp *qp, const struct ibv_flow_attr *attr,
			  struct mlx5_flow *flow)
{
	struct mlx5_counters *counters = flow->counters;
	struct mlx5_ib_create_flow *request =
		calloc(1, sizeof(*request) + sizeof(request->data[0]));
	struct verbs_udata udata = {.in = request, .in_len = sizeof(*request)};
	int err;

	if (!request)
		return ENOMEM;
	pthread_mutex_lock(&counters->mutex);
	if (!counters->flows) {
		request->ncounters_data = 1;
		request->data[0].counters_data = (uintptr_t)counters->descs;
		request->data[0].ncounters = counters->num_descs;
		udata.in_len += sizeof(request->data[0]);
	}
	err = ibv_cmd_create_flow(qp, attr, &flow->flow, &udata);
	counters->flows += !err;
	pthread_mutex_unlock(&counters->mutex);
	free(request);
	return err;
}

struct ibv_flow *mlx5_create_flow(struct ibv_qp *qp, struct ibv_flow_attr *attr)
{
	struct mlx5_flow *flow = calloc(1, sizeof(*flow));
	int err;

	if (!flow)
		return NULL;
	err = find_counters(qp, attr, &flow->counters);
	if (!err && flow->counters)
		err = create_counted(qp, attr, flow);
	else if (!err)
		err = ibv_cmd_create_flow(qp, attr, &flow->flow, NULL);
	if (err) {
		free(flow);
		errno = err;
		return NULL;
	}
	return &flow->flow;
}

int mlx5_destroy_flow(struct ibv_flow *ibv_flow)
{
	struct mlx5_flow *flow = to_mlx5_flow(ibv_flow);
	struct mlx5_counters *counters = flow->counters;
	int err;

	if (counters)
		pthread_mutex_lock(&counters->mutex);
	err = ibv_cmd_destroy_flow(ibv_flow);
	if (counters) {
		counters->flows -= !err;
		pthread_mutex_unlock(&counters->mutex);
	}
	if (!err)
		free(flow);
	return err;
}

struct ibv_flow_action *mlx5_create_flow_action_esp(struct ibv_context *context,
						    struct ibv_flow_action_esp_attr *attr)
{
	struct verbs_flow_action *action;
	int err;

	if (!(to_mlx5_context(context)->flow_action_flags &
	      MLX5_USER_ALLOC_UCONTEXT_FLOW_ACTION_FLAGS_ESP_AES_GCM)) {
		errno = EOPNOTSUPP;
		return NULL;
	}
	action = calloc(1, sizeof(*action));
	if (!action)
		return NULL;
	err = ibv_cmd_create_flow_action_esp(context, attr, action, NULL);
	if (err) {
		free(action);
		errno = err;
		return NULL;
	}
	return &action->action;
}

int mlx5_modify_flow_action_esp(struct ibv_flow_action *action,
				struct ibv_flow_action_esp_attr *attr)
{
	return ibv_cmd_modify_flow_action_esp(to_verbs_flow_action(action), attr, NULL);
}

int mlx5_destroy_flow_action(struct ibv_flow_action *ibv_action)
{
	struct verbs_flow_action *action = to_verbs_flow_action(ibv_action);
	int err = ibv_cmd_destroy_flow_action(action);

	if (!err)
		free(action);
	return err;
}
