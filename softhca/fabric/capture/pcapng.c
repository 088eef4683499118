/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes pcapng blocks in the byte order of the machine, as the format wants it. */
#include "softhca/fabric/capture/pcapng.h"

#include <endian.h>
#include <string.h>
#include <linux/types.h>

#include "hw/wire/lrh.h"
#include "util/clock.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	BYTE_ORDER_MAGIC = 0x1a2b3c4d,
	LINK_ETHERNET = 1,
	LINK_ERF = 197,
	OPTION_END = 0,
	OPTION_INTERFACE_NAME = 2,
	OPTION_RESOLUTION = 9,
	RESOLUTION_NS = 9, /* negative power of ten */
	OPTION_PACKET_FLAGS = 2,
	/* Type, two lengths, interface, time, captured and original length; flags and end. */
	PACKET_FIXED = 32 + 8 + 4,
};

/*
 * There is a link type of InfiniBand's own, 247, but Wireshark does not read it from pcapng. What
 * it reads, and what adapters' own capture programs write, is the Extensible Record Format of
 * Endace's capture cards: a header of 16 bytes, then LRH to VCRC.
 */
enum {
	ERF_TYPE_INFINIBAND = 21,
	ERF_VARIABLE_LENGTH = 1 << 2,
	ERF_HEADER_BYTES = 16,
};

struct erf {
	__le64 time; /* seconds b63:32, fraction of one b31:0 */
	uint8_t type;
	uint8_t flags;
	__be16 record_length; /* with this header */
	__be16 lost;
	__be16 wire_length;
};

_Static_assert(sizeof(struct erf) == ERF_HEADER_BYTES, "ERF header");

/* Numbers of our two interfaces. */
enum {
	INTERFACE_INFINIBAND,
	INTERFACE_ETHERNET,
};

static uint8_t *put32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
	return at + sizeof(value);
}

static uint8_t *put16(uint8_t *at, uint16_t value)
{
	memcpy(at, &value, sizeof(value));
	return at + sizeof(value);
}

static uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t length)
{
	memcpy(at, bytes, length);
	return at + length;
}

static uint8_t *put_section(uint8_t *at)
{
	at = put32(at, BLOCK_SECTION);
	at = put32(at, PCAPNG_SECTION_BYTES);
	at = put32(at, BYTE_ORDER_MAGIC);
	at = put16(at, 1); /* version 1.0 */
	at = put16(at, 0);
	at = put32(at, UINT32_MAX); /* section of unknown length */
	at = put32(at, UINT32_MAX);
	return put32(at, PCAPNG_SECTION_BYTES);
}

/* `name` of four characters. */
static uint8_t *put_interface(uint8_t *at, uint16_t link_type, const char *name)
{
	at = put32(at, BLOCK_INTERFACE);
	at = put32(at, PCAPNG_INTERFACE_BYTES);
	at = put16(at, link_type);
	at = put16(at, 0);
	at = put32(at, 0); /* no limit to the size of packets */
	at = put16(at, OPTION_INTERFACE_NAME);
	at = put16(at, 4);
	at = put_bytes(at, name, 4);
	at = put16(at, OPTION_RESOLUTION);
	at = put16(at, 1);
	at = put32(at, htole32(RESOLUTION_NS)); /* one byte, padded */
	at = put16(at, OPTION_END);
	at = put16(at, 0);
	return put32(at, PCAPNG_INTERFACE_BYTES);
}

void pcapng_header(uint8_t header[PCAPNG_HEADER_BYTES])
{
	uint8_t *at = put_section(header);

	at = put_interface(at, LINK_ERF, "ib_1");
	put_interface(at, LINK_ETHERNET, "eth1");
}

/* Ethernet frames are shown without their check sequence, as captures of network interfaces do. */
static bool has_icrc(const struct frame *frame)
{
	return frame->prefix_length;
}

static uint32_t frame_bytes(const struct frame *frame)
{
	uint32_t more = frame->port_type == FABRIC_PORT_IB ? ERF_HEADER_BYTES + VCRC_BYTES : 0;

	more += has_icrc(frame) ? FRAME_ICRC_BYTES : 0;
	return frame->prefix_length + frame->rest_length + more;
}

uint32_t pcapng_packet_bytes(const struct frame *frame)
{
	return PACKET_FIXED + ((frame_bytes(frame) + 3) & ~3u);
}

static uint8_t *put_erf(uint8_t *at, const struct frame *frame, uint64_t time_ns)
{
	uint64_t fraction = (time_ns % NS_PER_S << 32) / NS_PER_S;
	struct erf erf = {
		.time = htole64((time_ns / NS_PER_S) << 32 | fraction),
		.type = ERF_TYPE_INFINIBAND,
		.flags = ERF_VARIABLE_LENGTH,
		.record_length = htobe16((uint16_t)frame_bytes(frame)),
		.wire_length = htobe16((uint16_t)(frame_bytes(frame) - ERF_HEADER_BYTES)),
	};

	return put_bytes(at, &erf, sizeof(erf));
}

static uint8_t *put_frame(uint8_t *at, const struct frame *frame)
{
	uint8_t *start = at;

	at = put_bytes(at, frame->prefix, frame->prefix_length);
	at = put_bytes(at, frame->rest, frame->rest_length);
	if (has_icrc(frame))
		at = put32(at, htole32(frame->icrc));
	if (frame->port_type == FABRIC_PORT_IB)
		at = put16(at, htole16(vcrc_of(start, (uint32_t)(at - start))));
	while ((at - start) % 4)
		*at++ = 0;
	return at;
}

uint32_t pcapng_packet(uint8_t *block, const struct frame *frame, enum capture_direction direction,
		       uint64_t time_ns)
{
	bool infiniband = frame->port_type == FABRIC_PORT_IB;
	uint32_t total = pcapng_packet_bytes(frame);
	uint8_t *at = block;

	at = put32(at, BLOCK_PACKET);
	at = put32(at, total);
	at = put32(at, infiniband ? INTERFACE_INFINIBAND : INTERFACE_ETHERNET);
	at = put32(at, (uint32_t)(time_ns >> 32));
	at = put32(at, (uint32_t)time_ns);
	at = put32(at, frame_bytes(frame));
	at = put32(at, frame_bytes(frame));
	if (infiniband)
		at = put_erf(at, frame, time_ns);
	at = put_frame(at, frame);
	at = put16(at, OPTION_PACKET_FLAGS);
	at = put16(at, 4);
	at = put32(at, direction);
	at = put16(at, OPTION_END);
	at = put16(at, 0);
	put32(at, total);
	return total;
}
