/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Flow rules: which frames they have, who comes first, what they do besides, and what they count.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frame.h"

static const uint8_t elsewhere[6] = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};
static const uint8_t group[6] = {0x01, 0x00, 0x5e, 0x01, 0x02, 0x03};

enum { ALL16 = 0xffff };

/* Two receivers, each of which says what it has got. */
struct bench {
	struct bed bed;
	uint8_t mac[6];
	struct station sender, first, second;
	struct frame_plan plan;
	uint8_t frame[FRAME_ROOM];
	uint32_t length;
};

static void bench_open(struct bench *bench)
{
	frame_bed_open(&bench->bed, bench->mac);
	station_open(&bench->sender, &bench->bed);
	station_open(&bench->first, &bench->bed);
	station_open(&bench->second, &bench->bed);
	bench->plan = (struct frame_plan){
		.to = bench->mac,
		.from = elsewhere,
		.version = 4,
		.protocol = 17,
		.source_ip = {192, 168, 0, 1, 5, 6, 7, 8},
		.destination_ip = {192, 168, 0, 2, 8, 7, 6, 5},
		.source_port = 1000,
		.destination_port = 2000,
		.payload = 64,
	};
}

static void bench_close(struct bench *bench)
{
	station_close(&bench->second);
	station_close(&bench->first);
	station_close(&bench->sender);
	bed_close(&bench->bed);
}

static void send(struct bench *bench)
{
	bench->plan.source_port++;
	bench->length = frame_make(bench->frame, &bench->plan);
	station_send(&bench->sender, bench->frame, bench->length, 0);
}

/* The latest frame has come to the first receiver, or the second, or both, or neither. What has not
 * come by the time that another frame, which is known to come, is there does not come any more. */
static void expect(struct bench *bench, bool first, bool second)
{
	if (first)
		station_expect(&bench->first, bench->frame, bench->length);
	if (second)
		station_expect(&bench->second, bench->frame, bench->length);
	expect_empty(bench->first.cq);
	expect_empty(bench->second.cq);
}

/* ---- specifications ---- */

static struct rule with_ip4(uint32_t source, uint32_t mask)
{
	struct rule rule = rule_make(IBV_FLOW_ATTR_NORMAL, 0);
	struct ibv_flow_spec_ipv4 spec = {
		.type = IBV_FLOW_SPEC_IPV4,
		.size = sizeof(spec),
		.val.src_ip = htobe32(source),
		.mask.src_ip = htobe32(mask),
	};

	rule_add(&rule, &spec, sizeof(spec));
	return rule;
}

static struct rule with_ports(struct rule rule, enum ibv_flow_spec_type type, uint16_t source,
			      uint16_t destination)
{
	struct ibv_flow_spec_tcp_udp spec = {
		.type = type,
		.size = sizeof(spec),
		.val.src_port = htobe16(source),
		.mask.src_port = source ? ALL16 : 0,
		.val.dst_port = htobe16(destination),
		.mask.dst_port = destination ? ALL16 : 0,
	};

	rule_add(&rule, &spec, sizeof(spec));
	return rule;
}

/* One frame that the rule has, one that it has not; the second receiver takes what is left. */
static void try_rule(struct bench *bench, struct rule rule, struct frame_plan other)
{
	struct frame_plan own = bench->plan;
	struct rule rest = rule_make(IBV_FLOW_ATTR_ALL_DEFAULT, 0);
	struct ibv_flow *flow = rule_bind(bench->first.qp, &rule);
	struct ibv_flow *default_flow = rule_bind(bench->second.qp, &rest);

	bench->length = frame_make(bench->frame, &own);
	station_send(&bench->sender, bench->frame, bench->length, 0);
	expect(bench, true, false);
	bench->length = frame_make(bench->frame, &other);
	station_send(&bench->sender, bench->frame, bench->length, 0);
	expect(bench, false, true);
	CHECK_OK(ibv_destroy_flow(default_flow));
	CHECK_OK(ibv_destroy_flow(flow));
}

