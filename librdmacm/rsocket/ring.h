/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Arithmetic of the byte rings below a stream, over free-running counters: `pi` bytes have been put
 * in and `ci` taken out. The ring that the peer fills is published to it in pieces of equal size,
 * one behind the other; a piece is given out again when all of it has been read.
 */
#ifndef RSOCKET_RING_H
#define RSOCKET_RING_H

#include <stdbool.h>
#include <stdint.h>

static inline uint32_t rs_ring_lesser(uint64_t a, uint64_t b)
{
	return (uint32_t)(a < b ? a : b);
}

/* Bytes from the producer's place on that are free and in one piece. */
static inline uint32_t rs_ring_room(uint64_t pi, uint64_t ci, uint32_t size)
{
	return rs_ring_lesser(size - (pi - ci), size - pi % size);
}

/* Bytes from the consumer's place on that are full and in one piece. */
static inline uint32_t rs_ring_filled(uint64_t pi, uint64_t ci, uint32_t size)
{
	return rs_ring_lesser(pi - ci, size - ci % size);
}

/*
 * Whether one more piece may be published: it is free, and so is an entry of the peer's table. An
 * entry is in use until the piece it names is full.
 */
static inline bool rs_ring_may_publish(uint64_t published, uint64_t pi, uint64_t ci, uint32_t size,
				       uint32_t piece, uint32_t entries)
{
	uint64_t unfilled = (published - pi + piece - 1) / piece;

	return published + piece - ci <= size && unfilled < entries;
}

/* How many more messages than it knows of the peer may send; sequence numbers have 16 bits. */
static inline uint16_t rs_credits(uint16_t granted, uint16_t sent)
{
	int16_t left = (int16_t)(uint16_t)(granted - sent);

	return left > 0 ? (uint16_t)left : 0;
}

#endif
