/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Flow rules: which frames they have, who comes first, what they do besides. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flow.h"

static const uint8_t group[6] = {0x01, 0x00, 0x5e, 0x01, 0x02, 0x03};

enum { ALL16 = 0xffff };

/* ---- specifications ---- */

/* One frame that the rule has, one that it has not; the second receiver takes what is left. */
static void try_rule(struct flow_bench *bench, struct rule rule, struct frame_plan other)
{
	struct frame_plan own = bench->plan;
	struct rule rest = rule_make(IBV_FLOW_ATTR_ALL_DEFAULT, 0);
	struct ibv_flow *flow = rule_bind(bench->first.qp, &rule);
	struct ibv_flow *default_flow = rule_bind(bench->second.qp, &rest);

	bench->length = frame_make(bench->frame, &own);
	station_send(&bench->sender, bench->frame, bench->length, 0);
	flow_expect(bench, true, false);
	bench->length = frame_make(bench->frame, &other);
	station_send(&bench->sender, bench->frame, bench->length, 0);
	flow_expect(bench, false, true);
	CHECK_OK(ibv_destroy_flow(default_flow));
	CHECK_OK(ibv_destroy_flow(flow));
}

CASE(rules_by_ethernet_header)
{
	struct ibv_flow_spec_eth spec = {.type = IBV_FLOW_SPEC_ETH, .size = sizeof(spec)};
	static struct flow_bench bench;
	struct frame_plan other;
	struct rule rule;

	flow_open(&bench);
	trying("the destination");
	other = bench.plan;
	other.to = flow_elsewhere;
	try_rule(&bench, rule_to(bench.mac, 0), other);
	trying("the source");
	other = bench.plan;
	other.from = bench.mac;
	rule = rule_make(IBV_FLOW_ATTR_NORMAL, 0);
	memcpy(spec.val.src_mac, flow_elsewhere, 6);
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
	flow_close(&bench);
}

CASE(rules_by_ip4_header)
{
	static struct flow_bench bench;
	struct frame_plan other;

	flow_open(&bench);
	other = bench.plan;
	other.source_ip[3] = 77;
	try_rule(&bench, rule_by_ip4(0xc0a80001, UINT32_MAX), other);
	trying("a subnet");
	other.source_ip[2] = 1;
	try_rule(&bench, rule_by_ip4(0xc0a800ff, 0xffffff00), other);
	trying("the header alone");
	other = bench.plan;
	other.version = 6;
	try_rule(&bench, rule_by_ip4(0, 0), other);
	flow_close(&bench);
}

CASE(rules_by_extended_ip4_header)
{
	struct ibv_flow_spec_ipv4_ext spec = {.type = IBV_FLOW_SPEC_IPV4_EXT,
					      .size = sizeof(spec),
					      .val.proto = 17,
					      .mask.proto = 0xff};
	struct rule rule = rule_make(IBV_FLOW_ATTR_NORMAL, 0);
	static struct flow_bench bench;
	struct frame_plan other;

	flow_open(&bench);
	other = bench.plan;
	other.protocol = 6;
	rule_add(&rule, &spec, sizeof(spec));
	try_rule(&bench, rule, other);
	spec.mask.ttl = 0xff;
	rule = rule_make(IBV_FLOW_ATTR_NORMAL, 0);
	rule_add(&rule, &spec, sizeof(spec));
	CHECK_FAILS(ibv_create_flow(bench.first.qp, &rule.attr), EOPNOTSUPP);
	flow_close(&bench);
}

CASE(rules_by_ip6_header)
{
	struct ibv_flow_spec_ipv6 spec = {.type = IBV_FLOW_SPEC_IPV6, .size = sizeof(spec)};
	struct rule rule = rule_make(IBV_FLOW_ATTR_NORMAL, 0);
	static struct flow_bench bench;
	struct frame_plan other;

	flow_open(&bench);
	bench.plan.version = 6;
	memcpy(spec.val.dst_ip, bench.plan.destination_ip, 16);
	memset(spec.mask.dst_ip, 0xff, 16);
	other = bench.plan;
	other.destination_ip[15] = 1;
	rule_add(&rule, &spec, sizeof(spec));
	try_rule(&bench, rule, other);
	flow_close(&bench);
}

