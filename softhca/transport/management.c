/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * MADs between queue pairs 1 that need not exist. Source: IBTA vol. 1, 13.5.3 (what a MAD's packet
 * must be), 12.6 (communication ids), 10.2.5 (the Q_Key).
 */
#include "softhca/transport/management.h"

#include "hw/wire/cm.h"
#include "hw/wire/deth.h"
#include "softhca/fabric/service.h"

/* ---- to whom ---- */

/* Messages that ask for a service name it at the same place. */
_Static_assert((int)CM_REQ_SERVICE_ID == (int)CM_SIDR_REQ_SERVICE_ID, "of REQ and SIDR_REQ");
_Static_assert(MAD_HEADER_BYTES + CM_REQ_SERVICE_ID + 8 <= MANAGEMENT_LOOK_BYTES, "in sight");

static uint32_t by_id(const struct fabric_hca *hca, uint32_t id)
{
	uint32_t process = agent_id_process(id);

	return fabric_agent_is(hca, process) ? process : FABRIC_NOWHERE;
}

static uint32_t find_process(struct fabric_hca *hca, const uint8_t *mad)
{
	const uint8_t *message = mad + MAD_HEADER_BYTES;
	struct wire_mad header;

	memcpy(&header, mad, sizeof(header));
	if (header.management_class != MAD_CLASS_CM)
		return FABRIC_NOWHERE;
	switch (be16toh(header.attribute_id)) {
	case CM_ATTRIBUTE_REQ:
	case CM_ATTRIBUTE_SIDR_REQ:
		return fabric_service_find(hca, hw_get64(message, CM_REQ_SERVICE_ID));
	case CM_ATTRIBUTE_SIDR_REP:
		return by_id(hca, hw_get(message, CM_LOCAL_ID));
	default:
		return by_id(hca, hw_get(message, CM_REMOTE_ID));
	}
}

/* Somebody has to say that there is no such service or connection. */
void management_route(struct route *route, struct fabric *fabric,
		      const uint8_t mad[MANAGEMENT_LOOK_BYTES])
{
	struct fabric_hca *hca =
		route->hca < 0 ? NULL : fabric_hca_at(fabric, (unsigned int)route->hca);

	if (!hca)
		return;
	route->process = find_process(hca, mad);
	if (route->process == FABRIC_NOWHERE || !fabric_process_alive(fabric, route->process))
		route->process = fabric_agent_any(fabric, hca);
}

bool management_is_served(const struct route *route, struct fabric *fabric,
			  const uint8_t mad[MANAGEMENT_LOOK_BYTES])
{
	struct fabric_hca *hca =
		route->hca < 0 ? NULL : fabric_hca_at(fabric, (unsigned int)route->hca);
	struct wire_mad header;

	memcpy(&header, mad, sizeof(header));
	if (!hca || route->process != FABRIC_NOWHERE ||
	    (be16toh(header.attribute_id) != CM_ATTRIBUTE_REQ &&
	     be16toh(header.attribute_id) != CM_ATTRIBUTE_SIDR_REQ))
		return true;
	return find_process(hca, mad) != FABRIC_NOWHERE;
}

uint32_t management_owner(struct fabric *fabric, int index, uint32_t id)
{
	struct fabric_hca *hca = index < 0 ? NULL : fabric_hca_at(fabric, (unsigned int)index);
	struct fabric_qp *qp = hca ? fabric_qp_find(hca, MAD_QPN_GENERAL) : NULL;
	uint32_t owner;

	if (!qp)
		return hca ? by_id(hca, id) : FABRIC_NOWHERE;
	owner = atomic_load_explicit(&qp->owner, memory_order_acquire);
	return owner && owner <= FABRIC_MAX_PROCESSES ? owner - 1 : FABRIC_NOWHERE;
}

int management_send(struct hca *hca, const struct route *route, uint32_t psn,
		    const uint8_t mad[MAD_BYTES])
{
	struct wire_deth deth = {
		.qkey = htobe32(WIRE_QKEY_GENERAL_SERVICES),
		.source = htobe32(MAD_QPN_GENERAL),
	};
	struct packet_plan plan = {
		.opcode = WIRE_UD | WIRE_SEND_ONLY,
		.psn = psn & WIRE_PSN_MASK,
		.qpn = route->qpn,
		.extension_length = sizeof(deth),
		.payload_length = MAD_BYTES,
	};
	struct packet_writer writer;
	int error = packet_begin(hca->engine->fabric, route, &plan, &writer);

	if (error)
		return error;
	memcpy(writer.extension, &deth, sizeof(deth));
	memcpy(writer.payload, mad, MAD_BYTES);
	packet_end(hca->engine->fabric, &writer);
	return 0;
}

/* ---- received ---- */

static struct mad_source source_of(const struct arrival *arrival, const struct wire_deth *deth)
{
	struct mad_source source = {
		.qpn = be32toh(deth->source) & WIRE_QPN_MASK,
		.lid = arrival->packet->slid,
		.pkey = arrival->pkey,
		.sl = arrival->packet->sl,
		.has_header = arrival->grh != NULL,
		.roce_v1 = arrival->packet->flags & PACKET_ROCE_V1,
	};

	if (arrival->grh)
		memcpy(&source.header, arrival->grh, sizeof(source.header));
	return source;
}

void management_receive(struct hca *hca, struct arrival *arrival)
{
	uint8_t mad[MAD_BYTES];
	struct wire_deth deth;
	struct mad_source source;

	if (arrival->transport != WIRE_UD || arrival->operation != WIRE_SEND_ONLY ||
	    !route_port_accepts_pkey(hca, arrival->pkey, &arrival->pkey_index) ||
	    !arrival_take(arrival, &deth, sizeof(deth)) ||
	    be32toh(deth.qkey) != WIRE_QKEY_GENERAL_SERVICES || arrival->length != MAD_BYTES)
		return;
	source = source_of(arrival, &deth);
	/* The ring is the sender's, too: from here on it is a copy. */
	memcpy(mad, arrival->body, MAD_BYTES);
	hca->agent->ops->receive(hca->agent, &source, mad);
}
