/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A ring of packets from one process slot to another: one producer, one consumer, records of
 * variable length in cache lines.
 *
 * A record is a struct packet and its bytes. Its length word says that it is there, and is stored
 * last, after the length word of the line behind the record has been cleared. So the consumer finds
 * a packet with the transfer of the line that holds it, and stops at a word it can trust. There is
 * no producer index to share; the consumer's is published now and then, and read only by a producer
 * that has run out of room.
 *
 * The data is mapped twice, end to end, so that a record that crosses the end is in one piece.
 *
 * The slots at the two ends are used by many processes over time, the ring goes on: a new producer
 * continues at the first cleared word, a new consumer at the last published index. What it then
 * finds of its predecessor's are packets for queue pairs that are gone.
 */
#ifndef SOFTHCA_FABRIC_RING_H
#define SOFTHCA_FABRIC_RING_H

#include <stdbool.h>
#include <stddef.h>

#include "softhca/fabric/fabric.h"

enum {
	RING_LINE = 64,
	RING_HEAD_BYTES = 4096,
	RING_DATA_BYTES = 1 << 20,
	RING_MASK = RING_DATA_BYTES - 1,
	RING_SPAN = RING_HEAD_BYTES + RING_DATA_BYTES,
	/* Largest packet, its head not counted: a frame of 9000 bytes and every header there is. */
	RING_MAX_PACKET = 9216,
	/* The consumer publishes its index after so many bytes, and when the ring is empty. */
	RING_PUBLISH_BYTES = RING_DATA_BYTES / 8,
};

/* The shared head. Positions count bytes and run freely. */
struct ring {
	/* ---- the consumer's line ---- */
	_Atomic uint64_t consumed;
	/* Set by a consumer that met nonsense and reads no further, cleared by the producer when it
	 * has started the ring afresh at `consumed`. */
	_Atomic uint32_t broken;
	/* ---- the producer's line ---- */
	/* All records before this have been published; for the next producer. */
	_Atomic uint64_t produced __attribute__((aligned(RING_LINE)));
} __attribute__((aligned(RING_LINE)));

/* Producer's end. */
struct outbound {
	uint64_t produced;
	uint64_t limit; /* produced may not pass this until the consumer's index is read again */
	uint8_t *data;
	struct ring *ring; /* NULL: not mapped yet */
};

/* Consumer's end. */
struct inbound {
	/* Written by the engine lock's holder, read by the thread that goes to sleep. */
	_Atomic uint64_t position;
	uint64_t published;
	uint8_t *data;
	_Atomic(struct ring *) ring; /* NULL: not mapped yet */
	/* It could not be mapped: nothing to wait for before the next attempt. */
	_Atomic bool unmappable;
	bool broken;
};

static inline uint32_t ring_record_span(uint32_t length)
{
	return (length + (uint32_t)sizeof(struct packet) + RING_LINE - 1) & ~(RING_LINE - 1u);
}

static inline struct packet *ring_packet_at(uint8_t *data, uint64_t position)
{
	return (struct packet *)(void *)(data + (position & RING_MASK));
}

/* Room for a record and for the cleared word behind it. */
static inline bool ring_has_room(const struct outbound *out, uint32_t span)
{
	return out->produced + span + RING_LINE <= out->limit;
}

static inline void ring_prefetch_to_write(const void *line)
{
#if defined(__x86_64__)
	/* The compiler's builtin would only ask for it to read. */
	__asm__ volatile("prefetchw %0" : : "m"(*(const char *)line));
#else
	__builtin_prefetch(line, 1);
#endif
}

/*
 * A record is published in two steps: the word behind it is cleared, then its own length is stored.
 * A small record is copied in between. Stores become visible in order, and the receiver keeps
 * looking at the record's first line: were the other line's store among those to this one, it would
 * hold them up half way, time enough for the receiver to take the line away.
 */
static inline void ring_clear_next(struct packet *packet, uint32_t length)
{
	uint8_t *next = (uint8_t *)packet + ring_record_span(length);

	atomic_store_explicit(&((struct packet *)(void *)next)->length, 0, memory_order_relaxed);
}

static inline void ring_publish(struct outbound *out, struct packet *packet, uint32_t length)
{
	uint32_t span = ring_record_span(length);

	atomic_store_explicit(&packet->length, length, memory_order_release);
	out->produced += span;
	atomic_store_explicit(&out->ring->produced, out->produced, memory_order_relaxed);
	/* To be cleared with the next packet. */
	ring_prefetch_to_write((uint8_t *)packet + span + RING_LINE);
}

/* Looks at the consumer's index again. False when there is still no room for `span`. */
bool ring_refresh(struct outbound *out, uint32_t span);
/* Everything published before `position` has been consumed. */
bool ring_passed(struct outbound *out, uint64_t position);

/* Takes up the producer's or the consumer's end of a mapped ring where the last one left it. */
void ring_start_producing(struct outbound *out, struct ring *ring, uint8_t *data);
void ring_start_consuming(struct inbound *in, struct ring *ring, uint8_t *data);

/* A length that no producer writes: tells the producer, and stops reading. */
void ring_break(struct inbound *in);
/* After a break: true once the producer has started afresh. */
bool ring_mended(struct inbound *in);

static inline void ring_publish_consumed(struct inbound *in, uint64_t position)
{
	struct ring *ring = atomic_load_explicit(&in->ring, memory_order_relaxed);

	in->published = position;
	atomic_store_explicit(&ring->consumed, position, memory_order_release);
}

#endif
