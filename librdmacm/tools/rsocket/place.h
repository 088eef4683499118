/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The addresses of a connection's ends, by name resolution or by the RDMA connection manager. */
#ifndef RS_PLACE_H
#define RS_PLACE_H

#include <sys/socket.h>

#include "wish.h"

struct rdma_addrinfo;

struct rs_place {
	int family, protocol;
	struct sockaddr_storage local, remote;
	socklen_t local_size, remote_size; /* 0: there is none */
	struct rdma_addrinfo *found; /* what the connection manager has found; may have a route */
};

/* Prints what is wrong and returns 0 or a positive errno. Released by rs_place_free(). */
int rs_place_find(struct rs_place *place, const struct rs_wish *wish);
void rs_place_free(struct rs_place *place);

#endif
