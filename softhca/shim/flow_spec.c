/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The specifications of a flow rule into one key and its mask. Structures: uapi
 * rdma/ib_user_verbs.h; their numbers are those of enum ibv_flow_spec_type. Which fields an adapter
 * looks at is ConnectX's choice: neither the time to live nor the flags of IPv4.
 */
#include "softhca/shim/flow_spec.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include <rdma/ib_user_verbs.h>

#include "hw/wire/ethernet.h"

enum {
	SPEC_ETHERNET = 0x20,
	SPEC_IP4 = 0x30,
	SPEC_IP6 = 0x31,
	SPEC_TCP = 0x40,
	SPEC_UDP = 0x41,
	SPEC_VXLAN = 0x50,
	SPEC_TAG = 0x1000,
	SPEC_DROP = 0x1001,
	SPEC_COUNT = 0x1003,
	MAX_TAG = 0xffffff, /* completions have 24 bits for it */
	MAX_TUNNEL = 0xffffff,
	MAX_FLOW_LABEL = 0xfffff,
};

/*
 * A specification that matches is a head, a filter of values and a filter of masks. Filters grow at
 * their ends: of a shorter one the rest is zero, of a longer one it has to be.
 */
static int read_filters(const uint8_t *bytes, size_t size, void *value, void *mask, size_t known)
{
	size_t head = sizeof(struct ib_uverbs_flow_spec_hdr), given = (size - head) / 2;
	size_t common = given < known ? given : known;

	if (size < head || (size - head) % 2)
		return EINVAL;
	memset(value, 0, known);
	memset(mask, 0, known);
	memcpy(value, bytes + head, common);
	memcpy(mask, bytes + head + given, common);
	for (size_t i = known; i < given; i++)
		if (bytes[head + given + i])
			return EOPNOTSUPP;
	return 0;
}

/* A frame has to have the header; it cannot have one that excludes it. */
static int want_header(struct flow_specs *specs, enum flow_header header, uint8_t excluded)
{
	if (specs->value.headers & (header | excluded))
		return EINVAL;
	specs->value.headers |= (uint8_t)header;
	specs->mask.headers |= (uint8_t)header;
	return 0;
}

static int want_protocol(struct flow_specs *specs, uint8_t protocol)
{
	return (specs->value.protocol ^ protocol) & specs->mask.protocol ? EINVAL : 0;
}

static int read_ethernet(const uint8_t *bytes, size_t size, struct flow_specs *specs)
{
	struct ib_uverbs_flow_eth_filter value, mask;
	int rc = read_filters(bytes, size, &value, &mask, sizeof(value));

	if (rc)
		return rc;
	if (specs->has_ethernet)
		return EINVAL;
	specs->has_ethernet = true;
	memcpy(specs->value.destination_mac, value.dst_mac, 6);
	memcpy(specs->mask.destination_mac, mask.dst_mac, 6);
	memcpy(specs->value.source_mac, value.src_mac, 6);
	memcpy(specs->mask.source_mac, mask.src_mac, 6);
	specs->value.type = value.ether_type;
	specs->mask.type = mask.ether_type;
	specs->value.vlan = value.vlan_tag;
	specs->mask.vlan = mask.vlan_tag;
	return mask.vlan_tag ? want_header(specs, FLOW_TAGGED, 0) : 0;
}

static int read_ip4(const uint8_t *bytes, size_t size, struct flow_specs *specs)
{
	struct ib_uverbs_flow_ipv4_filter value, mask;
	int rc = read_filters(bytes, size, &value, &mask, sizeof(value));

	if (!rc)
		rc = want_header(specs, FLOW_IP4, FLOW_IP6 | FLOW_TCP | FLOW_UDP);
	if (!rc && (mask.ttl || mask.flags))
		rc = EOPNOTSUPP;
	if (rc)
		return rc;
	memcpy(specs->value.source_ip, &value.src_ip, 4);
	memcpy(specs->mask.source_ip, &mask.src_ip, 4);
	memcpy(specs->value.destination_ip, &value.dst_ip, 4);
	memcpy(specs->mask.destination_ip, &mask.dst_ip, 4);
	specs->value.protocol = value.proto;
	specs->mask.protocol = mask.proto;
	specs->value.service = value.tos;
	specs->mask.service = mask.tos;
	return 0;
}

static int read_ip6(const uint8_t *bytes, size_t size, struct flow_specs *specs)
{
	struct ib_uverbs_flow_ipv6_filter value, mask;
	int rc = read_filters(bytes, size, &value, &mask, sizeof(value));

	if (!rc)
		rc = want_header(specs, FLOW_IP6, FLOW_IP4 | FLOW_TCP | FLOW_UDP);
	if (!rc && (be32toh(mask.flow_label & value.flow_label) > MAX_FLOW_LABEL || mask.reserved))
		rc = EINVAL;
	if (!rc && mask.hop_limit)
		rc = EOPNOTSUPP;
	if (rc)
		return rc;
	memcpy(specs->value.source_ip, value.src_ip, 16);
	memcpy(specs->mask.source_ip, mask.src_ip, 16);
	memcpy(specs->value.destination_ip, value.dst_ip, 16);
	memcpy(specs->mask.destination_ip, mask.dst_ip, 16);
	specs->value.flow_label = value.flow_label;
	specs->mask.flow_label = mask.flow_label & htobe32(MAX_FLOW_LABEL);
	specs->value.protocol = value.next_hdr;
	specs->mask.protocol = mask.next_hdr;
	specs->value.service = value.traffic_class;
	specs->mask.service = mask.traffic_class;
	return 0;
}

