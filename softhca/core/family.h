/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a hardware family tells the core: how its queues are read and its completions written. All
 * calls are made under the engine lock. Memory of applications and guests is hostile: a decoder
 * copies what it reads once and checks the copy.
 */
#ifndef SOFTHCA_CORE_FAMILY_H
#define SOFTHCA_CORE_FAMILY_H

#include "softhca/core/request.h"

struct cq;
struct cq_params;
struct qp;
struct qp_params;
struct srq;
struct srq_params;
struct wq;
struct wq_params;

/* What the consumer last wrote to ask for a completion event. */
struct cq_arm {
	/* Changes with every new arming; equal values mean the same arming. */
	uint32_t token;
	bool solicited_only;
};

struct family_ops {
	const char *name;

	/* Whether queues of this shape can be: sizes, alignment, everything inside the memory. 0 or
	 * EINVAL. Called before the object is made. */
	int (*cq_check)(const struct cq_params *params);
	int (*srq_check)(const struct srq_params *params);
	int (*qp_check)(const struct qp_params *params);

	/* Free-running producer position of the send queue, in the units of send_request.units.
	 * Taken from the doorbell record with acquire semantics. */
	uint32_t (*send_producer)(const struct qp *qp);

	/*
	 * Decodes the send WQE at `index`; `index` lies between consumer and producer. Called again
	 * with the same index when the request has to be sent again. 0, or EINVAL when the WQE
	 * makes no sense for this queue pair (`units` is then valid all the same, at least 1).
	 */
	int (*send_decode)(const struct qp *qp, uint32_t index, struct send_request *request);

	/* Free-running producer position of the receive queue, in WQEs. */
	uint32_t (*recv_producer)(const struct qp *qp);

	/* Decodes the receive WQE at `index` (in WQEs, free running). 0 or EINVAL. */
	int (*recv_decode)(const struct qp *qp, uint32_t index, struct recv_request *request);

	/* Takes the next receive of a shared queue. 0, ENOENT when none is posted, or EINVAL: the
	 * WQE makes no sense, it is consumed and named by request->index. Sets srq->error as well
	 * when the queue itself is corrupt. */
	int (*srq_take)(struct srq *srq, struct recv_request *request);

	/* Receives posted to the SRQ and not yet taken. */
	uint32_t (*srq_posted)(const struct srq *srq);

	/* Writes a CQE for `qp`; the owner bit goes last. 0, or EOVERFLOW when the CQ is full. */
	int (*cqe_write)(struct cq *cq, const struct qp *qp, const struct completion *completion);

	/* The same with what there is to say of tags; goes with their SRQ, completion->srq. */
	int (*cqe_write_tag)(struct cq *cq, const struct qp *qp,
			     const struct completion *completion, const struct tag_note *note);

	/* The same four things for the receive queues of frames. */
	int (*wq_check)(const struct wq_params *params);
	uint32_t (*wq_producer)(const struct wq *wq);
	int (*wq_decode)(const struct wq *wq, uint32_t index, struct recv_request *request);
	int (*cqe_write_frame)(struct cq *cq, const struct wq *wq,
			       const struct frame_completion *completion);

	/* Writes the entry that sends the consumer to its new buffer. 0 or EOVERFLOW. */
	int (*cqe_write_resize)(struct cq *cq);

	/* Puts a value into the arm record that no arming has, so that the first one shows. */
	void (*cq_disarm)(struct cq *cq);

	/* Reads the arm record. */
	struct cq_arm (*cq_arm)(const struct cq *cq);

	/* CQEs written and not yet consumed, by the consumer index record. */
	uint32_t (*cq_unpolled)(const struct cq *cq);
};

#endif
