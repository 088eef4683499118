/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * RDMA reads and atomics at the responder. Responses wait in a queue until the ring has room for
 * them, and go out in the order of their requests. A duplicate read is carried out again; the
 * results of atomics are kept, so that a duplicate is answered and not carried out.
 * Source: IBTA vol. 1, 9.4.4, 9.4.5, 9.7.5.1.2, 9.7.7.
 */
#include "softhca/transport/responder.h"

#include <errno.h>

#include "hw/wire/atomiceth.h"
#include "hw/wire/reth.h"
#include "softhca/memory/access.h"

static void remove_oldest(struct responder *responder)
{
	responder->num_responses--;
	memmove(&responder->responses[0], &responder->responses[1],
		responder->num_responses * sizeof(responder->responses[0]));
}

/* Keeps the queue in order of sequence numbers: a duplicate is asked for before what is waiting. */
static void insert(struct responder *responder, const struct read_response *response)
{
	unsigned int at = responder->num_responses++;

	while (at && psn_before(response->first_psn, responder->responses[at - 1].first_psn)) {
		responder->responses[at] = responder->responses[at - 1];
		at--;
	}
	responder->responses[at] = *response;
}

/* Responses to duplicates, or to others. */
static unsigned int count_waiting(const struct responder *responder, bool again)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < responder->num_responses; i++)
		count += responder->responses[i].again == again;
	return count;
}

/* The requester may have no more open than it was told. */
static bool has_resource(const struct responder *responder)
{
	return count_waiting(responder, false) < responder_resources(responder->qp);
}

/* A duplicate that finds no room is dropped, and asked for again. */
static bool has_room_for_duplicate(const struct responder *responder)
{
	return count_waiting(responder, true) < RESPONDER_QUEUE - RESPONDER_READS;
}

/* What a request was for is asked anew for each response: SRQs come and go, as keys do. */
static const struct pd *pd_of(const struct responder *responder, uint32_t srqn)
{
	return responder->qp->xrcd ? xrc_find_pd(responder, srqn) : responder->qp->pd;
}

static struct mr *readable(const struct responder *responder, const struct read_response *response,
			   uint64_t skip, uint64_t length)
{
	return memory_remote(responder->qp, pd_of(responder, response->srqn), response->rkey,
			     response->address + skip, length, ACCESS_REMOTE_READ);
}

/* False: the packet is not a read request. */
static bool parse_read(const struct responder *responder, struct arrival *arrival,
		       struct read_response *response)
{
	struct wire_reth reth;
	uint32_t packets;

	if (!arrival_take(arrival, &reth, sizeof(reth)) || arrival->length)
		return false;
	*response = (struct read_response){
		.first_psn = arrival->psn,
		.next_psn = arrival->psn,
		.srqn = arrival->srqn,
		.rkey = be32toh(reth.rkey),
		.length = be32toh(reth.length),
		.address = be64toh(reth.address),
	};
	if (response->length > MAX_MESSAGE_BYTES)
		return false;
	packets = packets_of(response->length, mtu_log(responder->qp));
	response->last_psn = psn_add(arrival->psn, packets - 1);
	return true;
}

enum verdict read_receive(struct responder *responder, struct arrival *arrival)
{
	struct qp *qp = responder->qp;
	struct read_response response;

	if (!(qp->attr.access & ACCESS_REMOTE_READ) || !parse_read(responder, arrival, &response) ||
	    !has_resource(responder))
		return VERDICT_INVALID_REQUEST;
	if (response.length && !readable(responder, &response, 0, response.length))
		return VERDICT_REMOTE_ACCESS;
	response.msn = responder->msn + 1;
	insert(responder, &response);
	/* All but the last of its responses; the caller counts one packet. */
	responder->expected_psn = response.last_psn;
	return VERDICT_DONE;
}

/* The waiting response that answers packet `psn`, or NULL. */
static struct read_response *find_waiting(struct responder *responder, uint32_t psn)
{
	for (unsigned int i = 0; i < responder->num_responses; i++) {
		struct read_response *response = &responder->responses[i];

		if (!psn_before(psn, response->first_psn) && !psn_before(response->last_psn, psn))
			return response;
	}
	return NULL;
}

void read_receive_again(struct responder *responder, struct arrival *arrival)
{
	struct read_response response, *waiting;

	if (!parse_read(responder, arrival, &response) ||
	    !psn_before(response.last_psn, responder->expected_psn))
		return;
	waiting = find_waiting(responder, arrival->psn);
	if (waiting) {
		/* It is being answered, and something of that was lost. */
		if (psn_before(arrival->psn, waiting->next_psn))
			waiting->next_psn = arrival->psn;
	} else if (has_room_for_duplicate(responder) &&
		   (!response.length || readable(responder, &response, 0, response.length))) {
		response.msn = responder->msn;
		response.again = true;
		insert(responder, &response);
	}
	read_push(responder);
}

static bool execute(const struct mr *mr, const struct wire_atomiceth *atomic, bool swap,
		    uint64_t *original)
{
	uint64_t address = be64toh(atomic->address);
	uint64_t swap_or_add = be64toh(atomic->swap_or_add);

	if (swap)
		return memory_compare_swap(mr, address, be64toh(atomic->compare), swap_or_add,
					   original);
	return memory_fetch_add(mr, address, swap_or_add, original);
}

static void answer_atomic(struct responder *responder, const struct atomic_result *result,
			  bool again)
{
	struct read_response response = {
		.first_psn = result->psn,
		.next_psn = result->psn,
		.last_psn = result->psn,
		.msn = result->msn,
		.original = result->original,
		.atomic = true,
		.again = again,
	};

	insert(responder, &response);
}

