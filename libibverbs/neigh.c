/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The Ethernet address behind an IP address: the kernel's route, then its neighbour table. An
 * address that nobody has talked to yet is asked for by sending an empty datagram, and the kernel
 * announces what it learns on the socket that we wait on.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "libibverbs/library.h"
#include "libibverbs/netlink.h"

/* ARP and neighbour discovery give up after three questions a second apart. */
#define WAIT_MS 3500

struct ip {
	int family;
	int len;
	uint8_t bytes[16];
};

struct target {
	struct ip address; /* of the next hop */
	unsigned int ifindex;
	bool local;
	bool found;
	uint8_t *mac;
};

static void ip_from_gid(struct ip *ip, const union ibv_gid *gid)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (!memcmp(gid->raw, mapped, sizeof(mapped))) {
		*ip = (struct ip){.family = AF_INET, .len = 4};
		memcpy(ip->bytes, gid->raw + 12, 4);
	} else {
		*ip = (struct ip){.family = AF_INET6, .len = 16};
		memcpy(ip->bytes, gid->raw, 16);
	}
}

/* How long an address is depends on its family, and is checked where it is used. */
static const struct nla_policy route_policy[RTA_MAX + 1] = {
	[RTA_OIF] = {.type = NLA_U32},
};

static int take_route(struct nlmsghdr *answer, void *arg)
{
	struct nlattr *attrs[RTA_MAX + 1], *gateway;
	const struct rtmsg *route = nlmsg_data(answer);
	struct target *target = arg;

	if (nlmsg_parse(answer, sizeof(*route), attrs, RTA_MAX, route_policy))
		return EBADMSG;
	/* Unreachable and black hole routes are answers too. */
	if (route->rtm_type != RTN_UNICAST && route->rtm_type != RTN_LOCAL)
		return ENETUNREACH;
	target->local = route->rtm_type == RTN_LOCAL;
	if (attrs[RTA_OIF] && !target->local)
		target->ifindex = nla_get_u32(attrs[RTA_OIF]);
	gateway = attrs[RTA_GATEWAY];
	if (gateway && nla_len(gateway) == target->address.len)
		nla_memcpy(target->address.bytes, gateway, target->address.len);
	return target->ifindex ? 0 : ENETUNREACH;
}

/* Which way the network stack itself would send from the GID's interface and address. */
static int ask_route(struct nl_sock *socket, const struct ip *source, struct target *target)
{
	struct rtmsg route = {.rtm_family = target->address.family};
	struct nl_msg *question = nlmsg_alloc_simple(RTM_GETROUTE, 0);
	int err = ENOMEM;

	route.rtm_dst_len = target->address.len * 8;
	if (source->family == target->address.family)
		route.rtm_src_len = source->len * 8;
	if (question && !nlmsg_append(question, &route, sizeof(route), NLMSG_ALIGNTO) &&
	    !nla_put(question, RTA_DST, target->address.len, target->address.bytes) &&
	    (!route.rtm_src_len || !nla_put(question, RTA_SRC, source->len, source->bytes)) &&
	    (!target->ifindex || !nla_put_u32(question, RTA_OIF, target->ifindex)))
		err = netlink_ask(socket, question, take_route, target);
	nlmsg_free(question);
	return err;
}

static void take_mac(struct target *target, const struct nlattr *attr)
{
	if (!attr || nla_len(attr) != ETHERNET_LL_SIZE)
		return;
	nla_memcpy(target->mac, attr, ETHERNET_LL_SIZE);
	target->found = true;
}

static int take_link(struct nlmsghdr *answer, void *arg)
{
	take_mac(arg, nlmsg_find_attr(answer, sizeof(struct ifinfomsg), IFLA_ADDRESS));
	return 0;
}

static int take_neighbour(struct nlmsghdr *answer, void *arg)
{
	const int valid =
		NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP;
	const struct ndmsg *neighbour = nlmsg_data(answer);
	struct nlattr *attrs[NDA_MAX + 1];
	struct target *target = arg;
	const struct ip *address = &target->address;

	if (nlmsg_parse(answer, sizeof(*neighbour), attrs, NDA_MAX, NULL))
		return EBADMSG;
	if (neighbour->ndm_family == address->family && neighbour->ndm_state & valid &&
	    (unsigned int)neighbour->ndm_ifindex == target->ifindex && attrs[NDA_DST] &&
	    nla_len(attrs[NDA_DST]) == address->len &&
	    !memcmp(nla_data(attrs[NDA_DST]), address->bytes, address->len))
		take_mac(target, attrs[NDA_LLADDR]);
	return 0;
}

