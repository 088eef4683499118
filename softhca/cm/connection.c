/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The life of a connection, whichever end began it: who it is with, who hears of it, and how it is
 * over. An event is the last that is done to a connection, since its user may end it then.
 */
#include <errno.h>
#include <stdlib.h>

#include "softhca/cm/internal.h"
#include "softhca/core/trace.h"
#include "util/clock.h"

/* How long who has rejected answers copies of what it has rejected: past this it is over for the
 * peer as well, whose own time to wait may be hours. */
static const uint64_t MAX_LINGER_NS = 5 * NS_PER_S;
/* The same for what may still be on its way between two queue pairs. */
enum { MAX_TIME_WAIT = 19 };

struct cm_connection *connection_create(struct cm *cm)
{
	struct cm_connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		return NULL;
	exchange_begin(cm, &connection->exchange, EXCHANGE_CONNECTION);
	connection->agreement.local_id = connection->exchange.id;
	connection->process = FABRIC_NOWHERE;
	list_init(&connection->peer);
	return connection;
}

void connection_free(struct cm_connection *connection)
{
	peer_unwatch(connection);
	table_remove(&connection->exchange.cm->by_qpn, &connection->by_qpn);
	exchange_end(&connection->exchange);
	free(connection);
}

int private_fill(struct cm_message *message, const struct cm_private *private)
{
	if (!private)
		return 0;
	if (private->length > cm_message_private_size(message->type) ||
	    (private->length && !private->data))
		return EINVAL;
	message->private = *private;
	return 0;
}

void connection_event(struct cm_connection *connection, enum cm_event_type type,
		      const struct cm_message *message, const struct mad_source *source)
{
	struct cm_event event = {.type = type, .message = message};
	struct cm_source shown;

	if (source) {
		shown = agent_source(source);
		event.source = &shown;
	}
	if (connection->fn)
		connection->fn(connection, connection->arg, &event);
}

/* ---- the peer ---- */

void connection_set_peer_id(struct cm_connection *connection, uint32_t remote_id)
{
	connection->agreement.remote_id = remote_id;
	exchange_set_remote(&connection->exchange, remote_id);
	peer_watch(connection);
}

void connection_set_peer(struct cm_connection *connection, uint32_t remote_id, uint32_t qpn,
			 uint64_t ca_guid)
{
	struct table *by_qpn = &connection->exchange.cm->by_qpn;

	connection->agreement.remote_qpn = qpn;
	connection->agreement.remote_ca_guid = ca_guid;
	table_insert(by_qpn, qpn, &connection->by_qpn);
	connection_set_peer_id(connection, remote_id);
}

struct cm_connection *connection_by_remote(struct cm *cm, uint32_t remote_id, uint64_t ca_guid)
{
	table_for_each(link, &cm->by_remote, remote_id)
	{
		struct exchange *exchange = table_entry(link, struct exchange, by_remote);

		if (exchange->kind == EXCHANGE_CONNECTION &&
		    to_connection(exchange)->agreement.remote_ca_guid == ca_guid)
			return to_connection(exchange);
	}
	return NULL;
}

struct cm_connection *connection_for(struct cm *cm, const struct cm_message *message)
{
	struct exchange *exchange = exchange_find(cm, EXCHANGE_CONNECTION, message->remote_id);

	if (!exchange || (exchange->remote_id && exchange->remote_id != message->local_id))
		return NULL;
	return to_connection(exchange);
}

/* ---- queue pairs that have been heard of before ---- */

static struct cm_connection *by_qpn(struct cm *cm, uint32_t qpn, uint64_t ca_guid,
				    const struct cm_connection *but)
{
	table_for_each(link, &cm->by_qpn, qpn)
	{
		struct cm_connection *connection = table_entry(link, struct cm_connection, by_qpn);

		if (connection != but && connection->agreement.remote_ca_guid == ca_guid &&
		    !peer_is_gone(connection))
			return connection;
	}
	return NULL;
}

bool connection_is_stale(struct cm *cm, uint32_t qpn, uint64_t ca_guid,
			 const struct cm_connection *but)
{
	return by_qpn(cm, qpn, ca_guid, but);
}

/* IBTA vol. 1, 12.9.8.3.1. One whose end is already known of runs its course. */
void connection_lose_stale(struct cm *cm, uint32_t qpn, uint64_t ca_guid)
{
	struct cm_connection *connection = by_qpn(cm, qpn, ca_guid, NULL);

	if (connection)
		connection_lose(connection);
}

/* ---- its end ---- */

