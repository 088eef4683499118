/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One queue pair of a ping-pong and its way to the peer's: creation, the state changes of RC, UC
 * and UD, and posting. Functions print what is wrong and return 0 or a positive errno.
 */
#ifndef PP_LINK_H
#define PP_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include <infiniband/verbs.h>

#include "address.h"
#include "device.h"

/* Received UD messages stand behind this much room for the GRH (IBTA vol. 1, 11.4.1.2). */
enum { PP_GRH_ROOM = 40 };

struct pp_link_options {
	enum ibv_qp_type type;
	struct ibv_cq *cq;
	struct ibv_srq *srq; /* NULL: the queue pair has its own receive queue */
	uint32_t rx_depth;
	bool new_send; /* post with ibv_wr_send() */
};

struct pp_link {
	struct ibv_qp *qp;
	struct ibv_qp_ex *extended; /* the same queue pair, with new_send */
	struct ibv_ah *ah;	    /* UD */
	enum ibv_qp_type type;
	uint32_t max_inline;
	struct pp_address local, remote;

	/* the game: messages sent and received here, and whether one is on its way */
	long sent, received;
	bool sending;
};

/* How to reach the peer, besides its address. */
struct pp_path {
	const struct tool_port *port;
	enum ibv_mtu mtu;
	uint8_t sl;
};

/* Creates the queue pair and brings it to INIT; fills local but for the PSN. */
int pp_link_create(struct pp_link *link, struct ibv_pd *pd, const struct pp_link_options *options,
		   const struct tool_port *port);
/* Brings the queue pair to RTR and RTS with the local and remote addresses. */
int pp_link_connect(struct pp_link *link, const struct pp_path *path);
int pp_link_destroy(struct pp_link *link);

/* Posts a signaled send; inline if the queue pair takes that much and may_inline says so. */
int pp_link_post_send(struct pp_link *link, uint64_t wr_id, const struct ibv_sge *data,
		      bool may_inline);

#endif
