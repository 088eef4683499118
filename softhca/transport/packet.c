/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Routing headers and BTH, written and read. Source: IBTA vol. 1, 8.3 (GRH), 9.2 (BTH). */
#include "softhca/transport/packet.h"

#include "hw/wire/icrc.h"
#include "softhca/core/trace.h"

static uint8_t *put_grh(uint8_t *bytes, const struct route *route, uint32_t behind)
{
	struct wire_grh grh = route->header;

	/* The GRH counts everything behind it, the invariant CRC included. */
	grh.payload_length = htobe16((uint16_t)(behind + ICRC_BYTES));
	memcpy(bytes, &grh, sizeof(grh));
	return bytes + sizeof(grh);
}

static uint8_t *put_bth(uint8_t *bytes, const struct route *route, const struct packet_plan *plan,
			uint32_t pad)
{
	struct wire_bth bth = {
		.opcode = plan->opcode,
		.flags = (uint8_t)(WIRE_BTH_MIGRATED | pad << WIRE_BTH_PAD_SHIFT),
		.pkey = route->pkey,
		.destination = htobe32(plan->qpn),
		.ack_psn = htobe32(plan->psn | (plan->ack_request ? WIRE_BTH_ACK_REQUEST : 0)),
	};

	if (plan->solicited)
		bth.flags |= WIRE_BTH_SOLICITED;
	memcpy(bytes, &bth, sizeof(bth));
	return bytes + sizeof(bth);
}

static void put_pad(uint8_t *payload, uint32_t length, uint32_t pad)
{
	if (pad)
		memset(payload + length, 0, pad);
}

int packet_begin(struct fabric *fabric, const struct route *route, const struct packet_plan *plan,
		 struct packet_writer *writer)
{
	uint32_t pad = -plan->payload_length & 3;
	uint32_t behind =
		sizeof(struct wire_bth) + plan->extension_length + plan->payload_length + pad;
	uint32_t length = behind + (route->grh ? sizeof(struct wire_grh) : 0);
	struct packet *packet;
	uint8_t *bytes;
	int error;

	error = fabric_send_begin(fabric, route->process, length, &writer->slot);
	if (error)
		return error;
	packet = writer->slot.packet;
	packet->source_hca = route->source_hca;
	packet->destination_hca = route->destination_hca;
	packet->sl = route->sl;
	packet->flags = plan->flags | route->flags;
	packet->slid = route->slid;
	packet->dlid = route->dlid;
	packet->pad = 0;

	bytes = writer->slot.bytes;
	if (route->grh)
		bytes = put_grh(bytes, route, behind);
	writer->extension = put_bth(bytes, route, plan, pad);
	writer->payload = writer->extension + plan->extension_length;
	writer->length = length;
	put_pad(writer->payload, plan->payload_length, pad);
	return 0;
}

void packet_end(struct fabric *fabric, struct packet_writer *writer)
{
	if (trace_on())
		trace_packet("->", writer->slot.packet, writer->slot.bytes, writer->length);
	fabric_send_end(fabric, &writer->slot, writer->length);
}

bool arrival_parse(struct arrival *arrival, const struct packet *packet, const uint8_t *bytes)
{
	uint32_t length = atomic_load_explicit(&packet->length, memory_order_relaxed);
	struct wire_bth bth;
	uint32_t pad;

	*arrival = (struct arrival){.packet = packet, .body = bytes, .length = length};
	if (packet->flags & PACKET_GRH) {
		if (length < sizeof(struct wire_grh))
			return false;
		arrival->grh = bytes;
		arrival->body += sizeof(struct wire_grh);
		arrival->length -= (uint32_t)sizeof(struct wire_grh);
	}
	if (!arrival_take(arrival, &bth, sizeof(bth)))
		return false;
	pad = (bth.flags & WIRE_BTH_PAD_MASK) >> WIRE_BTH_PAD_SHIFT;
	if ((bth.flags & WIRE_BTH_VERSION_MASK) || arrival->length % 4 || pad > arrival->length)
		return false;
	arrival->length -= pad;
	arrival->operation = bth.opcode & WIRE_OPERATION_MASK;
	arrival->transport = bth.opcode & WIRE_TRANSPORT_MASK;
	arrival->solicited = bth.flags & WIRE_BTH_SOLICITED;
	arrival->ack_request = be32toh(bth.ack_psn) & WIRE_BTH_ACK_REQUEST;
	arrival->psn = be32toh(bth.ack_psn) & WIRE_PSN_MASK;
	arrival->pkey = be16toh(bth.pkey);
	arrival->qpn = be32toh(bth.destination) & WIRE_QPN_MASK;
	return true;
}

bool arrival_is_from(const struct arrival *arrival, const struct qp *qp, uint16_t lid,
		     const uint8_t gid[16])
{
	struct wire_grh grh;

	if (qp->hca->shared->port_type == FABRIC_PORT_IB)
		return arrival->packet->slid == lid;
	if (!arrival->grh)
		return false;
	memcpy(&grh, arrival->grh, sizeof(grh));
	return !memcmp(grh.sgid, gid, sizeof(grh.sgid));
}
