/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "frame.h"

#include <errno.h>
#include <string.h>

enum { ETHERNET = 14, TAG = 4, IP4 = 20, IP6 = 40, TCP = 20, UDP = 8, MINIMUM = 60 };

/* ---- stations ---- */

/* RFC 4291, appendix A, backwards. */
void frame_bed_open(struct bed *bed, uint8_t mac[6])
{
	union ibv_gid gid;

	bed_open(bed);
	NEED(bed->ethernet, "frames are for Ethernet ports");
	CHECK_OK(ibv_query_gid(bed->context, bed->port_num, 0, &gid));
	mac[0] = gid.raw[8] ^ 2;
	mac[1] = gid.raw[9];
	mac[2] = gid.raw[10];
	memcpy(mac + 3, gid.raw + 13, 3);
}

static void bring_up(struct station *station)
{
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_INIT, .port_num = station->bed->port_num};

	CHECK_OK(ibv_modify_qp(station->qp, &attr, IBV_QP_STATE | IBV_QP_PORT));
	attr.qp_state = IBV_QPS_RTR;
	CHECK_OK(ibv_modify_qp(station->qp, &attr, IBV_QP_STATE));
	attr.qp_state = IBV_QPS_RTS;
	CHECK_OK(ibv_modify_qp(station->qp, &attr, IBV_QP_STATE));
}

void station_open(struct station *station, const struct bed *bed)
{
	struct ibv_qp_init_attr init = {
		.qp_type = IBV_QPT_RAW_PACKET,
		.cap = {.max_send_wr = FRAME_SENDS,
			.max_recv_wr = FRAME_RECEIVES,
			.max_send_sge = 2,
			.max_recv_sge = 2,
			.max_inline_data = 256},
	};

	*station = (struct station){.bed = bed};
	station->cq = ibv_create_cq(bed->context, 2 * FRAME_RECEIVES, NULL, NULL, 0);
	station->send_cq = ibv_create_cq(bed->context, FRAME_SENDS, NULL, NULL, 0);
	CHECK(station->cq && station->send_cq);
	init.recv_cq = station->cq;
	init.send_cq = station->send_cq;
	station->qp = ibv_create_qp(bed->pd, &init);
	CHECK(station->qp);
	buffer_make(&station->in, bed->pd, FRAME_RECEIVES * FRAME_ROOM, IBV_ACCESS_LOCAL_WRITE);
	buffer_make(&station->out, bed->pd, 1 << 18, 0);
	bring_up(station);
	for (unsigned int i = 0; i < FRAME_RECEIVES; i++)
		station_post(station, i, FRAME_ROOM);
}

void station_close(struct station *station)
{
	CHECK_OK(ibv_destroy_qp(station->qp));
	CHECK_OK(ibv_destroy_cq(station->cq));
	CHECK_OK(ibv_destroy_cq(station->send_cq));
	buffer_free(&station->in);
	buffer_free(&station->out);
}

void station_post(struct station *station, uint64_t wr_id, uint32_t length)
{
	struct ibv_sge sge = buffer_sge(&station->in, wr_id * FRAME_ROOM, length);
	struct ibv_recv_wr wr = {.wr_id = wr_id, .sg_list = &sge, .num_sge = 1}, *bad;

	CHECK_OK(ibv_post_recv(station->qp, &wr, &bad));
}

void station_send(struct station *station, const void *frame, uint32_t length, unsigned int flags)
{
	struct ibv_sge sge = buffer_sge(&station->out, 0, length);
	struct ibv_send_wr wr = {.sg_list = &sge,
				 .num_sge = 1,
				 .opcode = IBV_WR_SEND,
				 .send_flags = IBV_SEND_SIGNALED | flags},
			   *bad;

	memcpy(station->out.bytes, frame, length);
	CHECK_OK(ibv_post_send(station->qp, &wr, &bad));
	expect_wc(station->send_cq, 0, IBV_WC_SUCCESS);
}

struct ibv_wc station_receive(struct station *station, const uint8_t **frame)
{
	struct ibv_wc wc = next_wc(station->cq);

	CHECK_EQ(wc.status, IBV_WC_SUCCESS);
	CHECK_EQ(wc.opcode, IBV_WC_RECV);
	CHECK(wc.wr_id < FRAME_RECEIVES);
	*frame = station->in.bytes + wc.wr_id * FRAME_ROOM;
	return wc;
}

void station_expect(struct station *station, const void *frame, uint32_t length)
{
	const uint8_t *received;
	struct ibv_wc wc = station_receive(station, &received);

	CHECK_EQ(wc.byte_len, length < MINIMUM ? MINIMUM : length);
	CHECK_BYTES(received, frame, length);
	station_post(station, wc.wr_id, FRAME_ROOM);
}

/* ---- frames ---- */

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

uint32_t frame_network(const struct frame_plan *plan)
{
	return ETHERNET + (plan->vlan ? TAG : 0);
}