static int ask(struct nl_sock *socket, int type, int flags, void *header, size_t len,
	       int (*take)(struct nlmsghdr *answer, void *arg), struct target *target)
{
	struct nl_msg *question = nlmsg_alloc_simple(type, flags);
	int err = ENOMEM;

	if (question && !nlmsg_append(question, header, len, NLMSG_ALIGNTO))
		err = netlink_ask(socket, question, take, target);
	nlmsg_free(question);
	return err;
}

/* A destination on this host has no neighbour entry; it is reached at the interface's address. */
static int ask_own_mac(struct nl_sock *socket, struct target *target)
{
	struct ifinfomsg link = {.ifi_index = target->ifindex};
	int err = ask(socket, RTM_GETLINK, 0, &link, sizeof(link), take_link, target);

	return !err && !target->found ? ENOENT : err;
}

static int ask_neighbour(struct nl_sock *socket, struct target *target)
{
	struct ndmsg neighbour = {.ndm_family = target->address.family};

	return ask(socket, RTM_GETNEIGH, NLM_F_DUMP, &neighbour, sizeof(neighbour), take_neighbour,
		   target);
}

/* Port 9, discard. That it arrives does not matter, that the kernel looks for the address does. */
static void provoke(const struct target *target)
{
	struct sockaddr_in6 v6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(9), .sin6_scope_id = target->ifindex};
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(9)};
	const struct sockaddr *to = (const struct sockaddr *)&v6;
	socklen_t len = sizeof(v6);
	int fd = socket(target->address.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	memcpy(&v6.sin6_addr, target->address.bytes, sizeof(v6.sin6_addr));
	if (target->address.family == AF_INET) {
		memcpy(&v4.sin_addr, target->address.bytes, sizeof(v4.sin_addr));
		to = (const struct sockaddr *)&v4;
		len = sizeof(v4);
	}
	(void)sendto(fd, "", 0, MSG_DONTWAIT, to, len);
	close(fd);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The announcement only says when to look; the table has the answer. */
static int wait_for_neighbour(struct nl_sock *socket, int events, struct target *target)
{
	struct pollfd wait = {.fd = events, .events = POLLIN};
	int64_t deadline = now_ms() + WAIT_MS, left;
	int err;

	while ((left = deadline - now_ms()) > 0) {
		if (poll(&wait, 1, left) < 0 && errno != EINTR)
			return errno;
		while (recv(events, NULL, 0, MSG_DONTWAIT | MSG_TRUNC) > 0)
			;
		err = ask_neighbour(socket, target);
		if (err || target->found)
			return err;
	}
	return ETIMEDOUT;
}

static int learn_neighbour(struct nl_sock *socket, struct target *target)
{
	struct nl_sock *events;
	int err;

	err = netlink_open(NETLINK_ROUTE, &events);
	if (err)
		return err;
	err = nl_socket_add_membership(events, RTNLGRP_NEIGH);
	if (err) {
		err = netlink_errno(err);
	} else {
		provoke(target);
		err = wait_for_neighbour(socket, nl_socket_get_fd(events), target);
	}
	nl_socket_free(events);
	return err;
}

int neigh_resolve(const union ibv_gid *dgid, const union ibv_gid *sgid, unsigned int ifindex,
		  uint8_t mac[ETHERNET_LL_SIZE])
{
	struct target target = {.ifindex = ifindex, .mac = mac};
	struct nl_sock *socket;
	struct ip source;
	int err;

	ip_from_gid(&target.address, dgid);
	ip_from_gid(&source, sgid);
	err = netlink_open(NETLINK_ROUTE, &socket);
	if (err)
		return err;
	err = ask_route(socket, &source, &target);
	if (!err && target.local)
		err = ask_own_mac(socket, &target);
	else if (!err)
		err = ask_neighbour(socket, &target);
	if (!err && !target.found)
		err = learn_neighbour(socket, &target);
	nl_socket_free(socket);
	return err;
}
