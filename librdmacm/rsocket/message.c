/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Messages between rsockets, packed and unpacked; what comes from a peer is checked. */
#include <errno.h>
#include <string.h>

#include "librdmacm/rsocket/message.h"

/* What librdmacm1 44.0 tells: 127 is 0x7f, 128 0x80, 256 0x81, 1000 0x83. Who has a few more than
 * can be told has them for nothing. */
static uint8_t pack_maps(uint32_t maps)
{
	return (uint8_t)(maps <= 0x80 ? maps : 0x80 | maps >> 8);
}

static uint32_t unpack_maps(uint8_t told)
{
	return told <= 0x80 ? told : (told & 0x7fU) << 8;
}

void rs_hello_pack(struct rs_hello *hello, const struct rs_terms *terms)
{
	*hello = (struct rs_hello){
		.version = RS_VERSION,
		.flags = terms->flags,
		.credits = htobe16(terms->credits),
		.maps = pack_maps(terms->maps),
		.table = {.address = htobe64(terms->table.address),
			  .key = htobe32(terms->table.key),
			  .length = htobe32(terms->table.length)},
		.buffer = {.address = htobe64(terms->buffer.address),
			   .key = htobe32(terms->buffer.key),
			   .length = htobe32(terms->buffer.length)},
	};
}

/* The kernel fills private data up with zeros, so more than the structure is no fault. */
int rs_hello_unpack(const void *data, size_t length, struct rs_terms *terms)
{
	struct rs_hello hello;

	if (!data || length < sizeof(hello))
		return EPROTO;
	memcpy(&hello, data, sizeof(hello));
	if (hello.version != RS_VERSION)
		return EPROTO;
	*terms = (struct rs_terms){
		.flags = hello.flags,
		.credits = be16toh(hello.credits),
		.maps = unpack_maps(hello.maps),
		.table = {.address = be64toh(hello.table.address),
			  .key = be32toh(hello.table.key),
			  .length = be32toh(hello.table.length)},
		.buffer = {.address = be64toh(hello.buffer.address),
			   .key = be32toh(hello.buffer.key),
			   .length = be32toh(hello.buffer.length)},
	};
	return terms->table.length && terms->credits ? 0 : EPROTO;
}

struct rs_range rs_range_for(struct rs_range range, bool swapped)
{
	if (!swapped)
		return range;
	return (struct rs_range){
		.address = __builtin_bswap64(range.address),
		.key = __builtin_bswap32(range.key),
		.length = __builtin_bswap32(range.length),
	};
}

struct rs_mapping rs_mapping_for(struct rs_mapping mapping, bool swapped)
{
	return (struct rs_mapping){
		.offset = swapped ? __builtin_bswap64(mapping.offset) : mapping.offset,
		.range = rs_range_for(mapping.range, swapped),
	};
}
