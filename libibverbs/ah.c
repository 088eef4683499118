/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Address handles, and the way back to whoever sent a datagram. eth_l2.c has Ethernet addresses. */
#include <arpa/inet.h>
#include <endian.h>
#include <netinet/ip.h>
#include <string.h>

#include "libibverbs/explain/explain.h"
#include "libibverbs/library.h"

struct ibv_ah *ibv_create_ah(struct ibv_pd *pd, struct ibv_ah_attr *attr)
{
	const struct verbs_context_ops *ops = context_ops(pd->context);
	struct ibv_ah *ah;

	if (!ops->create_ah)
		return fail_null(explain_errno(EOPNOTSUPP, __func__, pd->context));
	ah = attr->port_num ? ops->create_ah(pd, attr) : fail_null(EINVAL);
	if (!ah) {
		if (explain_by_provider(errno, __func__) ||
		    explain_path(errno, __func__, pd->context, attr, "attr"))
			return NULL;
		return explained_pointer(NULL, __func__, pd->context);
	}
	ah->context = pd->context;
	ah->pd = pd;
	return ah;
}

int ibv_destroy_ah(struct ibv_ah *ah)
{
	struct ibv_context *context = ah->context;
	const struct verbs_context_ops *ops = context_ops(context);

	return explained(ops->destroy_ah ? ops->destroy_ah(ah) : EOPNOTSUPP, __func__, context);
}

/* What the 40 bytes in front of a received datagram say about its route. */
struct route {
	union ibv_gid source, destination;
	uint32_t flow_label;
	uint8_t hop_limit, traffic_class;
	enum ibv_gid_type gid_type;
};

static uint16_t ip_checksum(const void *header, size_t len)
{
	const uint8_t *bytes = header;
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += bytes[i] << 8 | bytes[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/*
 * RoCE v2 over IPv4 puts an IPv4 header into the last 20 of the 40 bytes and leaves the others
 * undefined (IBTA RoCEv2 annex A17), so they may look like IPv6 by chance; then a valid checksum
 * decides. Only then: of packets that it hands to itself, rxe leaves the checksum out.
 */
static bool is_ipv4(const struct ibv_grh *grh, struct iphdr *ip)
{
	bool is_ipv6 = be32toh(grh->version_tclass_flow) >> 28 == 6;

	memcpy(ip, (const char *)grh + 20, sizeof(*ip));
	return ip->version == 4 && ip->ihl == 5 && (!is_ipv6 || !ip_checksum(ip, sizeof(*ip)));
}

static void map_ipv4(union ibv_gid *gid, uint32_t address)
{
	memset(gid->raw, 0, 10);
	memset(gid->raw + 10, 0xff, 2);
	memcpy(gid->raw + 12, &address, sizeof(address));
}

static void read_ipv4(struct route *route, const struct iphdr *ip)
{
	map_ipv4(&route->source, ip->saddr);
	map_ipv4(&route->destination, ip->daddr);
	route->flow_label = 0;
	route->hop_limit = ip->ttl;
	route->traffic_class = ip->tos;
	route->gid_type = IBV_GID_TYPE_ROCE_V2;
}

static void read_grh(struct route *route, const struct ibv_grh *grh, bool ethernet)
{
	uint32_t head = be32toh(grh->version_tclass_flow);

	route->source = grh->sgid;
	route->destination = grh->dgid;
	route->flow_label = head & IB_GRH_FLOWLABEL_MASK;
	route->traffic_class = head >> 20;
	route->hop_limit = grh->hop_limit;
	if (!ethernet)
		route->gid_type = IBV_GID_TYPE_IB;
	else
		route->gid_type =
			grh->next_hdr == IPPROTO_UDP ? IBV_GID_TYPE_ROCE_V2 : IBV_GID_TYPE_ROCE_V1;
}

/* On InfiniBand a GID stands once in the table, on Ethernet once per type. */
static int find_gid(struct ibv_context *context, uint8_t port_num, int table_len,
		    const struct route *route)
{
	struct ibv_gid_entry entry;

	for (int index = 0; index < table_len; index++) {
		if (ibv_query_gid_ex(context, port_num, index, &entry, 0))
			continue;
		if (entry.gid_type == route->gid_type &&
		    !memcmp(&entry.gid, &route->destination, sizeof(entry.gid)))
			return index;
	}
	return -1;
}

/* The port, not the GRH, knows the link layer: GRH bytes are the sender's. */
static int reverse_route(struct ibv_context *context, uint8_t port_num, const void *received,
			 struct ibv_global_route *back)
{
	struct ibv_port_attr port;
	struct ibv_grh grh;
	struct route route;
	struct iphdr ip;
	bool ethernet;
	int index, err;

	err = ibv_query_port(context, port_num, &port);
	if (err)
		return err;
	/* A receive buffer may begin anywhere. */
	memcpy(&grh, received, sizeof(grh));
	ethernet = port.link_layer == IBV_LINK_LAYER_ETHERNET;
	if (ethernet && is_ipv4(&grh, &ip))
		read_ipv4(&route, &ip);
	else
		read_grh(&route, &grh, ethernet);
	index = find_gid(context, port_num, port.gid_tbl_len, &route);
	if (index < 0 || index > UINT8_MAX)
		return ENOENT;
	back->dgid = route.source;
	back->sgid_index = index;
	back->flow_label = route.flow_label;
	back->hop_limit = route.hop_limit;
	back->traffic_class = route.traffic_class;
	return 0;
}

int ibv_init_ah_from_wc(struct ibv_context *context, uint8_t port_num, struct ibv_wc *wc,
			struct ibv_grh *grh, struct ibv_ah_attr *ah_attr)
{
	int err;

	memset(ah_attr, 0, sizeof(*ah_attr));
	ah_attr->dlid = wc->slid;
	ah_attr->sl = wc->sl;
	ah_attr->src_path_bits = wc->dlid_path_bits;
	ah_attr->port_num = port_num;
	if (!(wc->wc_flags & IBV_WC_GRH))
		return 0;
	ah_attr->is_global = 1;
	err = reverse_route(context, port_num, grh, &ah_attr->grh);
	return err ? fail_minus(err) : 0;
}

struct ibv_ah *ibv_create_ah_from_wc(struct ibv_pd *pd, struct ibv_wc *wc, struct ibv_grh *grh,
				     uint8_t port_num)
{
	struct ibv_ah_attr attr;

	if (ibv_init_ah_from_wc(pd->context, port_num, wc, grh, &attr))
		return NULL;
	return ibv_create_ah(pd, &attr);
}