CASE(rules_by_ethernet_header)
{
	struct ibv_flow_spec_eth spec = {.type = IBV_FLOW_SPEC_ETH, .size = sizeof(spec)};
	static struct bench bench;
	struct frame_plan other;
	struct rule rule;

	bench_open(&bench);
	trying("the destination");
	other = bench.plan;
	other.to = elsewhere;
	try_rule(&bench, rule_to(bench.mac, 0), other);
	trying("the source");
	other = bench.plan;
	other.from = bench.mac;
	rule = rule_make(IBV_FLOW_ATTR_NORMAL, 0);
	memcpy(spec.val.src_mac, elsewhere, 6);
	memset(spec.mask.src_mac, 0xff, 6);
	rule_add(&rule, &spec, sizeof(spec));
	try_rule(&bench, rule, other);
	trying("the type");
	other = bench.plan;
	other.version = 6;
	rule = rule_make(IBV_FLOW_ATTR_NORMAL, 0);
	spec.mask = (struct ibv_flow_eth_filter){.ether_type = ALL16};
	spec.val = (struct ibv_flow_eth_filter){.ether_type = htobe16(0x0800)};
	rule_add(&rule, &spec, sizeof(spec));
	try_rule(&bench, rule, other);
	trying("the VLAN");
	bench.plan.vlan = 0x3123;
	other = bench.plan;
	other.vlan = 0x3124;
	rule = rule_make(IBV_FLOW_ATTR_NORMAL, 0);
	spec.mask = (struct ibv_flow_eth_filter){.vlan_tag = htobe16(0x0fff)};
	spec.val = (struct ibv_flow_eth_filter){.vlan_tag = htobe16(0x0123)};
	rule_add(&rule, &spec, sizeof(spec));
	try_rule(&bench, rule, other);
	bench_close(&bench);
}

CASE(rules_by_ip4_header)
{
	static struct bench bench;
	struct frame_plan other;

	bench_open(&bench);
	other = bench.plan;
	other.source_ip[3] = 77;
	try_rule(&bench, with_ip4(0xc0a80001, UINT32_MAX), other);
	trying("a subnet");
	other.source_ip[2] = 1;
	try_rule(&bench, with_ip4(0xc0a800ff, 0xffffff00), other);
	trying("the header alone");
	other = bench.plan;
	other.version = 6;
	try_rule(&bench, with_ip4(0, 0), other);
	bench_close(&bench);
}

CASE(rules_by_extended_ip4_header)
{
	struct ibv_flow_spec_ipv4_ext spec = {.type = IBV_FLOW_SPEC_IPV4_EXT,
					      .size = sizeof(spec),
					      .val.proto = 17,
					      .mask.proto = 0xff};
	struct rule rule = rule_make(IBV_FLOW_ATTR_NORMAL, 0);
	static struct bench bench;
	struct frame_plan other;

	bench_open(&bench);
	other = bench.plan;
	other.protocol = 6;
	rule_add(&rule, &spec, sizeof(spec));
	try_rule(&bench, rule, other);
	spec.mask.ttl = 0xff;
	rule = rule_make(IBV_FLOW_ATTR_NORMAL, 0);
	rule_add(&rule, &spec, sizeof(spec));
	CHECK_FAILS(ibv_create_flow(bench.first.qp, &rule.attr), EOPNOTSUPP);
	bench_close(&bench);
}

CASE(rules_by_ip6_header)
{
	struct ibv_flow_spec_ipv6 spec = {.type = IBV_FLOW_SPEC_IPV6, .size = sizeof(spec)};
	struct rule rule = rule_make(IBV_FLOW_ATTR_NORMAL, 0);
	static struct bench bench;
	struct frame_plan other;

	bench_open(&bench);
	bench.plan.version = 6;
	memcpy(spec.val.dst_ip, bench.plan.destination_ip, 16);
	memset(spec.mask.dst_ip, 0xff, 16);
	other = bench.plan;
	other.destination_ip[15] = 1;
	rule_add(&rule, &spec, sizeof(spec));
	try_rule(&bench, rule, other);
	bench_close(&bench);
}

