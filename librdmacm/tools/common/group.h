/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A number of connections, or exchanges of datagrams, that are made at once between a server and a
 * client: what ucmatose and udaddy share. Functions print what is wrong and return 0 or a positive
 * errno.
 */
#ifndef CM_GROUP_H
#define CM_GROUP_H

#include "address.h"
#include "end.h"

/* Numbers are long because the option tables store them. */
struct cm_group_config {
	struct cm_place place;
	enum ibv_qp_type type;		  /* IBV_QPT_RC or IBV_QPT_UD */
	long connections, messages, size; /* size is 0 only where messages is */
	long tos, ack_timeout;		  /* -1: not set */
};

enum { CM_NODE_RECEIVE, CM_NODE_SEND };

struct cm_node {
	struct cm_end end;
	long sent, received;
	bool ready;
	/* Datagrams: where they go; a server learns it from the first one. */
	struct ibv_ah *ah;
	uint32_t qpn, qkey;
};

struct cm_group {
	const struct cm_group_config *config;
	struct cm_loop loop;
	struct rdma_cm_id *listener;
	struct rdma_addrinfo *found;
	struct cm_node *nodes;
	long taken, ready, gone; /* nodes that have an id, a connection, no longer one */
};

/* Closed by cm_group_close(), even if it fails. */
int cm_group_open(struct cm_group *group, const struct cm_group_config *config);
int cm_group_close(struct cm_group *group);

/* Client: connects all. Server: waits for as many, without limit. All have receives posted. */
int cm_group_connect(struct cm_group *group);

/* Takes the step for one after the other, until one fails. */
typedef int cm_node_step(struct cm_group *group, struct cm_node *node);
int cm_group_each(struct cm_group *group, cm_node_step *step);

/* Sends to the peer of the node all messages that there shall be. */
int cm_node_send(struct cm_group *group, struct cm_node *node);
/* Waits until all messages have come, or have been sent. */
int cm_node_await_received(struct cm_group *group, struct cm_node *node);
int cm_node_await_sent(struct cm_group *group, struct cm_node *node);

/* Waits until all peers have disconnected. */
int cm_group_await_gone(struct cm_group *group);

#endif
