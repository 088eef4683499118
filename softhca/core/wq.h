/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Receive queues of Ethernet frames: work queues, which are objects of their own, and the receive
 * queue of a raw packet queue pair, which goes with it. Calls as in object.h.
 */
#ifndef SOFTHCA_CORE_WQ_H
#define SOFTHCA_CORE_WQ_H

#include "softhca/core/object.h"

/* Numbered as in the kernel ABI. */
enum wq_state {
	WQ_RESET,
	WQ_READY,
	WQ_ERROR,
};

/* As enum ib_wq_flags of the kernel ABI. */
enum wq_flag {
	WQ_VLAN_STRIPPING = 1 << 0,
	WQ_SCATTER_FCS = 1 << 1,
};

struct wq {
	struct hca *hca;
	struct pd *pd;
	struct cq *cq;
	struct queue_memory memory;
	void *doorbell_record;
	uint32_t count; /* in WQEs */
	uint32_t log_stride;
	uint32_t consumer; /* oldest receive not yet taken, free running */
	uint32_t user_index;
	uint32_t flags; /* enum wq_flag */
	enum wq_state state;
	/* ---- cold ---- */
	struct qp *qp; /* whose receive queue this is; NULL: a work queue */
	uint32_t wqn;
	uint32_t users;	  /* tables that list it, each time */
	struct list link; /* on hca->wq_list */
	void *front;
};

struct wq_params {
	struct pd *pd;
	struct cq *cq;
	struct queue_memory memory;
	void *doorbell_record;
	uint32_t count;
	uint32_t log_stride;
	uint32_t user_index;
	uint32_t flags;
	struct qp *qp;
	void *front;
};

/* EOPNOTSUPP on a port that is not Ethernet's. Begins in reset. */
int wq_create(struct hca *hca, const struct wq_params *params, struct wq **wq);
/* To reset or error from anywhere, to ready from reset; EINVAL from error. Receives that were
 * posted are flushed by an error and forgotten by a reset. */
int wq_modify(struct wq *wq, enum wq_state state);
/* Changes the flags of `mask`; EOPNOTSUPP for those that are fixed. */
int wq_modify_flags(struct wq *wq, uint32_t flags, uint32_t mask);
int wq_destroy(struct wq *wq); /* EBUSY while a table lists it */

/* Of a queue pair that has changed its state. */
void wq_follow_qp(struct wq *wq);

/* The next receive. ENOENT when none is posted; EINVAL: it makes no sense, and is taken all the
 * same. */
int wq_take(struct wq *wq, struct recv_request *request);
/* Lands a completion for this queue's CQ, as cq_complete(). */
void wq_complete(struct wq *wq, const struct frame_completion *completion);
/* The queue is of no use any more: what it holds is flushed, its owner told. */
void wq_fail(struct wq *wq);
/* Completes what is posted to a queue in error. Returns how many. */
unsigned int wq_flush(struct wq *wq);

/* Looks after the work queues in error, to which receives may have been posted. */
unsigned int wq_flush_all(struct hca *hca);

#endif