CASE(rules_by_ports)
{
	static struct bench bench;
	struct frame_plan other;

	bench_open(&bench);
	trying("UDP");
	other = bench.plan;
	other.destination_port = 2001;
	try_rule(&bench, with_ports(with_ip4(0, 0), IBV_FLOW_SPEC_UDP, 0, 2000), other);
	other = bench.plan;
	other.protocol = 6;
	try_rule(&bench, with_ports(with_ip4(0, 0), IBV_FLOW_SPEC_UDP, 1000, 2000), other);
	trying("TCP");
	bench.plan.protocol = 6;
	other = bench.plan;
	other.source_port = 1001;
	try_rule(&bench, with_ports(with_ip4(0, 0), IBV_FLOW_SPEC_TCP, 1000, 0), other);
	bench_close(&bench);
}

CASE(rules_by_tunnel)
{
	struct ibv_flow_spec_tunnel spec = {
		.type = IBV_FLOW_SPEC_VXLAN_TUNNEL,
		.size = sizeof(spec),
		.val.tunnel_id = htobe32(0x123456),
		.mask.tunnel_id = htobe32(0xffffff),
	};
	struct rule rule;
	static struct bench bench;
	struct ibv_flow *flow;
	uint8_t *tunnel;

	bench_open(&bench);
	bench.plan.destination_port = 4789;
	rule = with_ports(with_ip4(0, 0), IBV_FLOW_SPEC_UDP, 0, 4789);
	rule_add(&rule, &spec, sizeof(spec));
	flow = rule_bind(bench.first.qp, &rule);
	bench.length = frame_make(bench.frame, &bench.plan);
	tunnel = bench.frame + frame_transport(&bench.plan) + 8;
	memcpy(tunnel, "\x08\x00\x00\x00\x12\x34\x57\x00", 8);
	station_send(&bench.sender, bench.frame, bench.length, 0);
	expect(&bench, false, false);
	tunnel[6] = 0x56;
	station_send(&bench.sender, bench.frame, bench.length, 0);
	expect(&bench, true, false);
	CHECK_OK(ibv_destroy_flow(flow));
	bench_close(&bench);
}

/* ---- order ---- */

CASE(the_first_priority_has_the_frame)
{
	static struct bench bench;
	struct rule late, early;
	struct ibv_flow *late_flow, *early_flow;

	bench_open(&bench);
	late = rule_to(bench.mac, 5);
	early = with_ip4(0, 0);
	early.attr.priority = 2;
	late_flow = rule_bind(bench.first.qp, &late);
	send(&bench);
	expect(&bench, true, false);
	early_flow = rule_bind(bench.second.qp, &early);
	send(&bench);
	expect(&bench, false, true);
	CHECK_OK(ibv_destroy_flow(early_flow));
	send(&bench);
	expect(&bench, true, false);
	CHECK_OK(ibv_destroy_flow(late_flow));
	bench_close(&bench);
}

CASE(the_same_rule_twice_has_frames_twice)
{
	static struct bench bench;
	struct ibv_flow *flows[2];
	struct rule rule;

	bench_open(&bench);
	rule = rule_to(bench.mac, 0);
	flows[0] = rule_bind(bench.first.qp, &rule);
	flows[1] = rule_bind(bench.second.qp, &rule);
	send(&bench);
	expect(&bench, true, true);
	CHECK_OK(ibv_destroy_flow(flows[0]));
	send(&bench);
	expect(&bench, false, true);
	CHECK_OK(ibv_destroy_flow(flows[1]));
	bench_close(&bench);
}

CASE(a_rule_that_does_not_trap)
{
	static struct bench bench;
	struct ibv_flow *flows[2];
	struct rule passing, keeping;

	bench_open(&bench);
	passing = rule_to(bench.mac, 0);
	passing.attr.flags = IBV_FLOW_ATTR_FLAGS_DONT_TRAP;
	keeping = with_ip4(0, 0);
	flows[0] = rule_bind(bench.first.qp, &passing);
	send(&bench);
	expect(&bench, true, false);
	flows[1] = rule_bind(bench.second.qp, &keeping);
	send(&bench);
	expect(&bench, true, true);
	CHECK_OK(ibv_destroy_flow(flows[0]));
	CHECK_OK(ibv_destroy_flow(flows[1]));
	bench_close(&bench);
}

