/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Message contents and their check; see payload.h. */
#include <string.h>

#include "payload.h"

enum { CONSTANT_BYTE = 0x7b };

/* Word number index of a numbered message: the finalizer of splitmix64 over key and index. */
static uint64_t word(const struct pp_payload_key *key, uint64_t index)
{
	uint64_t x = (uint64_t)key->number << 32 ^ (uint64_t)key->link << 1 ^ key->from_server;

	x += (index + 1) * 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

void pp_payload_fill_numbered(void *data, size_t size, const struct pp_payload_key *key)
{
	for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
		uint64_t w = word(key, at / sizeof(w));
		size_t left = size - at;

		memcpy((char *)data + at, &w, left < sizeof(w) ? left : sizeof(w));
	}
}

static size_t first_difference(const void *data, const void *expected, size_t size)
{
	const unsigned char *a = data, *b = expected;
	size_t at = 0;

	while (at < size && a[at] == b[at])
		at++;
	return at;
}

size_t pp_payload_check_numbered(const void *data, size_t size, const struct pp_payload_key *key)
{
	for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
		uint64_t w = word(key, at / sizeof(w));
		size_t left = size - at, length = left < sizeof(w) ? left : sizeof(w);

		if (memcmp((const char *)data + at, &w, length))
			return at + first_difference((const char *)data + at, &w, length);
	}
	return size;
}

void pp_payload_fill_constant(void *data, size_t size, size_t page_size)
{
	unsigned char *bytes = data;

	memset(bytes, CONSTANT_BYTE, size);
	for (size_t at = 0; at < size; at += page_size)
		bytes[at] = 0;
}

size_t pp_payload_check_same(const void *data, const void *expected, size_t size)
{
	return memcmp(data, expected, size) ? first_difference(data, expected, size) : size;
}

size_t pp_payload_check_constant(const void *data, size_t size, size_t page_size)
{
	const unsigned char *bytes = data;

	for (size_t at = 0; at < size; at++) {
		unsigned char expected = size > 1 ? bytes[1] : bytes[0];

		if (bytes[at] != expected && (at % page_size || bytes[at]))
			return at;
	}
	return size;
}
