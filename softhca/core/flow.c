/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Flow rules: bound to what they lead to and count with, and entered in the directory. */
#include "softhca/core/flow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "softhca/core/internal.h"

static bool takes_frames(const struct hca *hca, const struct flow_params *params)
{
	if (params->rss)
		return !params->qp && params->rss->hca == hca;
	return params->qp && params->qp->hca == hca && params->qp->type == QP_TYPE_RAW_PACKET &&
	       (params->qp->rq || params->drop);
}

static int check_bindings(const struct hca *hca, const struct flow_params *params)
{
	if (!params->counters)
		return params->num_bindings ? EINVAL : 0;
	if (params->num_bindings > FLOW_MAX_BINDINGS || params->counters->hca != hca)
		return EINVAL;
	/* Either there are some already, or they come. */
	if (!params->counters->num_bindings != !!params->num_bindings)
		return EINVAL;
	for (uint32_t i = 0; i < params->num_bindings; i++)
		if (params->bindings[i].index >= COUNTERS_MAX ||
		    params->bindings[i].kind > COUNTER_BYTES)
			return EINVAL;
	return 0;
}

static int check_params(const struct hca *hca, const struct flow_params *params)
{
	if (hca->shared->port_type != FABRIC_PORT_ETH)
		return EOPNOTSUPP;
	if (!takes_frames(hca, params) || params->rule.kind > FLOW_SNIFFER)
		return EINVAL;
	if (params->rule.priority > FLOW_MAX_PRIORITY)
		return ENOSPC;
	if (params->rule.passes && (params->rule.kind != FLOW_NORMAL || params->drop))
		return EINVAL;
	return check_bindings(hca, params);
}

static void count_users(struct flow *flow, int change)
{
	if (flow->rss)
		flow->rss->users += (uint32_t)change;
	else
		flow->qp->num_flows += (uint32_t)change;
	if (flow->counters)
		flow->counters->users += (uint32_t)change;
}

static void open_counters(struct counters *counters, const struct flow_params *params)
{
	if (!params->num_bindings)
		return;
	counters->num_bindings = params->num_bindings;
	memcpy(counters->bindings, params->bindings, sizeof(counters->bindings));
	for (uint32_t i = 0; i < counters->num_bindings; i++)
		if (counters->count <= counters->bindings[i].index)
			counters->count = counters->bindings[i].index + 1;
}

static struct flow *new_flow(struct hca *hca, const struct flow_params *params)
{
	struct flow *flow = calloc(1, sizeof(*flow));

	if (!flow)
		return NULL;
	flow->hca = hca;
	flow->qp = params->qp;
	flow->rss = params->rss;
	flow->tag = params->tag;
	flow->drop = params->drop;
	flow->counters = params->counters;
	flow->front = params->front;
	return flow;
}

int flow_create(struct hca *hca, const struct flow_params *params, struct flow **created)
{
	struct fabric_flow_rule rule = params->rule;
	struct flow *flow;
	int rc = check_params(hca, params);

	if (rc)
		return rc;
	flow = new_flow(hca, params);
	if (!flow)
		return ENOMEM;
	rule.qpn = flow->rss ? flow->rss->qpn : flow->qp->qpn;
	rc = fabric_flow_add(hca->engine->fabric, hca->shared, &rule, &flow->index);
	if (rc) {
		free(flow);
		return rc;
	}
	open_counters(flow->counters, params);
	count_users(flow, 1);
	hca->flows[flow->index] = flow;
	*created = flow;
	return 0;
}

void flow_destroy(struct flow *flow)
{
	struct hca *hca = flow->hca;

	fabric_flow_remove(hca->shared, flow->index);
	hca->flows[flow->index] = NULL;
	count_users(flow, -1);
	if (flow->counters && !flow->counters->users)
		flow->counters->num_bindings = 0;
	free(flow);
}

void flow_count(const struct flow *flow, uint32_t bytes)
{
	struct counters *counters = flow->counters;

	for (uint32_t i = 0; counters && i < counters->num_bindings; i++) {
		const struct counter_binding *binding = &counters->bindings[i];

		counters->values[binding->index] += binding->kind == COUNTER_PACKETS ? 1 : bytes;
	}
}