CASE(defaults_have_what_is_left)
{
	static struct bench bench;
	struct rule all = rule_make(IBV_FLOW_ATTR_ALL_DEFAULT, 0);
	struct rule multicast = rule_make(IBV_FLOW_ATTR_MC_DEFAULT, 0);
	struct rule own;
	struct ibv_flow *flows[3];

	bench_open(&bench);
	own = rule_to(bench.mac, 0);
	flows[0] = rule_bind(bench.first.qp, &multicast);
	send(&bench);
	expect(&bench, false, false);
	bench.plan.to = group;
	send(&bench);
	expect(&bench, true, false);
	flows[1] = rule_bind(bench.second.qp, &all);
	send(&bench);
	expect(&bench, true, true);
	bench.plan.to = elsewhere;
	send(&bench);
	expect(&bench, false, true);
	flows[2] = rule_bind(bench.first.qp, &own);
	bench.plan.to = bench.mac;
	send(&bench);
	expect(&bench, true, false);
	for (unsigned int i = 0; i < 3; i++)
		CHECK_OK(ibv_destroy_flow(flows[i]));
	bench_close(&bench);
}

CASE(a_sniffer_has_a_copy)
{
	static struct bench bench;
	struct rule sniffer = rule_make(IBV_FLOW_ATTR_SNIFFER, 0), own;
	struct ibv_flow *flows[2];

	bench_open(&bench);
	own = rule_to(bench.mac, 0);
	flows[0] = rule_bind(bench.first.qp, &own);
	flows[1] = rule_bind(bench.second.qp, &sniffer);
	send(&bench);
	expect(&bench, true, true);
	CHECK_OK(ibv_destroy_flow(flows[0]));
	CHECK_OK(ibv_destroy_flow(flows[1]));
	bench_close(&bench);
}

/* ---- processes ---- */

static void __attribute__((noreturn)) hold_a_rule(int told)
{
	static struct bench bench;
	struct rule rule;

	bench_open(&bench);
	rule = rule_to(bench.mac, 0);
	rule_bind(bench.first.qp, &rule);
	CHECK_EQ(write(told, "x", 1), 1);
	for (;;)
		pause();
}

/* The first frame after the death may still be meant for the dead. */
static void send_until_received(struct bench *bench)
{
	double deadline = seconds_now() + PATIENCE_SECONDS;
	struct ibv_wc wc;

	while (!ibv_poll_cq(bench->first.cq, 1, &wc)) {
		CHECK(seconds_now() < deadline);
		send(bench);
	}
	CHECK_EQ(wc.status, IBV_WC_SUCCESS);
}

/* Processes of one host share the adapter, and so the order of their rules. */
CASE(rules_of_another_process)
{
	static struct bench bench;
	struct ibv_flow *flow;
	struct rule rule;
	int told[2];
	char byte;
	pid_t child;

	CHECK_EQ(pipe(told), 0);
	child = fork();
	CHECK(child >= 0);
	if (child == 0)
		hold_a_rule(told[1]);
	CHECK_EQ(read(told[0], &byte, 1), 1);
	bench_open(&bench);
	rule = rule_to(bench.mac, 5);
	flow = rule_bind(bench.first.qp, &rule);
	send(&bench);
	expect(&bench, false, false);
	CHECK_EQ(kill(child, SIGKILL), 0);
	CHECK_EQ(waitpid(child, NULL, 0), child);
	send_until_received(&bench);
	CHECK_OK(ibv_destroy_flow(flow));
	bench_close(&bench);
}

/* ---- actions ---- */

