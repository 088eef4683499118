/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names to addresses; see place.h. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <rdma/rdma_cma.h>

#include "libibverbs/examples/common/report.h"
#include "librdmacm/tools/common/address.h"
#include "place.h"

int rs_wish_check(const struct rs_wish *wish)
{
	if (wish->blocking && wish->nonblocking)
		return tool_refuse("calls are blocking or nonblocking, not both (-T)");
	if (wish->sockets && wish->format == CM_FORMAT_GID)
		return tool_refuse("the system's sockets have no GIDs (-f): leave out -T sockets");
	if (wish->sockets && wish->resolve)
		return tool_refuse(
			"the RDMA connection manager finds no addresses for the system's "
			"sockets: leave out -T resolve or -T sockets");
	if (wish->sockets && wish->inline_size >= 0)
		return tool_refuse("the system's sockets send nothing inline: leave out -i");
	return 0;
}

/* ---- name resolution ---- */

static int failed(int err, const char *node, const char *reason)
{
	node = node ? node : "any";
	if (err)
		return tool_error(err, "cannot find the address '%s'", node);
	tool_refuse("cannot find the address '%s': %s (-f says how it is written)", node, reason);
	return EADDRNOTAVAIL;
}

static int look_up(const char *node, const struct rs_wish *wish, int flags, struct addrinfo **found)
{
	struct addrinfo hints = {.ai_socktype = (int)wish->type, .ai_flags = flags};
	char service[8];
	int code;

	if (wish->format != CM_FORMAT_NAME)
		hints.ai_flags |= AI_NUMERICHOST;
	if (wish->format == CM_FORMAT_IP)
		hints.ai_family = AF_INET;
	if (wish->format == CM_FORMAT_IPV6)
		hints.ai_family = AF_INET6;
	snprintf(service, sizeof(service), "%ld", wish->port);
	code = getaddrinfo(node, service, &hints, found);
	if (!code)
		return 0;
	return failed(code == EAI_SYSTEM ? errno : 0, node, gai_strerror(code));
}

static int find_by_name(const char *node, const struct rs_wish *wish, int flags,
			struct sockaddr_storage *address, socklen_t *size, struct rs_place *place)
{
	struct addrinfo *found;
	int err = look_up(node, wish, flags, &found);

	if (err)
		return err;
	memcpy(address, found->ai_addr, found->ai_addrlen);
	*size = found->ai_addrlen;
	place->family = found->ai_family;
	place->protocol = found->ai_protocol;
	freeaddrinfo(found);
	return 0;
}

/* The port that a client leaves from is the system's choice. */
static void clear_port(struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET)
		((struct sockaddr_in *)address)->sin_port = 0;
	else
		((struct sockaddr_in6 *)address)->sin6_port = 0;
}

static int find_names(struct rs_place *place, const struct rs_wish *wish)
{
	int err = 0;

	if (!wish->server || wish->local)
		err = find_by_name(wish->local, wish, AI_PASSIVE, &place->local, &place->local_size,
				   place);
	if (err || !wish->server)
		return err;
	clear_port(&place->local);
	return find_by_name(wish->server, wish, 0, &place->remote, &place->remote_size, place);
}

/* ---- the connection manager's ---- */

static void keep(const struct sockaddr *address, socklen_t size, struct sockaddr_storage *copy,
		 socklen_t *copy_size)
{
	if (!address || size > sizeof(*copy))
		return;
	memcpy(copy, address, size);
	*copy_size = size;
}

static int find_by_manager(struct rs_place *place, const struct rs_wish *wish)
{
	const struct cm_place asked = {
		.server = wish->server,
		.local = wish->local,
		.port = wish->port,
		.format = wish->format,
		.space = wish->type == SOCK_STREAM ? RDMA_PS_TCP : RDMA_PS_UDP,
	};
	int err = cm_address_find(&asked, &place->found);

	if (err)
		return err;
	place->family = place->found->ai_family;
	if (!wish->server || wish->local)
		keep(place->found->ai_src_addr, place->found->ai_src_len, &place->local,
		     &place->local_size);
	keep(place->found->ai_dst_addr, place->found->ai_dst_len, &place->remote,
	     &place->remote_size);
	return 0;
}

int rs_place_find(struct rs_place *place, const struct rs_wish *wish)
{
	*place = (struct rs_place){0};
	if (wish->resolve || wish->format == CM_FORMAT_GID)
		return find_by_manager(place, wish);
	return find_names(place, wish);
}

void rs_place_free(struct rs_place *place)
{
	if (place->found)
		rdma_freeaddrinfo(place->found);
	place->found = NULL;
}
