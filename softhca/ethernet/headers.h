/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a frame consists of, as far as adapters look: one VLAN tag, IPv4 or IPv6, TCP or UDP. */
#ifndef SOFTHCA_ETHERNET_HEADERS_H
#define SOFTHCA_ETHERNET_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

#include "hw/wire/ethernet.h"
#include "softhca/fabric/directory.h"

enum {
	/* As much of a frame holds all headers: tagged Ethernet, the longest IPv4 and TCP. */
	HEADERS_BYTES = 14 + 4 + 60 + 60,
};

struct headers {
	struct flow_key key;
	/* Offsets; 0: there is none. A fragment of a datagram has no transport. */
	uint32_t network, transport;
	/* Where the datagram ends; padding may follow. One that is longer by its header than the
	 * frame is cut off: its headers count, its checksums cannot hold. */
	uint32_t end;
	bool cut_off;
};

/* `bytes` are the first ones of a frame of `length`, all or HEADERS_BYTES of them, and nobody
 * changes them. False if it is no frame. */
bool headers_parse(const uint8_t *bytes, uint32_t length, struct headers *headers);

/* checksum.c */
/* Whether the checksum of the IPv4 header holds. True for IPv6, which has none. */
bool network_checksum_holds(const uint8_t *bytes, const struct headers *headers);
/* Whether that of TCP or UDP does; a UDP packet over IPv4 may do without. */
bool transport_checksum_holds(const uint8_t *bytes, const struct headers *headers);
/* Puts in the checksums for which the frame has a place. */
void network_checksum_set(uint8_t *bytes, const struct headers *headers);
void transport_checksum_set(uint8_t *bytes, const struct headers *headers);

/* segment.c */
/*
 * Makes segment `number` of a large one: the frame begins with a copy of the headers of all, and
 * ends with this one's part of the data. Lengths, sequence number, flags and checksums become its
 * own. A frame shorter than ETHERNET_MIN_BYTES has been padded already. False if it is not TCP.
 */
bool segment_adapt(uint8_t *bytes, uint32_t length, uint32_t number, uint32_t segment_bytes,
		   bool last);

#endif