CASE(a_rule_drops)
{
	struct ibv_flow_spec_action_drop spec = {.type = IBV_FLOW_SPEC_ACTION_DROP,
						 .size = sizeof(spec)};
	static struct bench bench;
	struct ibv_flow *flows[2];
	struct rule drop, keep;

	bench_open(&bench);
	keep = rule_to(bench.mac, 3);
	drop = with_ports(with_ip4(0, 0), IBV_FLOW_SPEC_UDP, 0, 2000);
	rule_add(&drop, &spec, sizeof(spec));
	flows[0] = rule_bind(bench.first.qp, &keep);
	flows[1] = rule_bind(bench.second.qp, &drop);
	send(&bench);
	expect(&bench, false, false);
	bench.plan.destination_port = 2001;
	send(&bench);
	expect(&bench, true, false);
	CHECK_OK(ibv_destroy_flow(flows[1]));
	bench.plan.destination_port = 2000;
	send(&bench);
	expect(&bench, true, false);
	CHECK_OK(ibv_destroy_flow(flows[0]));
	bench_close(&bench);
}

/* ---- counters ---- */

static struct ibv_counters *open_counters(struct bench *bench)
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
	static struct bench bench;
	struct ibv_counters *counters;
	struct ibv_flow *flow;
	uint64_t bytes = 0;

	bench_open(&bench);
	counters = open_counters(&bench);
	flow = bind_counted(bench.first.qp, rule_to(bench.mac, 0), counters);
	expect_counts(counters, 0, 0);
	for (unsigned int i = 1; i <= 20; i++) {
		bench.plan.payload = 64 + i;
		send(&bench);
		expect(&bench, true, false);
		bytes += bench.length;
		expect_counts(counters, i, bytes);
	}
	bench.plan.to = elsewhere;
	send(&bench);
	expect_counts(counters, 20, bytes);
	CHECK_RC(ibv_destroy_counters(counters), EBUSY);
	CHECK_OK(ibv_destroy_flow(flow));
	CHECK_OK(ibv_destroy_counters(counters));
	bench_close(&bench);
}

CASE(what_is_dropped_is_counted)
{
	struct ibv_flow_spec_action_drop drop = {.type = IBV_FLOW_SPEC_ACTION_DROP,
						 .size = sizeof(drop)};
	static struct bench bench;
	struct ibv_counters *counters;
	struct ibv_flow *flow;
	struct rule rule;

	bench_open(&bench);
	counters = open_counters(&bench);
	rule = rule_to(bench.mac, 0);
	rule_add(&rule, &drop, sizeof(drop));
	flow = bind_counted(bench.first.qp, rule, counters);
	send(&bench);
	send(&bench);
	expect_counts(counters, 2, 2 * (uint64_t)bench.length);
	expect(&bench, false, false);
	CHECK_OK(ibv_destroy_flow(flow));
	CHECK_OK(ibv_destroy_counters(counters));
	bench_close(&bench);
}

/* What is counted comes with the first rule that names the counters, and goes with the last. */
CASE(rules_share_counters)
{
	struct ibv_counter_attach_attr more = {.counter_desc = IBV_COUNTER_PACKETS, .index = 3};
	static struct bench bench;
	struct ibv_counters *counters;
	struct ibv_flow *flows[2];
	uint64_t values[4];

	bench_open(&bench);
	counters = open_counters(&bench);
	for (uint16_t i = 0; i < 2; i++)
		flows[i] = bind_counted(
			bench.first.qp,
			with_ports(with_ip4(0, 0), IBV_FLOW_SPEC_UDP, 0, (uint16_t)(2000 + i)),
			counters);
	for (unsigned int i = 0; i < 6; i++) {
		bench.plan.destination_port = (uint16_t)(2000 + i % 3);
		send(&bench);
		expect(&bench, i % 3 < 2, false);
	}
	expect_counts(counters, 4, 4 * (uint64_t)bench.length);
	CHECK_RC(ibv_attach_counters_point_flow(counters, &more, NULL), EBUSY);
	CHECK_RC(ibv_attach_counters_point_flow(counters, &more, flows[0]), EOPNOTSUPP);
	CHECK_OK(ibv_destroy_flow(flows[0]));
	CHECK_RC(ibv_attach_counters_point_flow(counters, &more, NULL), EBUSY);
	CHECK_OK(ibv_destroy_flow(flows[1]));
	CHECK_OK(ibv_attach_counters_point_flow(counters, &more, NULL));
	flows[0] = bind_counted(bench.first.qp, rule_to(bench.mac, 0), counters);
	send(&bench);
	expect(&bench, true, false);
	CHECK_OK(ibv_read_counters(counters, values, 4, 0));
	CHECK_EQ(values[3], 1);
	CHECK_EQ(values[2], 0);
	CHECK_RC(ibv_read_counters(counters, values, 3, 0), EINVAL);
	CHECK_OK(ibv_destroy_flow(flows[0]));
	CHECK_OK(ibv_destroy_counters(counters));
	bench_close(&bench);
}

