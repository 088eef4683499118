/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Both halves of an extended reliable connection, and the SRQs that its requests name. */
#ifndef TESTS_VERBS_XRC_H
#define TESTS_VERBS_XRC_H

#include "bed.h"

enum { XRC_DEPTH = 16, XRC_BYTES = 65536, XRC_HALF = XRC_BYTES / 2, XRC_LARGE = 9000 };

/* An SRQ of a domain, with the CQ that its receives complete in. */
struct xrc_inbox {
	struct ibv_cq *cq;
	struct ibv_srq *srq;
	uint32_t number;
};

/* Both halves in one process, one the other's peer. */
struct xrc_bench {
	struct bed bed;
	struct ibv_xrcd *xrcd;
	struct xrc_inbox inbox;
	struct end sender;
	struct ibv_qp *target;
	struct buffer buffer; /* what is sent lies in the lower half, what comes in the upper one */
};

/* Ends the program where the device has no such connections. */
void xrc_need(const struct bed *bed);
void xrc_open(struct xrc_bench *bench);
void xrc_close(struct xrc_bench *bench);

/* Of no file if `fd` is -1; errno says why it is NULL. */
struct ibv_xrcd *xrc_domain_open(const struct bed *bed, int fd, int oflags);

struct ibv_srq *xrc_srq_make(const struct bed *bed, struct ibv_pd *pd, struct ibv_xrcd *xrcd,
			     struct ibv_cq *cq, uint32_t limit);
void xrc_inbox_make(struct xrc_inbox *inbox, const struct bed *bed, struct ibv_pd *pd,
		    struct ibv_xrcd *xrcd);
void xrc_inbox_free(struct xrc_inbox *inbox);
/* Posts a receive. */
void xrc_inbox_supply(struct xrc_inbox *inbox, uint64_t wr_id, const struct buffer *buffer,
		      size_t offset, uint32_t length);

struct ibv_qp *xrc_target_make(const struct bed *bed, struct ibv_xrcd *xrcd);
/* Back where the first packet that comes raises an event. */
void xrc_target_to_rtr(struct xrc_bench *bench);
enum ibv_qp_state xrc_state(struct ibv_qp *qp);

/* From the lower half of the buffer to the upper one, with receives of the bench's inbox; its
 * opcode is the number that it completes with. */
struct ibv_send_wr xrc_request(struct xrc_bench *bench, enum ibv_wr_opcode opcode,
			       struct ibv_sge *sge);
/* The completion of receive 7. */
void xrc_expect_received(struct xrc_bench *bench, enum ibv_wc_opcode opcode, uint32_t length);
/* The whole way of a request that brings data. */
void xrc_send_and_write(struct xrc_bench *bench, enum ibv_wr_opcode opcode, uint32_t length);

#endif
