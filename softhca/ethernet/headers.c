/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Takes the headers of a frame apart, into the key that flow rules compare. */
#include "softhca/ethernet/headers.h"

#include <string.h>

enum {
	IP4_MIN_WORDS = 5,
	VXLAN_BYTES = 8,
	VXLAN_IDENTIFIER_VALID = 0x08,
};

static uint32_t at_most(uint32_t value, uint32_t limit)
{
	return value < limit ? value : limit;
}

/* The network identifier, with the reserved byte behind it cleared. */
static void parse_vxlan(const uint8_t *bytes, struct headers *headers)
{
	uint32_t at = headers->transport + (uint32_t)sizeof(struct wire_udp);

	if (headers->key.destination_port != htobe16(VXLAN_UDP_PORT) ||
	    at + VXLAN_BYTES > at_most(headers->end, HEADERS_BYTES) ||
	    !(bytes[at] & VXLAN_IDENTIFIER_VALID))
		return;
	memcpy(&headers->key.tunnel, bytes + at + 4, sizeof(headers->key.tunnel));
	headers->key.tunnel &= htobe32(0xffffff00);
}

/* TCP and UDP begin with their ports. */
static void parse_transport(const uint8_t *bytes, uint32_t at, struct headers *headers)
{
	struct flow_key *key = &headers->key;
	bool tcp = key->protocol == PROTOCOL_TCP, udp = key->protocol == PROTOCOL_UDP;
	uint32_t needed = tcp ? sizeof(struct wire_tcp) : sizeof(struct wire_udp);

	if ((!tcp && !udp) || at + needed > headers->end)
		return;
	headers->transport = at;
	key->headers |= tcp ? FLOW_TCP : FLOW_UDP;
	memcpy(&key->source_port, bytes + at, sizeof(key->source_port));
	memcpy(&key->destination_port, bytes + at + 2, sizeof(key->destination_port));
	if (udp)
		parse_vxlan(bytes, headers);
}

static void set_end(struct headers *headers, uint32_t at, uint32_t total, uint32_t length)
{
	headers->network = at;
	headers->end = at + total;
	if (headers->end <= length)
		return;
	headers->end = length;
	headers->cut_off = true;
}

static void parse_ip4(const uint8_t *bytes, uint32_t at, uint32_t length, struct headers *headers)
{
	struct wire_ip4 ip;
	uint32_t words, total;

	if (length < at + sizeof(ip))
		return;
	memcpy(&ip, bytes + at, sizeof(ip));
	words = ip.version_words & 15;
	total = be16toh(ip.length);
	if (ip.version_words >> 4 != 4 || words < IP4_MIN_WORDS || total < words * 4)
		return;
	set_end(headers, at, total, length);
	headers->key.headers |= FLOW_IP4;
	headers->key.protocol = ip.protocol;
	headers->key.service = ip.service;
	memcpy(headers->key.source_ip, ip.source, sizeof(ip.source));
	memcpy(headers->key.destination_ip, ip.destination, sizeof(ip.destination));
	if (!(be16toh(ip.fragment) & IP4_FRAGMENT_MASK))
		parse_transport(bytes, at + words * 4, headers);
}

/* Extension headers are not followed: what stands behind them is no transport. */
static void parse_ip6(const uint8_t *bytes, uint32_t at, uint32_t length, struct headers *headers)
{
	struct wire_ip6 ip;
	uint32_t first;

	if (length < at + sizeof(ip))
		return;
	memcpy(&ip, bytes + at, sizeof(ip));
	first = be32toh(ip.version_class_flow);
	if (first >> 28 != 6)
		return;
	set_end(headers, at, (uint32_t)sizeof(ip) + be16toh(ip.length), length);
	headers->key.headers |= FLOW_IP6;
	headers->key.protocol = ip.next_header;
	headers->key.service = (uint8_t)(first >> 20);
	headers->key.flow_label = htobe32(first & 0xfffff);
	memcpy(headers->key.source_ip, ip.source, sizeof(ip.source));
	memcpy(headers->key.destination_ip, ip.destination, sizeof(ip.destination));
	parse_transport(bytes, at + (uint32_t)sizeof(ip), headers);
}

bool headers_parse(const uint8_t *bytes, uint32_t length, struct headers *headers)
{
	uint32_t at = sizeof(struct wire_ethernet);
	struct wire_ethernet ethernet;
	struct wire_vlan vlan;

	memset(headers, 0, sizeof(*headers));
	if (length < ETHERNET_MIN_BYTES)
		return false;
	memcpy(&ethernet, bytes, sizeof(ethernet));
	memcpy(headers->key.destination_mac, ethernet.destination, 6);
	memcpy(headers->key.source_mac, ethernet.source, 6);
	if (ethernet.type == htobe16(ETHERTYPE_VLAN)) {
		memcpy(&vlan, bytes + offsetof(struct wire_ethernet, type), sizeof(vlan));
		headers->key.headers = FLOW_TAGGED;
		headers->key.vlan = vlan.control;
		memcpy(&ethernet.type, bytes + at + 2, sizeof(ethernet.type));
		at += (uint32_t)sizeof(vlan);
	}
	headers->key.type = ethernet.type;
	if (ethernet.type == htobe16(ETHERTYPE_IP4))
		parse_ip4(bytes, at, length, headers);
	else if (ethernet.type == htobe16(ETHERTYPE_IP6))
		parse_ip6(bytes, at, length, headers);
	return true;
}
