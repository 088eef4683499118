/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From an address to a process: LIDs lead on InfiniBand ports, GIDs on Ethernet ones. Who owns the
 * queue pair is looked up in the fabric's directory and remembered, since a look costs the owner's
 * cache line. Source: IBTA vol. 1, 8.3 (GRH), 10.9 (partitions); annex A17 (RoCEv2).
 */
#include "softhca/transport/route.h"

#include <string.h>

#include "hw/wire/bth.h"
#include "util/clock.h"

/* How long a look into the directory is believed. What goes wrong until then is lost, as it would
 * be on a wire, and sent again. */
static const uint64_t belief_ns = 10 * NS_PER_MS;

/* Adapters come and go; which one has the address is settled when it is first found. */
static void find_hca(struct route *route, struct fabric *fabric)
{
	int hca = route->by_gid ? fabric_hca_by_gid(fabric, route->header.dgid)
				: fabric_hca_by_lid(fabric, route->dlid);

	route->hca = hca < FABRIC_MAX_HCAS ? hca : -1;
	route->destination_hca = (uint8_t)(route->hca < 0 ? UINT8_MAX : route->hca);
}

/* The slot of the process that owns the queue pair, or FABRIC_NOWHERE. */
static uint32_t find_owner(const struct route *route, struct fabric *fabric)
{
	struct fabric_hca *hca;
	struct fabric_qp *peer;
	uint32_t owner;

	if (route->hca < 0)
		return FABRIC_NOWHERE;
	hca = fabric_hca_at(fabric, (unsigned int)route->hca);
	peer = hca ? fabric_qp_find(hca, route->qpn) : NULL;
	if (!peer)
		return FABRIC_NOWHERE;
	owner = atomic_load_explicit(&peer->owner, memory_order_acquire);
	return owner && owner <= FABRIC_MAX_PROCESSES ? owner - 1 : FABRIC_NOWHERE;
}

void route_look_up(struct route *route, const struct hca *hca)
{
	struct fabric *fabric = hca->engine->fabric;

	if (route->hca < 0)
		find_hca(route, fabric);
	route->process = find_owner(route, fabric);
	route->checked_ns = hca->engine->now_ns;
}

void route_refresh(struct route *route, const struct qp *qp)
{
	if (route->process == FABRIC_NOWHERE ||
	    qp->hca->engine->now_ns - route->checked_ns > belief_ns)
		route_look_up(route, qp->hca);
}

static bool is_ethernet(const struct hca *hca)
{
	return hca->shared->port_type == FABRIC_PORT_ETH;
}

static void build_header(struct route *route, const struct hca *hca, const struct path *path)
{
	const struct fabric_gid *gid = &hca->shared->gids[path->sgid_index % FABRIC_GIDS];
	struct wire_grh *grh = &route->header;

	route->flags |= PACKET_GRH | (gid->type == FABRIC_GID_ROCE_V1 ? PACKET_ROCE_V1 : 0);
	grh->version_class_flow = grh_version_class_flow(path->traffic_class, path->flow_label);
	grh->payload_length = 0;
	grh->next_header = GRH_NEXT_IBA;
	grh->hop_limit = path->hop_limit;
	memcpy(grh->sgid, gid->raw, sizeof(grh->sgid));
	memcpy(grh->dgid, path->dgid, sizeof(grh->dgid));
}

void route_build_own(struct route *route, struct hca *hca, uint16_t pkey, const struct path *path,
		     uint32_t qpn)
{
	bool ethernet = is_ethernet(hca);

	route->qpn = qpn & WIRE_QPN_MASK;
	route->slid = ethernet ? 0 : hca->shared->lid | path->src_path_bits;
	route->dlid = ethernet ? 0 : path->dlid;
	route->sl = path->sl;
	route->grh = ethernet || path->grh;
	route->pkey = htobe16(pkey);
	route->flags = 0;
	if (route->grh)
		build_header(route, hca, path);

	route->by_gid = ethernet || (!path->dlid && path->grh);
	route->source_hca = (uint8_t)hca->index;
	route->hca = -1;
	route_look_up(route, hca);
}

void route_build(struct route *route, const struct qp *qp, const struct path *path, uint32_t qpn)
{
	route_build_own(route, qp->hca, route_own_pkey(qp), path, qpn);
}

uint16_t route_own_pkey(const struct qp *qp)
{
	return qp->hca->shared->pkeys[qp->attr.pkey_index % FABRIC_PKEYS];
}

/* Same partition, and one of the two is a full member. */
static bool is_match(uint16_t own, uint16_t pkey)
{
	return (own & WIRE_PKEY_MASK) && !((own ^ pkey) & WIRE_PKEY_MASK) &&
	       ((own | pkey) & WIRE_PKEY_FULL);
}

bool route_port_accepts_pkey(const struct hca *hca, uint16_t pkey, uint16_t *index)
{
	for (*index = 0; *index < FABRIC_PKEYS; ++*index)
		if (is_match(hca->shared->pkeys[*index], pkey))
			return true;
	return false;
}

/* IBTA vol. 1, 10.9: subnet management is in no partition, general services are in
 * all of the port's. */
bool route_accepts_pkey(const struct qp *qp, uint16_t pkey, uint16_t *index)
{
	*index = qp->attr.pkey_index;
	if (!qp_type_is_management(qp->type))
		return is_match(route_own_pkey(qp), pkey);
	return qp->type == QP_TYPE_SMI || route_port_accepts_pkey(qp->hca, pkey, index);
}
