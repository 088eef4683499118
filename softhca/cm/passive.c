/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The end that is connected to: REQ in, REP out, RTU in. Source: IBTA vol. 1, 12.9.7.2. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hw/wire/address.h"
#include "softhca/cm/internal.h"

/* ---- REQ ---- */

static uint16_t seen_lid(uint16_t lid)
{
	return lid == WIRE_LID_PERMISSIVE ? 0 : lid;
}

/* The sender's path as it is seen from here. */
static struct cm_path reverse(const struct cm_path *path)
{
	struct cm_path reversed = *path;

	reversed.local_lid = seen_lid(path->remote_lid);
	reversed.remote_lid = seen_lid(path->local_lid);
	memcpy(reversed.local_gid, path->remote_gid, sizeof(reversed.local_gid));
	memcpy(reversed.remote_gid, path->local_gid, sizeof(reversed.remote_gid));
	return reversed;
}

/* 0, or why this end cannot take it. */
static uint16_t why_not(struct cm *cm, const struct cm_req *req)
{
	const struct cm_path path = reverse(&req->primary);
	struct route route;

	if (req->transport == CM_TRANSPORT_RD)
		return CM_REJECT_INVALID_TRANSPORT;
	if (req->mtu < CM_MIN_MTU || req->mtu > CM_MAX_MTU)
		return CM_REJECT_INVALID_MTU;
	if (cm->hca->shared->port_type == FABRIC_PORT_IB && path.local_lid != cm->hca->shared->lid)
		return CM_REJECT_INVALID_LID;
	return agent_route_along(cm, &path, &route) ? CM_REJECT_INVALID_GID : 0;
}

static bool has_alternate(const struct cm_req *req)
{
	static const uint8_t nowhere[16];

	return req->alternate.local_lid || memcmp(req->alternate.local_gid, nowhere, 16);
}

static void agree_on(struct cm_connection *connection, const struct cm_message *message)
{
	struct cm_agreement *agreement = &connection->agreement;
	const struct cm_req *req = &message->req;

	agreement->state = CM_STATE_REQ_RECEIVED;
	agreement->transport = req->transport;
	agreement->service_id = req->service_id;
	agreement->remote_psn = req->starting_psn;
	agreement->remote_qkey = req->qkey;
	agreement->responder_resources = req->initiator_depth;
	agreement->initiator_depth = req->responder_resources;
	agreement->mtu = req->mtu;
	agreement->retry_count = req->retry_count;
	agreement->rnr_retry_count = req->rnr_retry_count;
	agreement->remote_srq = req->srq;
	agreement->pkey = req->pkey;
	agreement->path = reverse(&req->primary);
	agreement->remote_ece = message->ece;
	connection->response_ns = cm_code_ns(req->local_response_timeout);
	connection->max_retries = req->max_cm_retries;
	connection->wants_alternate = has_alternate(req);
}

static struct cm_connection *begin(struct cm *cm, const struct cm_message *message,
				   const struct mad_source *source)
{
	struct cm_connection *connection = connection_create(cm);

	if (!connection)
		return NULL;
	connection->exchange.transaction_id = message->transaction_id;
	agent_route_back(cm, source, &connection->exchange.route);
	agree_on(connection, message);
	connection_set_peer(connection, message->local_id, message->req.qpn, message->req.ca_guid);
	return connection;
}

/* Another copy: what was said to the first one has been lost, or is still to be said. */
static void answer_again(struct cm_connection *connection, const struct cm_message *message,
			 const struct mad_source *source)
{
	struct exchange *exchange = &connection->exchange;

	exchange->cm->counters.duplicates[CM_MESSAGE_REQ]++;
	switch (connection->agreement.state) {
	case CM_STATE_REQ_RECEIVED:
		if (exchange->type == CM_MESSAGE_MRA)
			exchange_resend(exchange);
		break;
	case CM_STATE_REP_SENT:
		exchange_resend(exchange);
		break;
	case CM_STATE_TIME_WAIT:
		reject_message(exchange->cm, message, source, CM_REJECT_STALE);
		break;
	default:
		if (exchange->type == CM_MESSAGE_REJ)
			exchange_resend(exchange);
	}
}

