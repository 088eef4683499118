/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The end that connects: REQ out, REP in, RTU out. Source: IBTA vol. 1, 12.9.7.1. */
#include <errno.h>
#include <stdlib.h>

#include "hw/wire/address.h"
#include "softhca/cm/internal.h"

/* ---- REQ ---- */

static bool is_valid(const struct cm_req *req)
{
	return req->qpn <= CM_MAX_24_BITS && req->starting_psn <= CM_MAX_24_BITS &&
	       req->transport != CM_TRANSPORT_RD && req->transport <= CM_TRANSPORT_XRC &&
	       req->remote_response_timeout <= CM_MAX_TIMEOUT &&
	       req->local_response_timeout <= CM_MAX_TIMEOUT &&
	       req->max_cm_retries <= CM_MAX_RETRIES && req->retry_count <= CM_MAX_RETRY_COUNT &&
	       req->rnr_retry_count <= CM_MAX_RETRY_COUNT && req->mtu >= CM_MIN_MTU &&
	       req->mtu <= CM_MAX_MTU;
}

/* Where LIDs are none the field has all ones, as the kernel's ib_cm sends it. */
static void hide_lids(struct cm_path *path)
{
	path->local_lid = path->remote_lid = WIRE_LID_PERMISSIVE;
}

static int make_request(struct cm *cm, const struct cm_req *request, const struct cm_ece *ece,
			const struct cm_private *private, struct cm_message *message)
{
	*message = (struct cm_message){.type = CM_MESSAGE_REQ, .req = *request};
	message->req.ca_guid = cm->hca->shared->node_guid;
	if (cm->hca->shared->port_type == FABRIC_PORT_ETH)
		hide_lids(&message->req.primary);
	if (ece)
		message->ece = *ece;
	return is_valid(request) ? private_fill(message, private) : EINVAL;
}

static void agree_on(struct cm_connection *connection, const struct cm_req *req)
{
	struct cm_agreement *agreement = &connection->agreement;

	agreement->state = CM_STATE_REQ_SENT;
	agreement->active = true;
	agreement->transport = req->transport;
	agreement->service_id = req->service_id;
	agreement->local_qpn = req->qpn;
	agreement->local_psn = req->starting_psn;
	agreement->responder_resources = req->responder_resources;
	agreement->initiator_depth = req->initiator_depth;
	agreement->mtu = req->mtu;
	agreement->retry_count = req->retry_count;
	agreement->pkey = req->pkey;
	agreement->path = req->primary;
	connection->response_ns = cm_code_ns(req->remote_response_timeout);
	connection->max_retries = req->max_cm_retries;
}

int cm_connect(struct cm *cm, const struct cm_req *request, const struct cm_ece *ece,
	       const struct cm_private *private, cm_connection_fn *fn, void *arg,
	       struct cm_connection **created)
{
	struct cm_connection *connection;
	struct cm_message message;
	struct route route;
	int error = make_request(cm, request, ece, private, &message);

	if (!error)
		error = agent_route_along(cm, &request->primary, &route);
	if (error)
		return error;
	connection = connection_create(cm);
	if (!connection)
		return ENOMEM;
	connection->exchange.route = route;
	cm_connection_set_user(connection, fn, arg);
	agree_on(connection, request);
	exchange_repeat(&connection->exchange, &message, connection->response_ns,
			connection->max_retries, connection_unanswered);
	peer_watch(connection);
	*created = connection;
	return 0;
}

/* ---- REP ---- */

static uint8_t least(uint8_t a, uint8_t b)
{
	return a < b ? a : b;
}

static void take_reply(struct cm_connection *connection, const struct cm_message *message)
{
	struct cm_agreement *agreement = &connection->agreement;
	const struct cm_rep *rep = &message->rep;

	agreement->state = CM_STATE_REP_RECEIVED;
	agreement->remote_psn = rep->starting_psn;
	agreement->remote_qkey = rep->qkey;
	agreement->responder_resources =
		least(agreement->responder_resources, rep->initiator_depth);
	agreement->initiator_depth = least(agreement->initiator_depth, rep->responder_resources);
	agreement->rnr_retry_count = rep->rnr_retry_count;
	agreement->target_ack_delay = rep->target_ack_delay;
	agreement->remote_srq = rep->srq;
	agreement->remote_ece = message->ece;
	exchange_stop(&connection->exchange);
	connection_set_peer(connection, message->local_id, rep->qpn, rep->ca_guid);
}

/* Another copy: what was said to the first one has been lost, or is still to be said. */
static void answer_again(struct cm_connection *connection)
{
	struct exchange *exchange = &connection->exchange;

	exchange->cm->counters.duplicates[CM_MESSAGE_REP]++;
	if (exchange->type == CM_MESSAGE_RTU || exchange->type == CM_MESSAGE_REJ ||
	    exchange->type == CM_MESSAGE_MRA)
		exchange_resend(exchange);
}

static void refuse_stale(struct cm_connection *connection, const struct cm_message *message,
			 const struct mad_source *source)
{
	struct cm *cm = connection->exchange.cm;

	reject_message(cm, message, source, CM_REJECT_STALE);
	connection_fail(connection, CM_EVENT_UNREACHABLE, NULL, NULL);
	connection_lose_stale(cm, message->rep.qpn, message->rep.ca_guid);
}

void receive_rep(struct cm *cm, const struct cm_message *message, const struct mad_source *source)
{
	struct cm_connection *connection = connection_for(cm, message);

	if (!connection || !connection->agreement.active) {
		agent_stray(cm, message, "there is no such request");
		reject_message(cm, message, source, CM_REJECT_INVALID_COMM_ID);
		return;
	}
	if (connection->agreement.state != CM_STATE_REQ_SENT) {
		answer_again(connection);
		return;
	}
	if (connection_is_stale(cm, message->rep.qpn, message->rep.ca_guid, connection)) {
		refuse_stale(connection, message, source);
		return;
	}
	take_reply(connection, message);
	connection_event(connection, CM_EVENT_RESPONSE, message, source);
}

/* ---- RTU ---- */

int cm_confirm(struct cm_connection *connection, const struct cm_private *private)
{
	struct cm_message message = {.type = CM_MESSAGE_RTU};

	if (connection->agreement.state != CM_STATE_REP_RECEIVED || private_fill(&message, private))
		return EINVAL;
	connection->agreement.state = CM_STATE_ESTABLISHED;
	exchange_send(&connection->exchange, &message);
	return 0;
}
