/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Flows, their actions and counters: what is checked before the provider sees it. */
#include "libibverbs/entry.h"
#include "libibverbs/library.h"

/* Other queue pairs get only what is addressed to them. */
static bool takes_flows(const struct ibv_qp *qp)
{
	return qp->qp_type == IBV_QPT_RAW_PACKET || qp->qp_type == IBV_QPT_UD;
}

static int check_flow(const struct ibv_qp *qp, const struct ibv_flow_attr *attr)
{
	const uint32_t known = IBV_FLOW_ATTR_FLAGS_DONT_TRAP | IBV_FLOW_ATTR_FLAGS_EGRESS;

	if (attr->comp_mask || attr->flags & ~known)
		return EOPNOTSUPP;
	if ((unsigned int)attr->type > IBV_FLOW_ATTR_SNIFFER)
		return EINVAL;
	return takes_flows(qp) ? 0 : EINVAL;
}

struct ibv_flow *entry_create_flow(struct ibv_qp *qp, struct ibv_flow_attr *attr)
{
	int err = check_flow(qp, attr);

	return err ? fail_null(err) : context_ops(qp->context)->create_flow(qp, attr);
}

static int check_esp(const struct ibv_flow_action_esp_attr *attr)
{
	if (attr->comp_mask & ~(uint32_t)IBV_FLOW_ACTION_ESP_MASK_ESN)
		return EOPNOTSUPP;
	if (attr->keymat_ptr && attr->keymat_proto != IB_UVERBS_FLOW_ACTION_ESP_KEYMAT_AES_GCM)
		return EOPNOTSUPP;
	if (attr->replay_ptr && attr->replay_proto > IB_UVERBS_FLOW_ACTION_ESP_REPLAY_BMP)
		return EOPNOTSUPP;
	return 0;
}

/* A key and the attributes are what an action is; only a change may leave them as they are. */
struct ibv_flow_action *entry_create_flow_action_esp(struct ibv_context *context,
						     struct ibv_flow_action_esp_attr *attr)
{
	int err = check_esp(attr);

	if (!err && (!attr->esp_attr || !attr->keymat_ptr))
		err = EINVAL;
	return err ? fail_null(err) : context_ops(context)->create_flow_action_esp(context, attr);
}

int entry_modify_flow_action_esp(struct ibv_flow_action *action,
				 struct ibv_flow_action_esp_attr *attr)
{
	int err = check_esp(attr);

	return err ? err : context_ops(action->context)->modify_flow_action_esp(action, attr);
}

struct ibv_counters *entry_create_counters(struct ibv_context *context,
					   struct ibv_counters_init_attr *attr)
{
	if (attr->comp_mask)
		return fail_null(EOPNOTSUPP);
	return context_ops(context)->create_counters(context, attr);
}

int entry_attach_counters_point_flow(struct ibv_counters *counters,
				     struct ibv_counter_attach_attr *attr, struct ibv_flow *flow)
{
	if (attr->comp_mask)
		return EOPNOTSUPP;
	if ((unsigned int)attr->counter_desc > IBV_COUNTER_BYTES)
		return EINVAL;
	if (flow && flow->context != counters->context)
		return EINVAL;
	return context_ops(counters->context)->attach_counters_point_flow(counters, attr, flow);
}

int entry_read_counters(struct ibv_counters *counters, uint64_t *values, uint32_t count,
			uint32_t flags)
{
	if (flags & ~(uint32_t)IBV_READ_COUNTERS_ATTR_PREFER_CACHED)
		return EOPNOTSUPP;
	if (!values || !count)
		return EINVAL;
	return context_ops(counters->context)->read_counters(counters, values, count, flags);
}
