/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Headers of tag matching, at the start of a message's payload; infiniband/tm_types.h has them for
 * programs. A request for a rendezvous has both: the data lies where the second says, and is read
 * by the receiver, who then sends both back with the operation changed to WIRE_TMH_FIN.
 */
#ifndef WIRE_TMH_H
#define WIRE_TMH_H

#include <stdint.h>
#include <linux/types.h>

#include "hw/wire/layout.h"

enum wire_tmh_operation {
	WIRE_TMH_NO_TAG = 0,
	WIRE_TMH_RENDEZVOUS = 1,
	WIRE_TMH_FIN = 2,
	WIRE_TMH_EAGER = 3,
};

struct wire_tmh {
	uint8_t operation;
	uint8_t reserved[3];
	__be32 app_ctx; /* the application's own */
	__be64 tag;
} WIRE_PACKED;
WIRE_SIZE(struct wire_tmh, 16)
WIRE_OFFSET(struct wire_tmh, app_ctx, 4)
WIRE_OFFSET(struct wire_tmh, tag, 8)

struct wire_rvh {
	__be64 address;
	__be32 rkey;
	__be32 length;
} WIRE_PACKED;
WIRE_SIZE(struct wire_rvh, 16)
WIRE_OFFSET(struct wire_rvh, rkey, 8)
WIRE_OFFSET(struct wire_rvh, length, 12)

#endif
