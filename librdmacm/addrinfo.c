/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names to addresses. IP names and services are getaddrinfo(3)'s business; addresses of family
 * AF_IB are GIDs in the notation of IPv6, with a service ID for the service. To addresses to
 * connect to ibacm may know a route.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

#include "librdmacm/cma.h"

static const struct rdma_addrinfo no_hints = {
	.ai_flags = 0,
	.ai_port_space = RDMA_PS_TCP,
	.ai_qp_type = IBV_QPT_RC,
};

void rdma_freeaddrinfo(struct rdma_addrinfo *res)
{
	while (res) {
		struct rdma_addrinfo *next = res->ai_next;

		free(res->ai_src_addr);
		free(res->ai_dst_addr);
		free(res->ai_src_canonname);
		free(res->ai_dst_canonname);
		free(res->ai_route);
		free(res->ai_connect);
		free(res);
		res = next;
	}
}

static int copy(const void *from, size_t length, void *to)
{
	void *bytes = malloc(length);

	if (!bytes)
		return ENOMEM;
	memcpy(bytes, from, length);
	memcpy(to, &bytes, sizeof(bytes));
	return 0;
}

static int copy_name(const char *from, char **to)
{
	*to = from ? strdup(from) : NULL;
	return from && !*to ? ENOMEM : 0;
}

static int copy_bytes(const void *from, size_t length, void *to)
{
	return length ? copy(from, length, to) : 0;
}

static int copy_one(const struct rdma_addrinfo *from, struct rdma_addrinfo **made)
{
	struct rdma_addrinfo *to = calloc(1, sizeof(*to));
	int err;

	if (!to)
		return ENOMEM;
	*made = to;
	to->ai_flags = from->ai_flags;
	to->ai_family = from->ai_family;
	to->ai_qp_type = from->ai_qp_type;
	to->ai_port_space = from->ai_port_space;
	to->ai_src_len = from->ai_src_len;
	to->ai_dst_len = from->ai_dst_len;
	to->ai_route_len = from->ai_route_len;
	to->ai_connect_len = from->ai_connect_len;
	err = copy_bytes(from->ai_src_addr, from->ai_src_len, &to->ai_src_addr);
	if (!err)
		err = copy_bytes(from->ai_dst_addr, from->ai_dst_len, &to->ai_dst_addr);
	if (!err)
		err = copy_bytes(from->ai_route, from->ai_route_len, &to->ai_route);
	if (!err)
		err = copy_bytes(from->ai_connect, from->ai_connect_len, &to->ai_connect);
	if (!err)
		err = copy_name(from->ai_src_canonname, &to->ai_src_canonname);
	if (!err)
		err = copy_name(from->ai_dst_canonname, &to->ai_dst_canonname);
	return err;
}

int cma_copy_addrinfo(const struct rdma_addrinfo *from, struct rdma_addrinfo **copied)
{
	struct rdma_addrinfo *first = NULL, **tail = &first;
	int err = 0;

	for (; from && !err; from = from->ai_next) {
		err = copy_one(from, tail);
		if (!err)
			tail = &(*tail)->ai_next;
	}
	if (err) {
		rdma_freeaddrinfo(first);
		return err;
	}
	*copied = first;
	return 0;
}

/* A port space and a type of queue pair imply each other. */
static void complete_types(struct rdma_addrinfo *info)
{
	if (!info->ai_port_space)
		info->ai_port_space = info->ai_qp_type == IBV_QPT_UD ? RDMA_PS_UDP : RDMA_PS_TCP;
	if (!info->ai_qp_type)
		info->ai_qp_type =
			info->ai_port_space == RDMA_PS_UDP || info->ai_port_space == RDMA_PS_IPOIB
				? IBV_QPT_UD
				: IBV_QPT_RC;
}

static struct rdma_addrinfo *new_info(const struct rdma_addrinfo *hints, int family)
{
	struct rdma_addrinfo *info = calloc(1, sizeof(*info));

	if (!info)
		return NULL;
	info->ai_flags = hints->ai_flags;
	info->ai_family = family;
	info->ai_qp_type = hints->ai_qp_type;
	info->ai_port_space = hints->ai_port_space;
	complete_types(info);
	return info;
}

/* Of the list of getaddrinfo() one entry, at the end that the flags say. */
static int put_address(struct rdma_addrinfo *info, const struct sockaddr *address, socklen_t length,
		       const char *name)
{
	bool passive = info->ai_flags & RAI_PASSIVE;
	char **canonical = passive ? &info->ai_src_canonname : &info->ai_dst_canonname;
	int err = copy(address, length, passive ? &info->ai_src_addr : &info->ai_dst_addr);

	if (err)
		return err;
	*(passive ? &info->ai_src_len : &info->ai_dst_len) = length;
	if (!name)
		return 0;
	*canonical = strdup(name);
	return *canonical ? 0 : ENOMEM;
}

/* The address to leave from, which the caller may have chosen. */
static int put_source(struct rdma_addrinfo *info, const struct rdma_addrinfo *hints)
{
	if (info->ai_flags & RAI_PASSIVE || !hints->ai_src_len)
		return 0;
	info->ai_src_len = hints->ai_src_len;
	return copy(hints->ai_src_addr, hints->ai_src_len, &info->ai_src_addr);
}

