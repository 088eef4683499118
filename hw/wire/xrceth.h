/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Extended header of reliable connections that are shared: the SRQ at the other end, right behind
 * the BTH of every request. Responses have none. Source: IBTA vol. 1, annex A14, "XRCETH".
 */
#ifndef WIRE_XRCETH_H
#define WIRE_XRCETH_H

#include <linux/types.h>

#include "hw/wire/layout.h"

struct wire_xrceth {
	__be32 srqn; /* b31:24 reserved, SRQ number b23:0 */
} WIRE_PACKED;
WIRE_SIZE(struct wire_xrceth, 4)

#define WIRE_SRQN_MASK 0xffffffu

#endif
