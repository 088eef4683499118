/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The manager as the agent of an adapter's queue pair 1: coming and going, MADs in and out.
 * Source: IBTA vol. 1, 13.5.4 (how answers find their way back).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "softhca/cm/internal.h"
#include "softhca/core/trace.h"
#include "softhca/fabric/service.h"
#include "util/clock.h"

enum { ROCE_HOP_LIMIT = 64 };

/* ---- the trace ---- */

/* What a message is about, beside its ids. */
static void describe(const struct cm_message *message, char *text, size_t size)
{
	switch (message->type) {
	case CM_MESSAGE_REQ:
		snprintf(text, size, " service=%#llx qp=%06x",
			 (unsigned long long)message->req.service_id, message->req.qpn);
		break;
	case CM_MESSAGE_REP:
		snprintf(text, size, " qp=%06x", message->rep.qpn);
		break;
	case CM_MESSAGE_REJ:
		snprintf(text, size, " reason=%u", message->rej.reason);
		break;
	case CM_MESSAGE_DREQ:
		snprintf(text, size, " of qp=%06x", message->dreq.remote_qpn);
		break;
	case CM_MESSAGE_SIDR_REQ:
		snprintf(text, size, " service=%#llx",
			 (unsigned long long)message->sidr_req.service_id);
		break;
	case CM_MESSAGE_SIDR_REP:
		snprintf(text, size, " status=%u qp=%06x", message->sidr_rep.status,
			 message->sidr_rep.qpn);
		break;
	default:
		text[0] = '\0';
	}
}

static void trace_message(const char *direction, const struct cm_message *message)
{
	char text[64];

	if (!trace_on())
		return;
	describe(message, text, sizeof(text));
	trace_printf("cm %s %s local=%08x remote=%08x%s", direction, cm_message_name(message->type),
		     message->local_id, message->remote_id, text);
}

void agent_stray(struct cm *cm, const struct cm_message *message, const char *reason)
{
	cm->counters.stray++;
	trace_printf("cm dropped %s local=%08x remote=%08x: %s", cm_message_name(message->type),
		     message->local_id, message->remote_id, reason);
}

/* ---- ways ---- */

static bool is_ethernet(const struct cm *cm)
{
	return cm->hca->shared->port_type == FABRIC_PORT_ETH;
}

/* The place of a GID in the table, -1 if it is not there. An address of RoCE is there in both
 * versions. */
static int gid_index(const struct cm *cm, const uint8_t gid[16], bool roce_v1)
{
	const struct fabric_gid *gids = cm->hca->shared->gids;
	int found = -1;

	for (int i = 0; i < FABRIC_GIDS; i++) {
		if (!gids[i].valid || memcmp(gids[i].raw, gid, 16))
			continue;
		if ((gids[i].type == FABRIC_GID_ROCE_V1) == roce_v1)
			return i;
		found = i;
	}
	return found;
}

static void build(struct cm *cm, const struct path *path, struct route *route)
{
	route_build_own(route, cm->hca, cm->hca->shared->pkeys[0], path, MAD_QPN_GENERAL);
}

void agent_route_back(struct cm *cm, const struct mad_source *source, struct route *route)
{
	int index = gid_index(cm, source->header.dgid, source->roce_v1);
	struct path path = {
		.dlid = source->lid,
		.sl = source->sl,
		.grh = source->has_header,
		.sgid_index = index < 0 ? 0 : (uint8_t)index,
		.hop_limit = ROCE_HOP_LIMIT,
		.traffic_class = grh_traffic_class(&source->header),
		.flow_label = grh_flow_label(&source->header),
	};

	memcpy(path.dgid, source->header.sgid, sizeof(path.dgid));
	build(cm, &path, route);
}

int agent_route_along(struct cm *cm, const struct cm_path *path, struct route *route)
{
	int index = gid_index(cm, path->local_gid, false);
	struct path along = {
		.dlid = path->remote_lid,
		.sl = path->sl,
		.grh = is_ethernet(cm) || path->hop_limit > 1,
		.sgid_index = index < 0 ? 0 : (uint8_t)index,
		.hop_limit = is_ethernet(cm) && !path->hop_limit ? ROCE_HOP_LIMIT : path->hop_limit,
		.traffic_class = path->traffic_class,
		.flow_label = path->flow_label,
	};

	if (index < 0 || (!is_ethernet(cm) && path->local_lid != cm->hca->shared->lid))
		return EINVAL;
	memcpy(along.dgid, path->remote_gid, sizeof(along.dgid));
	build(cm, &along, route);
	return 0;
}

struct cm_source agent_source(const struct mad_source *source)
{
	struct cm_source shown = {
		.lid = source->lid,
		.sl = source->sl,
		.has_gid = source->has_header,
		.traffic_class = grh_traffic_class(&source->header),
		.flow_label = grh_flow_label(&source->header),
		.pkey = source->pkey,
	};

	memcpy(shown.gid, source->header.sgid, sizeof(shown.gid));
	memcpy(shown.own_gid, source->header.dgid, sizeof(shown.own_gid));
	return shown;
}

/* ---- out ---- */

