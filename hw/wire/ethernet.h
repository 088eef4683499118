/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What carries InfiniBand packets on Ethernet. RoCE v1: EtherType 0x8915, then a GRH. RoCE v2: IPv4
 * or IPv6, then UDP to port 4791. Sources: IBTA vol. 1 annexes A16 and A17, RFC 791, 768, 8200.
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
	PROTOCOL_UDP = 17,
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
