/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Public specifications have a header of 6 bytes and the kernel's one of 8, so each is laid out
 * anew. What is already in network byte order stays so.
 */
#include <string.h>
#include <rdma/ib_user_verbs.h>

#include "libibverbs/cmd/flow_spec.h"

union kernel_spec {
	struct ib_uverbs_flow_spec_hdr hdr;
	struct ib_uverbs_flow_spec_eth eth;
	struct ib_uverbs_flow_spec_ipv4 ipv4;
	struct ib_uverbs_flow_spec_ipv6 ipv6;
	struct ib_uverbs_flow_spec_esp esp;
	struct ib_uverbs_flow_spec_tcp_udp tcp_udp;
	struct ib_uverbs_flow_spec_tunnel tunnel;
	struct ib_uverbs_flow_spec_gre gre;
	struct ib_uverbs_flow_spec_mpls mpls;
	struct ib_uverbs_flow_spec_action_tag tag;
	struct ib_uverbs_flow_spec_action_drop drop;
	struct ib_uverbs_flow_spec_action_handle handle;
	struct ib_uverbs_flow_spec_action_count count;
};

_Static_assert(sizeof(union kernel_spec) == FLOW_SPEC_MAX, "the longest one");

/* Filters that are one layout on both sides. */
#define COPY_FILTERS(to, from)                                                                     \
	do {                                                                                       \
		_Static_assert(sizeof((to).val) == sizeof((from).val), "one layout");              \
		memcpy(&(to).val, &(from).val, sizeof((to).val));                                  \
		memcpy(&(to).mask, &(from).mask, sizeof((to).mask));                               \
		(to).size = sizeof(to);                                                            \
	} while (0)

static struct ib_uverbs_flow_ipv4_filter ipv4_filter(const struct ibv_flow_ipv4_filter *from)
{
	return (struct ib_uverbs_flow_ipv4_filter){.src_ip = from->src_ip, .dst_ip = from->dst_ip};
}

/* The public structure ends in an unused byte that the kernel wants to be 0. */
static struct ib_uverbs_flow_ipv6_filter ipv6_filter(const struct ibv_flow_ipv6_filter *from)
{
	struct ib_uverbs_flow_ipv6_filter to = {
		.flow_label = from->flow_label,
		.next_hdr = from->next_hdr,
		.traffic_class = from->traffic_class,
		.hop_limit = from->hop_limit,
	};

	memcpy(to.src_ip, from->src_ip, sizeof(to.src_ip));
	memcpy(to.dst_ip, from->dst_ip, sizeof(to.dst_ip));
	return to;
}

/* Bytes that a specification of this kind has at least, 0 for an unknown one. */
static size_t public_size(uint32_t kind)
{
	switch (kind) {
	case IBV_FLOW_SPEC_ETH:
		return sizeof(struct ibv_flow_spec_eth);
	case IBV_FLOW_SPEC_IPV4:
		return sizeof(struct ibv_flow_spec_ipv4);
	case IBV_FLOW_SPEC_IPV4_EXT:
		return sizeof(struct ibv_flow_spec_ipv4_ext);
	case IBV_FLOW_SPEC_IPV6:
		return sizeof(struct ibv_flow_spec_ipv6);
	case IBV_FLOW_SPEC_ESP:
		return sizeof(struct ibv_flow_spec_esp);
	case IBV_FLOW_SPEC_TCP:
	case IBV_FLOW_SPEC_UDP:
		return sizeof(struct ibv_flow_spec_tcp_udp);
	case IBV_FLOW_SPEC_VXLAN_TUNNEL:
		return sizeof(struct ibv_flow_spec_tunnel);
	case IBV_FLOW_SPEC_GRE:
		return sizeof(struct ibv_flow_spec_gre);
	case IBV_FLOW_SPEC_MPLS:
		return sizeof(struct ibv_flow_spec_mpls);
	case IBV_FLOW_SPEC_ACTION_TAG:
		return sizeof(struct ibv_flow_spec_action_tag);
	case IBV_FLOW_SPEC_ACTION_DROP:
		return sizeof(struct ibv_flow_spec_action_drop);
	case IBV_FLOW_SPEC_ACTION_HANDLE:
		return sizeof(struct ibv_flow_spec_action_handle);
	case IBV_FLOW_SPEC_ACTION_COUNT:
		return sizeof(struct ibv_flow_spec_counter_action);
	default:
		return 0;
	}
}

