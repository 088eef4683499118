/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "flow.h"

const uint8_t flow_elsewhere[6] = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};

void flow_open(struct flow_bench *bench)
{
	frame_bed_open(&bench->bed, bench->mac);
	station_open(&bench->sender, &bench->bed);
	station_open(&bench->first, &bench->bed);
	station_open(&bench->second, &bench->bed);
	bench->plan = (struct frame_plan){
		.to = bench->mac,
		.from = flow_elsewhere,
		.version = 4,
		.protocol = 17,
		.source_ip = {192, 168, 0, 1, 5, 6, 7, 8},
		.destination_ip = {192, 168, 0, 2, 8, 7, 6, 5},
		.source_port = 1000,
		.destination_port = 2000,
		.payload = 64,
	};
}

void flow_close(struct flow_bench *bench)
{
	station_close(&bench->second);
	station_close(&bench->first);
	station_close(&bench->sender);
	bed_close(&bench->bed);
}

void flow_send(struct flow_bench *bench)
{
	bench->plan.source_port++;
	bench->length = frame_make(bench->frame, &bench->plan);
	station_send(&bench->sender, bench->frame, bench->length, 0);
}

void flow_expect(struct flow_bench *bench, bool first, bool second)
{
	if (first)
		station_expect(&bench->first, bench->frame, bench->length);
	if (second)
		station_expect(&bench->second, bench->frame, bench->length);
	expect_empty(bench->first.cq);
	expect_empty(bench->second.cq);
}

struct rule rule_by_ip4(uint32_t source, uint32_t mask)
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

struct rule rule_with_ports(struct rule rule, enum ibv_flow_spec_type type, uint16_t source,
			    uint16_t destination)
{
	struct ibv_flow_spec_tcp_udp spec = {
		.type = type,
		.size = sizeof(spec),
		.val.src_port = htobe16(source),
		.mask.src_port = source ? UINT16_MAX : 0,
		.val.dst_port = htobe16(destination),
		.mask.dst_port = destination ? UINT16_MAX : 0,
	};

	rule_add(&rule, &spec, sizeof(spec));
	return rule;
}
