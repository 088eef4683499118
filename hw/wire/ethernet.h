/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Ethernet, and what carries InfiniBand packets on it. RoCE v1: EtherType 0x8915, then a GRH. RoCE
 * v2: IPv4 or IPv6, then UDP to port 4791. Sources: IBTA vol. 1 annexes A16 and A17, IEEE 802.3 and
 * 802.1Q, RFC 791, 768, 8200, 9293, 7348.
 */
#ifndef WIRE_ETHERNET_H
#define WIRE_ETHERNET_H

#include <endian.h>
#include <stdint.h>
#include <linux/types.h>

#include "hw/wire/layout.h"

enum {
	ETHERTYPE_ROCE = 0x8915,
	ETHERTYPE_IP4 = 0x0800,
	ETHERTYPE_IP6 = 0x86dd,
	ETHERTYPE_VLAN = 0x8100,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	VXLAN_UDP_PORT = 4789,
	ROCE_UDP_PORT = 4791,
	/* Source ports tell flows apart for routers; any of the dynamic range will do. */
	ROCE_UDP_SOURCE_BASE = 0xc000,
	ROCE_UDP_SOURCE_MASK = 0x3fff,
};

struct wire_ethernet {
	uint8_t destination[6];
	uint8_t source[6];
	__be16 type;
} WIRE_PACKED;
WIRE_SIZE(struct wire_ethernet, 14)

/* Behind the source address, in the place of the type, which follows. */
struct wire_vlan {
	__be16 tag_type;
	__be16 control; /* priority b15:13, drop eligible b12, VLAN b11:0 */
} WIRE_PACKED;
WIRE_SIZE(struct wire_vlan, 4)

enum {
	ETHERNET_MIN_BYTES = 60, /* shorter frames are padded; the check sequence comes behind */
	ETHERNET_FCS_BYTES = 4,
	ETHERNET_MAX_PAYLOAD = 9000,
	ETHERNET_MAX_BYTES = 14 + 4 + ETHERNET_MAX_PAYLOAD,
};

struct wire_ip4 {
	uint8_t version_words; /* version 4 b7:4, header length in words b3:0 */
	uint8_t service;       /* DSCP b7:2, ECN b1:0 */
	__be16 length;	       /* this header included */
	__be16 identification;
	__be16 fragment; /* do-not-fragment b14 */
	uint8_t hop_limit;
	uint8_t protocol;
	__be16 checksum;
	uint8_t source[4];
	uint8_t destination[4];
} WIRE_PACKED;
WIRE_SIZE(struct wire_ip4, 20)

enum {
	IP4_VERSION_WORDS = 0x45,
	IP4_DO_NOT_FRAGMENT = 1 << 14,
	IP4_FRAGMENT_MASK = 0x3fff, /* more fragments b13, offset b12:0 */
};

struct wire_ip6 {
	__be32 version_class_flow; /* version 6 b31:28, traffic class b27:20, flow label b19:0 */
	__be16 length;		   /* of what follows */
	uint8_t next_header;
	uint8_t hop_limit;
	uint8_t source[16];
	uint8_t destination[16];
} WIRE_PACKED;
WIRE_SIZE(struct wire_ip6, 40)

struct wire_tcp {
	__be16 source;
	__be16 destination;
	__be32 sequence;
	__be32 acknowledgement;
	uint8_t words; /* header length in words b7:4 */
	uint8_t flags;
	__be16 window;
	__be16 checksum;
	__be16 urgent;
} WIRE_PACKED;
WIRE_SIZE(struct wire_tcp, 20)

enum {
	TCP_FIN = 1 << 0,
	TCP_PUSH = 1 << 3,
	TCP_WINDOW_REDUCED = 1 << 7,
};

struct wire_udp {
	__be16 source;
	__be16 destination;
	__be16 length; /* this header included */
	__be16 checksum;
} WIRE_PACKED;
WIRE_SIZE(struct wire_udp, 8)

/* RFC 1071: the sum of the 16-bit words of an even number of bytes, to be continued... */
static inline uint32_t inet_sum(uint32_t sum, const void *bytes, uint32_t length)
{
	const uint8_t *at = (const uint8_t *)bytes;

	for (uint32_t i = 0; i + 1 < length; i += 2)
		sum += (uint32_t)at[i] << 8 | at[i + 1];
	return sum;
}

/* ...and what to put into a checksum field that was zero in the sum. */
static inline __be16 inet_checksum(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htobe16((uint16_t)~sum);
}

#endif