int agent_send(struct cm *cm, struct route *route, const uint8_t mad[MAD_BYTES])
{
	struct hca *hca = cm->hca;
	struct cm_message message;
	int error;

	if (cm_message_decode(mad, &message))
		return EINVAL;
	/* A rejection that names no id goes where the request went, whoever that was. */
	if (message.type != CM_MESSAGE_REJ || message.remote_id) {
		route_look_up(route, hca);
		if (route->process == FABRIC_NOWHERE)
			management_route(route, hca->engine->fabric, mad);
	}
	error = management_send(hca, route, cm->next_psn++, mad);
	if (error)
		return error;
	cm->counters.sent[message.type]++;
	trace_message("->", &message);
	fabric_send_flush(hca->engine->fabric, clock_ns());
	return 0;
}

bool agent_is_early(struct cm *cm, struct route *route, const uint8_t mad[MAD_BYTES])
{
	route_look_up(route, cm->hca);
	return !management_is_served(route, cm->hca->engine->fabric, mad);
}

/* What the ring has no room for is lost; the peer will ask again. */
void agent_answer(struct cm *cm, const struct mad_source *source, const struct cm_message *message)
{
	uint8_t mad[MAD_BYTES];
	struct route route;

	agent_route_back(cm, source, &route);
	cm_message_encode(message, mad);
	agent_send(cm, &route, mad);
}

/* ---- in ---- */

static receive_fn *const receivers[CM_MESSAGE_TYPES] = {
	[CM_MESSAGE_REQ] = receive_req,		  [CM_MESSAGE_MRA] = receive_mra,
	[CM_MESSAGE_REJ] = receive_rej,		  [CM_MESSAGE_REP] = receive_rep,
	[CM_MESSAGE_RTU] = receive_rtu,		  [CM_MESSAGE_DREQ] = receive_dreq,
	[CM_MESSAGE_DREP] = receive_drep,	  [CM_MESSAGE_SIDR_REQ] = receive_sidr_req,
	[CM_MESSAGE_SIDR_REP] = receive_sidr_rep, [CM_MESSAGE_LAP] = receive_lap,
};

static void receive(struct agent *agent, const struct mad_source *source,
		    const uint8_t mad[MAD_BYTES])
{
	struct cm *cm = list_entry(agent, struct cm, agent);
	struct cm_message message;
	const char *fault = cm_message_decode(mad, &message);

	if (fault) {
		cm->counters.malformed++;
		trace_printf("cm dropped a MAD from lid %#x: %s", source->lid, fault);
		return;
	}
	cm->counters.received[message.type]++;
	trace_message("<-", &message);
	if (source->qpn != MAD_QPN_GENERAL)
		agent_stray(cm, &message, "not from queue pair 1");
	else if (receivers[message.type])
		receivers[message.type](cm, &message, source);
	else
		agent_stray(cm, &message, "nobody has asked for it");
}

static void run_timers(struct agent *agent)
{
	struct cm *cm = list_entry(agent, struct cm, agent);
	uint64_t now = cm->hca->engine->now_ns;

	exchange_run_timers(cm, now);
	peer_look(cm, now);
}

/* ---- coming and going ---- */

static void close_agent(struct agent *agent)
{
	cm_detach(list_entry(agent, struct cm, agent));
}

static const struct agent_ops ops = {
	.receive = receive,
	.run_timers = run_timers,
	.close = close_agent,
};

/* What is left of an earlier process in this slot must not be taken for ours. */
static void set_first_numbers(struct cm *cm)
{
	uint32_t chance[3] = {0};

	if (getrandom(chance, sizeof(chance), GRND_NONBLOCK) != sizeof(chance))
		chance[0] = (uint32_t)clock_ns();
	cm->next_serial = chance[0];
	cm->next_psn = chance[1];
	cm->next_transaction = (uint64_t)chance[2] << 32 | 1;
}

int cm_attach(struct hca *hca, struct cm **attached)
{
	struct cm *cm;

	if (hca->agent || fabric_qp_find(hca->shared, MAD_QPN_GENERAL))
		return EBUSY;
	cm = calloc(1, sizeof(*cm));
	if (!cm)
		return ENOMEM;
	cm->agent.ops = &ops;
	cm->hca = hca;
	list_init(&cm->exchanges);
	list_init(&cm->timers);
	list_init(&cm->listeners);
	list_init(&cm->watched);
	set_first_numbers(cm);
	hca->agent = &cm->agent;
	fabric_agent_enter(hca->engine->fabric, hca->shared);
	*attached = cm;
	return 0;
}

struct cm *cm_of(const struct hca *hca)
{
	return hca->agent ? list_entry(hca->agent, struct cm, agent) : NULL;
}

/* Says goodbye, if there is anybody. */
static void end_exchange(struct exchange *exchange)
{
	if (exchange->kind == EXCHANGE_SIDR) {
		sidr_free(exchange);
		return;
	}
	if (to_connection(exchange)->agreement.state != CM_STATE_IDLE)
		cm_destroy(to_connection(exchange));
	connection_free(to_connection(exchange));
}

void cm_detach(struct cm *cm)
{
	struct hca *hca = cm->hca;

	list_for_each_safe (node, &cm->listeners)
		cm_unlisten(list_entry(node, struct cm_listener, link));
	list_for_each_safe (node, &cm->exchanges)
		end_exchange(list_entry(node, struct exchange, link));
	fabric_agent_leave(hca->engine->fabric, hca->shared);
	hca->agent = NULL;
	free(cm);
}

void cm_read_counters(const struct cm *cm, struct cm_counters *counters)
{
	*counters = cm->counters;
}
