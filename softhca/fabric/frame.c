/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Wire headers made from what a packet in a ring says. Packets of Ethernet ports carry a GRH inside
 * the fabric; it becomes the IP header, or stays for RoCE v1.
 */
#include "softhca/fabric/frame.h"

#include <string.h>

#include "hw/wire/address.h"
#include "hw/wire/bth.h"
#include "hw/wire/ethernet.h"
#include "hw/wire/grh.h"
#include "hw/wire/icrc.h"
#include "hw/wire/lrh.h"
#include "softhca/fabric/state.h"

enum {
	ONES_FOR_LRH = 8,
	DEFAULT_HOP_LIMIT = 64,
};

static void *append(struct frame *frame, size_t bytes)
{
	void *at = frame->prefix + frame->prefix_length;

	frame->prefix_length += (uint32_t)bytes;
	memset(at, 0, bytes);
	return at;
}

/* ---- ICRC ---- */

static uint32_t continue_masked_grh(uint32_t crc, const uint8_t *bytes)
{
	struct wire_grh grh;

	memcpy(&grh, bytes, sizeof(grh));
	grh.version_class_flow |= htobe32(GRH_VARIANT_MASK);
	grh.hop_limit = 0xff;
	return icrc_update(crc, &grh, sizeof(grh));
}

static uint32_t continue_masked_ip4(uint32_t crc, const uint8_t *bytes)
{
	struct wire_ip4 ip;

	memcpy(&ip, bytes, sizeof(ip));
	ip.service = 0xff;
	ip.hop_limit = 0xff;
	ip.checksum = 0xffff;
	return icrc_update(crc, &ip, sizeof(ip));
}

static uint32_t continue_masked_udp(uint32_t crc, const uint8_t *bytes)
{
	struct wire_udp udp;

	memcpy(&udp, bytes, sizeof(udp));
	udp.checksum = 0xffff;
	return icrc_update(crc, &udp, sizeof(udp));
}

static uint32_t start_behind_lrh(void)
{
	static const uint8_t ones[ONES_FOR_LRH] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	return icrc_update(ICRC_START, ones, sizeof(ones));
}

/* A packet with a GRH may cross subnets, each of which gives it another LRH. */
static uint32_t prefix_ib(const struct frame *frame)
{
	struct wire_lrh lrh;

	if (frame->prefix_length > sizeof(lrh))
		return continue_masked_grh(start_behind_lrh(), frame->prefix + sizeof(lrh));
	memcpy(&lrh, frame->prefix, sizeof(lrh));
	lrh.vl_version |= LRH_VL_MASK;
	return icrc_update(ICRC_START, &lrh, sizeof(lrh));
}

static uint32_t prefix_roce(const struct frame *frame)
{
	const uint8_t *network = frame->prefix + sizeof(struct wire_ethernet);
	uint32_t crc = start_behind_lrh();
	__be16 type;

	memcpy(&type, frame->prefix + offsetof(struct wire_ethernet, type), sizeof(type));
	if (type == htobe16(ETHERTYPE_IP4)) {
		crc = continue_masked_ip4(crc, network);
		return continue_masked_udp(crc, network + sizeof(struct wire_ip4));
	}
	crc = continue_masked_grh(crc, network);
	if (type == htobe16(ETHERTYPE_IP6))
		crc = continue_masked_udp(crc, network + GRH_BYTES);
	return crc;
}

static void set_icrc(struct frame *frame)
{
	uint8_t bth[sizeof(struct wire_bth)];
	uint32_t crc;

	crc = frame->port_type == FABRIC_PORT_IB ? prefix_ib(frame) : prefix_roce(frame);
	memcpy(bth, frame->rest, sizeof(bth));
	bth[WIRE_BTH_VARIANT_BYTE] = 0xff;
	crc = icrc_update(crc, bth, sizeof(bth));
	crc = icrc_update(crc, frame->rest + sizeof(bth),
			  frame->rest_length - (uint32_t)sizeof(bth));
	frame->icrc = icrc_finish(crc);
}

/* ---- headers ---- */

