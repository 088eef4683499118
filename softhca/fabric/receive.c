/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Packets coming in: the rings of all who send to this process, a few packets from each in turn. */
#include <stdio.h>
#include <string.h>

#include "softhca/fabric/capture/capture.h"
#include "softhca/fabric/frame.h"
#include "softhca/fabric/state.h"

enum {
	/* Packets taken from one sender before the next one has its turn. */
	TURN_PACKETS = 32,
};

/* ---- who sends ---- */

/* Said once for each sender; what it sends waits meanwhile. */
static void complain_of_ring(struct fabric *fabric, unsigned int slot, int error)
{
	if (atomic_exchange(&fabric->in[slot].unmappable, true))
		return;
	fprintf(stderr,
		"softhca: the ring from process %u of fabric \"%s\" cannot be mapped: %s; its "
		"packets "
		"wait until it can\n",
		fabric_process_pid(fabric, slot), fabric->name, strerror(error));
}

static void activate(struct fabric *fabric, unsigned int slot)
{
	struct inbound *in = &fabric->in[slot];
	int error = 0;

	if (!atomic_load_explicit(&in->ring, memory_order_relaxed))
		error = inbound_open(fabric, slot);
	if (error) {
		complain_of_ring(fabric, slot, error);
		return;
	}
	fabric->active[fabric->num_active++] = (uint8_t)slot;
	fabric->known_senders[slot / 64] |= 1ull << slot % 64;
}

static uint32_t head_at(const struct inbound *in)
{
	uint64_t position = atomic_load_explicit(&in->position, memory_order_relaxed);

	return atomic_load_explicit(&ring_packet_at(in->data, position)->length,
				    memory_order_acquire);
}

/* A sender stays known when it has gone: what it sent last is still to be taken, and the next
 * process in its slot goes on in the same ring. */
static void look_at_senders(struct fabric *fabric, unsigned int word, uint64_t senders)
{
	uint64_t added = senders & ~fabric->known_senders[word];

	while (added) {
		activate(fabric, word * 64 + (unsigned int)__builtin_ctzll(added));
		added &= added - 1;
	}
}

static inline void refresh_senders(struct fabric *fabric)
{
	for (unsigned int word = 0; word < FABRIC_MAX_PROCESSES / 64; word++) {
		uint64_t senders =
			atomic_load_explicit(&fabric->own->senders[word], memory_order_acquire);

		if (__builtin_expect(senders != fabric->known_senders[word], 0))
			look_at_senders(fabric, word, senders);
	}
}

/* ---- what they sent ---- */

/* Checks and takes off the ICRC, and shows the packet to the capture. False: not for the
 * transport. Rare: only with faults or a capture somewhere. */
static bool inspect(struct fabric *fabric, struct packet *head, const uint8_t *bytes)
{
	uint32_t length = atomic_load_explicit(&head->length, memory_order_relaxed);

	if (head->flags & PACKET_ICRC) {
		if (!frame_icrc_holds(fabric, head, bytes)) {
			fabric->icrc_errors++;
			return false;
		}
		length -= FRAME_ICRC_BYTES;
		atomic_store_explicit(&head->length, length, memory_order_relaxed);
		head->flags &= (uint8_t)~PACKET_ICRC;
	}
	if (fabric->capture)
		capture_packet(fabric, CAPTURE_IN, head, bytes);
	return true;
}

static void complain(struct fabric *fabric, unsigned int slot, uint32_t length)
{
	fprintf(stderr,
		"softhca: the ring from process %u (slot %u) to %u of fabric \"%s\" holds a packet "
		"of %u bytes, which cannot be: its content is dropped\n",
		fabric_process_pid(fabric, slot), slot, fabric_process_pid(fabric, fabric->slot),
		fabric->name, length);
}

/* Hands over at most `budget` packets of one sender. The head is copied, since the sender could
 * still change it. */
