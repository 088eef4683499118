/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The slow side of rings: room, taking over an end, and what happens when one holds nonsense. */
#include "softhca/fabric/ring.h"

_Static_assert(sizeof(struct packet) == 16, "head of a packet");
_Static_assert(sizeof(struct ring) <= RING_HEAD_BYTES, "ring head fits its page");

static void start_afresh(struct outbound *out)
{
	uint64_t position = (out->produced + RING_LINE - 1) & ~(uint64_t)(RING_LINE - 1);

	out->produced = position;
	out->limit = position + RING_DATA_BYTES;
	atomic_store_explicit(&ring_packet_at(out->data, position)->length, 0,
			      memory_order_relaxed);
	atomic_store_explicit(&out->ring->produced, position, memory_order_relaxed);
	atomic_store_explicit(&out->ring->consumed, position, memory_order_relaxed);
	atomic_store_explicit(&out->ring->broken, 0, memory_order_release);
}

/* The published index, or the own one if the published makes no sense. */
static uint64_t read_consumed(struct outbound *out)
{
	uint64_t consumed;

	if (atomic_load_explicit(&out->ring->broken, memory_order_acquire))
		start_afresh(out);
	consumed = atomic_load_explicit(&out->ring->consumed, memory_order_acquire);
	if (out->produced - consumed > RING_DATA_BYTES || consumed % RING_LINE)
		return out->produced;
	return consumed;
}

bool ring_refresh(struct outbound *out, uint32_t span)
{
	out->limit = read_consumed(out) + RING_DATA_BYTES;
	return ring_has_room(out, span);
}

bool ring_passed(struct outbound *out, uint64_t position)
{
	return (int64_t)(read_consumed(out) - position) >= 0;
}

/*
 * The predecessor may have died between publishing a record and noting it, hence the walk to the
 * first cleared word. A chain that does not end as it should is given up: the consumer will meet
 * the same nonsense and break the ring.
 */
void ring_start_producing(struct outbound *out, struct ring *ring, uint8_t *data)
{
	uint64_t position = atomic_load_explicit(&ring->produced, memory_order_relaxed);
	uint64_t start = atomic_load_explicit(&ring->consumed, memory_order_relaxed);

	out->ring = ring;
	out->data = data;
	position &= ~(uint64_t)(RING_LINE - 1);
	if (position - start > RING_DATA_BYTES)
		position = start & ~(uint64_t)(RING_LINE - 1);
	while (position - start < RING_DATA_BYTES) {
		uint32_t length = atomic_load_explicit(&ring_packet_at(data, position)->length,
						       memory_order_acquire);

		if (length == 0 || length > RING_MAX_PACKET)
			break;
		position += ring_record_span(length);
	}
	out->produced = position;
	out->limit = 0;
	atomic_store_explicit(&ring->produced, position, memory_order_relaxed);
}

void ring_start_consuming(struct inbound *in, struct ring *ring, uint8_t *data)
{
	uint64_t position = atomic_load_explicit(&ring->consumed, memory_order_acquire);

	in->data = data;
	in->broken = false;
	in->published = position & ~(uint64_t)(RING_LINE - 1);
	atomic_store_explicit(&in->position, in->published, memory_order_relaxed);
	atomic_store_explicit(&in->ring, ring, memory_order_release);
}

void ring_break(struct inbound *in)
{
	struct ring *ring = atomic_load_explicit(&in->ring, memory_order_relaxed);

	in->broken = true;
	atomic_store_explicit(&ring->broken, 1, memory_order_release);
}

bool ring_mended(struct inbound *in)
{
	struct ring *ring = atomic_load_explicit(&in->ring, memory_order_relaxed);

	if (atomic_load_explicit(&ring->broken, memory_order_acquire))
		return false;
	ring_start_consuming(in, ring, in->data);
	return true;
}