enum verdict atomic_receive(struct responder *responder, struct arrival *arrival)
{
	struct atomic_result result = {.valid = true};
	struct qp *qp = responder->qp;
	struct wire_atomiceth atomic;
	struct mr *mr;

	if (!(qp->attr.access & ACCESS_REMOTE_ATOMIC) ||
	    !arrival_take(arrival, &atomic, sizeof(atomic)) || arrival->length ||
	    be64toh(atomic.address) % 8 || !has_resource(responder))
		return VERDICT_INVALID_REQUEST;
	mr = memory_remote(qp, responder->pd, be32toh(atomic.rkey), be64toh(atomic.address), 8,
			   ACCESS_REMOTE_ATOMIC);
	if (!mr || !execute(mr, &atomic, arrival->operation == WIRE_COMPARE_SWAP, &result.original))
		return VERDICT_REMOTE_ACCESS;
	result.psn = arrival->psn;
	result.msn = responder->msn + 1;
	responder->results[responder->next_result++ % RESPONDER_READS] = result;
	answer_atomic(responder, &result, false);
	return VERDICT_DONE;
}

void atomic_receive_again(struct responder *responder, struct arrival *arrival)
{
	if (find_waiting(responder, arrival->psn) || !has_room_for_duplicate(responder))
		return;
	for (unsigned int i = 0; i < RESPONDER_READS; i++) {
		const struct atomic_result *result = &responder->results[i];

		if (result->valid && result->psn == arrival->psn) {
			answer_atomic(responder, result, true);
			read_push(responder);
			return;
		}
	}
}

static int send_atomic_ack(struct responder *responder, const struct read_response *response)
{
	const struct route *route = &responder->qp->requester->route;
	struct fabric *fabric = qp_fabric(responder->qp);
	struct wire_aeth aeth = {.syndrome_msn = ack_aeth(WIRE_CREDITS_UNLIMITED, response->msn)};
	struct wire_atomic_ack ack = {.original = htobe64(response->original)};
	struct packet_plan plan = {
		.opcode = qp_wire_transport(responder->qp) | WIRE_ATOMIC_ACKNOWLEDGE,
		.psn = response->first_psn,
		.qpn = route->qpn,
		.extension_length = sizeof(aeth) + sizeof(ack),
	};
	struct packet_writer writer;

	if (packet_begin(fabric, route, &plan, &writer))
		return EAGAIN;
	memcpy(writer.extension, &aeth, sizeof(aeth));
	memcpy(writer.extension + sizeof(aeth), &ack, sizeof(ack));
	packet_end(fabric, &writer);
	return 0;
}

static uint8_t response_operation(const struct read_response *response, uint32_t from)
{
	bool first = response->next_psn == from, last = response->next_psn == response->last_psn;

	if (first)
		return last ? WIRE_READ_RESPONSE_ONLY : WIRE_READ_RESPONSE_FIRST;
	return last ? WIRE_READ_RESPONSE_LAST : WIRE_READ_RESPONSE_MIDDLE;
}

/* Packet next_psn of a read. EFAULT: the memory is gone. */
static int send_read_response(struct responder *responder, const struct read_response *response)
{
	struct qp *qp = responder->qp;
	const struct route *route = &qp->requester->route;
	unsigned int log_mtu = mtu_log(qp);
	uint64_t skip = (uint64_t)psn_distance(response->first_psn, response->next_psn) << log_mtu;
	bool last = response->next_psn == response->last_psn;
	uint32_t length = last ? (uint32_t)(response->length - skip) : 1u << log_mtu;
	struct wire_aeth aeth = {.syndrome_msn = ack_aeth(WIRE_CREDITS_UNLIMITED, response->msn)};
	uint8_t operation = response_operation(response, response->first_psn);
	struct packet_plan plan = {
		.opcode = (uint8_t)(qp_wire_transport(qp) | operation),
		.psn = response->next_psn,
		.qpn = route->qpn,
		.extension_length =
			operation == WIRE_READ_RESPONSE_MIDDLE ? 0 : (uint32_t)sizeof(aeth),
		.payload_length = length,
	};
	struct packet_writer writer;
	struct mr *mr;

	if (packet_begin(qp_fabric(qp), route, &plan, &writer))
		return EAGAIN;
	if (length) {
		mr = readable(responder, response, skip, length);
		if (!mr || !memory_read(mr, response->address + skip, writer.payload, length))
			return EFAULT;
	}
	memcpy(writer.extension, &aeth, plan.extension_length);
	packet_end(qp_fabric(qp), &writer);
	return 0;
}

/* A key or its memory has gone between request and response. */
static void fail_read(struct responder *responder, const struct read_response *response)
{
	uint32_t psn = response->next_psn;

	responder->num_responses = 0;
	ack_owe_nak(responder, WIRE_SYNDROME_NAK | WIRE_NAK_REMOTE_ACCESS);
	responder->owed_psn = psn;
	responder_end(responder, EVENT_QP_ACCESS_ERROR);
}

static int send_response(struct responder *responder, const struct read_response *response)
{
	return response->atomic ? send_atomic_ack(responder, response)
				: send_read_response(responder, response);
}

unsigned int read_push(struct responder *responder)
{
	unsigned int sent = 0;

	while (responder->num_responses) {
		struct read_response *response = &responder->responses[0];
		uint32_t psn = response->next_psn;
		int error = send_response(responder, response);

		if (error == EFAULT) {
			fail_read(responder, response);
			return sent;
		}
		if (error) {
			qp_continue(responder->qp);
			return sent;
		}
		sent++;
		response->next_psn = psn_add(psn, 1);
		if (psn != response->last_psn)
			continue;
		remove_oldest(responder);
		if (psn_add(psn, 1) == responder->expected_psn)
			ack_settle(responder);
	}
	return sent;
}