static struct addrinfo socket_hints(const struct rdma_addrinfo *hints)
{
	struct rdma_addrinfo types = {.ai_port_space = hints->ai_port_space,
				      .ai_qp_type = hints->ai_qp_type};
	struct addrinfo sockets = {.ai_family = hints->ai_family};

	complete_types(&types);
	if (hints->ai_flags & RAI_PASSIVE)
		sockets.ai_flags |= AI_PASSIVE;
	if (hints->ai_flags & RAI_NUMERICHOST)
		sockets.ai_flags |= AI_NUMERICHOST;
	sockets.ai_socktype = types.ai_qp_type == IBV_QPT_UD ? SOCK_DGRAM : SOCK_STREAM;
	return sockets;
}

static int append(struct rdma_addrinfo **tail, const struct addrinfo *from,
		  const struct rdma_addrinfo *hints)
{
	struct rdma_addrinfo *info = new_info(hints, from->ai_family);
	int err;

	if (!info)
		return ENOMEM;
	err = put_address(info, from->ai_addr, from->ai_addrlen, from->ai_canonname);
	if (!err)
		err = put_source(info, hints);
	if (err) {
		rdma_freeaddrinfo(info);
		return err;
	}
	*tail = info;
	return 0;
}

/* Codes of getaddrinfo() are negative and go to the caller as they are. */
static int look_up(const char *node, const char *service, const struct rdma_addrinfo *hints,
		   struct rdma_addrinfo **res)
{
	struct addrinfo sockets = socket_hints(hints), *list;
	struct rdma_addrinfo *first = NULL, **tail = &first;
	int code = getaddrinfo(node, service, &sockets, &list), err = 0;

	if (code)
		return code;
	for (struct addrinfo *entry = list; entry && !err; entry = entry->ai_next) {
		err = append(tail, entry, hints);
		if (!err)
			tail = &(*tail)->ai_next;
	}
	freeaddrinfo(list);
	if (err) {
		rdma_freeaddrinfo(first);
		return cma_result(err);
	}
	*res = first;
	return 0;
}

static int parse_service_id(const char *service, __be64 *sid)
{
	unsigned long long number;
	char *end;

	errno = 0;
	number = strtoull(service, &end, 0);
	if (errno || !*service || *end)
		return EINVAL;
	*sid = htobe64(number);
	return 0;
}

/* The port space is part of the service ID; one of 16 bits is a port in it. */
static int look_up_gid(const char *node, const char *service, const struct rdma_addrinfo *hints,
		       struct rdma_addrinfo **res)
{
	struct sockaddr_ib address = {.sib_family = AF_IB, .sib_pkey = htobe16(0xffff)};
	struct rdma_addrinfo *info;
	int err = 0;

	if (node && inet_pton(AF_INET6, node, address.sib_addr.sib_raw) != 1)
		return EAI_NONAME;
	if (service && parse_service_id(service, &address.sib_sid))
		return EAI_SERVICE;
	info = new_info(hints, AF_IB);
	if (!info)
		return cma_result(ENOMEM);
	if (be64toh(address.sib_sid) <= RDMA_IB_IP_PORT_MASK)
		address.sib_sid |= htobe64((uint64_t)info->ai_port_space << 16);
	address.sib_sid_mask = htobe64(service ? UINT64_MAX : RDMA_IB_IP_PS_MASK);
	err = put_address(info, (struct sockaddr *)&address, sizeof(address), NULL);
	if (!err)
		err = put_source(info, hints);
	if (err) {
		rdma_freeaddrinfo(info);
		return cma_result(err);
	}
	*res = info;
	return 0;
}

/* Without a name the hints have the address. */
static int take_hints(const struct rdma_addrinfo *hints, struct rdma_addrinfo **res)
{
	bool passive = hints->ai_flags & RAI_PASSIVE;
	const struct sockaddr *address = passive ? hints->ai_src_addr : hints->ai_dst_addr;
	socklen_t length = passive ? hints->ai_src_len : hints->ai_dst_len;
	struct rdma_addrinfo *info;
	int err;

	if (!address || !length)
		return cma_result(EINVAL);
	info = new_info(hints, address->sa_family);
	if (!info)
		return cma_result(ENOMEM);
	err = put_address(info, address, length, NULL);
	if (!err)
		err = put_source(info, hints);
	if (err) {
		rdma_freeaddrinfo(info);
		return cma_result(err);
	}
	*res = info;
	return 0;
}

int rdma_getaddrinfo(const char *node, const char *service, const struct rdma_addrinfo *hints,
		     struct rdma_addrinfo **res)
{
	int code;

	if (!hints)
		hints = &no_hints;
	if (!node && !service)
		code = take_hints(hints, res);
	else if (hints->ai_flags & RAI_FAMILY && hints->ai_family == AF_IB)
		code = look_up_gid(node, service, hints, res);
	else
		code = look_up(node, service, hints, res);
	if (!code)
		cma_ask_daemon(*res);
	return code;
}
