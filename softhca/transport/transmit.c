/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Requests into packets: segmentation by the path MTU, operation codes by place in the message,
 * extension headers, payload gathered straight into the ring. Source: IBTA vol. 1, 9.3, 9.4.
 */
#include "softhca/transport/dc.h"

#include "hw/wire/atomiceth.h"
#include "hw/wire/deth.h"
#include "hw/wire/reth.h"
#include "hw/wire/xrceth.h"
#include "softhca/ethernet/ethernet.h"
#include "softhca/memory/access.h"
#include "softhca/transport/datagram.h"

enum outcome {
	SENT,
	STALLED, /* the window is full or the ring is */
	SPOILED, /* the request has failed */
};

enum place {
	PLACE_FIRST,
	PLACE_MIDDLE,
	PLACE_LAST,
	PLACE_ONLY,
};

static const uint8_t operations[][4] = {
	[REQUEST_SEND] = {WIRE_SEND_FIRST, WIRE_SEND_MIDDLE, WIRE_SEND_LAST, WIRE_SEND_ONLY},
	[REQUEST_SEND_IMM] = {WIRE_SEND_FIRST, WIRE_SEND_MIDDLE, WIRE_SEND_LAST_IMM,
			      WIRE_SEND_ONLY_IMM},
	[REQUEST_SEND_INVALIDATE] = {WIRE_SEND_FIRST, WIRE_SEND_MIDDLE, WIRE_SEND_LAST_INVALIDATE,
				     WIRE_SEND_ONLY_INVALIDATE},
	[REQUEST_WRITE] = {WIRE_WRITE_FIRST, WIRE_WRITE_MIDDLE, WIRE_WRITE_LAST, WIRE_WRITE_ONLY},
	[REQUEST_WRITE_IMM] = {WIRE_WRITE_FIRST, WIRE_WRITE_MIDDLE, WIRE_WRITE_LAST_IMM,
			       WIRE_WRITE_ONLY_IMM},
};

static bool place_starts(enum place place)
{
	return place == PLACE_FIRST || place == PLACE_ONLY;
}

static bool place_ends(enum place place)
{
	return place == PLACE_LAST || place == PLACE_ONLY;
}

/* What comes before the operation's own headers. */
static uint8_t *put_transport_header(const struct requester *requester, uint8_t *to)
{
	struct wire_xrceth xrceth = {.srqn = htobe32(requester->request.remote_srqn)};

	if (requester->qp->type == QP_TYPE_DCI)
		dc_put_header(requester, to);
	else if (requester->header_bytes)
		memcpy(to, &xrceth, sizeof(xrceth));
	return to + requester->header_bytes;
}

static uint8_t *put_reth(uint8_t *to, uint64_t address, uint32_t rkey, uint32_t length)
{
	struct wire_reth reth = {
		.address = htobe64(address),
		.rkey = htobe32(rkey),
		.length = htobe32(length),
	};

	memcpy(to, &reth, sizeof(reth));
	return to + sizeof(reth);
}

/* Extension headers of a send or write. */
static uint32_t extension_length(const struct send_request *request, enum place place)
{
	bool write = request->opcode == REQUEST_WRITE || request->opcode == REQUEST_WRITE_IMM;
	uint32_t length = write && place_starts(place) ? sizeof(struct wire_reth) : 0;

	if (request->opcode != REQUEST_SEND && request->opcode != REQUEST_WRITE &&
	    place_ends(place))
		length += (uint32_t)sizeof(struct wire_immdt);
	return length;
}

static void put_extension(uint8_t *to, const struct send_request *request, enum place place)
{
	bool write = request->opcode == REQUEST_WRITE || request->opcode == REQUEST_WRITE_IMM;

	if (write && place_starts(place))
		to = put_reth(to, request->remote_address, request->rkey, request->length);
	if (!place_ends(place))
		return;
	if (request->opcode == REQUEST_SEND_INVALIDATE) {
		struct wire_ieth ieth = {.rkey = htobe32(request->invalidate_rkey)};

		memcpy(to, &ieth, sizeof(ieth));
	} else if (request->opcode == REQUEST_SEND_IMM || request->opcode == REQUEST_WRITE_IMM) {
		struct wire_immdt immdt = {.immediate = request->immediate};

		memcpy(to, &immdt, sizeof(immdt));
	}
}

static enum place place_of(const struct sent_request *entry, uint32_t psn)
{
	if (psn == entry->last_psn)
		return psn == entry->first_psn ? PLACE_ONLY : PLACE_LAST;
	return psn == entry->first_psn ? PLACE_FIRST : PLACE_MIDDLE;
}