uint32_t frame_transport(const struct frame_plan *plan)
{
	return frame_network(plan) + (plan->version == 4 ? IP4 : IP6);
}

static uint32_t transport_bytes(const struct frame_plan *plan)
{
	return plan->protocol == 6 ? TCP : UDP;
}

static void put_network(uint8_t *at, const struct frame_plan *plan)
{
	uint32_t behind = transport_bytes(plan) + plan->payload;

	if (plan->version == 4) {
		at[0] = 0x45;
		put16(at + 2, IP4 + behind);
		at[8] = 64;
		at[9] = plan->protocol;
		memcpy(at + 12, plan->source_ip, 4);
		memcpy(at + 16, plan->destination_ip, 4);
		return;
	}
	at[0] = 0x60;
	put16(at + 4, behind);
	at[6] = plan->protocol;
	at[7] = 64;
	memcpy(at + 8, plan->source_ip, 16);
	memcpy(at + 24, plan->destination_ip, 16);
}

static void put_transport(uint8_t *at, const struct frame_plan *plan)
{
	put16(at, plan->source_port);
	put16(at + 2, plan->destination_port);
	if (plan->protocol == 17)
		put16(at + 4, UDP + plan->payload);
	else
		at[12] = TCP / 4 << 4;
}

uint32_t frame_make(uint8_t *frame, const struct frame_plan *plan)
{
	uint32_t network = frame_network(plan), length = network + plan->payload;

	memset(frame, 0, network + IP6 + TCP);
	memcpy(frame, plan->to, 6);
	memcpy(frame + 6, plan->from, 6);
	if (plan->vlan) {
		put16(frame + 12, 0x8100);
		put16(frame + 14, plan->vlan);
	}
	put16(frame + network - 2, plan->version == 4	? 0x0800
				   : plan->version == 6 ? 0x86dd
							: plan->type);
	if (plan->version) {
		put_network(frame + network, plan);
		put_transport(frame + frame_transport(plan), plan);
		length = frame_transport(plan) + transport_bytes(plan) + plan->payload;
	}
	pattern_fill(frame + length - plan->payload, plan->payload, plan->source_port);
	if (!plan->checksums)
		return length;
	if (plan->version == 4)
		put16(frame + network + 10, frame_network_checksum(frame, plan));
	put16(frame + frame_transport(plan) + (plan->protocol == 6 ? 16 : 6),
	      frame_transport_checksum(frame, length, plan));
	return length;
}

static uint32_t sum(uint32_t so_far, const uint8_t *bytes, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++)
		so_far += (uint32_t)bytes[i] << (i & 1 ? 0 : 8);
	return so_far;
}

static uint16_t complement(uint32_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return (uint16_t)~total;
}

/* With its own place counted as zero. */
static uint16_t checksum(uint32_t before, const uint8_t *bytes, uint32_t length, uint32_t place)
{
	uint32_t own = (uint32_t)bytes[place] << 8 | bytes[place + 1];

	return complement(sum(before, bytes, length) + (0xffff - own));
}

uint16_t frame_network_checksum(const uint8_t *frame, const struct frame_plan *plan)
{
	return checksum(0, frame + frame_network(plan), IP4, 10);
}

uint16_t frame_transport_checksum(const uint8_t *frame, uint32_t length,
				  const struct frame_plan *plan)
{
	uint32_t network = frame_network(plan), transport = frame_transport(plan);
	uint32_t before = plan->protocol + length - transport;

	before = plan->version == 4 ? sum(before, frame + network + 12, 8)
				    : sum(before, frame + network + 8, 32);
	return checksum(before, frame + transport, length - transport,
			plan->protocol == 6 ? 16 : 6);
}

/* ---- rules ---- */

struct rule rule_make(enum ibv_flow_attr_type type, uint16_t priority)
{
	return (struct rule){.attr = {.type = type,
				      .size = sizeof(struct ibv_flow_attr),
				      .priority = priority,
				      .port = 1}};
}

void rule_add(struct rule *rule, const void *spec, uint16_t size)
{
	size_t used = rule->attr.size - sizeof(rule->attr);

	CHECK(used + size <= sizeof(rule->specs));
	memcpy(rule->specs + used, spec, size);
	rule->attr.size = (uint16_t)(rule->attr.size + size);
	rule->attr.num_of_specs++;
}

struct rule rule_to(const uint8_t mac[6], uint16_t priority)
{
	struct rule rule = rule_make(IBV_FLOW_ATTR_NORMAL, priority);
	struct ibv_flow_spec_eth spec = {.type = IBV_FLOW_SPEC_ETH, .size = sizeof(spec)};

	memcpy(spec.val.dst_mac, mac, 6);
	memset(spec.mask.dst_mac, 0xff, 6);
	rule_add(&rule, &spec, sizeof(spec));
	return rule;
}

struct ibv_flow *rule_bind(struct ibv_qp *qp, struct rule *rule)
{
	struct ibv_flow *flow = ibv_create_flow(qp, &rule->attr);

	CHECK(flow);
	return flow;
}
