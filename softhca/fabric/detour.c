/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The way of packets while anything is out of the ordinary: a link is down, faults are on, a
 * capture records. They are built aside, shown to the capture, and then go into the ring, or do
 * not.
 */
#include <errno.h>
#include <string.h>

#include "softhca/fabric/capture/capture.h"
#include "softhca/fabric/fault.h"
#include "softhca/fabric/frame.h"
#include "softhca/fabric/state.h"

/* ---- what is out of the ordinary ---- */

static bool any_link_disturbed(struct fabric *fabric)
{
	for (unsigned int i = 0; i < FABRIC_MAX_HCAS; i++) {
		const struct fabric_hca *hca = fabric_hca_at(fabric, i);

		if (hca && (!atomic_load(&hca->link_up) || atomic_load(&hca->killed)))
			return true;
	}
	return false;
}

static const struct segment_fault *find_order(const struct fabric *fabric)
{
	for (unsigned int i = 0; i < FABRIC_MAX_HCAS; i++) {
		const struct segment_fault *order = &fabric->segment->faults[i];

		if (order->host == fabric->host)
			return order;
	}
	return NULL;
}

uint32_t disturbance_last_order(const struct fabric *fabric)
{
	const struct segment_fault *order = find_order(fabric);

	return order ? order->serial : 0;
}

/* Under the lock, since the text of an order may be about to change. */
static void take_over_orders(struct fabric *fabric)
{
	const struct segment_fault *order;
	int lock;

	if (segment_lock(fabric, &lock))
		return;
	order = find_order(fabric);
	if (order && order->serial != fabric->fault_serial) {
		fabric->fault_serial = order->serial;
		faults_order(fabric, order->spec, NULL, 0);
	}
	segment_unlock(lock);
}

void disturbance_look(struct fabric *fabric)
{
	uint32_t change = atomic_load_explicit(&fabric->segment->change, memory_order_acquire);
	bool faults;

	take_over_orders(fabric);
	faults = fabric->faults && fabric->faults->active;
	fabric->disturbed = faults || fabric->capture || any_link_disturbed(fabric);
	fabric->looked_change = change;
	fabric->undisturbed = fabric->disturbed ? ~change : change;
	atomic_store(&fabric->own->packets_only, faults || fabric->capture);
}

/* ---- packets ---- */

int detour_begin(struct fabric *fabric, unsigned int process, uint32_t length,
		 struct packet_slot *slot)
{
	uint32_t span = ring_record_span(length + FRAME_ICRC_BYTES);
	int error;

	if (atomic_load_explicit(&fabric->segment->change, memory_order_relaxed) !=
	    fabric->looked_change) {
		disturbance_look(fabric);
		if (!fabric->disturbed)
			return fabric_send_begin(fabric, process, length, slot);
	}
	if (length > RING_MAX_PACKET - FRAME_ICRC_BYTES)
		return EMSGSIZE;
	error = process < FABRIC_MAX_PROCESSES ? outbound_room(fabric, process, 2 * span) : ESRCH;
	if (error == EAGAIN)
		return error;
	detour_stage(fabric, error ? FABRIC_NOWHERE : process, slot);
	return 0;
}

void detour_stage(struct fabric *fabric, unsigned int process, struct packet_slot *slot)
{
	fabric->stage_process = process;
	slot->packet = (struct packet *)(void *)fabric->stage;
	slot->bytes = fabric->stage + sizeof(struct packet);
	slot->ring = NULL;
}

void detour_put(struct fabric *fabric, unsigned int process, const struct packet *head,
		const uint8_t *bytes, uint32_t length)
{
	struct outbound *out = &fabric->out[process];
	struct packet *packet;

	if (!ring_has_room(out, ring_record_span(length)))
		return;
	packet = ring_packet_at(out->data, out->produced);
	memcpy((uint8_t *)packet + sizeof(packet->length),
	       (const uint8_t *)head + sizeof(packet->length),
	       sizeof(*packet) - sizeof(packet->length));
	memcpy((uint8_t *)packet + sizeof(*packet), bytes, length);
	ring_clear_next(packet, length);
	ring_publish(out, packet, length);
	outbound_sent(fabric, process);
}

static bool carries(struct fabric *fabric, unsigned int index)
{
	const struct fabric_hca *hca = fabric_hca_at(fabric, index);

	return hca && atomic_load_explicit(&hca->link_up, memory_order_relaxed) &&
	       !atomic_load_explicit(&hca->killed, memory_order_relaxed);
}

/* A multicast packet has no destination adapter of its own; each copy has its member's. */
void detour_end(struct fabric *fabric, struct packet_slot *slot, uint32_t length)
{
	struct packet *head = slot->packet;

	if (!fabric->disturbed)
		return;
	atomic_store_explicit(&head->length, length, memory_order_relaxed);
	if (!carries(fabric, head->source_hca))
		return;
	if (fabric->capture)
		capture_packet(fabric, CAPTURE_OUT, head, slot->bytes);
	if (fabric->stage_process == FABRIC_NOWHERE || !carries(fabric, head->destination_hca))
		return;
	if (fabric->faults && fabric->faults->active)
		faults_pass(fabric, fabric->stage_process, head, slot->bytes, length);
	else
		detour_put(fabric, fabric->stage_process, head, slot->bytes, length);
}
