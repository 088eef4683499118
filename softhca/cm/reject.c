/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* REJ: the end of connections that have not been. Source: IBTA vol. 1, 12.6.7. */
#include <errno.h>
#include <string.h>

#include "hw/field.h"
#include "softhca/cm/internal.h"

/* ---- sent ---- */

static enum cm_subject rejected_message(enum cm_state state)
{
	switch (state) {
	case CM_STATE_REQ_RECEIVED:
		return CM_ABOUT_REQ;
	case CM_STATE_REP_RECEIVED:
		return CM_ABOUT_REP;
	default:
		return CM_ABOUT_OTHER;
	}
}

/* 12.6.7.2, table 107: who takes a request back does not know the peer's id, and is known by its
 * own and the GUID of its adapter. */
static void name_sender(const struct cm_connection *connection, struct cm_rej *rej)
{
	hw_set64(rej->information, 0, connection->exchange.cm->hca->shared->node_guid);
	rej->information_length = sizeof(uint64_t);
}

int connection_send_rej(struct cm_connection *connection, uint16_t reason, const void *information,
			uint8_t information_length, const struct cm_private *private)
{
	struct cm_message message = {
		.type = CM_MESSAGE_REJ,
		.rej = {.subject = rejected_message(connection->agreement.state),
			.reason = reason,
			.information_length = information_length},
	};

	if (information_length > CM_INFORMATION || private_fill(&message, private))
		return EINVAL;
	if (information_length)
		memcpy(message.rej.information, information, information_length);
	else if (!connection->exchange.remote_id)
		name_sender(connection, &message.rej);
	exchange_send(&connection->exchange, &message);
	return 0;
}

int cm_reject(struct cm_connection *connection, uint16_t reason, const void *information,
	      uint8_t information_length, const struct cm_private *private)
{
	int error;

	if (connection->agreement.state > CM_STATE_REP_RECEIVED)
		return EINVAL;
	error = connection_send_rej(connection, reason, information, information_length, private);
	if (!error)
		connection_finish(connection);
	return error;
}

void reject_message(struct cm *cm, const struct cm_message *rejected,
		    const struct mad_source *source, uint16_t reason)
{
	struct cm_message message = {
		.type = CM_MESSAGE_REJ,
		.transaction_id = rejected->transaction_id,
		.local_id = rejected->remote_id,
		.remote_id = rejected->local_id,
		.rej = {.reason = reason},
	};

	message.rej.subject = rejected->type == CM_MESSAGE_REQ	 ? CM_ABOUT_REQ
			      : rejected->type == CM_MESSAGE_REP ? CM_ABOUT_REP
								 : CM_ABOUT_OTHER;
	agent_answer(cm, source, &message);
}

/* ---- received ---- */

static struct cm_connection *find_rejected(struct cm *cm, const struct cm_message *message)
{
	const struct cm_rej *rej = &message->rej;
	struct exchange *exchange;

	if (!message->remote_id)
		return rej->information_length < sizeof(uint64_t)
			       ? NULL
			       : connection_by_remote(cm, message->local_id,
						      hw_get64(rej->information, 0));
	exchange = exchange_find(cm, EXCHANGE_CONNECTION, message->remote_id);
	if (!exchange)
		return NULL;
	/* Who refuses a request need not have an id of its own. */
	if (message->local_id && exchange->remote_id && message->local_id != exchange->remote_id)
		return NULL;
	return to_connection(exchange);
}

void receive_rej(struct cm *cm, const struct cm_message *message, const struct mad_source *source)
{
	struct cm_connection *connection = find_rejected(cm, message);

	if (!connection) {
		agent_stray(cm, message, "there is no such connection");
		return;
	}
	switch (connection->agreement.state) {
	case CM_STATE_REQ_SENT:
	case CM_STATE_REQ_RECEIVED:
	case CM_STATE_REP_SENT:
	case CM_STATE_REP_RECEIVED:
		connection_fail(connection, CM_EVENT_REJECTED, message, source);
		break;
	case CM_STATE_DREQ_SENT:
		/* The peer knows nothing of what is to be ended. */
		connection_enter_time_wait(connection);
		connection_event(connection, CM_EVENT_DISCONNECT_DONE, NULL, NULL);
		break;
	case CM_STATE_IDLE:
		cm->counters.duplicates[CM_MESSAGE_REJ]++;
		break;
	case CM_STATE_ESTABLISHED:
	case CM_STATE_DREQ_RECEIVED:
	case CM_STATE_TIME_WAIT:
		agent_stray(cm, message, "the connection has been established");
	}
}
