/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Unreliable datagrams. Each receive buffer begins with 40 bytes for the GRH, filled when the
 * packet has one. What does not fit or does not belong is dropped, and its receive used for the
 * next packet. Source: IBTA vol. 1, 9.8.3, 10.2.5 (Q_Keys), 10.5.2 (multicast), 11.4.1.2 (GRH
 * placement).
 */
#include "softhca/transport/datagram.h"

#include <errno.h>

#include "hw/wire/address.h"
#include "hw/wire/deth.h"
#include "hw/wire/ethernet.h"
#include "softhca/memory/access.h"
#include "softhca/transport/management.h"
#include "softhca/transport/responder.h"

bool datagram_same_address(const struct ud_address *a, const struct ud_address *b)
{
	if (a->qpn != b->qpn || a->dlid != b->dlid || a->sl != b->sl ||
	    a->path_bits != b->path_bits || a->grh != b->grh)
		return false;
	return !a->grh || (a->sgid_index == b->sgid_index && a->hop_limit == b->hop_limit &&
			   a->traffic_class == b->traffic_class && a->flow_label == b->flow_label &&
			   !memcmp(a->dgid, b->dgid, 16));
}

void datagram_build_route(struct requester *requester, const struct ud_address *address)
{
	struct path path = {
		.dlid = address->dlid,
		.sl = address->sl,
		.src_path_bits = address->path_bits,
		.grh = address->grh,
		.sgid_index = address->sgid_index,
		.hop_limit = address->hop_limit,
		.traffic_class = address->traffic_class,
		.flow_label = address->flow_label,
	};

	memcpy(path.dgid, address->dgid, sizeof(path.dgid));
	route_build(&requester->route, requester->qp, &path, address->qpn);
	requester->address = *address;
	requester->address_valid = true;
}

/* The other end has agents for its queue pair 1: which one, the MAD says. */
static void find_agent(struct requester *requester)
{
	const struct send_request *request = &requester->request;
	uint8_t mad[MAD_BYTES];
	struct qp *qp = requester->qp;

	if (request->length == MAD_BYTES &&
	    !memory_gather(qp->hca, qp->pd, request->sge, request->num_sge, 0, mad, MAD_BYTES))
		management_route(&requester->route, qp_fabric(qp), mad);
	/* The next one may be for another process. */
	requester->address_valid = false;
}

static void find_route(struct requester *requester)
{
	const struct ud_address *address = &requester->request.ud;
	const struct route *route = &requester->route;

	if (requester->address_valid && datagram_same_address(&requester->address, address))
		route_refresh(&requester->route, requester->qp);
	else
		datagram_build_route(requester, address);
	if (__builtin_expect(route->process == FABRIC_NOWHERE, 0) && route->qpn == MAD_QPN_GENERAL)
		find_agent(requester);
}

/* IBTA vol. 1, 10.2.5: that of general services is given, whatever the QP was told. */
static uint32_t own_qkey(const struct qp *qp)
{
	return qp->type == QP_TYPE_GSI ? WIRE_QKEY_GENERAL_SERVICES : qp->attr.qkey;
}

/* One packet by requester->route. EAGAIN when the ring is full. */
static int send_one(const struct requester *requester, uint8_t packet_flags,
		    enum completion_status *status)
{
	const struct send_request *request = &requester->request;
	bool immediate = request->opcode == REQUEST_SEND_IMM;
	struct qp *qp = requester->qp;
	uint32_t qkey = request->ud.qkey;
	struct wire_deth deth = {
		.qkey = htobe32(qkey & WIRE_QKEY_CONTROLLED ? own_qkey(qp) : qkey),
		.source = htobe32(qp->qpn),
	};
	struct wire_immdt immdt = {.immediate = request->immediate};
	struct packet_plan plan = {
		.opcode = WIRE_UD | (immediate ? WIRE_SEND_ONLY_IMM : WIRE_SEND_ONLY),
		.flags = packet_flags,
		.solicited = request->flags & REQUEST_SOLICITED,
		.psn = requester->send_psn,
		.qpn = requester->route.qpn,
		.extension_length = (uint32_t)(sizeof(deth) + (immediate ? sizeof(immdt) : 0)),
		.payload_length = request->length,
	};
	struct packet_writer writer;

	if (packet_begin(qp_fabric(qp), &requester->route, &plan, &writer))
		return EAGAIN;
	*status = memory_gather(qp->hca, qp->pd, request->sge, request->num_sge, 0, writer.payload,
				request->length);
	if (*status)
		return 0;
	memcpy(writer.extension, &deth, sizeof(deth));
	if (immediate)
		memcpy(writer.extension + sizeof(deth), &immdt, sizeof(immdt));
	packet_end(qp_fabric(qp), &writer);
	return 0;
}

