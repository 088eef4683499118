/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names to addresses, by the library; see address.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include <infiniband/ib.h>

#include "address.h"
#include "libibverbs/examples/common/report.h"

static int ask(const char *node, const struct cm_place *place, struct rdma_addrinfo *hints,
	       struct rdma_addrinfo **found)
{
	char service[8];
	int code;

	if (place->format != CM_FORMAT_NAME)
		hints->ai_flags |= RAI_NUMERICHOST;
	if (place->format == CM_FORMAT_IPV6)
		hints->ai_family = AF_INET6;
	if (place->format == CM_FORMAT_GID) {
		hints->ai_flags |= RAI_FAMILY;
		hints->ai_family = AF_IB;
	}
	hints->ai_port_space = place->space;
	hints->ai_qp_type = (int)place->type;
	snprintf(service, sizeof(service), "%ld", place->port);
	errno = 0;
	code = rdma_getaddrinfo(node, service, hints, found);
	if (!code)
		return 0;
	/* Failures of the library have an errno; other values are getaddrinfo(3)'s. */
	if (errno && (code == -1 || code == EAI_SYSTEM))
		return tool_error(errno, "cannot find the address '%s'", node ? node : "any");
	tool_refuse("cannot find the address '%s': %s", node ? node : "any", gai_strerror(code));
	return EADDRNOTAVAIL;
}

int cm_address_find(const struct cm_place *place, struct rdma_addrinfo **found)
{
	struct rdma_addrinfo passive = {.ai_flags = RAI_PASSIVE}, active = {0}, *local = NULL;
	int err;

	if (!place->server)
		return ask(place->local, place, &passive, found);
	if (place->local) {
		struct cm_place leaving = *place;

		leaving.port = 0;
		err = ask(place->local, &leaving, &passive, &local);
		if (err)
			return err;
		active.ai_src_addr = local->ai_src_addr;
		active.ai_src_len = local->ai_src_len;
	}
	err = ask(place->server, place, &active, found);
	if (local)
		rdma_freeaddrinfo(local);
	return err;
}

static int write_host(const struct sockaddr *address, char *text, size_t size)
{
	socklen_t length = address->sa_family == AF_INET ? sizeof(struct sockaddr_in)
							 : sizeof(struct sockaddr_in6);

	return getnameinfo(address, length, text, (socklen_t)size, NULL, 0, NI_NUMERICHOST);
}

int cm_address_of_interface(const char *name, char *text, size_t size)
{
	static const int families[] = {AF_INET, AF_INET6};
	struct ifaddrs *list, *entry;
	int err = EADDRNOTAVAIL;

	if (getifaddrs(&list))
		return tool_error(errno, "cannot list the network interfaces");
	for (size_t i = 0; i < 2 && err; i++)
		for (entry = list; entry && err; entry = entry->ifa_next)
			if (!strcmp(entry->ifa_name, name) && entry->ifa_addr &&
			    entry->ifa_addr->sa_family == families[i] &&
			    !write_host(entry->ifa_addr, text, size))
				err = 0;
	freeifaddrs(list);
	return err ? tool_error(err, "the interface '%s' has no address (see 'ip address')", name)
		   : 0;
}

void cm_address_format(const struct sockaddr *address, char *text, size_t size)
{
	const struct sockaddr_in *in = (const void *)address;
	const struct sockaddr_in6 *in6 = (const void *)address;
	const struct sockaddr_ib *ib = (const void *)address;
	char host[INET6_ADDRSTRLEN] = "?";

	switch (address->sa_family) {
	case AF_INET:
		inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
		snprintf(text, size, "%s port %u", host, ntohs(in->sin_port));
		break;
	case AF_INET6:
		inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
		snprintf(text, size, "%s port %u", host, ntohs(in6->sin6_port));
		break;
	case AF_IB:
		inet_ntop(AF_INET6, &ib->sib_addr, host, sizeof(host));
		snprintf(text, size, "GID %s service %#llx", host,
			 (unsigned long long)be64toh(ib->sib_sid));
		break;
	default:
		snprintf(text, size, "an unknown address");
	}
}
