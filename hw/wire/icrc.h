/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Invariant CRC: the CRC-32 of Ethernet over everything from LRH (RoCE: from IP header or GRH) to
 * the payload's padding, in which what may change on the way counts as ones. Stored low byte first.
 * Source: IBTA vol. 1, "Invariant CRC"; annexes A16 and A17 for RoCE, where 8 bytes of ones stand
 * in for the LRH.
 */
#ifndef WIRE_ICRC_H
#define WIRE_ICRC_H

#include <stdint.h>

enum { ICRC_BYTES = 4 };

#define ICRC_START 0xffffffffu

/* Continues a CRC over more bytes; four bits at a step. */
static inline uint32_t icrc_update(uint32_t crc, const void *bytes, uint32_t length)
{
	static const uint32_t step[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	const uint8_t *at = (const uint8_t *)bytes;

	while (length--) {
		crc ^= *at++;
		crc = crc >> 4 ^ step[crc & 15];
		crc = crc >> 4 ^ step[crc & 15];
	}
	return crc;
}

static inline uint32_t icrc_finish(uint32_t crc)
{
	return ~crc;
}

#endif
