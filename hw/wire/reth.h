/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* RDMA extended header: which memory an RDMA write or read is about. Source: IBTA vol. 1, 9.3.3. */
#ifndef WIRE_RETH_H
#define WIRE_RETH_H

#include <linux/types.h>

#include "hw/wire/layout.h"

struct wire_reth {
	__be64 address;
	__be32 rkey;
	__be32 length; /* of the whole message, at most 2^31 */
} WIRE_PACKED;
WIRE_SIZE(struct wire_reth, 16)
WIRE_OFFSET(struct wire_reth, rkey, 8)
WIRE_OFFSET(struct wire_reth, length, 12)

#endif
