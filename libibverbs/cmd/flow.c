/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Flows, and the ESP actions that their specifications name. */
#include <stdlib.h>

#include "libibverbs/cmd/carrier.h"
#include "libibverbs/cmd/flow_spec.h"

int ibv_cmd_create_flow(struct ibv_qp *qp, const struct ibv_flow_attr *attr, struct ibv_flow *flow,
			const struct verbs_udata *udata)
{
	struct ib_uverbs_create_flow_resp answer;
	struct ib_uverbs_create_flow *in;
	struct command command = {
		.number = EXTENDED(CREATE_FLOW),
		.out = &answer,
		.out_len = sizeof(answer),
		.udata = udata,
	};
	size_t specs_len;
	int err;

	if (attr->comp_mask)
		return EOPNOTSUPP;
	in = calloc(1, sizeof(*in) + attr->num_of_specs * FLOW_SPEC_MAX);
	if (!in)
		return ENOMEM;
	err = flow_specs_translate(qp->context, attr, in + 1, &specs_len);
	if (err)
		goto free_in;
	in->qp_handle = qp->handle;
	in->flow_attr.type = attr->type;
	in->flow_attr.size = specs_len; /* of the specifications alone */
	in->flow_attr.priority = attr->priority;
	in->flow_attr.num_of_specs = attr->num_of_specs;
	in->flow_attr.port = attr->port;
	in->flow_attr.flags = attr->flags;
	command.in = in;
	command.in_len = sizeof(*in) + specs_len;
	err = command_run(qp->context, &command);
	if (err)
		goto free_in;
	flow->comp_mask = 0;
	flow->context = qp->context;
	flow->handle = answer.flow_handle;
free_in:
	free(in);
	return err;
}

int ibv_cmd_destroy_flow(struct ibv_flow *flow)
{
	struct ib_uverbs_destroy_flow in = {.flow_handle = flow->handle};

	return destroy_result(command_run(flow->context, COMMAND(EXTENDED(DESTROY_FLOW), &in)));
}

/* What the application leaves out is not sent: creation demands it, modification keeps it. */
static int add_esp(struct verbs_ioctl *call, const struct ibv_flow_action_esp_attr *attr)
{
	if (attr->comp_mask & ~(uint32_t)IBV_FLOW_ACTION_ESP_MASK_ESN)
		return EOPNOTSUPP;
	if (attr->comp_mask & IBV_FLOW_ACTION_ESP_MASK_ESN)
		verbs_ioctl_in_u32(call, UVERBS_ATTR_FLOW_ACTION_ESP_ESN, attr->esn);
	if (attr->keymat_ptr)
		verbs_ioctl_in_enum(call, UVERBS_ATTR_FLOW_ACTION_ESP_KEYMAT, attr->keymat_proto,
				    attr->keymat_ptr, attr->keymat_len);
	if (attr->replay_ptr)
		verbs_ioctl_in_enum(call, UVERBS_ATTR_FLOW_ACTION_ESP_REPLAY, attr->replay_proto,
				    attr->replay_ptr, attr->replay_len);
	if (attr->esp_encap)
		verbs_ioctl_in(call, UVERBS_ATTR_FLOW_ACTION_ESP_ENCAP, attr->esp_encap,
			       sizeof(*attr->esp_encap));
	if (attr->esp_attr)
		verbs_ioctl_in(call, UVERBS_ATTR_FLOW_ACTION_ESP_ATTRS, attr->esp_attr,
			       sizeof(*attr->esp_attr));
	return 0;
}

int ibv_cmd_create_flow_action_esp(struct ibv_context *context,
				   const struct ibv_flow_action_esp_attr *attr,
				   struct verbs_flow_action *action, struct verbs_ioctl *call)
{
	struct verbs_ioctl own;
	unsigned int handle;
	int err;

	call = method_begin(&own, call, UVERBS_OBJECT_FLOW_ACTION,
			    UVERBS_METHOD_FLOW_ACTION_ESP_CREATE);
	handle = verbs_ioctl_new_handle(call, UVERBS_ATTR_CREATE_FLOW_ACTION_ESP_HANDLE);
	err = add_esp(call, attr);
	if (!err)
		err = method_run(context, call);
	if (err)
		return err;
	action->action.context = context;
	action->handle = verbs_ioctl_u32(call, handle);
	return 0;
}

int ibv_cmd_modify_flow_action_esp(struct verbs_flow_action *action,
				   const struct ibv_flow_action_esp_attr *attr,
				   struct verbs_ioctl *call)
{
	struct verbs_ioctl own;
	int err;

	call = method_begin(&own, call, UVERBS_OBJECT_FLOW_ACTION,
			    UVERBS_METHOD_FLOW_ACTION_ESP_MODIFY);
	verbs_ioctl_in_handle(call, UVERBS_ATTR_MODIFY_FLOW_ACTION_ESP_HANDLE, action->handle);
	err = add_esp(call, attr);
	return err ? err : method_run(action->action.context, call);
}

int ibv_cmd_destroy_flow_action(struct verbs_flow_action *action)
{
	struct verbs_ioctl call;

	verbs_ioctl_begin(&call, UVERBS_OBJECT_FLOW_ACTION, UVERBS_METHOD_FLOW_ACTION_DESTROY);
	verbs_ioctl_in_handle(&call, UVERBS_ATTR_DESTROY_FLOW_ACTION_HANDLE, action->handle);
	return destroy_result(method_run(action->action.context, &call));
}
