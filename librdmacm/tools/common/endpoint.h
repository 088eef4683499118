/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One end of a connection, by calls that wait: what rdma_client, rdma_server and their XRC kin
 * share. Functions print what is wrong and return 0 or a positive errno.
 */
#ifndef CM_ENDPOINT_H
#define CM_ENDPOINT_H

#include "address.h"
#include "end.h"

/* Of a message. */
enum { CM_ENDPOINT_SIZE = 16 };

enum { CM_ENDPOINT_RECEIVE, CM_ENDPOINT_SEND };

struct cm_endpoint {
	struct cm_end end;
	struct cm_loop loop; /* of the id's own channel, once there is a connection */
	struct rdma_cm_id *listener;
	struct rdma_addrinfo *found;
	uint32_t srqn; /* where XRC messages go, as the server has told */
};

/* An id that has found its way to the server. */
int cm_endpoint_resolve(struct cm_endpoint *endpoint, const struct cm_place *place);
/* Listens until a client asks for a connection: the id of that. */
int cm_endpoint_await_client(struct cm_endpoint *endpoint, const struct cm_place *place);

/* What rdma_connect() and rdma_accept() do, and then the end of the connection is looked out for.
 */
int cm_endpoint_connect(struct cm_endpoint *endpoint, struct rdma_conn_param *wish);
int cm_endpoint_accept(struct cm_endpoint *endpoint, struct rdma_conn_param *wish);

/* For an end that has sends and memory for two messages: one that comes, then one that goes. */
int cm_endpoint_post_receive(struct cm_endpoint *endpoint);
int cm_endpoint_receive(struct cm_endpoint *endpoint);
int cm_endpoint_send(struct cm_endpoint *endpoint);

/* Disconnects, and destroys everything; also what has been made when a call has failed. */
int cm_endpoint_close(struct cm_endpoint *endpoint);

/* A whole tool: says that it starts, lets `talk` work on a new end, closes that, and says with what
 * it ends. Returns the first error. */
int cm_endpoint_run(const char *tool, int (*talk)(struct cm_endpoint *endpoint));

#endif