static unsigned int drain(struct fabric *fabric, unsigned int slot, unsigned int budget,
			  fabric_receive_fn *fn, void *arg)
{
	struct inbound *in = &fabric->in[slot];
	unsigned int taken = 0;
	uint64_t position;
	uint32_t length;

	if (__builtin_expect(in->broken, 0) && !ring_mended(in))
		return 0;
	position = atomic_load_explicit(&in->position, memory_order_relaxed);
	while (taken < budget) {
		struct packet *packet = ring_packet_at(in->data, position);
		const uint8_t *bytes = (uint8_t *)packet + sizeof(*packet);
		struct packet head;

		length = atomic_load_explicit(&packet->length, memory_order_acquire);
		if (length == 0)
			break;
		if (__builtin_expect(length > RING_MAX_PACKET, 0)) {
			complain(fabric, slot, length);
			ring_break(in);
			return taken;
		}
		position += ring_record_span(length);
		atomic_init(&head.length, length);
		memcpy((uint8_t *)&head + sizeof(length), (uint8_t *)packet + sizeof(length),
		       sizeof(head) - sizeof(length));
		if (__builtin_expect(!fabric->capture && !(head.flags & PACKET_ICRC), 1) ||
		    inspect(fabric, &head, bytes))
			fn(arg, &head, bytes);
		atomic_store_explicit(&in->position, position, memory_order_relaxed);
		if (position - in->published >= RING_PUBLISH_BYTES)
			ring_publish_consumed(in, position);
		taken++;
	}
	if (position != in->published && head_at(in) == 0)
		ring_publish_consumed(in, position);
	return taken;
}

unsigned int fabric_receive(struct fabric *fabric, unsigned int budget, fabric_receive_fn *fn,
			    void *arg)
{
	unsigned int total = 0, empty = 0;

	refresh_senders(fabric);
	while (total < budget && empty < fabric->num_active) {
		unsigned int turn = budget - total < TURN_PACKETS ? budget - total : TURN_PACKETS;
		unsigned int taken;

		if (fabric->next_active >= fabric->num_active)
			fabric->next_active = 0;
		taken = drain(fabric, fabric->active[fabric->next_active++], turn, fn, arg);
		total += taken;
		empty = taken < turn ? empty + 1 : 0;
	}
	if (__builtin_expect(fabric->capture && total == 0, 0))
		capture_idle(fabric->capture);
	return total;
}

/*
 * Also called by the thread that goes to sleep, while another one receives: positions may be a
 * little old then, and something seems to wait that does not. Never the other way round.
 */
bool fabric_receive_pending(struct fabric *fabric)
{
	for (unsigned int word = 0; word < FABRIC_MAX_PROCESSES / 64; word++) {
		uint64_t senders =
			atomic_load_explicit(&fabric->own->senders[word], memory_order_acquire);

		while (senders) {
			unsigned int slot = word * 64 + (unsigned int)__builtin_ctzll(senders);
			const struct inbound *in = &fabric->in[slot];

			senders &= senders - 1;
			if (!atomic_load_explicit(&in->ring, memory_order_acquire)) {
				if (!atomic_load_explicit(&in->unmappable, memory_order_relaxed))
					return true;
				continue;
			}
			if (!in->broken && head_at(in))
				return true;
		}
	}
	return false;
}

/* What the producer says is behind the packets that were there before it was said, and counts as
 * little as they do if it makes no sense. */
uint64_t fabric_receive_end(const struct fabric *fabric, unsigned int process)
{
	const struct inbound *in = &fabric->in[process % FABRIC_MAX_PROCESSES];
	const struct ring *ring = atomic_load_explicit(&in->ring, memory_order_relaxed);
	uint64_t position = atomic_load_explicit(&in->position, memory_order_relaxed);
	uint64_t produced = position;

	if (process < FABRIC_MAX_PROCESSES && ring)
		produced = atomic_load_explicit(&ring->produced, memory_order_acquire);
	return produced - position > RING_DATA_BYTES ? position : produced;
}

bool fabric_receive_passed(const struct fabric *fabric, unsigned int process, uint64_t position)
{
	const struct inbound *in = &fabric->in[process % FABRIC_MAX_PROCESSES];

	if (process >= FABRIC_MAX_PROCESSES || in->broken ||
	    !atomic_load_explicit(&in->ring, memory_order_relaxed))
		return true;
	return (int64_t)(atomic_load_explicit(&in->position, memory_order_relaxed) - position) >= 0;
}