static void prepend_ib(struct frame *frame, const struct packet *head, const struct wire_grh *grh)
{
	uint32_t behind = frame->rest_length + FRAME_ICRC_BYTES;
	struct wire_lrh lrh = {
		.sl_next = lrh_sl_next(head->sl, grh ? LRH_NEXT_GRH : LRH_NEXT_BTH),
		.dlid = htobe16(head->dlid),
		.slid = htobe16(head->slid),
	};
	uint32_t words = ((uint32_t)sizeof(lrh) + (grh ? GRH_BYTES : 0) + behind) / 4;

	lrh.words = htobe16((uint16_t)(words & LRH_WORDS_MASK));
	memcpy(append(frame, sizeof(lrh)), &lrh, sizeof(lrh));
	if (grh)
		memcpy(append(frame, GRH_BYTES), grh, GRH_BYTES);
}

static void prepend_ethernet(struct frame *frame, struct fabric *fabric, const struct packet *head,
			     const struct wire_grh *grh, uint16_t type)
{
	const struct fabric_hca *from = fabric_hca_at(fabric, head->source_hca);
	const struct fabric_hca *to = fabric_hca_at(fabric, head->destination_hca);
	struct wire_ethernet ethernet = {.type = htobe16(type)};

	if (from)
		memcpy(ethernet.source, from->mac, sizeof(ethernet.source));
	if (head->flags & PACKET_MULTICAST)
		wire_gid_group_mac(grh->dgid, ethernet.destination);
	else if (to)
		memcpy(ethernet.destination, to->mac, sizeof(ethernet.destination));
	memcpy(append(frame, sizeof(ethernet)), &ethernet, sizeof(ethernet));
}

static void prepend_udp(struct frame *frame)
{
	__be32 destination;
	uint32_t length = (uint32_t)sizeof(struct wire_udp) + frame->rest_length + FRAME_ICRC_BYTES;
	struct wire_udp udp = {
		.destination = htobe16(ROCE_UDP_PORT),
		.length = htobe16((uint16_t)length),
	};

	memcpy(&destination, frame->rest + offsetof(struct wire_bth, destination),
	       sizeof(destination));
	udp.source = htobe16(
		(uint16_t)(ROCE_UDP_SOURCE_BASE | (be32toh(destination) & ROCE_UDP_SOURCE_MASK)));
	memcpy(append(frame, sizeof(udp)), &udp, sizeof(udp));
}

static void prepend_ip4(struct frame *frame, const struct wire_grh *grh)
{
	uint32_t length = (uint32_t)(sizeof(struct wire_ip4) + sizeof(struct wire_udp)) +
			  frame->rest_length + FRAME_ICRC_BYTES;
	struct wire_ip4 ip = {
		.version_words = IP4_VERSION_WORDS,
		.service = grh_traffic_class(grh),
		.length = htobe16((uint16_t)length),
		.fragment = htobe16(IP4_DO_NOT_FRAGMENT),
		.hop_limit = grh->hop_limit ? grh->hop_limit : DEFAULT_HOP_LIMIT,
		.protocol = PROTOCOL_UDP,
	};

	memcpy(ip.source, grh->sgid + 12, sizeof(ip.source));
	memcpy(ip.destination, grh->dgid + 12, sizeof(ip.destination));
	ip.checksum = inet_checksum(inet_sum(0, &ip, sizeof(ip)));
	memcpy(append(frame, sizeof(ip)), &ip, sizeof(ip));
	prepend_udp(frame);
}

static void prepend_ip6(struct frame *frame, const struct wire_grh *grh)
{
	struct wire_grh ip = *grh;

	ip.next_header = PROTOCOL_UDP;
	ip.payload_length = htobe16(
		(uint16_t)(sizeof(struct wire_udp) + frame->rest_length + FRAME_ICRC_BYTES));
	if (!ip.hop_limit)
		ip.hop_limit = DEFAULT_HOP_LIMIT;
	memcpy(append(frame, sizeof(ip)), &ip, sizeof(ip));
	prepend_udp(frame);
}

/* A packet without a GRH on an Ethernet port is shown between the ports' own addresses. */
static struct wire_grh own_addresses(struct fabric *fabric, const struct packet *head)
{
	const struct fabric_hca *from = fabric_hca_at(fabric, head->source_hca);
	const struct fabric_hca *to = fabric_hca_at(fabric, head->destination_hca);
	struct wire_grh grh = {.version_class_flow = grh_version_class_flow(0, 0),
			       .next_header = GRH_NEXT_IBA,
			       .hop_limit = DEFAULT_HOP_LIMIT};

	if (from)
		memcpy(grh.sgid, from->gids[0].raw, sizeof(grh.sgid));
	if (to)
		memcpy(grh.dgid, to->gids[0].raw, sizeof(grh.dgid));
	return grh;
}

