/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What comes back to a requester: acknowledgements, NAKs, read and atomic responses. An answer to
 * one packet acknowledges all sends and writes before it; if it skips over a read or an atomic that
 * has not been answered, that answer was lost. Source: IBTA vol. 1, 9.7.5.1, 9.7.7.
 */
#include "softhca/transport/tags.h"

#include "hw/wire/aeth.h"
#include "softhca/memory/access.h"

static bool awaits_data(const struct sent_request *entry)
{
	return !entry->local &&
	       (entry->opcode == REQUEST_READ || entry->opcode == REQUEST_COMPARE_SWAP ||
		entry->opcode == REQUEST_FETCH_ADD);
}

/* One of the packets that have been sent and not been acknowledged. */
static bool is_outstanding(const struct requester *requester, uint32_t psn)
{
	return psn_distance(requester->unacked_psn, psn) <
	       psn_distance(requester->unacked_psn, requester->sent_psn);
}

/* The first read or atomic that lacks something in [unacked_psn, psn), or NULL. */
static struct sent_request *first_unanswered(struct requester *requester, uint32_t psn)
{
	/* Of the oldest one everything before unacked_psn has landed. */
	if (!requester->reads || !psn_before(requester->unacked_psn, psn))
		return NULL;
	for (uint32_t i = requester->head; i != requester->tail; i++) {
		struct sent_request *entry = requester_entry(requester, i);

		if (!entry->local && !psn_before(entry->first_psn, psn))
			return NULL;
		if (awaits_data(entry))
			return entry;
	}
	return NULL;
}

/* All before `psn` has arrived. */
static void acknowledge(struct requester *requester, uint32_t psn)
{
	if (psn == requester->unacked_psn)
		return;
	requester->unacked_psn = psn;
	/* An answer to what had been sent before going back. */
	if (psn_before(requester->send_psn, psn))
		requester->send_psn = psn;
	requester_progress(requester);
	requester_retire(requester);
}

/* More may be sent than before. */
static void carry_on(struct requester *requester)
{
	struct qp *qp = requester->qp;

	if (requester->cursor != requester->tail ||
	    qp->hca->family->send_producer(qp) != requester->next_index)
		qp_continue(qp);
}

/* Acknowledges as far as nothing that was lost is skipped: up to `psn`, not included. False when an
 * answer was lost; the requests are sent again from there. */
static bool acknowledge_before(struct requester *requester, uint32_t psn)
{
	struct sent_request *lost = first_unanswered(requester, psn);

	if (!lost) {
		acknowledge(requester, psn);
		return true;
	}
	if (psn_before(requester->unacked_psn, lost->first_psn))
		acknowledge(requester, lost->first_psn);
	requester_heed_loss(requester);
	return false;
}

static void receive_nak(struct requester *requester, uint32_t psn, enum wire_nak_code code)
{
	static const enum completion_status statuses[] = {
		[WIRE_NAK_INVALID_REQUEST] = STATUS_REMOTE_INVALID_REQUEST,
		[WIRE_NAK_REMOTE_ACCESS] = STATUS_REMOTE_ACCESS,
		[WIRE_NAK_REMOTE_OPERATION] = STATUS_REMOTE_OPERATION,
		[WIRE_NAK_INVALID_RD_REQUEST] = STATUS_REMOTE_INVALID_RD_REQUEST,
	};

	if (code > WIRE_NAK_INVALID_RD_REQUEST)
		return;
	if (!acknowledge_before(requester, psn))
		return;
	if (code == WIRE_NAK_SEQUENCE)
		requester_heed_loss(requester);
	else
		requester_fail(requester, statuses[code]);
}

static void receive_acknowledge(struct requester *requester, struct arrival *arrival)
{
	struct wire_aeth aeth;
	uint32_t syndrome, value;

	if (!arrival_take(arrival, &aeth, sizeof(aeth)) || !is_outstanding(requester, arrival->psn))
		return;
	syndrome = be32toh(aeth.syndrome_msn) >> 24;
	value = syndrome & WIRE_SYNDROME_VALUE_MASK;
	switch (syndrome & WIRE_SYNDROME_KIND_MASK) {
	case WIRE_SYNDROME_ACK:
		acknowledge_before(requester, psn_add(arrival->psn, 1));
		break;
	case WIRE_SYNDROME_RNR_NAK:
		if (!requester->rnr_waiting && acknowledge_before(requester, arrival->psn))
			requester_not_ready(requester, (uint8_t)value);
		break;
	case WIRE_SYNDROME_NAK:
		receive_nak(requester, arrival->psn, value);
		break;
	}
}

