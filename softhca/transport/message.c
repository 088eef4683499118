/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sends and writes arriving, packet by packet: the receive they consume, the memory they land in,
 * the completion. Order and loss are the transport's business. Source: IBTA vol. 1, 9.4, 9.7.4.1.
 */
#include "softhca/transport/tags.h"

#include <errno.h>

#include "hw/wire/deth.h"
#include "hw/wire/reth.h"
#include "softhca/core/trace.h"
#include "softhca/memory/access.h"

const struct operation message_operations[32] = {
	[WIRE_SEND_FIRST] = {KIND_SEND, OPERATION_STARTS},
	[WIRE_SEND_MIDDLE] = {KIND_SEND, 0},
	[WIRE_SEND_LAST] = {KIND_SEND, OPERATION_ENDS},
	[WIRE_SEND_LAST_IMM] = {KIND_SEND, OPERATION_ENDS | OPERATION_IMMEDIATE},
	[WIRE_SEND_LAST_INVALIDATE] = {KIND_SEND, OPERATION_ENDS | OPERATION_INVALIDATE},
	[WIRE_SEND_ONLY] = {KIND_SEND, OPERATION_STARTS | OPERATION_ENDS},
	[WIRE_SEND_ONLY_IMM] = {KIND_SEND, OPERATION_STARTS | OPERATION_ENDS | OPERATION_IMMEDIATE},
	[WIRE_SEND_ONLY_INVALIDATE] = {KIND_SEND,
				       OPERATION_STARTS | OPERATION_ENDS | OPERATION_INVALIDATE},
	[WIRE_WRITE_FIRST] = {KIND_WRITE, OPERATION_STARTS},
	[WIRE_WRITE_MIDDLE] = {KIND_WRITE, 0},
	[WIRE_WRITE_LAST] = {KIND_WRITE, OPERATION_ENDS},
	[WIRE_WRITE_LAST_IMM] = {KIND_WRITE, OPERATION_ENDS | OPERATION_IMMEDIATE},
	[WIRE_WRITE_ONLY] = {KIND_WRITE, OPERATION_STARTS | OPERATION_ENDS},
	[WIRE_WRITE_ONLY_IMM] = {KIND_WRITE,
				 OPERATION_STARTS | OPERATION_ENDS | OPERATION_IMMEDIATE},
	[WIRE_READ_REQUEST] = {KIND_READ, OPERATION_STARTS | OPERATION_ENDS},
	[WIRE_COMPARE_SWAP] = {KIND_ATOMIC, OPERATION_STARTS | OPERATION_ENDS},
	[WIRE_FETCH_ADD] = {KIND_ATOMIC, OPERATION_STARTS | OPERATION_ENDS},
};

/* Headers of one packet, taken out of the ring. */
struct headers {
	struct wire_reth reth;
	struct wire_immdt immdt;
	struct wire_ieth ieth;
};

static bool take_headers(struct arrival *arrival, struct operation operation,
			 struct headers *headers)
{
	if (operation.kind == KIND_WRITE && (operation.traits & OPERATION_STARTS) &&
	    !arrival_take(arrival, &headers->reth, sizeof(headers->reth)))
		return false;
	if ((operation.traits & OPERATION_IMMEDIATE) &&
	    !arrival_take(arrival, &headers->immdt, sizeof(headers->immdt)))
		return false;
	return !(operation.traits & OPERATION_INVALIDATE) ||
	       arrival_take(arrival, &headers->ieth, sizeof(headers->ieth));
}

/* A packet that ends no message is full; the last of several is not empty. */
static bool length_fits(const struct responder *responder, const struct arrival *arrival,
			struct operation operation)
{
	uint32_t mtu = 1u << mtu_log(responder->qp);

	if (!(operation.traits & OPERATION_ENDS))
		return arrival->length == mtu;
	return arrival->length <= mtu && (arrival->length || (operation.traits & OPERATION_STARTS));
}