/* Whether this packet asks to be acknowledged. */
static bool wants_ack(const struct requester *requester, enum place place)
{
	return qp_type_is_reliable(requester->qp->type) &&
	       (place_ends(place) || requester->since_ack_request + 1 >= REQUESTER_ACK_INTERVAL);
}

/* Packet number send_psn of a send or write. */
static enum outcome send_segment(struct requester *requester, struct sent_request *entry)
{
	const struct send_request *request = &requester->request;
	struct qp *qp = requester->qp;
	unsigned int log_mtu = mtu_log(qp);
	uint64_t skip = (uint64_t)psn_distance(entry->first_psn, requester->send_psn) << log_mtu;
	enum place place = place_of(entry, requester->send_psn);
	uint32_t length = place_ends(place) ? (uint32_t)(request->length - skip) : 1u << log_mtu;
	struct packet_plan plan = {
		.opcode = qp_wire_transport(qp) | operations[request->opcode][place],
		.solicited = (request->flags & REQUEST_SOLICITED) && place_ends(place),
		.ack_request = wants_ack(requester, place),
		.psn = requester->send_psn,
		.qpn = requester->route.qpn,
		.extension_length = requester->header_bytes + extension_length(request, place),
		.payload_length = length,
	};
	struct packet_writer writer;
	enum completion_status status;

	if (packet_begin(qp_fabric(qp), &requester->route, &plan, &writer))
		return STALLED;
	status = memory_gather(qp->hca, qp->pd, request->sge, request->num_sge, skip,
			       writer.payload, length);
	if (status) {
		requester_spoil(requester, entry, status);
		return SPOILED;
	}
	put_extension(put_transport_header(requester, writer.extension), request, place);
	packet_end(qp_fabric(qp), &writer);
	requester->since_ack_request = plan.ack_request ? 0 : requester->since_ack_request + 1;
	requester->send_psn = psn_add(requester->send_psn, 1);
	return SENT;
}

/* Asks for what the read still lacks, all of it when it is sent for the first time. */
static enum outcome send_read(struct requester *requester, const struct sent_request *entry)
{
	const struct send_request *request = &requester->request;
	struct qp *qp = requester->qp;
	uint64_t skip = (uint64_t)psn_distance(entry->first_psn, requester->send_psn)
			<< mtu_log(qp);
	struct packet_plan plan = {
		.opcode = qp_wire_transport(qp) | WIRE_READ_REQUEST,
		.psn = requester->send_psn,
		.qpn = requester->route.qpn,
		.ack_request = true,
		.extension_length = requester->header_bytes + sizeof(struct wire_reth),
	};
	struct packet_writer writer;

	if (packet_begin(qp_fabric(qp), &requester->route, &plan, &writer))
		return STALLED;
	put_reth(put_transport_header(requester, writer.extension), request->remote_address + skip,
		 request->rkey, (uint32_t)(request->length - skip));
	packet_end(qp_fabric(qp), &writer);
	requester->send_psn = psn_add(entry->last_psn, 1);
	requester->read_end_psn = requester->send_psn;
	return SENT;
}

static enum outcome send_atomic(struct requester *requester, const struct sent_request *entry)
{
	const struct send_request *request = &requester->request;
	bool swap = request->opcode == REQUEST_COMPARE_SWAP;
	struct packet_plan plan = {
		.opcode = qp_wire_transport(requester->qp) |
			  (swap ? WIRE_COMPARE_SWAP : WIRE_FETCH_ADD),
		.psn = requester->send_psn,
		.qpn = requester->route.qpn,
		.ack_request = true,
		.extension_length = requester->header_bytes + sizeof(struct wire_atomiceth),
	};
	struct wire_atomiceth atomic = {
		.address = htobe64(request->remote_address),
		.rkey = htobe32(request->rkey),
		.swap_or_add = htobe64(request->swap_or_add),
		.compare = swap ? htobe64(request->compare) : 0,
	};
	struct fabric *fabric = qp_fabric(requester->qp);
	struct packet_writer writer;

	if (packet_begin(fabric, &requester->route, &plan, &writer))
		return STALLED;
	memcpy(put_transport_header(requester, writer.extension), &atomic, sizeof(atomic));
	packet_end(fabric, &writer);
	requester->send_psn = psn_add(entry->last_psn, 1);
	requester->read_end_psn = requester->send_psn;
	return SENT;
}

/* Packets under way that only the peer's acknowledgement can take back. */
static bool window_full(const struct requester *requester)
{
	uint32_t base = requester->unacked_psn;

	if (psn_before(base, requester->read_end_psn) &&
	    !psn_before(requester->send_psn, requester->read_end_psn))
		base = requester->read_end_psn;
	return psn_distance(base, requester->send_psn) >= REQUESTER_WINDOW;
}