/* ---- multicast ---- */

static bool is_multicast(const struct qp *qp, const struct ud_address *address)
{
	if (address->grh && wire_gid_is_multicast(address->dgid))
		return true;
	return qp->hca->shared->port_type == FABRIC_PORT_IB && wire_lid_is_multicast(address->dlid);
}

struct replication {
	struct requester *requester;
	enum completion_status status;
	/* Adapter and process pairs that have their copy: one each, whatever the members there. */
	uint64_t served[FABRIC_MAX_HCAS][FABRIC_MAX_PROCESSES / 64];
};

static void send_copy(void *arg, unsigned int hca, uint32_t qpn, unsigned int process)
{
	struct replication *replication = arg;
	struct route *route = &replication->requester->route;
	uint64_t bit = 1ull << process % 64, *served;

	(void)qpn;
	if (hca >= FABRIC_MAX_HCAS || process >= FABRIC_MAX_PROCESSES || replication->status)
		return;
	served = &replication->served[hca][process / 64];
	if (*served & bit)
		return;
	*served |= bit;
	route->destination_hca = (uint8_t)hca;
	route->process = process;
	/* A member whose ring is full misses this one; datagrams promise nothing. */
	(void)send_one(replication->requester, PACKET_MULTICAST, &replication->status);
}

static void send_to_group(struct requester *requester, enum completion_status *status)
{
	struct replication replication = {.requester = requester};
	const struct ud_address *address = &requester->request.ud;

	/* A route of its own for each copy: nothing is remembered. */
	datagram_build_route(requester, address);
	requester->address_valid = false;
	requester->route.qpn = WIRE_QPN_MULTICAST;
	fabric_group_for_each(qp_fabric(requester->qp), address->grh ? address->dgid : NULL,
			      requester->route.dlid, send_copy, &replication);
	*status = replication.status;
}

int datagram_send(struct requester *requester, enum completion_status *status)
{
	*status = STATUS_SUCCESS;
	if (is_multicast(requester->qp, &requester->request.ud)) {
		send_to_group(requester, status);
		return 0;
	}
	find_route(requester);
	return send_one(requester, 0, status);
}

/* ---- receiving ---- */

/* The header that a RoCEv2 packet over IPv4 came with: receivers find it in the last 20 of the 40
 * bytes. Annex A17.4.5.1. */
static void fill_ip4(uint8_t space[GRH_BYTES], const struct wire_grh *grh)
{
	uint32_t length = be16toh(grh->payload_length) + (uint32_t)sizeof(struct wire_ip4) +
			  (uint32_t)sizeof(struct wire_udp);
	struct wire_ip4 ip = {
		.version_words = IP4_VERSION_WORDS,
		.service = grh_traffic_class(grh),
		.length = htobe16((uint16_t)length),
		.fragment = htobe16(IP4_DO_NOT_FRAGMENT),
		.hop_limit = grh->hop_limit,
		.protocol = PROTOCOL_UDP,
	};

	memcpy(ip.source, grh->sgid + 12, sizeof(ip.source));
	memcpy(ip.destination, grh->dgid + 12, sizeof(ip.destination));
	ip.checksum = inet_checksum(inet_sum(0, &ip, sizeof(ip)));
	memset(space, 0, GRH_BYTES - sizeof(ip));
	memcpy(space + GRH_BYTES - sizeof(ip), &ip, sizeof(ip));
}

static bool came_by_udp(const struct qp *qp, const struct arrival *arrival)
{
	return qp->hca->shared->port_type == FABRIC_PORT_ETH &&
	       !(arrival->packet->flags & PACKET_ROCE_V1);
}

static enum completion_status place_grh(struct responder *responder, const struct arrival *arrival)
{
	uint8_t space[GRH_BYTES];
	struct wire_grh grh;

	if (!arrival->grh)
		return STATUS_SUCCESS;
	memcpy(&grh, arrival->grh, sizeof(grh));
	if (came_by_udp(responder->qp, arrival))
		grh.next_header = PROTOCOL_UDP;
	if (grh.next_header == PROTOCOL_UDP && wire_gid_is_ip4(grh.dgid))
		fill_ip4(space, &grh);
	else
		memcpy(space, &grh, sizeof(grh));
	return message_place(responder, 0, space, GRH_BYTES);
}

/*
 * On Ethernet, where packets have no service level, completions say instead what the header in
 * front of the data is. Source: ConnectX PRM, CQE; UCX looks for its own address by it.
 */
