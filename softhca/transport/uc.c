/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The responder of an unreliable connection. A message that misses a packet is dropped whole, and
 * its receive is used for the next one; the next first packet sets the sequence right.
 * Source: IBTA vol. 1, 9.8.2, 9.9.3 (responder errors of unreliable connections).
 */
#include "softhca/transport/responder.h"

static void settle_verdict(struct responder *responder, enum verdict verdict)
{
	if (!verdict)
		return;
	responder->message = KIND_NONE;
	responder->qp->shared->errors++;
	if (verdict == VERDICT_LOCAL_FAULT)
		qp_set_error(responder->qp, -1);
}

void uc_receive(struct responder *responder, struct arrival *arrival)
{
	struct operation operation = message_operations[arrival->operation];
	struct qp *qp = responder->qp;

	if (!qp_receives(qp) || (operation.kind != KIND_SEND && operation.kind != KIND_WRITE))
		return;
	if (!responder->established)
		responder_establish(responder);
	if (arrival->psn != responder->expected_psn || (operation.traits & OPERATION_STARTS))
		responder->message = KIND_NONE;
	responder->expected_psn = psn_add(arrival->psn, 1);
	if ((operation.traits & OPERATION_STARTS) || responder->message == operation.kind)
		settle_verdict(responder, message_receive(responder, arrival, operation));
	qp->shared->recv_psn = responder->expected_psn;
	qp->shared->packets_received = ++responder->packets_received;
}
