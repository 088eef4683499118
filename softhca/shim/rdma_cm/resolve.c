/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Resolving addresses and routes. Nothing has to be asked on a wire, so the event follows at once;
 * only for a host that is not there the time passes that an answer would have had.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "hw/wire/address.h"
#include "softhca/fabric/fabric.h"
#include "softhca/shim/identity.h"
#include "softhca/shim/rdma_cm/ucm.h"
#include "util/clock.h"

enum {
	RATE_100_GBPS = 16, /* as path records number rates, IBTA vol. 1, table 224 */
	/* 4.096 us << n: a packet takes much less, but its receiver may wait for a core. */
	PACKET_LIFE_TIME = 14,
	HOP_LIMIT_ROCE = 64,
};

/* Ids whose address nobody has yet; under the engine lock, but for a look at whether it is empty.
 */
static struct list resolving = {&resolving, &resolving};
static _Atomic bool any_resolving;

void ucm_resolving_forget(void)
{
	list_init(&resolving);
	any_resolving = false;
}

/* ---- paths ---- */

void ucm_path_between(struct ucm_id *id, int to, unsigned int to_gid)
{
	const struct fabric_hca *own = id->hca->shared;
	const struct fabric_hca *peer = fabric_hca_at(id->hca->engine->fabric, (unsigned int)to);
	bool ethernet = own->port_type == FABRIC_PORT_ETH;

	id->path = (struct ucm_path){
		.slid = own->lid,
		.dlid = peer ? peer->lid : 0,
		.pkey = own->pkeys[0],
		.hop_limit = ethernet ? HOP_LIMIT_ROCE : 0,
		.traffic_class = ethernet ? id->tos : 0,
		.mtu = PORT_MTU_4096,
		.rate = RATE_100_GBPS,
		.life_time = PACKET_LIFE_TIME,
	};
	if (id->has_ack_timeout && id->ack_timeout)
		id->path.life_time = id->ack_timeout - 1;
	memcpy(id->path.sgid, own->gids[id->sgid_index].raw, sizeof(id->path.sgid));
	if (peer)
		memcpy(id->path.dgid, peer->gids[to_gid].raw, sizeof(id->path.dgid));
}

/* ---- addresses ---- */

static bool is_group(const union ucm_address *address)
{
	uint8_t raw[16];

	ucm_address_raw(address, raw);
	return wire_gid_is_multicast(raw);
}

static void resolved(struct ucm_id *id, int to)
{
	list_remove(&id->resolving);
	id->state = UCM_ADDRESS_RESOLVED;
	ucm_path_between(id, to, to < 0 ? 0 : ucm_gid_index(&id->dst, id->hca, to));
	ucm_event_tell(id, UCM_EVENT_ADDR_RESOLVED, 0);
}

/* The id is as bound as it was, and may try again. */
static void failed(struct ucm_id *id, int status)
{
	list_remove(&id->resolving);
	id->state = UCM_BOUND;
	ucm_event_tell(id, UCM_EVENT_ADDR_ERROR, -status);
}

/* The device, and an address for an id that has been bound to a wildcard. */
static int take_source(struct ucm_id *id)
{
	struct hca *hca = id->file->member->hca;

	if (hca->shared->killed || !cm_of(hca))
		return ENODEV;
	if (ucm_address_is_any(&id->src)) {
		__be16 port = ucm_address_port(&id->src);
		union ucm_address source;

		ucm_address_source_for(&id->dst, hca, &source);
		if (id->src.family == UCM_AF_IB) {
			memcpy(id->src.ib.gid, source.ib.gid, sizeof(source.ib.gid));
			id->src.ib.pkey = source.ib.pkey;
		} else {
			id->src = source;
			ucm_address_set_port(&id->src, port);
		}
	}
	id->hca = hca;
	id->sgid_index = ucm_gid_index(&id->src, hca, (int)hca->index);
	return 0;
}

