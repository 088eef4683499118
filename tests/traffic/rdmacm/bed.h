/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two ends of connections in one process: a listener and those who come to it, on the address that
 * the environment gives (OV_CM_ADDRESS).
 */
#ifndef TESTS_RDMACM_BED_H
#define TESTS_RDMACM_BED_H

#include <errno.h>
#include <string.h>

#include <rdma/rdma_cma.h>
#include <rdma/rdma_verbs.h>

#include "check.h"

enum { RESOLVE_MS = 2000 };

/* The address under test with a port; skips the case if there is none. */
struct sockaddr_in address_with_port(uint16_t port);

/* The next event of a channel: of that type and status 0, about that id unless it is NULL. */
struct rdma_cm_event *expect_event(struct rdma_event_channel *channel, enum rdma_cm_event_type type,
				   struct rdma_cm_id *id);
/* The same, acknowledged. */
void pass_event(struct rdma_event_channel *channel, enum rdma_cm_event_type type,
		struct rdma_cm_id *id);

struct listener {
	struct rdma_event_channel *channel;
	struct rdma_cm_id *id;
	struct sockaddr_in address;
};

void listen_on_any_port(struct listener *listener, enum rdma_port_space ps);
void end_listener(struct listener *listener);

/* An id that knows the way to the listener. */
struct rdma_cm_id *resolved_id(struct rdma_event_channel *channel, struct sockaddr_in address,
			       enum rdma_port_space ps);
struct ibv_qp_init_attr small_qp(enum ibv_qp_type type);

struct connection {
	struct listener listener;
	struct rdma_event_channel *channel;
	struct rdma_cm_id *active, *passive;
};

/* Both ends connected, with queue pairs of the library's making. */
void connect_both(struct connection *connection);
void disconnect_both(struct connection *connection);

/* A message from one end to the other, and its bytes. */
void exchange(struct rdma_cm_id *from, struct rdma_cm_id *to, size_t length);

#endif