static void prepend_roce(struct frame *frame, struct fabric *fabric, const struct packet *head,
			 const struct wire_grh *grh)
{
	struct wire_grh made;

	if (!grh) {
		made = own_addresses(fabric, head);
		grh = &made;
	}
	if (head->flags & PACKET_ROCE_V1) {
		prepend_ethernet(frame, fabric, head, grh, ETHERTYPE_ROCE);
		memcpy(append(frame, GRH_BYTES), grh, GRH_BYTES);
	} else if (wire_gid_is_ip4(grh->sgid) && wire_gid_is_ip4(grh->dgid)) {
		prepend_ethernet(frame, fabric, head, grh, ETHERTYPE_IP4);
		prepend_ip4(frame, grh);
	} else {
		prepend_ethernet(frame, fabric, head, grh, ETHERTYPE_IP6);
		prepend_ip6(frame, grh);
	}
}

/* UDP over IPv4 goes without a checksum; IPv6 has none of its own and insists. RFC 8200, 8.1: over
 * addresses, length and protocol, then the UDP packet, whose end is the ICRC. */
static void set_udp6_checksum(struct frame *frame)
{
	uint8_t *ip = frame->prefix + sizeof(struct wire_ethernet), *udp = ip + GRH_BYTES;
	uint32_t icrc = htole32(frame->icrc), sum;
	__be16 checksum;

	sum = inet_sum(PROTOCOL_UDP, ip + offsetof(struct wire_grh, sgid), 32);
	sum = inet_sum(sum, udp + offsetof(struct wire_udp, length), sizeof(checksum));
	sum = inet_sum(sum, udp, sizeof(struct wire_udp));
	sum = inet_sum(sum, frame->rest, frame->rest_length);
	sum = inet_sum(sum, &icrc, sizeof(icrc));
	checksum = inet_checksum(sum);
	if (checksum == 0)
		checksum = 0xffff;
	memcpy(udp + offsetof(struct wire_udp, checksum), &checksum, sizeof(checksum));
}

/* IEEE 802.3: the same CRC as the ICRC, over all of the frame. */
static void set_frame_check(struct frame *frame)
{
	frame->port_type = FABRIC_PORT_ETH;
	frame->icrc = icrc_finish(icrc_update(ICRC_START, frame->rest, frame->rest_length));
}

bool frame_build(struct fabric *fabric, const struct packet *head, const uint8_t *bytes,
		 uint32_t length, struct frame *frame)
{
	const struct fabric_hca *from = fabric_hca_at(fabric, head->source_hca);
	uint32_t skip = head->flags & PACKET_GRH ? GRH_BYTES : 0;
	struct wire_grh grh;

	if (length < skip + sizeof(struct wire_bth))
		return false;
	frame->prefix_length = 0;
	frame->rest = bytes + skip;
	frame->rest_length = length - skip;
	if (head->flags & PACKET_FRAME) {
		set_frame_check(frame);
		return true;
	}
	frame->port_type =
		from && from->port_type == FABRIC_PORT_ETH ? FABRIC_PORT_ETH : FABRIC_PORT_IB;
	if (skip) {
		memcpy(&grh, bytes, sizeof(grh));
		grh.payload_length = htobe16((uint16_t)(frame->rest_length + FRAME_ICRC_BYTES));
	}
	if (frame->port_type == FABRIC_PORT_IB)
		prepend_ib(frame, head, skip ? &grh : NULL);
	else
		prepend_roce(frame, fabric, head, skip ? &grh : NULL);
	set_icrc(frame);
	if (frame->prefix_length ==
	    sizeof(struct wire_ethernet) + GRH_BYTES + sizeof(struct wire_udp))
		set_udp6_checksum(frame);
	return true;
}

bool frame_icrc_holds(struct fabric *fabric, const struct packet *head, const uint8_t *bytes)
{
	uint32_t length = atomic_load_explicit(&head->length, memory_order_relaxed);
	struct frame frame;
	uint32_t icrc;

	if (length < FRAME_ICRC_BYTES ||
	    !frame_build(fabric, head, bytes, length - FRAME_ICRC_BYTES, &frame))
		return false;
	memcpy(&icrc, bytes + length - FRAME_ICRC_BYTES, sizeof(icrc));
	return le32toh(icrc) == frame.icrc;
}