/* Hosts of the fabric have addresses of one network, and who is not there may come. */
static bool is_of_fabric(const union ucm_address *address, const struct hca *hca)
{
	union ucm_address own = {.family = address->family};
	uint8_t raw[16], near[16];

	if (address->family == UCM_AF_IB)
		return true;
	memcpy(near, hca->shared->ipv6, sizeof(near));
	if (address->family == AF_INET) {
		memcpy(&own.ip4.sin_addr, hca->shared->ipv4, sizeof(hca->shared->ipv4));
		ucm_address_raw(&own, near);
	}
	ucm_address_raw(address, raw);
	/* The number of the host is in the last 16 bits. */
	return !memcmp(raw, near, 14);
}

static void await_address(struct ucm_id *id, uint32_t timeout_ms)
{
	id->state = UCM_ADDRESS_QUERY;
	id->deadline_ns = clock_ns() + timeout_ms * NS_PER_MS;
	list_append(&resolving, &id->resolving);
	any_resolving = true;
}

static int find_peer(struct ucm_id *id, uint32_t timeout_ms)
{
	struct hca *hca = id->file->member->hca;
	int to = is_group(&id->dst) ? -1 : ucm_address_find(&id->dst, hca);
	int rc = 0;

	if (to < 0 && !is_group(&id->dst) && !is_of_fabric(&id->dst, hca))
		return ENETUNREACH;
	rc = take_source(id);
	if (rc)
		failed(id, rc);
	else if (to < 0 && !is_group(&id->dst))
		await_address(id, timeout_ms);
	else
		resolved(id, to);
	return 0;
}

int ucm_resolve_address(struct ucm_id *id, const union ucm_address *source,
			const union ucm_address *destination, uint32_t timeout_ms)
{
	union ucm_address any = {.family = destination->family};
	int rc = 0;

	if (id->state == UCM_IDLE)
		rc = ucm_bind(id, source->family ? source : &any);
	if (!rc && (id->state != UCM_BOUND || id->src.family != destination->family))
		rc = EINVAL;
	if (rc)
		return rc;
	id->dst = *destination;
	rc = find_peer(id, timeout_ms);
	if (rc)
		id->dst = (union ucm_address){.family = destination->family};
	return rc;
}

void ucm_look(struct membership *member)
{
	if (!atomic_load_explicit(&any_resolving, memory_order_relaxed))
		return;
	engine_lock(member->engine);
	list_for_each_safe (node, &resolving) {
		struct ucm_id *id = list_entry(node, struct ucm_id, resolving);
		int to = ucm_address_find(&id->dst, id->hca);

		if (to >= 0)
			resolved(id, to);
		else if (clock_ns() >= id->deadline_ns)
			failed(id, ETIMEDOUT);
	}
	any_resolving = !list_empty(&resolving);
	engine_unlock(member->engine);
}

/* ---- routes ---- */

int ucm_resolve_way(struct ucm_call *call)
{
	struct rdma_ucm_resolve_route wire;
	struct ucm_id *id;
	int rc;

	ucm_input(call, &wire, sizeof(wire));
	rc = ucm_id_get_bound(call->file, wire.id, &id);
	if (rc)
		return rc;
	if (!wire.timeout_ms || id->state != UCM_ADDRESS_RESOLVED)
		return EINVAL;
	id->state = UCM_ROUTE_RESOLVED;
	id->has_path = true;
	ucm_event_tell(id, UCM_EVENT_ROUTE_RESOLVED, 0);
	return 0;
}

/* Nobody keeps records of services on this subnet: who asks its administration finds none. */
int ucm_resolve_service(struct ucm_call *call)
{
	struct rdma_ucm_resolve_ib_service wire;
	struct ucm_id *id;
	int rc;

	ucm_input(call, &wire, sizeof(wire));
	rc = ucm_id_get_bound(call->file, wire.id, &id);
	if (rc)
		return rc;
	if (id->hca->shared->port_type != FABRIC_PORT_IB)
		return EOPNOTSUPP;
	if (id->state != UCM_BOUND)
		return EINVAL;
	ucm_event_tell(id, UCM_EVENT_ADDRINFO_ERROR, -ENODATA);
	return 0;
}
