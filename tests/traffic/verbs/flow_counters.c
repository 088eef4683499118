/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What flow rules count. */
#include <errno.h>

#include "flow.h"

static struct ibv_counters *open_counters(struct flow_bench *bench)
{
	struct ibv_counters_init_attr init = {0};
	struct ibv_counter_attach_attr packets = {.counter_desc = IBV_COUNTER_PACKETS, .index = 0};
	struct ibv_counter_attach_attr bytes = {.counter_desc = IBV_COUNTER_BYTES, .index = 1};
	struct ibv_counters *counters = ibv_create_counters(bench->bed.context, &init);

	CHECK(counters);
	CHECK_OK(ibv_attach_counters_point_flow(counters, &packets, NULL));
	CHECK_OK(ibv_attach_counters_point_flow(counters, &bytes, NULL));
	return counters;
}

static struct ibv_flow *bind_counted(struct ibv_qp *qp, struct rule rule,
				     struct ibv_counters *counters)
{
	struct ibv_flow_spec_counter_action spec = {
		.type = IBV_FLOW_SPEC_ACTION_COUNT, .size = sizeof(spec), .counters = counters};

	rule_add(&rule, &spec, sizeof(spec));
	return rule_bind(qp, &rule);
}

static void expect_counts(struct ibv_counters *counters, uint64_t packets, uint64_t bytes)
{
	uint64_t values[2];

	CHECK_OK(ibv_read_counters(counters, values, 2, 0));
	CHECK_EQ(values[0], packets);
	CHECK_EQ(values[1], bytes);
}

CASE(rules_count)
{
	static struct flow_bench bench;
	struct ibv_counters *counters;
	struct ibv_flow *flow;
	uint64_t bytes = 0;

	flow_open(&bench);
	counters = open_counters(&bench);
	flow = bind_counted(bench.first.qp, rule_to(bench.mac, 0), counters);
	expect_counts(counters, 0, 0);
	for (unsigned int i = 1; i <= 20; i++) {
		bench.plan.payload = 64 + i;
		flow_send(&bench);
		flow_expect(&bench, true, false);
		bytes += bench.length;
		expect_counts(counters, i, bytes);
	}
	bench.plan.to = flow_elsewhere;
	flow_send(&bench);
	expect_counts(counters, 20, bytes);
	CHECK_RC(ibv_destroy_counters(counters), EBUSY);
	CHECK_OK(ibv_destroy_flow(flow));
	CHECK_OK(ibv_destroy_counters(counters));
	flow_close(&bench);
}

CASE(what_is_dropped_is_counted)
{
	struct ibv_flow_spec_action_drop drop = {.type = IBV_FLOW_SPEC_ACTION_DROP,
						 .size = sizeof(drop)};
	static struct flow_bench bench;
	struct ibv_counters *counters;
	struct ibv_flow *flow;
	struct rule rule;

	flow_open(&bench);
	counters = open_counters(&bench);
	rule = rule_to(bench.mac, 0);
	rule_add(&rule, &drop, sizeof(drop));
	flow = bind_counted(bench.first.qp, rule, counters);
	flow_send(&bench);
	flow_send(&bench);
	expect_counts(counters, 2, 2 * (uint64_t)bench.length);
	flow_expect(&bench, false, false);
	CHECK_OK(ibv_destroy_flow(flow));
	CHECK_OK(ibv_destroy_counters(counters));
	flow_close(&bench);
}

/* What is counted comes with the first rule that names the counters, and goes with the last. */
CASE(rules_share_counters)
{
	struct ibv_counter_attach_attr more = {.counter_desc = IBV_COUNTER_PACKETS, .index = 3};
	static struct flow_bench bench;
	struct ibv_counters *counters;
	struct ibv_flow *flows[2];
	uint64_t values[4];

	flow_open(&bench);
	counters = open_counters(&bench);
	for (uint16_t i = 0; i < 2; i++)
		flows[i] = bind_counted(bench.first.qp,
					rule_with_ports(rule_by_ip4(0, 0), IBV_FLOW_SPEC_UDP, 0,
							(uint16_t)(2000 + i)),
					counters);
	for (unsigned int i = 0; i < 6; i++) {
		bench.plan.destination_port = (uint16_t)(2000 + i % 3);
		flow_send(&bench);
		flow_expect(&bench, i % 3 < 2, false);
	}
	expect_counts(counters, 4, 4 * (uint64_t)bench.length);
	CHECK_RC(ibv_attach_counters_point_flow(counters, &more, NULL), EBUSY);
	CHECK_RC(ibv_attach_counters_point_flow(counters, &more, flows[0]), EOPNOTSUPP);
	CHECK_OK(ibv_destroy_flow(flows[0]));
	CHECK_RC(ibv_attach_counters_point_flow(counters, &more, NULL), EBUSY);
	CHECK_OK(ibv_destroy_flow(flows[1]));
	CHECK_OK(ibv_attach_counters_point_flow(counters, &more, NULL));
	flows[0] = bind_counted(bench.first.qp, rule_to(bench.mac, 0), counters);
	flow_send(&bench);
	flow_expect(&bench, true, false);
	CHECK_OK(ibv_read_counters(counters, values, 4, 0));
	CHECK_EQ(values[3], 1);
	CHECK_EQ(values[2], 0);
	CHECK_RC(ibv_read_counters(counters, values, 3, 0), EINVAL);
	CHECK_OK(ibv_destroy_flow(flows[0]));
	CHECK_OK(ibv_destroy_counters(counters));
	flow_close(&bench);
}

CASE(counters_without_a_rule_say_nothing)
{
	static struct flow_bench bench;
	struct ibv_counters *counters;
	uint64_t values[2];

	flow_open(&bench);
	counters = open_counters(&bench);
	CHECK_RC(ibv_read_counters(counters, values, 2, 0), EINVAL);
	CHECK_OK(ibv_destroy_counters(counters));
	flow_close(&bench);
}
