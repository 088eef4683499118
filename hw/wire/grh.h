/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Global route header: shaped like an IPv6 header. Source: IBTA vol. 1, "Global Route Header". */
#ifndef WIRE_GRH_H
#define WIRE_GRH_H

#include <endian.h>
#include <stdint.h>
#include <linux/types.h>

#include "hw/wire/layout.h"

enum {
	GRH_BYTES = 40,
	GRH_NEXT_IBA = 0x1b, /* next header: InfiniBand transport */
	GRH_VERSION = 6,
};

struct wire_grh {
	__be32 version_class_flow; /* version b31:28, traffic class b27:20, flow label b19:0 */
	__be16 payload_length;	   /* bytes behind this header up to and with the ICRC */
	uint8_t next_header;
	uint8_t hop_limit;
	uint8_t sgid[16];
	uint8_t dgid[16];
} WIRE_PACKED;
WIRE_SIZE(struct wire_grh, GRH_BYTES)

/* Bits that may change on the way and count as ones in the ICRC. */
#define GRH_VARIANT_MASK 0x0fffffffu

static inline __be32 grh_version_class_flow(uint8_t traffic_class, uint32_t flow_label)
{
	return htobe32((uint32_t)GRH_VERSION << 28 | (uint32_t)traffic_class << 20 |
		       (flow_label & 0xfffff));
}

static inline uint8_t grh_traffic_class(const struct wire_grh *grh)
{
	return (uint8_t)(be32toh(grh->version_class_flow) >> 20);
}

static inline uint32_t grh_flow_label(const struct wire_grh *grh)
{
	return be32toh(grh->version_class_flow) & 0xfffff;
}

#endif
