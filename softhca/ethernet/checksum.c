/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The checksums of IPv4, TCP and UDP. Sources: RFC 1071, 791, 768, 9293; 8200, 8.1. */
#include "softhca/ethernet/headers.h"

#include <string.h>

static uint32_t ip4_bytes(const uint8_t *bytes, const struct headers *headers)
{
	return (bytes[headers->network] & 15u) * 4;
}

static bool is_ip4(const struct headers *headers)
{
	return headers->key.headers & FLOW_IP4;
}

static bool is_udp(const struct headers *headers)
{
	return headers->key.headers & FLOW_UDP;
}

/* A sum that contains its own checksum is all ones. */
static bool is_whole(uint32_t sum)
{
	return inet_checksum(sum) == 0;
}

bool network_checksum_holds(const uint8_t *bytes, const struct headers *headers)
{
	if (headers->cut_off)
		return false;
	if (!is_ip4(headers))
		return true;
	return is_whole(inet_sum(0, bytes + headers->network, ip4_bytes(bytes, headers)));
}

void network_checksum_set(uint8_t *bytes, const struct headers *headers)
{
	uint8_t *place = bytes + headers->network + offsetof(struct wire_ip4, checksum);
	__be16 checksum;

	if (!is_ip4(headers) || headers->cut_off)
		return;
	memset(place, 0, sizeof(checksum));
	checksum = inet_checksum(inet_sum(0, bytes + headers->network, ip4_bytes(bytes, headers)));
	memcpy(place, &checksum, sizeof(checksum));
}

/* Addresses, protocol and length, then the packet itself, whose last byte may be alone. */
static uint32_t transport_sum(const uint8_t *bytes, const struct headers *headers)
{
	uint32_t length = headers->end - headers->transport;
	uint32_t address_bytes = is_ip4(headers) ? 4 : 16;
	uint32_t sum = headers->key.protocol + length;

	sum = inet_sum(sum, headers->key.source_ip, address_bytes);
	sum = inet_sum(sum, headers->key.destination_ip, address_bytes);
	sum = inet_sum(sum, bytes + headers->transport, length);
	return length & 1 ? sum + ((uint32_t)bytes[headers->end - 1] << 8) : sum;
}

static uint32_t checksum_offset(const struct headers *headers)
{
	return headers->transport + (uint32_t)(is_udp(headers)
						       ? offsetof(struct wire_udp, checksum)
						       : offsetof(struct wire_tcp, checksum));
}

bool transport_checksum_holds(const uint8_t *bytes, const struct headers *headers)
{
	__be16 checksum;

	if (headers->cut_off)
		return false;
	memcpy(&checksum, bytes + checksum_offset(headers), sizeof(checksum));
	if (!checksum && is_udp(headers) && is_ip4(headers))
		return true;
	return is_whole(transport_sum(bytes, headers));
}

void transport_checksum_set(uint8_t *bytes, const struct headers *headers)
{
	__be16 checksum = 0;

	if (!headers->transport || headers->cut_off)
		return;
	memcpy(bytes + checksum_offset(headers), &checksum, sizeof(checksum));
	checksum = inet_checksum(transport_sum(bytes, headers));
	/* Zero means none. */
	if (!checksum && is_udp(headers))
		checksum = 0xffff;
	memcpy(bytes + checksum_offset(headers), &checksum, sizeof(checksum));
}
