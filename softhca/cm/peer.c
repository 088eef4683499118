/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Peers that die. A kernel outlives its processes and says goodbye for them; here nobody is left to
 * do that, so whoever is connected to a process looks now and then whether it is still there.
 */
#include "softhca/cm/internal.h"
#include "util/clock.h"

static const uint64_t LOOK_NS = 100 * NS_PER_MS;

static void look_at(struct cm *cm, uint64_t when_ns)
{
	struct engine *engine = cm->hca->engine;

	cm->next_look_ns = when_ns;
	if (when_ns < engine->next_timer_ns)
		engine->next_timer_ns = when_ns;
}

/* Who has been sent a request, and then who has answered it. */
static uint32_t find_peer(const struct exchange *exchange)
{
	if (!exchange->remote_id)
		return exchange->route.process;
	return management_owner(exchange->cm->hca->engine->fabric, exchange->route.hca,
				exchange->remote_id);
}

void peer_watch(struct cm_connection *connection)
{
	struct cm *cm = connection->exchange.cm;
	struct fabric *fabric = cm->hca->engine->fabric;

	peer_unwatch(connection);
	connection->process = find_peer(&connection->exchange);
	if (connection->process == FABRIC_NOWHERE)
		return;
	connection->process_pid = fabric_process_pid(fabric, connection->process);
	if (list_empty(&cm->watched))
		look_at(cm, clock_ns() + LOOK_NS);
	list_append(&cm->watched, &connection->peer);
}

void peer_unwatch(struct cm_connection *connection)
{
	list_remove(&connection->peer);
}

bool peer_is_gone(const struct cm_connection *connection)
{
	struct fabric *fabric = connection->exchange.cm->hca->engine->fabric;

	return connection->process != FABRIC_NOWHERE &&
	       (fabric_process_pid(fabric, connection->process) != connection->process_pid ||
		!fabric_process_alive(fabric, connection->process));
}

/* Those to be lost are set apart first: what they call back may begin and end others. */
static void look(struct cm *cm)
{
	struct list lost;

	list_init(&lost);
	list_for_each_safe (node, &cm->watched) {
		if (!peer_is_gone(list_entry(node, struct cm_connection, peer)))
			continue;
		list_remove(node);
		list_append(&lost, node);
	}
	while (!list_empty(&lost))
		connection_lose(list_entry(lost.next, struct cm_connection, peer));
}

void peer_look(struct cm *cm, uint64_t now_ns)
{
	if (list_empty(&cm->watched))
		return;
	if (now_ns >= cm->next_look_ns) {
		look(cm);
		cm->next_look_ns = now_ns + LOOK_NS;
	}
	look_at(cm, cm->next_look_ns);
}
