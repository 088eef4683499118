/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A field of a hardware format in the manuals' own notation: byte offset of its big-endian dword,
 * highest and lowest bit. For control formats (commands, contexts, capabilities), where one named
 * constant per field reads better than a struct; constant arguments fold to a load, shift and mask.
 */
#ifndef HW_FIELD_H
#define HW_FIELD_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

struct hw_field {
	uint16_t byte;
	uint8_t high, low;
};

#define HW_FIELD(byte, high, low) ((struct hw_field){(byte), (high), (low)})

static inline uint32_t hw_field_mask(struct hw_field field)
{
	return (UINT32_MAX >> (31 - field.high + field.low)) << field.low;
}

static inline uint32_t hw_get(const void *base, struct hw_field field)
{
	uint32_t dword;

	memcpy(&dword, (const char *)base + field.byte, sizeof(dword));
	return (be32toh(dword) & hw_field_mask(field)) >> field.low;
}

/* Keeps the other bits of the dword; bits of value beyond the field are dropped. */
static inline void hw_set(void *base, struct hw_field field, uint32_t value)
{
	uint32_t mask = hw_field_mask(field), dword;

	memcpy(&dword, (char *)base + field.byte, sizeof(dword));
	dword = (be32toh(dword) & ~mask) | (value << field.low & mask);
	dword = htobe32(dword);
	memcpy((char *)base + field.byte, &dword, sizeof(dword));
}

#endif
