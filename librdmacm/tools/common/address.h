/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Addresses that the tools are given on their command lines. Functions print what is wrong and
 * return 0 or a positive errno.
 */
#ifndef CM_ADDRESS_H
#define CM_ADDRESS_H

#include <stddef.h>

#include <rdma/rdma_cma.h>

/* How an address is written, in the order of CM_FORMATS. */
enum cm_format { CM_FORMAT_NAME, CM_FORMAT_IP, CM_FORMAT_IPV6, CM_FORMAT_GID };

#define CM_FORMATS "name|ip|ipv6|gid"

/* How long the resolution of an address or a route may take. */
enum { CM_RESOLVE_MS = 2000 };

struct cm_place {
	const char *server; /* NULL: somebody who listens */
	const char *local;  /* address to listen at, or to leave from; may be NULL */
	long port;
	long format; /* enum cm_format */
	enum rdma_port_space space;
	enum ibv_qp_type type; /* 0: what the port space implies */
};

/* To be freed with rdma_freeaddrinfo(). */
int cm_address_find(const struct cm_place *place, struct rdma_addrinfo **found);

/* Writes an address of a network interface, of IPv4 where it has one. */
int cm_address_of_interface(const char *name, char *text, size_t size);

/* "192.168.77.1 port 7471", for messages. */
void cm_address_format(const struct sockaddr *address, char *text, size_t size);

enum { CM_ADDRESS_TEXT_SIZE = 80 };

#endif
