/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Each bit of the input that is set adds the 32 bits of the key from its own place on. */
#include "softhca/ethernet/toeplitz.h"

#include <endian.h>
#include <string.h>

uint32_t toeplitz(const uint8_t key[RSS_KEY_BYTES], const uint8_t *bytes, uint32_t length)
{
	uint32_t hash = 0, window;

	memcpy(&window, key, sizeof(window));
	window = be32toh(window);
	for (uint32_t i = 0; i < length; i++) {
		uint8_t next = key[i + 4];

		for (unsigned int bit = 8; bit--;) {
			if (bytes[i] >> bit & 1)
				hash ^= window;
			window = window << 1 | (next >> bit & 1);
		}
	}
	return hash;
}

struct input {
	uint8_t bytes[RSS_KEY_BYTES - 4];
	uint32_t length;
};

static void add(struct input *input, bool wanted, const void *from, uint32_t length)
{
	if (!wanted)
		return;
	memcpy(input->bytes + input->length, from, length);
	input->length += length;
}

uint32_t rss_hash(const uint8_t key[RSS_KEY_BYTES], uint32_t fields, const struct flow_key *frame,
		  uint32_t *hashed)
{
	uint32_t address_bytes = frame->headers & FLOW_IP4 ? 4 : 16;
	struct input input = {.length = 0};
	uint32_t there = 0;

	there |= frame->headers & FLOW_IP4 ? RSS_IP4 : 0;
	there |= frame->headers & FLOW_IP6 ? RSS_IP6 : 0;
	there |= frame->headers & FLOW_TCP ? RSS_TCP : 0;
	there |= frame->headers & FLOW_UDP ? RSS_UDP : 0;
	fields &= there;
	*hashed = fields;
	add(&input, fields & (RSS_SOURCE_IP4 | RSS_SOURCE_IP6), frame->source_ip, address_bytes);
	add(&input, fields & (RSS_DESTINATION_IP4 | RSS_DESTINATION_IP6), frame->destination_ip,
	    address_bytes);
	add(&input, fields & (RSS_SOURCE_TCP | RSS_SOURCE_UDP), &frame->source_port, 2);
	add(&input, fields & (RSS_DESTINATION_TCP | RSS_DESTINATION_UDP), &frame->destination_port,
	    2);
	return toeplitz(key, input.bytes, input.length);
}
