/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Fields of control formats (commands, contexts, capabilities), named as manuals print them: the
 * byte offset of a big-endian dword, the highest and the lowest bit in it. A field is a constant,
 * so the two accessors fold into a load or store with a shift and a mask. Formats on the hot path
 * are structs instead.
 */
#ifndef HW_FIELD_H
#define HW_FIELD_H

#include <stdint.h>
#include <string.h>
#include <linux/types.h>
#include <asm/byteorder.h>

struct hw_field {
	uint16_t byte;
	uint8_t high, low;
};

#define HW_FIELD(byte, high, low) ((struct hw_field){(byte), (high), (low)})

static inline uint32_t hw_field_mask(struct hw_field field)
{
	return UINT32_MAX >> (31 - (field.high - field.low));
}

static inline uint32_t hw_get(const void *base, struct hw_field field)
{
	__be32 dword;

	memcpy(&dword, (const uint8_t *)base + field.byte, sizeof(dword));
	return __be32_to_cpu(dword) >> field.low & hw_field_mask(field);
}

/* The other bits of the dword stay; of `value` the bits that fit count. */
static inline void hw_set(void *base, struct hw_field field, uint32_t value)
{
	uint8_t *place = (uint8_t *)base + field.byte;
	uint32_t mask = hw_field_mask(field) << field.low, host;
	__be32 dword;

	memcpy(&dword, place, sizeof(dword));
	host = __be32_to_cpu(dword);
	dword = __cpu_to_be32((host & ~mask) | (value << field.low & mask));
	memcpy(place, &dword, sizeof(dword));
}

/* Addresses, GUIDs and masks of 64 bits, at a byte offset. */
static inline uint64_t hw_get64(const void *base, unsigned int byte)
{
	__be64 qword;

	memcpy(&qword, (const uint8_t *)base + byte, sizeof(qword));
	return __be64_to_cpu(qword);
}

static inline void hw_set64(void *base, unsigned int byte, uint64_t value)
{
	__be64 qword = __cpu_to_be64(value);

	memcpy((uint8_t *)base + byte, &qword, sizeof(qword));
}

#endif
