/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* DREQ and DREP, and a LAP, which is told that there are no alternate paths. Source: IBTA vol. 1,
 * 12.6.10, 12.6.11, 12.9.8. */
#include <errno.h>

#include "softhca/cm/internal.h"

/* ---- sent ---- */

int cm_disconnect(struct cm_connection *connection, const struct cm_private *private)
{
	struct cm_message message = {
		.type = CM_MESSAGE_DREQ,
		.dreq = {.remote_qpn = connection->agreement.remote_qpn},
	};

	if (connection->agreement.state != CM_STATE_ESTABLISHED || private_fill(&message, private))
		return EINVAL;
	connection->agreement.state = CM_STATE_DREQ_SENT;
	exchange_renew(&connection->exchange);
	exchange_repeat(&connection->exchange, &message, connection->response_ns,
			connection->max_retries, connection_unanswered);
	return 0;
}

int cm_disconnect_reply(struct cm_connection *connection, const struct cm_private *private)
{
	struct cm_message message = {.type = CM_MESSAGE_DREP};

	if (connection->agreement.state != CM_STATE_DREQ_RECEIVED ||
	    private_fill(&message, private))
		return EINVAL;
	if (!connection->peer_gone)
		exchange_send(&connection->exchange, &message);
	connection_enter_time_wait(connection);
	return 0;
}

/* ---- DREQ ---- */

/* A DREP of who knows nothing of a connection, or has forgotten it. */
static void confirm(struct cm *cm, const struct cm_message *dreq, const struct mad_source *source)
{
	const struct cm_message message = {
		.type = CM_MESSAGE_DREP,
		.transaction_id = dreq->transaction_id,
		.local_id = dreq->remote_id,
		.remote_id = dreq->local_id,
	};

	agent_answer(cm, source, &message);
}

/* Two DREQ that have crossed: either is answered, and both ends are through. */
static void cross(struct cm_connection *connection, const struct cm_message *message,
		  const struct mad_source *source)
{
	confirm(connection->exchange.cm, message, source);
	connection_enter_time_wait(connection);
	connection_event(connection, CM_EVENT_DISCONNECT_DONE, message, source);
}

static void disconnected(struct cm_connection *connection, const struct cm_message *message,
			 const struct mad_source *source)
{
	connection->agreement.state = CM_STATE_DREQ_RECEIVED;
	connection->exchange.transaction_id = message->transaction_id;
	connection_event(connection, CM_EVENT_DISCONNECTED, message, source);
}

static struct cm_connection *find(struct cm *cm, const struct cm_message *message)
{
	struct cm_connection *connection = connection_for(cm, message);

	return connection && connection->agreement.local_qpn == message->dreq.remote_qpn
		       ? connection
		       : NULL;
}

/* Only who has got a REP disconnects: its RTU is lost, or late. */
static void establish(struct cm *cm, const struct cm_message *message,
		      const struct mad_source *source)
{
	connection_establish(find(cm, message), NULL, NULL);
	if (find(cm, message))
		receive_dreq(cm, message, source);
}

void receive_dreq(struct cm *cm, const struct cm_message *message, const struct mad_source *source)
{
	struct cm_connection *connection = find(cm, message);

	switch (connection ? connection->agreement.state : CM_STATE_IDLE) {
	case CM_STATE_REP_SENT:
		establish(cm, message, source);
		break;
	case CM_STATE_ESTABLISHED:
		disconnected(connection, message, source);
		break;
	case CM_STATE_DREQ_SENT:
		cross(connection, message, source);
		break;
	case CM_STATE_DREQ_RECEIVED:
		cm->counters.duplicates[CM_MESSAGE_DREQ]++;
		break;
	case CM_STATE_TIME_WAIT:
		cm->counters.duplicates[CM_MESSAGE_DREQ]++;
		confirm(cm, message, source);
		break;
	case CM_STATE_IDLE:
		confirm(cm, message, source);
		break;
	case CM_STATE_REQ_SENT:
	case CM_STATE_REQ_RECEIVED:
	case CM_STATE_REP_RECEIVED:
		agent_stray(cm, message, "the connection has not been established");
	}
}

/* ---- DREP ---- */

void receive_drep(struct cm *cm, const struct cm_message *message, const struct mad_source *source)
{
	struct cm_connection *connection = connection_for(cm, message);

	if (!connection) {
		agent_stray(cm, message, "there is no such connection");
		return;
	}
	if (connection->agreement.state != CM_STATE_DREQ_SENT) {
		cm->counters.duplicates[CM_MESSAGE_DREP]++;
		return;
	}
	connection_enter_time_wait(connection);
	connection_event(connection, CM_EVENT_DISCONNECT_DONE, message, source);
}

/* ---- LAP ---- */

void receive_lap(struct cm *cm, const struct cm_message *message, const struct mad_source *source)
{
	const struct cm_connection *connection = connection_for(cm, message);
	const struct cm_message answer = {
		.type = CM_MESSAGE_APR,
		.transaction_id = message->transaction_id,
		.local_id = message->remote_id,
		.remote_id = message->local_id,
		.apr = {.status = connection ? CM_ALTERNATE_UNSUPPORTED
					     : CM_ALTERNATE_INVALID_COMM_ID},
	};

	agent_answer(cm, source, &answer);
}
