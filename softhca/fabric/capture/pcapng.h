/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Blocks of a pcapng file. Source: draft-ietf-opsawg-pcapng (block types, options), and the
 * registry of link types at tcpdump.org. A file of ours has two interfaces from the start, so that
 * any process may add packets of either kind.
 */
#ifndef SOFTHCA_FABRIC_PCAPNG_H
#define SOFTHCA_FABRIC_PCAPNG_H

#include "softhca/fabric/capture/capture.h"
#include "softhca/fabric/frame.h"

enum {
	PCAPNG_SECTION_BYTES = 28,
	PCAPNG_INTERFACE_BYTES = 40,
	PCAPNG_HEADER_BYTES = PCAPNG_SECTION_BYTES + 2 * PCAPNG_INTERFACE_BYTES,
};

/* Section header and interface descriptions. */
void pcapng_header(uint8_t header[PCAPNG_HEADER_BYTES]);

/* Room for the block of a frame, and the block itself; returns its size. */
uint32_t pcapng_packet_bytes(const struct frame *frame);
uint32_t pcapng_packet(uint8_t *block, const struct frame *frame, enum capture_direction direction,
		       uint64_t time_ns);

#endif