static void end_lingering(struct exchange *exchange)
{
	struct cm_connection *connection = to_connection(exchange);

	if (connection->destroyed) {
		connection_free(connection);
		return;
	}
	/* Its user may look at it for as long as it likes; for the peer it is no more. */
	table_remove(&exchange->cm->by_remote, &exchange->by_remote);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void connection_finish(struct cm_connection *connection)
{
	struct exchange *exchange = &connection->exchange;

	exchange_stop(exchange);
	peer_unwatch(connection);
	table_remove(&exchange->cm->by_qpn, &connection->by_qpn);
	connection->agreement.state = CM_STATE_IDLE;
	exchange_wait(exchange, least(connection->response_ns, MAX_LINGER_NS), end_lingering);
}

void connection_fail(struct cm_connection *connection, enum cm_event_type type,
		     const struct cm_message *message, const struct mad_source *source)
{
	connection_finish(connection);
	connection_event(connection, type, message, source);
}

static void end_time_wait(struct exchange *exchange)
{
	struct cm_connection *connection = to_connection(exchange);

	table_remove(&exchange->cm->by_qpn, &connection->by_qpn);
	table_remove(&exchange->cm->by_remote, &exchange->by_remote);
	connection->agreement.state = CM_STATE_IDLE;
	if (connection->destroyed)
		connection_free(connection);
	else
		connection_event(connection, CM_EVENT_TIME_WAIT_OVER, NULL, NULL);
}

/* IBTA vol. 1, 12.9.8.4: packets of the old connection must not meet a new one. */
void connection_enter_time_wait(struct cm_connection *connection)
{
	uint8_t code = connection->agreement.path.ack_timeout;

	connection->agreement.state = CM_STATE_TIME_WAIT;
	peer_unwatch(connection);
	exchange_stop(&connection->exchange);
	exchange_wait(&connection->exchange,
		      cm_code_ns(code < MAX_TIME_WAIT ? code : MAX_TIME_WAIT), end_time_wait);
}

/* Its kernel would have sent a DREQ, or a REJ. */
void connection_lose(struct cm_connection *connection)
{
	peer_unwatch(connection);
	connection->peer_gone = true;
	trace_printf("cm %08x: the peer is gone", connection->exchange.id);
	switch (connection->agreement.state) {
	case CM_STATE_ESTABLISHED:
		connection->agreement.state = CM_STATE_DREQ_RECEIVED;
		connection_event(connection, CM_EVENT_DISCONNECTED, NULL, NULL);
		break;
	case CM_STATE_DREQ_SENT:
		connection_enter_time_wait(connection);
		connection_event(connection, CM_EVENT_DISCONNECT_DONE, NULL, NULL);
		break;
	case CM_STATE_REQ_SENT:
	case CM_STATE_REQ_RECEIVED:
	case CM_STATE_REP_SENT:
	case CM_STATE_REP_RECEIVED:
		connection_fail(connection, CM_EVENT_UNREACHABLE, NULL, NULL);
		break;
	case CM_STATE_DREQ_RECEIVED:
	case CM_STATE_TIME_WAIT:
	case CM_STATE_IDLE:
		break;
	}
}

void connection_unanswered(struct exchange *exchange)
{
	struct cm_connection *connection = to_connection(exchange);

	if (connection->agreement.state == CM_STATE_DREQ_SENT) {
		connection_enter_time_wait(connection);
		connection_event(connection, CM_EVENT_DISCONNECT_DONE, NULL, NULL);
		return;
	}
	connection_send_rej(connection, CM_REJECT_TIMEOUT, NULL, 0, NULL);
	connection_fail(connection, CM_EVENT_UNREACHABLE, NULL, NULL);
}

/* ---- what users do with it ---- */

void cm_connection_set_user(struct cm_connection *connection, cm_connection_fn *fn, void *arg)
{
	connection->fn = fn;
	connection->arg = arg;
}

void cm_connection_agreement(const struct cm_connection *connection, struct cm_agreement *agreement)
{
	*agreement = connection->agreement;
}

void cm_forget(struct cm_connection *connection)
{
	connection_free(connection);
}

void cm_destroy(struct cm_connection *connection)
{
	connection->fn = NULL;
	connection->destroyed = true;
	switch (connection->agreement.state) {
	case CM_STATE_REQ_SENT:
		cm_reject(connection, CM_REJECT_TIMEOUT, NULL, 0, NULL);
		break;
	case CM_STATE_REQ_RECEIVED:
	case CM_STATE_REP_SENT:
	case CM_STATE_REP_RECEIVED:
		cm_reject(connection, CM_REJECT_CONSUMER, NULL, 0, NULL);
		break;
	case CM_STATE_ESTABLISHED:
		cm_disconnect(connection, NULL);
		break;
	case CM_STATE_DREQ_RECEIVED:
		cm_disconnect_reply(connection, NULL);
		break;
	case CM_STATE_DREQ_SENT:
	case CM_STATE_TIME_WAIT:
		break;
	case CM_STATE_IDLE:
		if (!list_linked(&connection->exchange.timer))
			connection_free(connection);
		break;
	}
}
