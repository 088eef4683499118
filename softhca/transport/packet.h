/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Packets as the transport builds and takes them apart: one begin/end pair that writes routing
 * headers and BTH, one view of an arrived packet whose headers have been copied out of the ring.
 */
#ifndef SOFTHCA_TRANSPORT_PACKET_H
#define SOFTHCA_TRANSPORT_PACKET_H

#include <endian.h>
#include <string.h>

#include "hw/wire/bth.h"
#include "hw/wire/opcode.h"
#include "hw/wire/psn.h"
#include "softhca/transport/route.h"

/* What the caller decides about a packet before it is begun. */
struct packet_plan {
	uint8_t opcode; /* transport and operation */
	uint8_t flags;	/* of struct packet */
	bool solicited;
	bool ack_request;
	uint32_t psn;
	uint32_t qpn; /* destination */
	uint32_t extension_length;
	uint32_t payload_length;
};

/* A packet in the making. */
struct packet_writer {
	struct packet_slot slot;
	uint8_t *extension;
	uint8_t *payload;
	uint32_t length;
};

/* Room in the ring, headers up to the BTH filled in. The caller writes extension and payload, then
 * ends it; a packet that is not ended was never sent. 0, or EAGAIN when the ring is full. */
int packet_begin(struct fabric *fabric, const struct route *route, const struct packet_plan *plan,
		 struct packet_writer *writer);
void packet_end(struct fabric *fabric, struct packet_writer *writer);

/* An arrived packet. Headers are copies; `body` still lies in the ring, where a hostile sender can
 * change it at any time, and is copied where it goes. */
struct arrival {
	const struct packet *packet;
	const uint8_t *grh; /* NULL if it has none */
	uint8_t operation;  /* enum wire_opcode */
	uint8_t transport;  /* enum wire_transport */
	bool solicited;
	bool ack_request;
	uint16_t pkey;
	uint16_t pkey_index; /* of the receiver's key that let it in */
	uint32_t qpn;
	uint32_t srqn; /* XRC requests: that they name */
	uint32_t psn;
	/* Behind the headers taken so far, padding not counted. */
	const uint8_t *body;
	uint32_t length;
};

/* False: not a packet of this protocol. */
bool arrival_parse(struct arrival *arrival, const struct packet *packet, const uint8_t *bytes);

/* Takes the next extension header out of the body. False when the packet is too short. */
static inline bool arrival_take(struct arrival *arrival, void *header, uint32_t length)
{
	if (arrival->length < length)
		return false;
	memcpy(header, arrival->body, length);
	arrival->body += length;
	arrival->length -= length;
	return true;
}

/* Whether it comes from the port with this address: the LID on InfiniBand, the GID on Ethernet. */
bool arrival_is_from(const struct arrival *arrival, const struct qp *qp, uint16_t lid,
		     const uint8_t gid[16]);

/* The upper bits of the operation codes that a queue pair sends and takes. */
static inline uint8_t qp_wire_transport(const struct qp *qp)
{
	static const uint8_t transports[QP_TYPES] = {
		[QP_TYPE_SMI] = WIRE_UD,
		[QP_TYPE_GSI] = WIRE_UD,
		[QP_TYPE_RC] = WIRE_RC,
		[QP_TYPE_UC] = WIRE_UC,
		[QP_TYPE_UD] = WIRE_UD,
		[QP_TYPE_XRC_SEND] = WIRE_XRC,
		[QP_TYPE_XRC_RECV] = WIRE_XRC,
		[QP_TYPE_DCI] = WIRE_DC,
		[QP_TYPE_DCT] = WIRE_DC,
		/* Frames are no packets of any transport: this is none that a packet can have. */
		[QP_TYPE_RAW_PACKET] = UINT8_MAX,
	};

	return transports[qp->type];
}

/* Payload bytes per packet, as a power of two: of the path, or for datagrams of the port. */
static inline unsigned int mtu_log(const struct qp *qp)
{
	enum { LOG_PORT_MTU = 12 };

	return qp_type_is_datagram(qp->type) ? LOG_PORT_MTU : 7u + qp->attr.path_mtu;
}

/* Packets that a message of `length` bytes takes: a message of nothing takes one. */
static inline uint32_t packets_of(uint64_t length, unsigned int log_mtu)
{
	uint64_t mtu = 1ull << log_mtu;

	return length ? (uint32_t)((length + mtu - 1) >> log_mtu) : 1;
}

#endif
