/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Packets to their queue pair's transport, kicks to its requester. */
#include "softhca/transport/transport.h"

#include "softhca/ethernet/ethernet.h"
#include "softhca/transport/datagram.h"
#include "softhca/transport/dc.h"
#include "softhca/transport/management.h"

unsigned int transport_push(struct qp *qp)
{
	unsigned int moved = 0;

	if (qp->attr.state == QP_SQE)
		return transport_flush(qp);
	if (qp->responder->num_responses)
		moved = read_push(qp->responder);
	return moved + requester_push(qp->requester);
}

/* A connection hears its peer only; a target is everybody's. */
static bool comes_from_peer(const struct qp *qp, const struct arrival *arrival)
{
	if (qp->type == QP_TYPE_DCT)
		return true;
	if (qp->type == QP_TYPE_DCI)
		return dc_comes_from_target(qp, arrival);
	return arrival_is_from(arrival, qp, qp->attr.path.dlid, qp->attr.path.dgid);
}

static bool is_response(uint8_t operation)
{
	return operation >= WIRE_READ_RESPONSE_FIRST && operation <= WIRE_ATOMIC_ACKNOWLEDGE;
}

/* Of queue pairs with one half only, the other one has nothing to take an answer for, or takes no
 * requests. */
static void receive_reliable(struct qp *qp, struct arrival *arrival)
{
	if (is_response(arrival->operation))
		requester_receive(qp->requester, arrival);
	else if (qp_type_only_sends(qp->type))
		return;
	else if (arrival->transport != WIRE_XRC || xrc_take_header(arrival))
		responder_receive(qp->responder, arrival);
}

static void receive(struct qp *qp, struct arrival *arrival)
{
	if (!route_accepts_pkey(qp, arrival->pkey, &arrival->pkey_index)) {
		qp->shared->errors++;
		return;
	}
	if (!qp_type_is_datagram(qp->type) && !comes_from_peer(qp, arrival))
		return;
	if (arrival->transport != qp_wire_transport(qp))
		return;
	if (qp->type == QP_TYPE_DCT)
		dc_target_receive(qp, arrival);
	else if (qp_type_is_reliable(qp->type))
		receive_reliable(qp, arrival);
	else if (qp->type == QP_TYPE_UC)
		uc_receive(qp->responder, arrival);
	else
		datagram_receive(qp, arrival);
}

/* For no queue pair in particular. */
static void receive_other(struct hca *hca, const struct packet *packet, const uint8_t *bytes)
{
	struct arrival arrival;

	if (packet->flags & PACKET_FRAME)
		ethernet_receive(hca, packet, bytes);
	else if (arrival_parse(&arrival, packet, bytes))
		datagram_receive_multicast(hca, &arrival);
}

void transport_receive(struct hca *hca, const struct packet *packet, const uint8_t *bytes)
{
	struct arrival arrival;
	struct qp *qp;

	if (__builtin_expect(packet->flags & (PACKET_MULTICAST | PACKET_FRAME), 0)) {
		receive_other(hca, packet, bytes);
		return;
	}
	if (!arrival_parse(&arrival, packet, bytes))
		return;
	qp = hca_find_qp(hca, arrival.qpn);
	if (qp)
		receive(qp, &arrival);
	else if (arrival.qpn == MAD_QPN_GENERAL && hca->agent)
		management_receive(hca, &arrival);
}
