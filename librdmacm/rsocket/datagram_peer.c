/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Those we exchange datagrams with. A peer's queue pair is told by UDP; the way to it is found out
 * while datagrams go on by UDP.
 */
#include <stdlib.h>

#include "librdmacm/rsocket/datagram.h"

enum { RESOLVE_MS = 2000 };

static struct list *bucket_of(struct rs_datagrams *datagrams,
			      const struct sockaddr_storage *address)
{
	const uint8_t *bytes = (const uint8_t *)address;
	uint32_t hash = 0;

	for (size_t i = 0; i < rs_address_length(address); i++)
		hash = hash * 31 + bytes[i];
	return &datagrams->buckets[(hash ^ hash >> 16) % RS_PEER_BUCKETS];
}

struct rs_peer *rs_peer_find(struct rs_datagrams *datagrams, const struct sockaddr_storage *address)
{
	list_for_each (node, bucket_of(datagrams, address)) {
		struct rs_peer *peer = list_entry(node, struct rs_peer, in_bucket);

		if (rs_same_address(&peer->address, address))
			return peer;
	}
	return NULL;
}

static void end_resolving(struct rs_peer *peer)
{
	if (!peer->id)
		return;
	rdma_destroy_id(peer->id);
	peer->id = NULL;
	peer->datagrams->resolving--;
}

static void peer_free(struct rs_peer *peer)
{
	end_resolving(peer);
	if (peer->ah)
		ibv_destroy_ah(peer->ah);
	list_remove(&peer->in_bucket);
	list_remove(&peer->in_age);
	peer->datagrams->peer_count--;
	free(peer);
}

void rs_peers_free(struct rs_datagrams *datagrams)
{
	list_for_each_safe (node, &datagrams->peers)
		peer_free(list_entry(node, struct rs_peer, in_age));
}

int rs_peer_get(struct rs_datagrams *datagrams, const struct sockaddr_storage *address,
		struct rs_peer **found)
{
	struct rs_peer *peer = rs_peer_find(datagrams, address);
	int err;

	*found = peer;
	if (peer)
		return 0;
	peer = calloc(1, sizeof(*peer));
	if (!peer)
		return ENOMEM;
	err = rs_pair_for(datagrams, address, &peer->pair);
	if (err) {
		free(peer);
		return err;
	}
	if (datagrams->peer_count == RS_MAX_PEERS)
		peer_free(list_entry(datagrams->peers.next, struct rs_peer, in_age));
	peer->datagrams = datagrams;
	peer->address = *address;
	list_append(bucket_of(datagrams, address), &peer->in_bucket);
	list_append(&datagrams->peers, &peer->in_age);
	datagrams->peer_count++;
	*found = peer;
	return 0;
}

/* If it cannot be begun now, there is a next time: the peer goes on telling us by UDP. */
static void begin_resolving(struct rs_peer *peer)
{
	struct sockaddr_storage own = peer->pair->address;

	*rs_port_of(&own) = 0;
	if (rdma_create_id(peer->datagrams->channel, &peer->id, peer, RDMA_PS_UDP)) {
		peer->id = NULL;
		return;
	}
	peer->datagrams->resolving++;
	if (rdma_resolve_addr(peer->id, (struct sockaddr *)&own, (struct sockaddr *)&peer->address,
			      RESOLVE_MS))
		end_resolving(peer);
}

void rs_peer_learn(struct rs_peer *peer, uint32_t qpn)
{
	peer->qpn = qpn;
	if (!peer->ah && !peer->id)
		begin_resolving(peer);
}

/* Where a GID is there for two versions of RoCE the later one is what connections use. */
static int find_gid(const struct rdma_cm_id *id, const union ibv_gid *gid, uint8_t *index)
{
	struct ibv_gid_entry entry;
	struct ibv_port_attr port;
	int found = -1;

	if (ibv_query_port(id->verbs, id->port_num, &port))
		return EIO;
	for (int i = 0; i < port.gid_tbl_len && i <= UINT8_MAX; i++) {
		if (ibv_query_gid_ex(id->verbs, id->port_num, (uint32_t)i, &entry, 0) ||
		    memcmp(&entry.gid, gid, sizeof(*gid)))
			continue;
		if (found < 0 || entry.gid_type == IBV_GID_TYPE_ROCE_V2)
			found = i;
	}
	*index = (uint8_t)found;
	return found < 0 ? ENOENT : 0;
}

static int way_to(const struct rdma_cm_id *id, struct ibv_ah_attr *attr)
{
	const struct ibv_sa_path_rec *path = id->route.path_rec;
	struct ibv_port_attr port;
	int err;

	if (!path)
		return ENOENT;
	err = ibv_query_port(id->verbs, id->port_num, &port);
	if (err)
		return err;
	*attr = (struct ibv_ah_attr){
		.dlid = be16toh(path->dlid),
		.sl = path->sl,
		.src_path_bits = be16toh(path->slid) & ((1 << port.lmc) - 1),
		.static_rate = path->rate,
		.port_num = id->port_num,
		.is_global = path->hop_limit > 1 || port.link_layer == IBV_LINK_LAYER_ETHERNET,
	};
	if (!attr->is_global)
		return 0;
	attr->grh = (struct ibv_global_route){.dgid = path->dgid,
					      .flow_label = be32toh(path->flow_label),
					      .hop_limit = path->hop_limit,
					      .traffic_class = path->traffic_class};
	return find_gid(id, &path->sgid, &attr->grh.sgid_index);
}

static void resolved(struct rs_peer *peer)
{
	struct ibv_ah_attr attr;

	if (!way_to(peer->id, &attr))
		peer->ah = ibv_create_ah(peer->pair->id->pd, &attr);
	end_resolving(peer);
}

static void handle(struct rs_peer *peer, enum rdma_cm_event_type type)
{
	switch (type) {
	case RDMA_CM_EVENT_ADDR_RESOLVED:
		if (rdma_resolve_route(peer->id, RESOLVE_MS))
			end_resolving(peer);
		break;
	case RDMA_CM_EVENT_ROUTE_RESOLVED:
		resolved(peer);
		break;
	default:
		end_resolving(peer);
	}
}

/* Ids of queue pairs are told of their devices only. */
static struct rs_peer *peer_of(const struct rs_datagrams *datagrams, const struct rdma_cm_id *id)
{
	list_for_each (node, &datagrams->peers) {
		struct rs_peer *peer = list_entry(node, struct rs_peer, in_age);

		if (peer->id == id)
			return peer;
	}
	return NULL;
}

void rs_peer_events(struct rs_datagrams *datagrams)
{
	struct rdma_cm_event *event;

	while (!rdma_get_cm_event(datagrams->channel, &event)) {
		struct rs_peer *peer = peer_of(datagrams, event->id);
		enum rdma_cm_event_type type = event->event;

		rdma_ack_cm_event(event);
		if (peer)
			handle(peer, type);
		else if (type == RDMA_CM_EVENT_DEVICE_REMOVAL)
			datagrams->rs->error = ENETDOWN;
	}
}