static void take(struct cm *cm, struct cm_listener *listener, const struct cm_message *message,
		 const struct mad_source *source)
{
	struct cm_connection *connection = begin(cm, message, source);
	const struct cm_source shown = agent_source(source);
	const struct cm_event event = {
		.type = CM_EVENT_REQUEST, .message = message, .source = &shown};

	if (!connection)
		reject_message(cm, message, source, CM_REJECT_NO_RESOURCES);
	else
		listener->ops->request(listener, listener->arg, connection, &event);
}

void receive_req(struct cm *cm, const struct cm_message *message, const struct mad_source *source)
{
	const struct cm_req *req = &message->req;
	struct cm_connection *connection =
		connection_by_remote(cm, message->local_id, req->ca_guid);
	struct cm_listener *listener;
	uint16_t reason;

	if (connection) {
		answer_again(connection, message, source);
		return;
	}
	listener = listener_find(cm, req->service_id);
	reason = listener ? why_not(cm, req) : CM_REJECT_INVALID_SERVICE_ID;
	if (!reason && connection_is_stale(cm, req->qpn, req->ca_guid, NULL))
		reason = CM_REJECT_STALE;
	if (!reason) {
		take(cm, listener, message, source);
		return;
	}
	reject_message(cm, message, source, reason);
	if (reason == CM_REJECT_STALE)
		connection_lose_stale(cm, req->qpn, req->ca_guid);
}

/* ---- REP ---- */

static bool is_valid(const struct cm_rep *rep)
{
	return rep->qpn <= CM_MAX_24_BITS && rep->starting_psn <= CM_MAX_24_BITS &&
	       rep->target_ack_delay <= CM_MAX_TIMEOUT && rep->failover <= CM_FAILOVER_REJECTED &&
	       rep->rnr_retry_count <= CM_MAX_RETRY_COUNT;
}

int cm_accept(struct cm_connection *connection, const struct cm_rep *reply,
	      const struct cm_ece *ece, const struct cm_private *private)
{
	struct cm_message message = {.type = CM_MESSAGE_REP, .rep = *reply};
	struct cm_agreement *agreement = &connection->agreement;

	if (agreement->state != CM_STATE_REQ_RECEIVED || !is_valid(reply) ||
	    private_fill(&message, private))
		return EINVAL;
	message.rep.ca_guid = connection->exchange.cm->hca->shared->node_guid;
	if (connection->wants_alternate)
		message.rep.failover = CM_FAILOVER_UNSUPPORTED;
	if (ece)
		message.ece = *ece;
	agreement->state = CM_STATE_REP_SENT;
	agreement->local_qpn = reply->qpn;
	agreement->local_psn = reply->starting_psn;
	agreement->responder_resources = reply->responder_resources;
	agreement->initiator_depth = reply->initiator_depth;
	agreement->target_ack_delay = reply->target_ack_delay;
	exchange_repeat(&connection->exchange, &message, connection->response_ns,
			connection->max_retries, connection_unanswered);
	return 0;
}

/* ---- RTU ---- */

void connection_establish(struct cm_connection *connection, const struct cm_message *message,
			  const struct mad_source *source)
{
	exchange_stop(&connection->exchange);
	connection->agreement.state = CM_STATE_ESTABLISHED;
	connection_event(connection, CM_EVENT_ESTABLISHED, message, source);
}

void receive_rtu(struct cm *cm, const struct cm_message *message, const struct mad_source *source)
{
	struct cm_connection *connection = connection_for(cm, message);

	if (!connection || connection->agreement.active)
		agent_stray(cm, message, "there is no such connection");
	else if (connection->agreement.state == CM_STATE_REP_SENT)
		connection_establish(connection, message, source);
	else
		cm->counters.duplicates[CM_MESSAGE_RTU]++;
}

int cm_notify_established(struct cm_connection *connection)
{
	if (connection->agreement.state == CM_STATE_ESTABLISHED)
		return EISCONN;
	if (connection->agreement.state != CM_STATE_REP_SENT)
		return EINVAL;
	connection_establish(connection, NULL, NULL);
	return 0;
}
