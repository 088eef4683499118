/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Local route header: the first 8 bytes of every InfiniBand packet. Source: IBTA vol. 1, "Local
 * Route Header", and for the variant CRC at the packet's end "Variant CRC". */
#ifndef WIRE_LRH_H
#define WIRE_LRH_H

#include <endian.h>
#include <stdint.h>
#include <linux/types.h>

#include "hw/wire/layout.h"

/* What follows the header (LNH). */
enum {
	LRH_NEXT_BTH = 2, /* InfiniBand transport, local */
	LRH_NEXT_GRH = 3, /* InfiniBand transport behind a GRH */
};

struct wire_lrh {
	uint8_t vl_version; /* virtual lane b7:4, link version b3:0 = 0 */
	uint8_t sl_next;    /* service level b7:4, LNH b1:0 */
	__be16 dlid;
	__be16 words; /* b10:0: length in 4-byte words, this header to ICRC inclusive */
	__be16 slid;
} WIRE_PACKED;
WIRE_SIZE(struct wire_lrh, 8)

enum {
	LRH_VL_MASK = 0xf0,
	LRH_WORDS_MASK = 0x7ff,
	VCRC_BYTES = 2,
};

static inline uint8_t lrh_sl_next(uint8_t sl, uint8_t next)
{
	return (uint8_t)(sl << 4 | (next & 3));
}

/* CRC over LRH to ICRC, polynomial 0x100b, bits in the order of the wire, four at a step;
 * stored low byte first. */
static inline uint16_t vcrc_of(const void *bytes, uint32_t length)
{
	static const uint16_t step[16] = {
		0x0000, 0x1a01, 0x3402, 0x2e03, 0x6804, 0x7205, 0x5c06, 0x4607,
		0xd008, 0xca09, 0xe40a, 0xfe0b, 0xb80c, 0xa20d, 0x8c0e, 0x960f,
	};
	const uint8_t *at = (const uint8_t *)bytes;
	uint16_t crc = 0xffff;

	while (length--) {
		crc ^= *at++;
		crc = (uint16_t)(crc >> 4 ^ step[crc & 15]);
		crc = (uint16_t)(crc >> 4 ^ step[crc & 15]);
	}
	return (uint16_t)~crc;
}

#endif
