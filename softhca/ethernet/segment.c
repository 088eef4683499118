/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Cutting a large TCP segment: what differs from one piece to the next. */
#include "softhca/ethernet/headers.h"

#include <string.h>

/* The length comes first: without it there is no telling where the datagram ends. */
static void set_network(uint8_t *bytes, uint32_t at, uint32_t length, uint32_t number, bool ip4)
{
	if (ip4) {
		struct wire_ip4 ip;

		memcpy(&ip, bytes + at, sizeof(ip));
		ip.length = htobe16((uint16_t)(length - at));
		ip.identification = htobe16((uint16_t)(be16toh(ip.identification) + number));
		memcpy(bytes + at, &ip, sizeof(ip));
	} else {
		__be16 behind = htobe16((uint16_t)(length - at - sizeof(struct wire_ip6)));

		memcpy(bytes + at + offsetof(struct wire_ip6, length), &behind, sizeof(behind));
	}
}

static uint32_t network_offset(const uint8_t *bytes, __be16 *type)
{
	uint32_t at = offsetof(struct wire_ethernet, type);

	memcpy(type, bytes + at, sizeof(*type));
	if (*type == htobe16(ETHERTYPE_VLAN)) {
		at += (uint32_t)sizeof(struct wire_vlan);
		memcpy(type, bytes + at, sizeof(*type));
	}
	return at + (uint32_t)sizeof(*type);
}

static void set_transport(uint8_t *bytes, uint32_t offset, uint32_t number, bool last)
{
	struct wire_tcp tcp;

	memcpy(&tcp, bytes, sizeof(tcp));
	tcp.sequence = htobe32(be32toh(tcp.sequence) + offset);
	if (!last)
		tcp.flags &= (uint8_t) ~(TCP_FIN | TCP_PUSH);
	if (number)
		tcp.flags &= (uint8_t)~TCP_WINDOW_REDUCED;
	memcpy(bytes, &tcp, sizeof(tcp));
}

bool segment_adapt(uint8_t *bytes, uint32_t length, uint32_t number, uint32_t segment_bytes,
		   bool last)
{
	struct headers headers;
	uint32_t network;
	__be16 type;

	network = network_offset(bytes, &type);
	if (type != htobe16(ETHERTYPE_IP4) && type != htobe16(ETHERTYPE_IP6))
		return false;
	if (length < network + sizeof(struct wire_ip6))
		return false;
	set_network(bytes, network, length, number, type == htobe16(ETHERTYPE_IP4));
	if (!headers_parse(bytes, length < ETHERNET_MIN_BYTES ? ETHERNET_MIN_BYTES : length,
			   &headers) ||
	    !(headers.key.headers & FLOW_TCP))
		return false;
	set_transport(bytes + headers.transport, number * segment_bytes, number, last);
	network_checksum_set(bytes, &headers);
	transport_checksum_set(bytes, &headers);
	return true;
}