CASE(rules_by_ports)
{
	static struct flow_bench bench;
	struct frame_plan other;

	flow_open(&bench);
	trying("UDP");
	other = bench.plan;
	other.destination_port = 2001;
	try_rule(&bench, rule_with_ports(rule_by_ip4(0, 0), IBV_FLOW_SPEC_UDP, 0, 2000), other);
	other = bench.plan;
	other.protocol = 6;
	try_rule(&bench, rule_with_ports(rule_by_ip4(0, 0), IBV_FLOW_SPEC_UDP, 1000, 2000), other);
	trying("TCP");
	bench.plan.protocol = 6;
	other = bench.plan;
	other.source_port = 1001;
	try_rule(&bench, rule_with_ports(rule_by_ip4(0, 0), IBV_FLOW_SPEC_TCP, 1000, 0), other);
	flow_close(&bench);
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
	static struct flow_bench bench;
	struct ibv_flow *flow;
	uint8_t *tunnel;

	flow_open(&bench);
	bench.plan.destination_port = 4789;
	rule = rule_with_ports(rule_by_ip4(0, 0), IBV_FLOW_SPEC_UDP, 0, 4789);
	rule_add(&rule, &spec, sizeof(spec));
	flow = rule_bind(bench.first.qp, &rule);
	bench.length = frame_make(bench.frame, &bench.plan);
	tunnel = bench.frame + frame_transport(&bench.plan) + 8;
	memcpy(tunnel, "\x08\x00\x00\x00\x12\x34\x57\x00", 8);
	station_send(&bench.sender, bench.frame, bench.length, 0);
	flow_expect(&bench, false, false);
	tunnel[6] = 0x56;
	station_send(&bench.sender, bench.frame, bench.length, 0);
	flow_expect(&bench, true, false);
	CHECK_OK(ibv_destroy_flow(flow));
	flow_close(&bench);
}

/* ---- order ---- */

CASE(the_first_priority_has_the_frame)
{
	static struct flow_bench bench;
	struct rule late, early;
	struct ibv_flow *late_flow, *early_flow;

	flow_open(&bench);
	late = rule_to(bench.mac, 5);
	early = rule_by_ip4(0, 0);
	early.attr.priority = 2;
	late_flow = rule_bind(bench.first.qp, &late);
	flow_send(&bench);
	flow_expect(&bench, true, false);
	early_flow = rule_bind(bench.second.qp, &early);
	flow_send(&bench);
	flow_expect(&bench, false, true);
	CHECK_OK(ibv_destroy_flow(early_flow));
	flow_send(&bench);
	flow_expect(&bench, true, false);
	CHECK_OK(ibv_destroy_flow(late_flow));
	flow_close(&bench);
}

CASE(the_same_rule_twice_has_frames_twice)
{
	static struct flow_bench bench;
	struct ibv_flow *flows[2];
	struct rule rule;

	flow_open(&bench);
	rule = rule_to(bench.mac, 0);
	flows[0] = rule_bind(bench.first.qp, &rule);
	flows[1] = rule_bind(bench.second.qp, &rule);
	flow_send(&bench);
	flow_expect(&bench, true, true);
	CHECK_OK(ibv_destroy_flow(flows[0]));
	flow_send(&bench);
	flow_expect(&bench, false, true);
	CHECK_OK(ibv_destroy_flow(flows[1]));
	flow_close(&bench);
}

CASE(a_rule_that_does_not_trap)
{
	static struct flow_bench bench;
	struct ibv_flow *flows[2];
	struct rule passing, keeping;

	flow_open(&bench);
	passing = rule_to(bench.mac, 0);
	passing.attr.flags = IBV_FLOW_ATTR_FLAGS_DONT_TRAP;
	keeping = rule_by_ip4(0, 0);
	flows[0] = rule_bind(bench.first.qp, &passing);
	flow_send(&bench);
	flow_expect(&bench, true, false);
	flows[1] = rule_bind(bench.second.qp, &keeping);
	flow_send(&bench);
	flow_expect(&bench, true, true);
	CHECK_OK(ibv_destroy_flow(flows[0]));
	CHECK_OK(ibv_destroy_flow(flows[1]));
	flow_close(&bench);
}

CASE(defaults_have_what_is_left)
{
	static struct flow_bench bench;
	struct rule all = rule_make(IBV_FLOW_ATTR_ALL_DEFAULT, 0);
	struct rule multicast = rule_make(IBV_FLOW_ATTR_MC_DEFAULT, 0);
	struct rule own;
	struct ibv_flow *flows[3];

	flow_open(&bench);
	own = rule_to(bench.mac, 0);
	flows[0] = rule_bind(bench.first.qp, &multicast);
	flow_send(&bench);
	flow_expect(&bench, false, false);
	bench.plan.to = group;
	flow_send(&bench);
	flow_expect(&bench, true, false);
	flows[1] = rule_bind(bench.second.qp, &all);
	flow_send(&bench);
	flow_expect(&bench, true, true);
	bench.plan.to = flow_elsewhere;
	flow_send(&bench);
	flow_expect(&bench, false, true);
	flows[2] = rule_bind(bench.first.qp, &own);
	bench.plan.to = bench.mac;
	flow_send(&bench);
	flow_expect(&bench, true, false);
	for (unsigned int i = 0; i < 3; i++)
		CHECK_OK(ibv_destroy_flow(flows[i]));
	flow_close(&bench);
}

