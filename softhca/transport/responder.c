/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The responder of a reliable connection: which packets it takes, in which order, and what it
 * answers to the rest. Source: IBTA vol. 1, 9.7.4 (requests), 9.7.5.1 (responses), 9.9.3 (errors).
 */
#include "softhca/transport/dc.h"

void responder_establish(struct responder *responder)
{
	struct qp *qp = responder->qp;

	responder->established = true;
	if (qp->attr.state == QP_RTR)
		qp->hca->front->async_event(qp->hca, EVENT_COMM_ESTABLISHED, EVENT_SCOPE_QP, qp);
}

void responder_end(struct responder *responder, int event)
{
	if (responder->qp->type == QP_TYPE_DCT)
		dc_end_connection(responder);
	else
		qp_set_error(responder->qp, event);
}

/* The request is refused for good. */
static void refuse(struct responder *responder, enum wire_nak_code code, int event)
{
	responder->qp->shared->errors++;
	ack_owe_nak(responder, (uint8_t)(WIRE_SYNDROME_NAK | code));
	responder_end(responder, event);
}

/* Not ready: the requester sends again after the time that the application has set. */
static void put_off(struct responder *responder)
{
	responder->nak_sent = true;
	ack_owe_nak(responder,
		    (uint8_t)(WIRE_SYNDROME_RNR_NAK | (responder->qp->attr.min_rnr_timer & 31)));
}

static void answer_verdict(struct responder *responder, enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_DONE:
		break;
	case VERDICT_NO_RECEIVE:
		put_off(responder);
		break;
	case VERDICT_INVALID_REQUEST:
		refuse(responder, WIRE_NAK_INVALID_REQUEST, EVENT_QP_REQUEST_ERROR);
		break;
	case VERDICT_REMOTE_ACCESS:
		refuse(responder, WIRE_NAK_REMOTE_ACCESS, EVENT_QP_ACCESS_ERROR);
		break;
	case VERDICT_NO_SUCH_SRQ:
		refuse(responder, WIRE_NAK_INVALID_RD_REQUEST, EVENT_QP_ACCESS_ERROR);
		break;
	case VERDICT_RECEIVE_TOO_SHORT:
		message_fail_receive(responder, STATUS_LOCAL_LENGTH);
		refuse(responder, WIRE_NAK_INVALID_REQUEST, -1);
		break;
	case VERDICT_LOCAL_FAULT:
		refuse(responder, WIRE_NAK_REMOTE_OPERATION, -1);
		break;
	}
}

static enum verdict carry_out(struct responder *responder, struct arrival *arrival,
			      struct operation operation)
{
	bool starts = operation.traits & OPERATION_STARTS;
	enum verdict verdict;

	if (arrival->transport == WIRE_XRC) {
		verdict = xrc_choose_srq(responder, arrival->srqn);
		if (verdict)
			return verdict;
	}
	if (responder->message != (starts ? KIND_NONE : operation.kind))
		return VERDICT_INVALID_REQUEST;
	switch (operation.kind) {
	case KIND_SEND:
	case KIND_WRITE:
		return message_receive(responder, arrival, operation);
	case KIND_READ:
		return read_receive(responder, arrival);
	case KIND_ATOMIC:
		return atomic_receive(responder, arrival);
	default:
		return VERDICT_INVALID_REQUEST;
	}
}

/* The packet that was waited for. Reads move expected_psn by as many as they have responses, less
 * the one counted here. */
static void receive_expected(struct responder *responder, struct arrival *arrival,
			     struct operation operation)
{
	enum verdict verdict = carry_out(responder, arrival, operation);

	if (verdict) {
		answer_verdict(responder, verdict);
		return;
	}
	responder->nak_sent = false;
	if (responder->owed == OWED_NAK)
		responder->owed = OWED_NOTHING;
	responder->expected_psn = psn_add(responder->expected_psn, 1);
	if (operation.traits & OPERATION_ENDS)
		responder->msn++;
	if (operation.kind == KIND_READ || operation.kind == KIND_ATOMIC)
		read_push(responder);
	else if (arrival->ack_request)
		ack_owe(responder);
}

/* What has been done is not done again, but answered again. */
static void receive_duplicate(struct responder *responder, struct arrival *arrival,
			      struct operation operation)
{
	switch (operation.kind) {
	case KIND_SEND:
	case KIND_WRITE:
		ack_owe(responder);
		break;
	case KIND_READ:
		read_receive_again(responder, arrival);
		break;
	case KIND_ATOMIC:
		atomic_receive_again(responder, arrival);
		break;
	}
}

static void receive_early(struct responder *responder)
{
	if (responder->nak_sent)
		return;
	responder->nak_sent = true;
	ack_owe_nak(responder, WIRE_SYNDROME_NAK | WIRE_NAK_SEQUENCE);
}

void responder_receive(struct responder *responder, struct arrival *arrival)
{
	struct operation operation = message_operations[arrival->operation];
	struct qp *qp = responder->qp;

	if (!qp_receives(qp))
		return;
	if (!responder->established)
		responder_establish(responder);
	if (arrival->psn == responder->expected_psn)
		receive_expected(responder, arrival, operation);
	else if (psn_before(arrival->psn, responder->expected_psn))
		receive_duplicate(responder, arrival, operation);
	else
		receive_early(responder);
	qp->shared->recv_psn = responder->expected_psn;
	qp->shared->packets_received = ++responder->packets_received;
}

void responder_refuse_key(struct responder *responder)
{
	if (qp_receives(responder->qp))
		refuse(responder, WIRE_NAK_REMOTE_ACCESS, -1);
}

/* Nothing in progress, nothing owed. The receive that is held is the caller's to complete. */
void responder_forget(struct responder *responder)
{
	responder->message = KIND_NONE;
	responder->nak_sent = false;
	responder->recv_held = false;
	responder->tagged = false;
	responder->owed = OWED_NOTHING;
	responder->num_responses = 0;
	list_remove(&responder->acks);
}

void responder_start(struct responder *responder, uint32_t psn)
{
	responder_forget(responder);
	responder->expected_psn = psn & WIRE_PSN_MASK;
	responder->msn = 0;
	responder->established = false;
	for (unsigned int i = 0; i < RESPONDER_READS; i++)
		responder->results[i].valid = false;
}
