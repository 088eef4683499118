/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Datagram extended header, and the two 4-byte headers that stand alone: immediate data and the key
 * that a send with invalidate names. Source: IBTA vol. 1, 9.3.2, 9.3.6, 9.3.7.
 */
#ifndef WIRE_DETH_H
#define WIRE_DETH_H

#include <linux/types.h>

#include "hw/wire/layout.h"

struct wire_deth {
	__be32 qkey;
	__be32 source; /* queue pair b23:0 */
} WIRE_PACKED;
WIRE_SIZE(struct wire_deth, 8)

struct wire_immdt {
	__be32 immediate;
} WIRE_PACKED;
WIRE_SIZE(struct wire_immdt, 4)

struct wire_ieth {
	__be32 rkey;
} WIRE_PACKED;
WIRE_SIZE(struct wire_ieth, 4)

/* Queue keys with the top bit are controlled: a work request that names one gets its QP's own. */
#define WIRE_QKEY_CONTROLLED	   0x80000000u
/* Of queue pair 1 of every port: IBTA vol. 1, 10.2.5. */
#define WIRE_QKEY_GENERAL_SERVICES 0x80010000u

#endif