static int send_one(struct requester *requester, const struct sent_request *entry,
		    enum completion_status *status)
{
	if (requester->qp->type != QP_TYPE_RAW_PACKET)
		return datagram_send(requester, status);
	return ethernet_send(requester, psn_distance(entry->first_psn, requester->send_psn),
			     status);
}

static enum outcome send_datagram(struct requester *requester, struct sent_request *entry)
{
	enum completion_status status = STATUS_SUCCESS;

	if (send_one(requester, entry, &status))
		return STALLED;
	if (status) {
		requester_spoil(requester, entry, status);
		return SPOILED;
	}
	requester->send_psn = psn_add(requester->send_psn, 1);
	return SENT;
}

static enum outcome send_packet(struct requester *requester, struct sent_request *entry)
{
	if (qp_type_is_datagram(requester->qp->type))
		return send_datagram(requester, entry);
	switch (entry->opcode) {
	case REQUEST_READ:
		return send_read(requester, entry);
	case REQUEST_COMPARE_SWAP:
	case REQUEST_FETCH_ADD:
		return send_atomic(requester, entry);
	default:
		return window_full(requester) ? STALLED : send_segment(requester, entry);
	}
}

/* Sends the entry at the cursor from send_psn on; `*budget` is what may still be sent. */
static enum outcome send_entry(struct requester *requester, unsigned int *budget)
{
	struct sent_request *entry = requester_entry(requester, requester->cursor);
	enum outcome outcome = SENT;

	if (entry->status)
		return SPOILED;
	if (entry->local)
		return SENT;
	if (!requester_decode(requester, entry))
		return SPOILED;
	while (outcome == SENT && requester->send_psn != psn_add(entry->last_psn, 1)) {
		if (!*budget)
			return STALLED;
		outcome = send_packet(requester, entry);
		*budget -= outcome == SENT;
		requester->packets_sent += outcome == SENT;
	}
	return outcome;
}

/* Transports without acknowledgements have delivered what they have sent. */
static void acknowledge_unreliable(struct requester *requester)
{
	if (!qp_type_is_reliable(requester->qp->type))
		requester->unacked_psn = requester->send_psn;
}

/* One more request to send, if there is one and it may be started. */
static bool take_another(struct requester *requester, unsigned int *budget)
{
	if (requester->qp->attr.state != QP_RTS || !requester_take(requester))
		return false;
	--*budget;
	return true;
}

/* Sends until nothing is left or something stands in the way; what remains of the budget. */
static unsigned int push_entries(struct requester *requester, unsigned int budget)
{
	while (budget) {
		enum outcome outcome;

		if (requester->cursor == requester->tail && !take_another(requester, &budget))
			break;
		outcome = send_entry(requester, &budget);
		acknowledge_unreliable(requester);
		if (outcome == STALLED)
			break;
		requester->cursor++;
		if (outcome == SPOILED || !qp_type_is_reliable(requester->qp->type) ||
		    requester_entry(requester, requester->cursor - 1)->local)
			requester_retire(requester);
		if (outcome == SPOILED)
			break;
	}
	return budget;
}

/* What stays to be sent waits for a round (ring, budget) or for an acknowledgement (window). */
static bool waits_for_round(const struct requester *requester, unsigned int budget_left)
{
	if (!budget_left)
		return true;
	return requester->cursor != requester->tail && !window_full(requester);
}

/* For those who look at the fabric. */
static void publish(const struct requester *requester)
{
	struct fabric_qp *shared = requester->qp->shared;

	shared->send_psn = requester->send_psn;
	shared->outstanding = requester->tail - requester->head;
	shared->packets_sent = requester->packets_sent;
}

unsigned int requester_push(struct requester *requester)
{
	struct qp *qp = requester->qp;
	unsigned int budget_left, moved;

	if (!qp_sends(qp) || requester->rnr_waiting)
		return 0;
	route_refresh(&requester->route, qp);
	/* Also after an acknowledgement, with nothing to send yet: the peer has turned from the
	 * ring to its program then, and the next send finds the line here. */
	fabric_send_prepare(qp_fabric(qp), requester->route.process);
	budget_left = push_entries(requester, REQUESTER_BUDGET);
	moved = REQUESTER_BUDGET - budget_left;
	if (psn_before(requester->sent_psn, requester->send_psn))
		requester->sent_psn = requester->send_psn;
	if (!qp_sends(qp))
		return moved;
	if (waits_for_round(requester, budget_left))
		qp_continue(qp);
	if (qp_type_is_reliable(qp->type) && requester->unacked_psn != requester->send_psn)
		requester_timer_start(requester);
	if (moved)
		publish(requester);
	return moved;
}