static uint8_t service_level(struct responder *responder, const struct arrival *arrival)
{
	struct wire_grh grh;

	if (responder->qp->hca->shared->port_type != FABRIC_PORT_ETH || !arrival->grh)
		return arrival->packet->sl;
	if (!came_by_udp(responder->qp, arrival))
		return COMPLETION_HEADER_GRH;
	memcpy(&grh, arrival->grh, sizeof(grh));
	return wire_gid_is_ip4(grh.dgid) ? COMPLETION_HEADER_IP4 : COMPLETION_HEADER_IP6;
}

static void complete(struct responder *responder, const struct arrival *arrival,
		     const struct wire_deth *deth, const struct wire_immdt *immdt)
{
	struct completion completion = {
		.flags = (arrival->grh ? COMPLETION_GRH : 0) |
			 (arrival->solicited ? COMPLETION_SOLICITED : 0) |
			 (immdt ? COMPLETION_IMMEDIATE : 0),
		.opcode = immdt ? REQUEST_SEND_IMM : REQUEST_SEND,
		.length = arrival->length + GRH_BYTES,
		.immediate = immdt ? immdt->immediate : 0,
		.remote_qpn = be32toh(deth->source) & WIRE_QPN_MASK,
		.slid = arrival->packet->slid,
		.sl = service_level(responder, arrival),
		.path_bits = 0,
		.pkey_index = arrival->pkey_index,
	};

	message_complete(responder, &completion);
}

/* The packet is for this queue pair; `immdt` is NULL if it carries no immediate data. */
static void deliver(struct responder *responder, const struct arrival *arrival,
		    const struct wire_deth *deth, const struct wire_immdt *immdt)
{
	const struct recv_request *recv = &responder->recv;
	struct qp *qp = responder->qp;
	enum completion_status status;
	enum verdict verdict = message_take_receive(responder);

	if (verdict == VERDICT_LOCAL_FAULT)
		qp_set_error(qp, -1);
	if (verdict || recv->length < GRH_BYTES || arrival->length > recv->length - GRH_BYTES) {
		qp->shared->errors++;
		return;
	}
	status = place_grh(responder, arrival);
	if (!status)
		status = message_place(responder, GRH_BYTES, arrival->body, arrival->length);
	if (status) {
		message_fail_receive(responder, status);
		qp_set_error(qp, -1);
		return;
	}
	complete(responder, arrival, deth, immdt);
	qp->shared->packets_received = ++responder->packets_received;
}

/* `arrival` is a copy: a multicast packet is taken apart once for each member. */
static void receive(struct qp *qp, struct arrival *arrival)
{
	bool immediate =
		arrival->operation == WIRE_SEND_ONLY_IMM && !qp_type_is_management(qp->type);
	struct wire_immdt immdt;
	struct wire_deth deth;

	if (!qp_receives(qp) || (!immediate && arrival->operation != WIRE_SEND_ONLY) ||
	    !arrival_take(arrival, &deth, sizeof(deth)) ||
	    (immediate && !arrival_take(arrival, &immdt, sizeof(immdt))))
		return;
	/* Subnet management has none. */
	if (qp->type != QP_TYPE_SMI && be32toh(deth.qkey) != own_qkey(qp)) {
		qp->shared->errors++;
		return;
	}
	deliver(qp->responder, arrival, &deth, immediate ? &immdt : NULL);
}

void datagram_receive(struct qp *qp, struct arrival *arrival)
{
	receive(qp, arrival);
}

struct delivery {
	struct hca *hca;
	const struct arrival *arrival;
};

static void receive_copy(void *arg, unsigned int hca, uint32_t qpn, unsigned int process)
{
	const struct delivery *delivery = arg;
	struct arrival arrival = *delivery->arrival;
	struct qp *qp;

	if (hca != delivery->hca->index || process != fabric_self(delivery->hca->engine->fabric))
		return;
	qp = hca_find_qp(delivery->hca, qpn);
	if (qp && qp->type == QP_TYPE_UD &&
	    route_accepts_pkey(qp, arrival.pkey, &arrival.pkey_index))
		receive(qp, &arrival);
}

void datagram_receive_multicast(struct hca *hca, const struct arrival *arrival)
{
	struct delivery delivery = {.hca = hca, .arrival = arrival};
	struct wire_grh grh;

	if (arrival->transport != WIRE_UD)
		return;
	if (arrival->grh)
		memcpy(&grh, arrival->grh, sizeof(grh));
	fabric_group_for_each(hca->engine->fabric, arrival->grh ? grh.dgid : NULL,
			      arrival->packet->dlid, receive_copy, &delivery);
}
