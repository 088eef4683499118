/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A packet as it would look on a wire: what stands before its BTH on the kind of port it leaves
 * from, and the invariant CRC, which depends on that. Ethernet frames are sent as they are.
 */
#ifndef SOFTHCA_FABRIC_FRAME_H
#define SOFTHCA_FABRIC_FRAME_H

#include "softhca/fabric/fabric.h"

enum {
	FRAME_ICRC_BYTES = 4,
	FRAME_MAX_PREFIX = 64,
};

struct frame {
	enum fabric_port_type port_type;
	/* Ethernet, IP and UDP headers, or LRH; then the GRH if it travels. */
	uint8_t prefix[FRAME_MAX_PREFIX];
	uint32_t prefix_length;
	/* BTH and what follows it, in the packet. */
	const uint8_t *rest;
	uint32_t rest_length;
	/* Or the check sequence of an Ethernet frame, which has no prefix. */
	uint32_t icrc;
};

/* `length` bytes without ICRC. False if they are too few to be a packet. */
bool frame_build(struct fabric *fabric, const struct packet *head, const uint8_t *bytes,
		 uint32_t length, struct frame *frame);

/* Whether a packet that ends with an ICRC is as its sender meant it. */
bool frame_icrc_holds(struct fabric *fabric, const struct packet *head, const uint8_t *bytes);

#endif
