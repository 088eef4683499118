/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The transport's part in the life of a queue pair. Source: IBTA vol. 1, 10.3.1 (states). */
#include <errno.h>
#include <stdlib.h>

#include "hw/wire/dceth.h"
#include "hw/wire/xrceth.h"
#include "softhca/transport/dc.h"
#include "softhca/transport/tags.h"

/* A power of two that holds one entry for each unit of the send queue. */
static uint32_t entries_for(uint32_t units)
{
	uint32_t entries = 1;

	while (entries < units)
		entries *= 2;
	return entries;
}

static uint8_t header_bytes(enum qp_type type)
{
	switch (type) {
	case QP_TYPE_XRC_SEND:
		return sizeof(struct wire_xrceth);
	case QP_TYPE_DCI:
		return sizeof(struct wire_dceth);
	default:
		return 0;
	}
}

static int create_requester(struct qp *qp, struct requester **created)
{
	struct requester *requester = calloc(1, sizeof(*requester));
	bool tags = qp->srq && qp->srq->tags;
	uint32_t entries = entries_for(qp->sq_units + (tags ? RENDEZVOUS_TAKEN : 0));

	if (!requester)
		return ENOMEM;
	requester->entries = calloc(entries, sizeof(*requester->entries));
	requester->rendezvous = tags ? rendezvous_create() : NULL;
	if (!requester->entries || (tags && !requester->rendezvous)) {
		free(requester->entries);
		free(requester->rendezvous);
		free(requester);
		return ENOMEM;
	}
	requester->qp = qp;
	requester->header_bytes = header_bytes(qp->type);
	requester->entries_mask = entries - 1;
	requester->route.process = FABRIC_NOWHERE;
	requester->route.hca = -1;
	list_init(&requester->timer);
	list_init(&requester->paced);
	requester_start(requester, 0);
	*created = requester;
	return 0;
}

static void destroy_requester(struct requester *requester)
{
	list_remove(&requester->timer);
	list_remove(&requester->paced);
	rendezvous_destroy(requester);
	free(requester->entries);
	free(requester);
}

static void destroy_halves(struct qp *qp)
{
	list_remove(&qp->responder->acks);
	tags_abandon(qp->responder);
	destroy_requester(qp->requester);
	free(qp->responder);
	qp->requester = NULL;
	qp->responder = NULL;
}

static int create_halves(struct qp *qp)
{
	struct requester *requester;
	struct responder *responder;
	int error;

	error = create_requester(qp, &requester);
	if (error)
		return error;
	responder = calloc(1, sizeof(*responder));
	if (!responder) {
		destroy_requester(requester);
		return ENOMEM;
	}
	responder->qp = qp;
	responder->pd = qp->pd;
	responder->cq = qp->srq && qp->srq->tags ? qp->srq->cq : qp->recv_cq;
	responder->srq = qp->srq;
	list_init(&responder->acks);
	responder_start(responder, 0);
	qp->requester = requester;
	qp->responder = responder;
	return 0;
}

int transport_qp_create(struct qp *qp)
{
	int error = create_halves(qp);

	if (error || qp->type != QP_TYPE_DCT)
		return error;
	error = dc_target_create(qp);
	if (error)
		destroy_halves(qp);
	return error;
}

void transport_qp_destroy(struct qp *qp)
{
	list_remove(&qp->pending);
	if (qp->target)
		dc_target_destroy(qp);
	destroy_halves(qp);
}

void transport_forget_srq(const struct srq *srq)
{
	list_for_each (node, &srq->hca->qp_list) {
		struct qp *qp = list_entry(node, struct qp, link);

		if (qp->type == QP_TYPE_XRC_RECV)
			xrc_forget_srq(qp->responder, srq);
	}
}

static void connect_route(struct qp *qp)
{
	if (qp_type_is_datagram(qp->type) || qp_type_is_dynamic(qp->type))
		qp->requester->address_valid = false;
	else
		route_build(&qp->requester->route, qp, &qp->attr.path, qp->attr.dest_qpn);
}

static void reset(struct qp *qp)
{
	tags_abandon(qp->responder);
	if (qp->requester->rendezvous)
		rendezvous_end_all(qp->requester);
	responder_start(qp->responder, 0);
	requester_start(qp->requester, 0);
	qp->requester->next_index = 0;
	qp->requester->paces = false;
	pace_stop(qp->requester);
	qp->sq_consumer = 0;
	qp->rq_consumer = 0;
	list_remove(&qp->pending);
}

/* What waited for the pace before begins anew with this one. */
static void take_pace(struct qp *qp)
{
	qp->requester->paces = qp->attr.rate_limit != 0;
	pace_stop(qp->requester);
	qp_continue(qp);
}

static void enter(struct qp *qp, enum qp_state old)
{
	switch (qp->attr.state) {
	case QP_RESET:
		reset(qp);
		break;
	case QP_RTR:
		responder_start(qp->responder, qp->attr.rq_psn);
		break;
	case QP_RTS:
		if (old == QP_RTR)
			requester_start(qp->requester, qp->attr.sq_psn);
		take_pace(qp);
		break;
	case QP_SQD:
		qp->requester->drained_told = false;
		requester_retire(qp->requester);
		break;
	case QP_SQE:
	case QP_ERR:
		transport_flush(qp);
		if (qp->target)
			dc_target_forget(qp);
		break;
	case QP_INIT:
		break;
	}
}

void transport_sequence(const struct qp *qp, uint32_t *send_psn, uint32_t *recv_psn)
{
	bool connected = !qp_type_is_datagram(qp->type);

	*send_psn =
		connected && qp->attr.state >= QP_RTS ? qp->requester->send_psn : qp->attr.sq_psn;
	*recv_psn = connected && qp->attr.state >= QP_RTR ? qp->responder->expected_psn
							  : qp->attr.rq_psn;
}

bool transport_is_draining(const struct qp *qp)
{
	return qp->attr.state == QP_SQD && qp->requester->head != qp->requester->tail;
}

void transport_qp_modified(struct qp *qp, enum qp_state old, uint32_t mask)
{
	if (mask & (QP_AV | QP_DEST_QPN | QP_PKEY_INDEX | QP_PATH_MTU))
		connect_route(qp);
	if (old != qp->attr.state)
		enter(qp, old);
	else if (mask & QP_RATE_LIMIT)
		take_pace(qp);
	else if (mask & (QP_RETRY_CNT | QP_RNR_RETRY))
		requester_progress(qp->requester);
}
