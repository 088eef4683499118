/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* MRA: an answer takes longer. Source: IBTA vol. 1, 12.6.6. */
#include <errno.h>

#include "softhca/cm/internal.h"

int cm_delay(struct cm_connection *connection, uint8_t service_timeout,
	     const struct cm_private *private)
{
	enum cm_state state = connection->agreement.state;
	struct cm_message message = {
		.type = CM_MESSAGE_MRA,
		.mra = {.subject = state == CM_STATE_REQ_RECEIVED ? CM_ABOUT_REQ : CM_ABOUT_REP,
			.service_timeout = service_timeout},
	};

	if (state != CM_STATE_REQ_RECEIVED && state != CM_STATE_REP_RECEIVED)
		return EINVAL;
	if (service_timeout > CM_MAX_TIMEOUT || private_fill(&message, private))
		return EINVAL;
	exchange_send(&connection->exchange, &message);
	return 0;
}

static bool is_about_last(const struct cm_connection *connection, enum cm_subject subject)
{
	switch (connection->agreement.state) {
	case CM_STATE_REQ_SENT:
		return subject == CM_ABOUT_REQ;
	case CM_STATE_REP_SENT:
		return subject == CM_ABOUT_REP;
	default:
		return false;
	}
}

void receive_mra(struct cm *cm, const struct cm_message *message, const struct mad_source *source)
{
	struct cm_connection *connection = connection_for(cm, message);

	if (!connection || !is_about_last(connection, message->mra.subject)) {
		agent_stray(cm, message, "nothing waits for an answer");
		return;
	}
	/* It is the first to tell who has the request. */
	if (!connection->exchange.remote_id)
		connection_set_peer_id(connection, message->local_id);
	if (!exchange_extend(&connection->exchange, cm_code_ns(message->mra.service_timeout))) {
		cm->counters.duplicates[CM_MESSAGE_MRA]++;
		return;
	}
	connection_event(connection, CM_EVENT_DELAYED, message, source);
}
