/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where choices of a hostile test come from: the bytes of a fuzzer, which end, or a seed. */
#ifndef TESTS_FUZZ_SUPPLY_H
#define TESTS_FUZZ_SUPPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct supply {
	const uint8_t *bytes; /* NULL: numbers from the seed, without end */
	size_t left;
	uint64_t seed;
};

/* A number in [0, below); from bytes that have ended it is 0. */
static inline uint32_t supply_draw(struct supply *supply, uint32_t below)
{
	uint32_t value = 0;

	if (supply->bytes) {
		for (uint32_t range = below - 1; range && supply->left; range >>= 8) {
			value = value << 8 | *supply->bytes++;
			supply->left--;
		}
		return value % below;
	}
	/* xorshift64: the same numbers everywhere. */
	supply->seed ^= supply->seed << 13;
	supply->seed ^= supply->seed >> 7;
	supply->seed ^= supply->seed << 17;
	return (uint32_t)(supply->seed >> 32) % below;
}

static inline bool supply_has_ended(const struct supply *supply)
{
	return supply->bytes && !supply->left;
}

#endif