static int take_own(struct qp *qp, struct recv_request *recv)
{
	uint32_t posted = qp->hca->family->recv_producer(qp) - qp->rq_consumer;

	if (!posted || posted > qp->rq_count)
		return ENOENT;
	return qp->hca->family->recv_decode(qp, qp->rq_consumer++, recv);
}

/* The keys of a shared queue's receives count in its own domain, which may be another than the
 * queue pair's: IBTA vol. 1, 10.2.9. */
enum completion_status message_place(const struct responder *responder, uint64_t skip,
				     const void *from, uint32_t length)
{
	const struct pd *pd = responder->srq ? responder->srq->pd : responder->pd;
	const struct recv_request *recv = &responder->recv;

	return memory_scatter(responder->qp->hca, pd, recv->sge, recv->num_sge, skip, from, length);
}

enum verdict message_take_receive(struct responder *responder)
{
	struct srq *srq = responder->srq;
	struct qp *qp = responder->qp;
	int error;

	if (responder->recv_held)
		return VERDICT_DONE;
	error = srq ? srq_take(srq, &responder->recv) : take_own(qp, &responder->recv);
	if (error == ENOENT)
		return VERDICT_NO_RECEIVE;
	if (!error && trace_on())
		trace_recv(srq ? "SRQ" : "QP", srq ? srq->srqn : qp->qpn, &responder->recv);
	/* There is no receive that could complete. */
	if (error == EIO)
		return VERDICT_LOCAL_FAULT;
	responder->recv_held = true;
	if (!error)
		return VERDICT_DONE;
	message_fail_receive(responder, STATUS_LOCAL_QP_OPERATION);
	return VERDICT_LOCAL_FAULT;
}

void message_complete(struct responder *responder, const struct completion *completion)
{
	struct qp *qp = responder->qp;
	struct completion whole = *completion;

	responder->recv_held = false;
	whole.index = responder->recv.index;
	whole.srq = responder->srq;
	whole.timestamp_ns = qp->hca->engine->now_ns;
	if (responder_has_tags(responder))
		tags_complete(responder, &whole);
	else
		cq_complete(responder->cq, qp, &whole);
}

void message_fail_receive(struct responder *responder, enum completion_status status)
{
	struct completion completion = {.status = status, .opcode = REQUEST_SEND};

	message_complete(responder, &completion);
}

struct completion message_describe(const struct responder *responder, const struct arrival *arrival)
{
	const struct qp *qp = responder->qp;

	return (struct completion){
		.opcode = REQUEST_SEND,
		.flags = (arrival->grh ? COMPLETION_GRH : 0) |
			 (arrival->solicited ? COMPLETION_SOLICITED : 0),
		.length = responder->received,
		.remote_qpn = qp->attr.dest_qpn,
		.slid = arrival->packet->slid,
		.sl = arrival->packet->sl,
		.pkey_index = qp->attr.pkey_index,
	};
}

static void complete_message(struct responder *responder, const struct arrival *arrival,
			     struct operation operation, const struct headers *headers)
{
	struct completion completion = message_describe(responder, arrival);

	if (operation.traits & OPERATION_INVALIDATE) {
		completion.opcode = REQUEST_SEND_INVALIDATE;
		completion.invalidated_key = be32toh(headers->ieth.rkey);
	}
	if (operation.traits & OPERATION_IMMEDIATE) {
		completion.flags |= COMPLETION_IMMEDIATE;
		completion.immediate = headers->immdt.immediate;
		completion.opcode =
			operation.kind == KIND_WRITE ? REQUEST_WRITE_IMM : REQUEST_SEND_IMM;
	}
	message_complete(responder, &completion);
}

static enum verdict start_send(struct responder *responder, struct arrival *arrival,
			       struct operation operation)
{
	enum verdict verdict;

	responder->received = 0;
	verdict = responder_has_tags(responder)
			  ? tags_take_receive(responder, arrival, operation.traits & OPERATION_ENDS)
			  : message_take_receive(responder);
	if (!verdict)
		responder->message = KIND_SEND;
	return verdict;
}