/* The oldest entry's request, for where its data goes. */
static bool decode_oldest(struct requester *requester, const struct sent_request *entry)
{
	struct qp *qp = requester->qp;

	if (entry->offloaded) {
		requester->response_valid = false;
		rendezvous_request(requester, entry->index, &requester->response);
		return true;
	}
	if (requester->response_valid && requester->response_at == entry->index)
		return true;
	requester->response_valid = false;
	if (qp->hca->family->send_decode(qp, entry->index, &requester->response) ||
	    requester->response.opcode != entry->opcode ||
	    requester->response.length != entry->length)
		return false;
	requester->response_at = entry->index;
	requester->response_valid = true;
	return true;
}

/* Lands data of the oldest entry, which is what unacked_psn asks for. */
static void land(struct requester *requester, const struct sent_request *entry, uint64_t skip,
		 const void *from, uint32_t length)
{
	const struct send_request *request = &requester->response;
	struct qp *qp = requester->qp;
	const struct pd *pd = entry->offloaded ? qp->srq->pd : qp->pd;
	enum completion_status status;

	if (!decode_oldest(requester, entry)) {
		requester_fail(requester, STATUS_LOCAL_QP_OPERATION);
		return;
	}
	status = memory_scatter(qp->hca, pd, request->sge, request->num_sge, skip, from, length);
	if (status)
		requester_fail(requester, status);
	else
		acknowledge(requester, psn_add(requester->unacked_psn, 1));
}

static void receive_read(struct requester *requester, struct arrival *arrival)
{
	struct sent_request *entry = requester_entry(requester, requester->head);
	unsigned int log_mtu = mtu_log(requester->qp);
	uint64_t skip = (uint64_t)psn_distance(entry->first_psn, arrival->psn) << log_mtu;
	bool last = arrival->psn == entry->last_psn;
	bool says_last = arrival->operation == WIRE_READ_RESPONSE_LAST ||
			 arrival->operation == WIRE_READ_RESPONSE_ONLY;
	uint32_t expected = last ? (uint32_t)(entry->length - skip) : 1u << log_mtu;
	struct wire_aeth aeth;

	if (arrival->operation != WIRE_READ_RESPONSE_MIDDLE &&
	    !arrival_take(arrival, &aeth, sizeof(aeth)))
		return;
	if (entry->opcode != REQUEST_READ || says_last != last || arrival->length != expected) {
		requester_fail(requester, STATUS_BAD_RESPONSE);
		return;
	}
	land(requester, entry, skip, arrival->body, arrival->length);
}

static void receive_atomic(struct requester *requester, struct arrival *arrival)
{
	struct sent_request *entry = requester_entry(requester, requester->head);
	struct wire_atomic_ack ack;
	struct wire_aeth aeth;
	uint64_t original;

	if (!arrival_take(arrival, &aeth, sizeof(aeth)) ||
	    !arrival_take(arrival, &ack, sizeof(ack)))
		return;
	if (!awaits_data(entry) || entry->opcode == REQUEST_READ) {
		requester_fail(requester, STATUS_BAD_RESPONSE);
		return;
	}
	original = be64toh(ack.original);
	land(requester, entry, 0, &original, sizeof(original));
}

/* A response with data is for the oldest entry, once all that came before has been acknowledged. */
static void receive_data(struct requester *requester, struct arrival *arrival)
{
	if (!is_outstanding(requester, arrival->psn))
		return;
	if (arrival->psn != requester->unacked_psn && !acknowledge_before(requester, arrival->psn))
		return;
	if (requester->head == requester->tail)
		return;
	if (arrival->operation == WIRE_ATOMIC_ACKNOWLEDGE)
		receive_atomic(requester, arrival);
	else
		receive_read(requester, arrival);
}

void requester_receive(struct requester *requester, struct arrival *arrival)
{
	if (!qp_sends(requester->qp))
		return;
	if (arrival->operation == WIRE_ACKNOWLEDGE)
		receive_acknowledge(requester, arrival);
	else
		receive_data(requester, arrival);
	requester->qp->shared->outstanding = requester->tail - requester->head;
	if (qp_sends(requester->qp))
		carry_on(requester);
}