CASE(counters_without_a_rule_say_nothing)
{
	static struct bench bench;
	struct ibv_counters *counters;
	uint64_t values[2];

	bench_open(&bench);
	counters = open_counters(&bench);
	CHECK_RC(ibv_read_counters(counters, values, 2, 0), EINVAL);
	CHECK_OK(ibv_destroy_counters(counters));
	bench_close(&bench);
}

/* ---- errors ---- */

static void refuse(struct bench *bench, struct rule rule, int error)
{
	CHECK_FAILS(ibv_create_flow(bench->first.qp, &rule.attr), error);
}

CASE(rules_that_cannot_be)
{
	struct ibv_flow_spec_esp esp = {.type = IBV_FLOW_SPEC_ESP, .size = sizeof(esp)};
	struct ibv_flow_spec_eth type6 = {.type = IBV_FLOW_SPEC_ETH,
					  .size = sizeof(type6),
					  .val.ether_type = htobe16(0x86dd),
					  .mask.ether_type = ALL16};
	struct ibv_flow_spec_ipv4 ip4 = {.type = IBV_FLOW_SPEC_IPV4, .size = sizeof(ip4)};
	static struct bench bench;
	struct rule rule;

	bench_open(&bench);
	trying("a port that there is not");
	rule = rule_to(bench.mac, 0);
	rule.attr.port = 2;
	refuse(&bench, rule, EINVAL);
	trying("a priority beyond the last");
	refuse(&bench, rule_to(bench.mac, 16), ENOSPC);
	trying("a type and a network header that exclude each other");
	rule = rule_make(IBV_FLOW_ATTR_NORMAL, 0);
	rule_add(&rule, &type6, sizeof(type6));
	rule_add(&rule, &ip4, sizeof(ip4));
	refuse(&bench, rule, EINVAL);
	trying("two transports");
	rule = with_ports(with_ports(with_ip4(0, 0), IBV_FLOW_SPEC_UDP, 1, 1), IBV_FLOW_SPEC_TCP, 1,
			  1);
	refuse(&bench, rule, EINVAL);
	trying("ESP");
	rule = with_ip4(0, 0);
	rule_add(&rule, &esp, sizeof(esp));
	refuse(&bench, rule, EOPNOTSUPP);
	trying("inner headers");
	rule = with_ip4(0, 0);
	ip4.type = IBV_FLOW_SPEC_INNER | IBV_FLOW_SPEC_IPV4;
	rule_add(&rule, &ip4, sizeof(ip4));
	refuse(&bench, rule, EOPNOTSUPP);
	trying("what is sent");
	rule = rule_to(bench.mac, 0);
	rule.attr.flags = IBV_FLOW_ATTR_FLAGS_EGRESS;
	refuse(&bench, rule, EOPNOTSUPP);
	bench_close(&bench);
}

CASE(rules_are_for_raw_packets)
{
	struct end_plan plan = end_plan(IBV_QPT_UD);
	static struct bench bench;
	struct end end;
	struct rule rule;

	bench_open(&bench);
	end_create(&end, &bench.bed, &plan);
	rule = rule_to(bench.mac, 0);
	CHECK_FAILS(ibv_create_flow(end.qp, &rule.attr), EINVAL);
	end_destroy(&end);
	bench_close(&bench);
}
