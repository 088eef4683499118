/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The Ethernet address behind an IP address: the kernel's route, then its neighbour table. An
 * address that nobody has talked to yet is asked for by sending an empty datagram, and the kernel
 * announces what it learns on the socket that we wait on.
 */
#include <arpa/inet.h>
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
	size_t len;
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

static int take_route(const struct nlmsghdr *message, void *arg)
{
	struct target *target = arg;
	const struct nlattr *attr;
	const struct rtmsg *route;
	const void *gateway;
	size_t left;

	if (message->nlmsg_len < NLMSG_HDRLEN + sizeof(*route))
		return EBADMSG;
	route = (const struct rtmsg *)((const char *)message + NLMSG_HDRLEN);
	/* Unreachable and black hole routes are answers too. */
	if (route->rtm_type != RTN_UNICAST && route->rtm_type != RTN_LOCAL)
		return ENETUNREACH;
	target->local = route->rtm_type == RTN_LOCAL;
	netlink_for_each_attr (attr, message, sizeof(*route), left) {
		if (attr->nla_type == RTA_OIF && !target->local)
			target->ifindex = netlink_u32(attr);
		gateway = netlink_data(attr, target->address.len);
		if (attr->nla_type == RTA_GATEWAY && gateway)
			memcpy(target->address.bytes, gateway, target->address.len);
	}
	return target->ifindex ? 0 : ENETUNREACH;
}

/* Which way the network stack itself would send from the GID's interface and address. */
static int ask_route(int fd, const struct ip *source, struct target *target)
{
	struct rtmsg route = {.rtm_family = target->address.family};
	struct netlink_request request;

	route.rtm_dst_len = target->address.len * 8;
	if (source->family == target->address.family)
		route.rtm_src_len = source->len * 8;
	netlink_begin(&request, RTM_GETROUTE, 0, &route, sizeof(route));
	netlink_put(&request, RTA_DST, target->address.bytes, target->address.len);
	if (route.rtm_src_len)
		netlink_put(&request, RTA_SRC, source->bytes, source->len);
	if (target->ifindex)
		netlink_put_u32(&request, RTA_OIF, target->ifindex);
	return netlink_ask(fd, &request, take_route, target);
}

static int take_link(const struct nlmsghdr *message, void *arg)
{
	struct target *target = arg;
	const struct nlattr *attr;
	const void *mac;
	size_t left;

	netlink_for_each_attr (attr, message, sizeof(struct ifinfomsg), left) {
		mac = netlink_data(attr, ETHERNET_LL_SIZE);
		if (attr->nla_type == IFLA_ADDRESS && mac) {
			memcpy(target->mac, mac, ETHERNET_LL_SIZE);
			target->found = true;
		}
	}
	return 0;
}

/* A destination on this host has no neighbour entry; it is reached at the interface's address. */
static int ask_own_mac(int fd, struct target *target)
{
	struct ifinfomsg link = {.ifi_index = target->ifindex};
	struct netlink_request request;
	int err;

	netlink_begin(&request, RTM_GETLINK, 0, &link, sizeof(link));
	err = netlink_ask(fd, &request, take_link, target);
	return !err && !target->found ? ENOENT : err;
}

static int take_neighbour(const struct nlmsghdr *message, void *arg)
{
	const int valid =
		NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP;
	const void *address = NULL, *mac = NULL;
	const struct ndmsg *neighbour;
	struct target *target = arg;
	const struct nlattr *attr;
	size_t left;

	if (message->nlmsg_type != RTM_NEWNEIGH ||
	    message->nlmsg_len < NLMSG_HDRLEN + sizeof(*neighbour))
		return 0;
	neighbour = (const struct ndmsg *)((const char *)message + NLMSG_HDRLEN);
	if (neighbour->ndm_family != target->address.family || !(neighbour->ndm_state & valid) ||
	    (unsigned int)neighbour->ndm_ifindex != target->ifindex)
		return 0;
	netlink_for_each_attr (attr, message, sizeof(*neighbour), left) {
		if (attr->nla_type == NDA_DST)
			address = netlink_data(attr, target->address.len);
		if (attr->nla_type == NDA_LLADDR)
			mac = netlink_data(attr, ETHERNET_LL_SIZE);
	}
	if (address && mac && !memcmp(address, target->address.bytes, target->address.len)) {
		memcpy(target->mac, mac, ETHERNET_LL_SIZE);
		target->found = true;
	}
	return 0;
}

static int ask_neighbour(struct target *target)
{
	struct ndmsg neighbour = {.ndm_family = target->address.family};
	struct netlink_request request;
	int fd, err;

	err = netlink_open(NETLINK_ROUTE, &fd);
	if (err)
		return err;
	netlink_begin(&request, RTM_GETNEIGH, NLM_F_DUMP, &neighbour, sizeof(neighbour));
	err = netlink_ask(fd, &request, take_neighbour, target);
	close(fd);
	return err;
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
static int wait_for_neighbour(int events, struct target *target)
{
	struct pollfd wait = {.fd = events, .events = POLLIN};
	int64_t deadline = now_ms() + WAIT_MS, left;
	char buffer[8192];
	int err;

	while ((left = deadline - now_ms()) > 0) {
		if (poll(&wait, 1, left) < 0 && errno != EINTR)
			return errno;
		while (recv(events, buffer, sizeof(buffer), MSG_DONTWAIT) > 0)
			;
		err = ask_neighbour(target);
		if (err || target->found)
			return err;
	}
	return ETIMEDOUT;
}

static int learn_neighbour(struct target *target)
{
	const int group = RTNLGRP_NEIGH;
	int events, err;

	err = netlink_open(NETLINK_ROUTE, &events);
	if (err)
		return err;
	if (setsockopt(events, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group))) {
		err = errno;
	} else {
		provoke(target);
		err = wait_for_neighbour(events, target);
	}
	close(events);
	return err;
}

int neigh_resolve(const union ibv_gid *dgid, const union ibv_gid *sgid, unsigned int ifindex,
		  uint8_t mac[ETHERNET_LL_SIZE])
{
	struct target target = {.ifindex = ifindex, .mac = mac};
	struct ip source;
	int fd, err;

	ip_from_gid(&target.address, dgid);
	ip_from_gid(&source, sgid);
	err = netlink_open(NETLINK_ROUTE, &fd);
	if (err)
		return err;
	err = ask_route(fd, &source, &target);
	if (!err && target.local)
		err = ask_own_mac(fd, &target);
	close(fd);
	if (err || target.found)
		return err;
	err = ask_neighbour(&target);
	if (!err && !target.found)
		err = learn_neighbour(&target);
	return err;
}
