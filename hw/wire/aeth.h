/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Acknowledge extended header, and the 8 bytes that follow it in an atomic acknowledge.
 * Source: IBTA vol. 1, 9.3.5 "AETH", 9.5.3, 9.7.5.2.
 */
#ifndef WIRE_AETH_H
#define WIRE_AETH_H

#include <stdint.h>
#include <linux/types.h>

#include "hw/wire/layout.h"

struct wire_aeth {
	__be32 syndrome_msn; /* syndrome b31:24, message sequence number b23:0 */
} WIRE_PACKED;
WIRE_SIZE(struct wire_aeth, 4)

struct wire_atomic_ack {
	__be64 original;
} WIRE_PACKED;
WIRE_SIZE(struct wire_atomic_ack, 8)

enum wire_syndrome {
	/* b7:5 say what it is, b4:0 are the credit count, timer or code. */
	WIRE_SYNDROME_KIND_MASK = 0xe0,
	WIRE_SYNDROME_VALUE_MASK = 0x1f,
	WIRE_SYNDROME_ACK = 0x00,
	WIRE_SYNDROME_RNR_NAK = 0x20,
	WIRE_SYNDROME_NAK = 0x60,
	/* Credits are not counted: the requester may send without limit. */
	WIRE_CREDITS_UNLIMITED = 0x1f,
};

enum wire_nak_code {
	WIRE_NAK_SEQUENCE = 0,
	WIRE_NAK_INVALID_REQUEST = 1,
	WIRE_NAK_REMOTE_ACCESS = 2,
	WIRE_NAK_REMOTE_OPERATION = 3,
	WIRE_NAK_INVALID_RD_REQUEST = 4,
};

#endif
