/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Base transport header: the first 12 bytes behind the routing headers of every packet.
 * Source: IBTA vol. 1, 9.2 "Base Transport Header (BTH)".
 */
#ifndef WIRE_BTH_H
#define WIRE_BTH_H

#include <stdint.h>
#include <linux/types.h>

#include "hw/wire/layout.h"

struct wire_bth {
	uint8_t opcode; /* enum wire_opcode */
	uint8_t flags;
	__be16 pkey;
	__be32 destination; /* FECN b31, BECN b30, queue pair b23:0 */
	__be32 ack_psn;	    /* AckReq b31, packet sequence number b23:0 */
} WIRE_PACKED;
WIRE_SIZE(struct wire_bth, 12)
WIRE_OFFSET(struct wire_bth, pkey, 2)
WIRE_OFFSET(struct wire_bth, destination, 4)
WIRE_OFFSET(struct wire_bth, ack_psn, 8)

enum {
	/* flags */
	WIRE_BTH_SOLICITED = 0x80,
	WIRE_BTH_MIGRATED = 0x40,
	WIRE_BTH_PAD_SHIFT = 4, /* pad count b5:4 */
	WIRE_BTH_PAD_MASK = 0x30,
	WIRE_BTH_VERSION_MASK = 0x0f, /* 0 */
	/* Offset of the byte, FECN and BECN or reserved, that counts as ones in the ICRC. */
	WIRE_BTH_VARIANT_BYTE = 4,
	/* pkey: membership b15, partition b14:0 */
	WIRE_PKEY_FULL = 0x8000,
	WIRE_PKEY_MASK = 0x7fff,
	/* queue pairs */
	WIRE_QPN_MASK = 0xffffff,
	WIRE_QPN_MULTICAST = 0xffffff,
};

#define WIRE_BTH_ACK_REQUEST 0x80000000u

#endif
