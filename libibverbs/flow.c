/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Flows, their actions and counters: what is checked before the provider sees it. */
#include "libibverbs/entry.h"
#include "libibverbs/explain/explain.h"
#include "libibverbs/library.h"

/* Other queue pairs get only what is addressed to them. */
static bool takes_flows(const struct ibv_qp *qp)
{
	return qp->qp_type == IBV_QPT_RAW_PACKET || qp->qp_type == IBV_QPT_UD;
}

static const char create_flow[] = "ibv_create_flow";

static int check_flow(const struct ibv_qp *qp, const struct ibv_flow_attr *attr)
{
	const uint32_t known = IBV_FLOW_ATTR_FLAGS_DONT_TRAP | IBV_FLOW_ATTR_FLAGS_EGRESS;

	if (attr->comp_mask || attr->flags & ~known)
		return explain(EOPNOTSUPP, create_flow,
			       "comp_mask %#x or flags %#x has unknown bits", attr->comp_mask,
			       attr->flags);
	if ((unsigned int)attr->type > IBV_FLOW_ATTR_SNIFFER)
		return explain(EINVAL, create_flow, "type %d is unknown", (int)attr->type);
	if (!takes_flows(qp))
		return explain(EINVAL, create_flow,
			       "%s queue pairs take no flows, raw packet and UD do",
			       explain_qp_type(qp->qp_type));
	return 0;
}

struct ibv_flow *entry_create_flow(struct ibv_qp *qp, struct ibv_flow_attr *attr)
{
	int err = check_flow(qp, attr);

	if (err)
		return fail_null(err);
	return explained_pointer(context_ops(qp->context)->create_flow(qp, attr), create_flow,
				 qp->context);
}

static int check_esp(const char *verb, const struct ibv_flow_action_esp_attr *attr)
{
	if (attr->comp_mask & ~(uint32_t)IBV_FLOW_ACTION_ESP_MASK_ESN)
		return explain(EOPNOTSUPP, verb, "comp_mask %#x has unknown bits", attr->comp_mask);
	if (attr->keymat_ptr && attr->keymat_proto != IB_UVERBS_FLOW_ACTION_ESP_KEYMAT_AES_GCM)
		return explain(EOPNOTSUPP, verb, "keymat_proto %d is not AES-GCM",
			       (int)attr->keymat_proto);
	if (attr->replay_ptr && attr->replay_proto > IB_UVERBS_FLOW_ACTION_ESP_REPLAY_BMP)
		return explain(EOPNOTSUPP, verb, "replay_proto %d is unknown",
			       (int)attr->replay_proto);
	return 0;
}

/* A key and the attributes are what an action is; only a change may leave them as they are. */
struct ibv_flow_action *entry_create_flow_action_esp(struct ibv_context *context,
						     struct ibv_flow_action_esp_attr *attr)
{
	static const char verb[] = "ibv_create_flow_action_esp";
	int err = check_esp(verb, attr);

	if (!err && (!attr->esp_attr || !attr->keymat_ptr))
		err = explain(EINVAL, verb, "esp_attr or keymat_ptr is missing");
	if (err)
		return fail_null(err);
	return explained_pointer(context_ops(context)->create_flow_action_esp(context, attr), verb,
				 context);
}

int entry_modify_flow_action_esp(struct ibv_flow_action *action,
				 struct ibv_flow_action_esp_attr *attr)
{
	static const char verb[] = "ibv_modify_flow_action_esp";
	int err = check_esp(verb, attr);

	if (err)
		return err;
	return explained(context_ops(action->context)->modify_flow_action_esp(action, attr), verb,
			 action->context);
}

struct ibv_counters *entry_create_counters(struct ibv_context *context,
					   struct ibv_counters_init_attr *attr)
{
	static const char verb[] = "ibv_create_counters";

	if (attr->comp_mask)
		return fail_null(explain(EOPNOTSUPP, verb, "comp_mask %#x has unknown bits",
					 attr->comp_mask));
	return explained_pointer(context_ops(context)->create_counters(context, attr), verb,
				 context);
}

int entry_attach_counters_point_flow(struct ibv_counters *counters,
				     struct ibv_counter_attach_attr *attr, struct ibv_flow *flow)
{
	static const char verb[] = "ibv_attach_counters_point_flow";
	struct ibv_context *context = counters->context;

	if (attr->comp_mask)
		return explain(EOPNOTSUPP, verb, "comp_mask %#x has unknown bits", attr->comp_mask);
	if ((unsigned int)attr->counter_desc > IBV_COUNTER_BYTES)
		return explain(EINVAL, verb, "counter_desc %d is unknown", (int)attr->counter_desc);
	if (flow && flow->context != context)
		return explain(EINVAL, verb, "flow is of another context");
	return explained(context_ops(context)->attach_counters_point_flow(counters, attr, flow),
			 verb, context);
}

int entry_read_counters(struct ibv_counters *counters, uint64_t *values, uint32_t count,
			uint32_t flags)
{
	static const char verb[] = "ibv_read_counters";
	struct ibv_context *context = counters->context;

	if (flags & ~(uint32_t)IBV_READ_COUNTERS_ATTR_PREFER_CACHED)
		return explain(EOPNOTSUPP, verb, "flags %#x has unknown bits", flags);
	if (!values || !count)
		return explain(EINVAL, verb, "there is no room for values");
	return explained(context_ops(context)->read_counters(counters, values, count, flags), verb,
			 context);
}
