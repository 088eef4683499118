/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Packet sequence numbers: 24 bits that wrap around. Of two numbers the later is the one less than
 * half the space ahead. Source: IBTA vol. 1, 9.7.2.
 */
#ifndef WIRE_PSN_H
#define WIRE_PSN_H

#include <stdbool.h>
#include <stdint.h>

enum {
	WIRE_PSN_MASK = 0xffffff,
	WIRE_PSN_HALF = 0x800000,
};

static inline uint32_t psn_add(uint32_t psn, uint32_t count)
{
	return (psn + count) & WIRE_PSN_MASK;
}

/* How far `to` lies ahead of `from`, 0 to WIRE_PSN_MASK. */
static inline uint32_t psn_distance(uint32_t from, uint32_t to)
{
	return (to - from) & WIRE_PSN_MASK;
}

static inline bool psn_before(uint32_t a, uint32_t b)
{
	return psn_distance(b, a) >= WIRE_PSN_HALF;
}

#endif