static int read_ports(const uint8_t *bytes, size_t size, bool tcp, struct flow_specs *specs)
{
	struct ib_uverbs_flow_tcp_udp_filter value, mask;
	int rc = read_filters(bytes, size, &value, &mask, sizeof(value));

	if (!rc)
		rc = want_header(specs, tcp ? FLOW_TCP : FLOW_UDP, FLOW_TCP | FLOW_UDP);
	if (!rc)
		rc = want_protocol(specs, tcp ? PROTOCOL_TCP : PROTOCOL_UDP);
	if (rc)
		return rc;
	specs->value.source_port = value.src_port;
	specs->mask.source_port = mask.src_port;
	specs->value.destination_port = value.dst_port;
	specs->mask.destination_port = mask.dst_port;
	return 0;
}

/* The identifier stands in the low 24 bits there, in the upper ones of the header's word here. */
static int read_tunnel(const uint8_t *bytes, size_t size, struct flow_specs *specs)
{
	struct ib_uverbs_flow_tunnel_filter value, mask;
	__be16 port = htobe16(VXLAN_UDP_PORT);
	int rc = read_filters(bytes, size, &value, &mask, sizeof(value));

	if (rc)
		return rc;
	if (!(specs->value.headers & FLOW_UDP) || specs->mask.tunnel ||
	    be32toh(value.tunnel_id) > MAX_TUNNEL ||
	    (specs->value.destination_port ^ port) & specs->mask.destination_port)
		return EINVAL;
	specs->value.destination_port = port;
	specs->mask.destination_port = UINT16_MAX;
	specs->value.tunnel = htobe32(be32toh(value.tunnel_id) << 8);
	specs->mask.tunnel = htobe32(be32toh(mask.tunnel_id) << 8);
	return 0;
}

/* An action is a head and a number, or the head alone. */
static int read_tag(const uint8_t *bytes, size_t size, struct flow_specs *specs)
{
	struct ib_uverbs_flow_spec_action_tag spec;

	if (size != sizeof(spec))
		return EINVAL;
	memcpy(&spec, bytes, sizeof(spec));
	if (specs->has_tag || spec.tag_id > MAX_TAG)
		return EINVAL;
	specs->has_tag = true;
	specs->tag = spec.tag_id;
	return 0;
}

static int read_drop(size_t size, struct flow_specs *specs)
{
	if (size != sizeof(struct ib_uverbs_flow_spec_action_drop) || specs->drop)
		return EINVAL;
	specs->drop = true;
	return 0;
}

static int read_count(const uint8_t *bytes, size_t size, struct flow_specs *specs)
{
	struct ib_uverbs_flow_spec_action_count spec;

	if (size != sizeof(spec) || specs->counts)
		return EINVAL;
	memcpy(&spec, bytes, sizeof(spec));
	specs->counts = true;
	specs->counters = spec.handle;
	return 0;
}

static int read_one(uint32_t type, const uint8_t *bytes, size_t size, struct flow_specs *specs)
{
	switch (type) {
	case SPEC_ETHERNET:
		return read_ethernet(bytes, size, specs);
	case SPEC_IP4:
		return read_ip4(bytes, size, specs);
	case SPEC_IP6:
		return read_ip6(bytes, size, specs);
	case SPEC_TCP:
	case SPEC_UDP:
		return read_ports(bytes, size, type == SPEC_TCP, specs);
	case SPEC_VXLAN:
		return read_tunnel(bytes, size, specs);
	case SPEC_TAG:
		return read_tag(bytes, size, specs);
	case SPEC_DROP:
		return read_drop(size, specs);
	case SPEC_COUNT:
		return read_count(bytes, size, specs);
	default:
		return EOPNOTSUPP;
	}
}

/* A type that the rule asks for agrees with the network header that it asks for. */
static bool is_type_good(const struct flow_specs *specs)
{
	__be16 wanted = specs->value.type;

	if (specs->value.headers & FLOW_IP4)
		wanted = htobe16(ETHERTYPE_IP4);
	if (specs->value.headers & FLOW_IP6)
		wanted = htobe16(ETHERTYPE_IP6);
	return !((specs->value.type ^ wanted) & specs->mask.type);
}

int flow_specs_read(const uint8_t *bytes, size_t length, unsigned int count,
		    struct flow_specs *specs)
{
	struct ib_uverbs_flow_spec_hdr head;
	int rc = 0;

	memset(specs, 0, sizeof(*specs));
	for (; !rc && count; count--) {
		if (length < sizeof(head))
			return EINVAL;
		memcpy(&head, bytes, sizeof(head));
		if (head.size < sizeof(head) || head.reserved || head.size > length)
			return EINVAL;
		rc = read_one(head.type, bytes, head.size, specs);
		bytes += head.size;
		length -= head.size;
	}
	if (!rc && (length || !is_type_good(specs)))
		rc = EINVAL;
	return rc;
}
