/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The one builder of send requests: begin, writers, finish; ibv_post_send() and the ibv_wr_
 * functions both drive it, with the send queue locked. Nothing is the kernel's before
 * siw_sq_ring(), so what has been built since is dropped by putting "put" back.
 */
#ifndef SIW_BUILDER_H
#define SIW_BUILDER_H

#include <errno.h>

#include "qp.h"

/* enum siw_opcode for a verbs opcode, or -1: iWARP has no atomics and no immediate data. */
int siw_opcode(enum ibv_wr_opcode opcode);

/* The next request, NULL when all of the ring is in use. start: put at the last siw_sq_ring(). */
struct siw_sqe *siw_sqe_begin(struct siw_sq *sq, uint32_t start, enum siw_opcode opcode,
			      unsigned int send_flags, uint64_t wr_id);

static inline void siw_sqe_remote(struct siw_sqe *sqe, uint32_t rkey, uint64_t remote_addr)
{
	sqe->rkey = rkey;
	sqe->raddr = remote_addr;
}

/* A scatter or gather list. 0 or EINVAL. */
int siw_sqe_list(const struct siw_sq *sq, struct siw_sqe *sqe, const struct ibv_sge *sg_list,
		 size_t num_sge);

/* Adds to the inline data of the request. 0, or EINVAL or ENOMEM when there is no place for it. */
int siw_sqe_inline(struct siw_sqe *sqe, const void *data, size_t length);

/*
 * The request is complete; the next one may begin. 0, or EINVAL for a read without its one sink
 * (RFC 5040, 5.1), which is no request then.
 */
int siw_sqe_finish(struct siw_sq *sq);

/*
 * Hands everything built since start to the kernel and wakes it if it does not look at the queue
 * already. When the kernel refuses, the requests are taken back: errno.
 */
int siw_sq_ring(struct siw_qp *qp, uint32_t start);

#endif
