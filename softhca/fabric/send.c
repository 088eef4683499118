/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Packets on their way out: straight into the ring of the process they are for. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "softhca/fabric/process.h"
#include "softhca/fabric/state.h"

enum {
	/* Packets of four lines at most are built aside. */
	SMALL_BYTES = 4 * RING_LINE - sizeof(struct packet),
};

/* Head and data, and the data once more behind itself. */
static struct ring *map_ring(struct fabric *fabric, uint64_t offset)
{
	size_t total = RING_SPAN + RING_DATA_BYTES;
	uint8_t *base =
		mmap(NULL, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int error;

	if (base == MAP_FAILED)
		return NULL;
	if (segment_map(fabric, offset, RING_SPAN, base) &&
	    segment_map(fabric, offset + RING_HEAD_BYTES, RING_DATA_BYTES, base + RING_SPAN))
		return (struct ring *)(void *)base;
	error = errno;
	munmap(base, total);
	errno = error;
	return NULL;
}

static uint8_t *ring_data(struct ring *ring)
{
	return (uint8_t *)ring + RING_HEAD_BYTES;
}

int outbound_open(struct fabric *fabric, unsigned int process)
{
	uint64_t offset = segment_ring_offset(fabric->slot, process);
	struct ring *ring;
	int error;

	error = segment_reserve(fabric, offset, RING_SPAN);
	if (error)
		return error;
	ring = map_ring(fabric, offset);
	if (!ring)
		return errno;
	ring_start_producing(&fabric->out[process], ring, ring_data(ring));
	atomic_fetch_or(&fabric->segment->processes[process].senders[fabric->slot / 64],
			1ull << fabric->slot % 64);
	return 0;
}

int inbound_open(struct fabric *fabric, unsigned int process)
{
	struct ring *ring = map_ring(fabric, segment_ring_offset(process, fabric->slot));

	if (!ring)
		return errno;
	ring_start_consuming(&fabric->in[process], ring, ring_data(ring));
	return 0;
}

/* Said once: the sender tries again and again, and memory may come back. */
static void complain(struct fabric *fabric, int error)
{
	if (fabric->complained)
		return;
	fabric->complained = true;
	fprintf(stderr,
		"softhca: no ring of %d KiB to another process of fabric \"%s\" can be had: %s; "
		"packets wait until there is room in %s\n",
		RING_SPAN / 1024, fabric->name, strerror(error), fabric->path);
}

/* A ring that cannot be had for want of memory is like a full one. */
int outbound_room(struct fabric *fabric, unsigned int process, uint32_t span)
{
	struct outbound *out = &fabric->out[process];

	if (fabric_process_pid(fabric, process) == 0)
		return ESRCH;
	if (!out->ring) {
		int error = outbound_open(fabric, process);

		if (error) {
			complain(fabric, error);
			return EAGAIN;
		}
	}
	if (ring_refresh(out, span))
		return 0;
	return fabric_process_alive(fabric, process) ? EAGAIN : ESRCH;
}

/* The ring is not open, full, or there is nobody at its end. */
static int begin_slowly(struct fabric *fabric, unsigned int process, uint32_t length,
			struct packet_slot *slot)
{
	int error = ESRCH;

	if (length > RING_MAX_PACKET)
		return EMSGSIZE;
	if (process < FABRIC_MAX_PROCESSES)
		error = outbound_room(fabric, process, ring_record_span(length));
	if (error == EAGAIN)
		return error;
	if (error) {
		detour_stage(fabric, FABRIC_NOWHERE, slot);
		return 0;
	}
	return fabric_send_begin(fabric, process, length, slot);
}

int fabric_send_begin(struct fabric *fabric, unsigned int process, uint32_t length,
		      struct packet_slot *slot)
{
	struct outbound *out;

	if (__builtin_expect(!fabric_is_undisturbed(fabric), 0))
		return detour_begin(fabric, process, length, slot);
	if (__builtin_expect(process >= FABRIC_MAX_PROCESSES || length > RING_MAX_PACKET, 0))
		return begin_slowly(fabric, process, length, slot);
	out = &fabric->out[process];
	if (__builtin_expect(!ring_has_room(out, ring_record_span(length)), 0))
		return begin_slowly(fabric, process, length, slot);
	slot->packet = ring_packet_at(out->data, out->produced);
	if (length <= SMALL_BYTES)
		slot->packet = (struct packet *)(void *)fabric->stage;
	slot->bytes = (uint8_t *)slot->packet + sizeof(struct packet);
	slot->ring = out;
	return 0;
}

/*
 * The receiver looks at the very line that the packet is written to, and each look takes the line
 * away from the writer. So a small packet is built aside, where that takes as long as it likes, and
 * put into the ring by a few stores in a row, the later lines first.
 */
static inline void put_small(struct packet *packet, const struct packet *built, uint32_t length)
{
	uint8_t *to = (uint8_t *)packet;
	const uint8_t *from = (const uint8_t *)built;

	for (uint32_t line = ring_record_span(length) - RING_LINE; line; line -= RING_LINE)
		memcpy(to + line, from + line, RING_LINE);
	memcpy(to + sizeof(*packet), from + sizeof(*packet), RING_LINE - sizeof(*packet));
	memcpy(to + sizeof(length), from + sizeof(length), sizeof(*packet) - sizeof(length));
}

void fabric_send_end(struct fabric *fabric, struct packet_slot *slot, uint32_t length)
{
	struct outbound *out = slot->ring;
	struct packet *packet;

	if (__builtin_expect(!out, 0)) {
		detour_end(fabric, slot, length);
		return;
	}
	packet = ring_packet_at(out->data, out->produced);
	ring_clear_next(packet, length);
	if (packet != slot->packet)
		put_small(packet, slot->packet, length);
	ring_publish(out, packet, length);
	outbound_sent(fabric, (unsigned int)(out - fabric->out));
}

uint64_t fabric_send_position(const struct fabric *fabric, unsigned int process)
{
	return process < FABRIC_MAX_PROCESSES ? fabric->out[process].produced : 0;
}

/* A process without a ring yet has none to prepare. */
void fabric_send_prepare(struct fabric *fabric, unsigned int process)
{
	const struct outbound *out;

	if (process >= FABRIC_MAX_PROCESSES)
		return;
	out = &fabric->out[process];
	if (out->ring)
		ring_prefetch_to_write(ring_packet_at(out->data, out->produced));
}

bool fabric_send_passed(struct fabric *fabric, unsigned int process, uint64_t position)
{
	if (process >= FABRIC_MAX_PROCESSES || !fabric->out[process].ring)
		return true;
	return ring_passed(&fabric->out[process], position) ||
	       !fabric_process_alive(fabric, process);
}
