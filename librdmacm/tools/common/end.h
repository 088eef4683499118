/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One end of a connection, or of an exchange of datagrams: an id with its queue pair, a completion
 * queue for both directions and memory for messages. Functions print what is wrong and return 0 or
 * a positive errno.
 */
#ifndef CM_END_H
#define CM_END_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rdma/rdma_cma.h>

#include "event.h"

/* Of datagrams: a receive has this much before its message. */
enum { CM_GRH_SIZE = sizeof(struct ibv_grh) };

struct cm_end_wish {
	enum ibv_qp_type type;
	uint32_t sends, receives; /* under way at once */
	size_t memory;
	int access;	       /* enum ibv_access_flags of the memory */
	uint32_t create_flags; /* enum ibv_qp_create_flags */
	bool own_qp;	       /* made and moved by us, and not by the library */
};

struct cm_end {
	struct rdma_cm_id *id;
	struct ibv_pd *pd;
	struct ibv_comp_channel *channel;
	struct ibv_cq *cq;
	struct ibv_qp *qp;
	struct ibv_srq *srq; /* takes the messages to an IBV_QPT_XRC_RECV */
	char *memory;
	struct ibv_mr *mr;
	unsigned int events; /* not yet acknowledged */
	bool own_qp;
	bool gone; /* to be set when the peer has disconnected */
};

/*
 * For an id that is bound to a device. What has been made when it fails is closed by its owner. An
 * end of XRC only sends or only receives, and a receiving one has a shared queue for that.
 */
int cm_end_open(struct cm_end *end, struct rdma_cm_id *id, const struct cm_end_wish *wish);
/* Destroys everything, the id as well. */
int cm_end_close(struct cm_end *end);

/* Refuses messages that are longer than the datagrams of the id's port. */
int cm_end_check_datagram(struct rdma_cm_id *id, long size);

/* Another region, with the same domain. */
int cm_end_register(struct cm_end *end, void *memory, size_t size, int access, struct ibv_mr **mr);

/* With cm_end_wish.own_qp: moves the queue pair as the connection manager says. */
int cm_end_move(struct cm_end *end, enum ibv_qp_state state);

struct ibv_sge cm_end_piece(const struct cm_end *end, size_t offset, size_t length);
int cm_end_post_receive(struct cm_end *end, uint64_t wr_id, size_t offset, size_t length);
int cm_end_post_send(struct cm_end *end, struct ibv_send_wr *wr);

/*
 * Waits for one completion, and handles events of the loop meanwhile. Without anything to say,
 * ENOTCONN when the peer is gone and all that has arrived has been taken; a completion with an
 * error is printed, and makes EIO.
 */
int cm_end_take(struct cm_end *end, struct cm_loop *loop, int timeout_ms, struct ibv_wc *wc);

#endif