static enum verdict receive_send(struct responder *responder, struct arrival *arrival,
				 struct operation operation, const struct headers *headers)
{
	const struct recv_request *recv = &responder->recv;
	enum completion_status status;
	enum verdict verdict;

	if (operation.traits & OPERATION_STARTS) {
		verdict = start_send(responder, arrival, operation);
		if (verdict)
			return verdict;
	}
	if (arrival->length > recv->length - responder->received)
		return VERDICT_RECEIVE_TOO_SHORT;
	status = message_place(responder, responder->received, arrival->body, arrival->length);
	if (status) {
		message_fail_receive(responder, status);
		return VERDICT_LOCAL_FAULT;
	}
	if (operation.traits & OPERATION_INVALIDATE &&
	    !mw_invalidate(responder->qp, be32toh(headers->ieth.rkey)))
		return VERDICT_REMOTE_ACCESS;
	responder->received += arrival->length;
	if (operation.traits & OPERATION_ENDS) {
		responder->message = KIND_NONE;
		complete_message(responder, arrival, operation, headers);
	}
	return VERDICT_DONE;
}

/* Whether the whole write may be done; checked again for each packet, as keys come and go. */
static enum verdict start_write(struct responder *responder, const struct wire_reth *reth)
{
	struct qp *qp = responder->qp;
	uint64_t address = be64toh(reth->address);
	uint32_t rkey = be32toh(reth->rkey), length = be32toh(reth->length);

	if (!(qp->attr.access & ACCESS_REMOTE_WRITE) || length > MAX_MESSAGE_BYTES)
		return VERDICT_INVALID_REQUEST;
	if (length && !memory_remote(qp, responder->pd, rkey, address, length, ACCESS_REMOTE_WRITE))
		return VERDICT_REMOTE_ACCESS;
	responder->message = KIND_WRITE;
	responder->received = 0;
	responder->write_address = address;
	responder->write_rkey = rkey;
	responder->write_left = length;
	return VERDICT_DONE;
}

static enum verdict land_write(struct responder *responder, const struct arrival *arrival)
{
	struct qp *qp = responder->qp;
	struct mr *mr;

	if (!arrival->length)
		return VERDICT_DONE;
	mr = memory_remote(qp, responder->pd, responder->write_rkey, responder->write_address,
			   arrival->length, ACCESS_REMOTE_WRITE);
	if (!mr || !memory_write(mr, responder->write_address, arrival->body, arrival->length))
		return VERDICT_REMOTE_ACCESS;
	responder->write_address += arrival->length;
	responder->write_left -= arrival->length;
	responder->received += arrival->length;
	return VERDICT_DONE;
}

static enum verdict receive_write(struct responder *responder, struct arrival *arrival,
				  struct operation operation, const struct headers *headers)
{
	bool ends = operation.traits & OPERATION_ENDS;
	enum verdict verdict = VERDICT_DONE;

	/* Before anything changes, since the packet comes again when there is no receive. */
	if (operation.traits & OPERATION_IMMEDIATE)
		verdict = message_take_receive(responder);
	if (!verdict && (operation.traits & OPERATION_STARTS))
		verdict = start_write(responder, &headers->reth);
	if (verdict)
		return verdict;
	if (ends ? arrival->length != responder->write_left
		 : arrival->length >= responder->write_left)
		return VERDICT_INVALID_REQUEST;
	verdict = land_write(responder, arrival);
	if (verdict || !ends)
		return verdict;
	responder->message = KIND_NONE;
	if (operation.traits & OPERATION_IMMEDIATE)
		complete_message(responder, arrival, operation, headers);
	return VERDICT_DONE;
}

enum verdict message_receive(struct responder *responder, struct arrival *arrival,
			     struct operation operation)
{
	struct headers headers;

	if (!take_headers(arrival, operation, &headers) ||
	    !length_fits(responder, arrival, operation))
		return VERDICT_INVALID_REQUEST;
	if (operation.kind == KIND_SEND)
		return receive_send(responder, arrival, operation, &headers);
	return receive_write(responder, arrival, operation, &headers);
}