static void translate_filter(uint32_t kind, const struct ibv_flow_spec *from, union kernel_spec *to)
{
	switch (kind) {
	case IBV_FLOW_SPEC_ETH:
		COPY_FILTERS(to->eth, from->eth);
		break;
	case IBV_FLOW_SPEC_IPV4:
		to->ipv4.val = ipv4_filter(&from->ipv4.val);
		to->ipv4.mask = ipv4_filter(&from->ipv4.mask);
		to->ipv4.size = sizeof(to->ipv4);
		break;
	case IBV_FLOW_SPEC_IPV4_EXT:
		/* The kernel has one kind of IPv4, and it is this one. */
		COPY_FILTERS(to->ipv4, from->ipv4_ext);
		to->ipv4.type ^= IBV_FLOW_SPEC_IPV4_EXT ^ IBV_FLOW_SPEC_IPV4;
		break;
	case IBV_FLOW_SPEC_IPV6:
		to->ipv6.val = ipv6_filter(&from->ipv6.val);
		to->ipv6.mask = ipv6_filter(&from->ipv6.mask);
		to->ipv6.size = sizeof(to->ipv6);
		break;
	case IBV_FLOW_SPEC_ESP:
		COPY_FILTERS(to->esp, from->esp);
		break;
	case IBV_FLOW_SPEC_TCP:
	case IBV_FLOW_SPEC_UDP:
		COPY_FILTERS(to->tcp_udp, from->tcp_udp);
		break;
	case IBV_FLOW_SPEC_VXLAN_TUNNEL:
		COPY_FILTERS(to->tunnel, from->tunnel);
		break;
	case IBV_FLOW_SPEC_GRE:
		COPY_FILTERS(to->gre, from->gre);
		break;
	case IBV_FLOW_SPEC_MPLS:
		COPY_FILTERS(to->mpls, from->mpls);
		break;
	}
}

static int translate_action(const struct ibv_context *context, uint32_t kind,
			    const struct ibv_flow_spec *from, union kernel_spec *to)
{
	switch (kind) {
	case IBV_FLOW_SPEC_ACTION_TAG:
		to->tag.tag_id = from->flow_tag.tag_id;
		to->tag.size = sizeof(to->tag);
		break;
	case IBV_FLOW_SPEC_ACTION_DROP:
		to->drop.size = sizeof(to->drop);
		break;
	case IBV_FLOW_SPEC_ACTION_HANDLE:
		if (!from->handle.action || from->handle.action->context != context)
			return EINVAL;
		to->handle.handle = ((const struct verbs_flow_action *)from->handle.action)->handle;
		to->handle.size = sizeof(to->handle);
		break;
	case IBV_FLOW_SPEC_ACTION_COUNT:
		if (!from->flow_count.counters || from->flow_count.counters->context != context)
			return EINVAL;
		to->count.handle =
			((const struct verbs_counters *)from->flow_count.counters)->handle;
		to->count.size = sizeof(to->count);
		break;
	}
	return 0;
}

/* at may be anywhere: applications put specifications of odd sizes behind each other. */
static int translate(const struct ibv_context *context, const char **at, union kernel_spec *to)
{
	struct ibv_flow_spec from = {};
	uint32_t kind;
	size_t size;

	memcpy(&from, *at, sizeof(from.hdr));
	kind = from.hdr.type & ~(uint32_t)IBV_FLOW_SPEC_INNER;
	size = public_size(kind);
	if (!size)
		return EOPNOTSUPP;
	if (from.hdr.size < size)
		return EINVAL;
	memcpy(&from, *at, size);
	*at += from.hdr.size;
	memset(to, 0, sizeof(*to));
	to->hdr.type = from.hdr.type;
	translate_filter(kind, &from, to);
	return translate_action(context, kind, &from, to);
}

/* attr->size is what the application says of itself; nothing here depends on it. */
int flow_specs_translate(const struct ibv_context *context, const struct ibv_flow_attr *attr,
			 void *to, size_t *len)
{
	const char *at = (const char *)(attr + 1);
	union kernel_spec spec;
	int err;

	*len = 0;
	for (unsigned int i = 0; i < attr->num_of_specs; i++) {
		err = translate(context, &at, &spec);
		if (err)
			return err;
		memcpy((char *)to + *len, &spec, spec.hdr.size);
		*len += spec.hdr.size;
	}
	return 0;
}