CASE(a_sniffer_has_a_copy)
{
	static struct flow_bench bench;
	struct rule sniffer = rule_make(IBV_FLOW_ATTR_SNIFFER, 0), own;
	struct ibv_flow *flows[2];

	flow_open(&bench);
	own = rule_to(bench.mac, 0);
	flows[0] = rule_bind(bench.first.qp, &own);
	flows[1] = rule_bind(bench.second.qp, &sniffer);
	flow_send(&bench);
	flow_expect(&bench, true, true);
	CHECK_OK(ibv_destroy_flow(flows[0]));
	CHECK_OK(ibv_destroy_flow(flows[1]));
	flow_close(&bench);
}

/* ---- processes ---- */

static void __attribute__((noreturn)) hold_a_rule(int told)
{
	static struct flow_bench bench;
	struct rule rule;

	flow_open(&bench);
	rule = rule_to(bench.mac, 0);
	rule_bind(bench.first.qp, &rule);
	CHECK_EQ(write(told, "x", 1), 1);
	for (;;)
		pause();
}

/* The first frame after the death may still be meant for the dead. */
static void send_until_received(struct flow_bench *bench)
{
	double deadline = seconds_now() + PATIENCE_SECONDS;
	struct ibv_wc wc;

	while (!ibv_poll_cq(bench->first.cq, 1, &wc)) {
		CHECK(seconds_now() < deadline);
		flow_send(bench);
	}
	CHECK_EQ(wc.status, IBV_WC_SUCCESS);
}

/* Processes of one host share the adapter, and so the order of their rules. */
CASE(rules_of_another_process)
{
	static struct flow_bench bench;
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
	flow_open(&bench);
	rule = rule_to(bench.mac, 5);
	flow = rule_bind(bench.first.qp, &rule);
	flow_send(&bench);
	flow_expect(&bench, false, false);
	CHECK_EQ(kill(child, SIGKILL), 0);
	CHECK_EQ(waitpid(child, NULL, 0), child);
	send_until_received(&bench);
	CHECK_OK(ibv_destroy_flow(flow));
	flow_close(&bench);
}

/* ---- actions ---- */

CASE(a_rule_drops)
{
	struct ibv_flow_spec_action_drop spec = {.type = IBV_FLOW_SPEC_ACTION_DROP,
						 .size = sizeof(spec)};
	static struct flow_bench bench;
	struct ibv_flow *flows[2];
	struct rule drop, keep;

	flow_open(&bench);
	keep = rule_to(bench.mac, 3);
	drop = rule_with_ports(rule_by_ip4(0, 0), IBV_FLOW_SPEC_UDP, 0, 2000);
	rule_add(&drop, &spec, sizeof(spec));
	flows[0] = rule_bind(bench.first.qp, &keep);
	flows[1] = rule_bind(bench.second.qp, &drop);
	flow_send(&bench);
	flow_expect(&bench, false, false);
	bench.plan.destination_port = 2001;
	flow_send(&bench);
	flow_expect(&bench, true, false);
	CHECK_OK(ibv_destroy_flow(flows[1]));
	bench.plan.destination_port = 2000;
	flow_send(&bench);
	flow_expect(&bench, true, false);
	CHECK_OK(ibv_destroy_flow(flows[0]));
	flow_close(&bench);
}

/* ---- errors ---- */

static void refuse(struct flow_bench *bench, struct rule rule, int error)
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
	static struct flow_bench bench;
	struct rule rule;

	flow_open(&bench);
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
	rule = rule_with_ports(rule_with_ports(rule_by_ip4(0, 0), IBV_FLOW_SPEC_UDP, 1, 1),
			       IBV_FLOW_SPEC_TCP, 1, 1);
	refuse(&bench, rule, EINVAL);
	trying("ESP");
	rule = rule_by_ip4(0, 0);
	rule_add(&rule, &esp, sizeof(esp));
	refuse(&bench, rule, EOPNOTSUPP);
	trying("inner headers");
	rule = rule_by_ip4(0, 0);
	ip4.type = IBV_FLOW_SPEC_INNER | IBV_FLOW_SPEC_IPV4;
	rule_add(&rule, &ip4, sizeof(ip4));
	refuse(&bench, rule, EOPNOTSUPP);
	trying("what is sent");
	rule = rule_to(bench.mac, 0);
	rule.attr.flags = IBV_FLOW_ATTR_FLAGS_EGRESS;
	refuse(&bench, rule, EOPNOTSUPP);
	flow_close(&bench);
}

CASE(rules_are_for_raw_packets)
{
	struct end_plan plan = end_plan(IBV_QPT_UD);
	static struct flow_bench bench;
	struct end end;
	struct rule rule;

	flow_open(&bench);
	end_create(&end, &bench.bed, &plan);
	rule = rule_to(bench.mac, 0);
	CHECK_FAILS(ibv_create_flow(end.qp, &rule.attr), EINVAL);
	end_destroy(&end);
	flow_close(&bench);
}
