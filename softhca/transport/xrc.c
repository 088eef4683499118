/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Extended reliable connections: a queue pair that only sends and one that only receives, whose
 * requests each name an SRQ. That SRQ says where receives come from, where they complete and which
 * keys are good; the queue pair says who may send. Both must be of one domain. Everything else is
 * as with reliable connections. Source: IBTA vol. 1, annex A14.
 */
#include "softhca/transport/responder.h"

#include "hw/wire/xrceth.h"
#include "softhca/core/trace.h"
#include "softhca/fabric/fabric.h"

bool xrc_take_header(struct arrival *arrival)
{
	struct wire_xrceth xrceth;

	if (!arrival_take(arrival, &xrceth, sizeof(xrceth)))
		return false;
	arrival->srqn = be32toh(xrceth.srqn) & WIRE_SRQN_MASK;
	return true;
}

static struct srq *find_srq(const struct responder *responder, uint32_t srqn)
{
	const struct qp *qp = responder->qp;
	struct srq *srq = hca_find_srq(qp->hca, srqn);

	return srq && srq->xrcd == qp->xrcd ? srq : NULL;
}

/* Receives and memory of another process are out of reach here: see docs/softhca.md. */
static void tell_why(const struct responder *responder, uint32_t srqn)
{
	const struct qp *qp = responder->qp;
	uint32_t owner = fabric_srq_owner(qp->hca->shared, srqn);

	if (owner == FABRIC_NOWHERE)
		trace_printf("qp %06x: no SRQ %06x", qp->qpn, srqn);
	else if (owner == fabric_self(qp_fabric(qp)))
		trace_printf("qp %06x: SRQ %06x is of another domain, or of none", qp->qpn, srqn);
	else
		trace_printf("qp %06x: SRQ %06x is another process's", qp->qpn, srqn);
}

enum verdict xrc_choose_srq(struct responder *responder, uint32_t srqn)
{
	struct srq *srq = find_srq(responder, srqn);

	if (!srq) {
		tell_why(responder, srqn);
		return VERDICT_NO_SUCH_SRQ;
	}
	/* A receive that is held completes where the SRQ says that it came from, also when the
	 * peer begins another message in its midst. */
	if (responder->message != KIND_NONE && srq != responder->srq)
		return VERDICT_INVALID_REQUEST;
	responder->pd = srq->pd;
	responder->cq = srq->cq;
	responder->srq = srq;
	return VERDICT_DONE;
}

const struct pd *xrc_find_pd(const struct responder *responder, uint32_t srqn)
{
	const struct srq *srq = find_srq(responder, srqn);

	return srq ? srq->pd : NULL;
}

void xrc_forget_srq(struct responder *responder, const struct srq *srq)
{
	if (responder->srq != srq)
		return;
	responder->pd = NULL;
	responder->cq = NULL;
	responder->srq = NULL;
	responder->recv_held = false;
	responder->message = KIND_NONE;
}
