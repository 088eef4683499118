/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Extended header of dynamic connections, right behind the BTH of every request. Responses have
 * none. The header that adapters use is not public, so this one and the rules it serves are of our
 * own making: docs/softhca.md, "Dynamic connections".
 */
#ifndef WIRE_DCETH_H
#define WIRE_DCETH_H

#include <linux/types.h>

#include "hw/wire/layout.h"

struct wire_dceth {
	__be64 access_key; /* that the target must have been given */
	__be64 connection; /* greater than those of all connections before, of this initiator */
	__be32 source;	   /* b31:24 reserved, queue pair of the initiator b23:0 */
	__be32 first_psn;  /* b31:24 reserved, of this connection's first packet b23:0 */
} WIRE_PACKED;
WIRE_SIZE(struct wire_dceth, 24)
WIRE_OFFSET(struct wire_dceth, connection, 8)
WIRE_OFFSET(struct wire_dceth, source, 16)
WIRE_OFFSET(struct wire_dceth, first_psn, 20)

#endif
