/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Completion queues: a ring of CQEs that the kernel fills, and behind it the word by which the
 * application asks for an event.
 */
#ifndef SIW_CQ_H
#define SIW_CQ_H

#include <pthread.h>

#include "libibverbs/driver.h"

#include "ring.h"

struct siw_cq {
	struct verbs_cq verbs;
	struct siw_cqe *ring;
	uint32_t mask;
	uint32_t get; /* CQEs consumed, free-running */
	struct siw_cq_ctrl *control;
	pthread_mutex_t mutex;
	struct siw_cqe current; /* between start_poll and end_poll */
	struct siw_map map;
};

static inline struct siw_cq *to_siw_cq(struct ibv_cq *cq)
{
	return (struct siw_cq *)cq;
}

/* cq.c */
struct ibv_cq *siw_create_cq(struct ibv_context *context, int cqe, void *cq_context,
			     struct ibv_comp_channel *channel, int comp_vector);
struct ibv_cq_ex *siw_create_cq_ex(struct ibv_context *context, struct ibv_cq_init_attr_ex *attr);
int siw_req_notify_cq(struct ibv_cq *cq, int solicited_only);
int siw_destroy_cq(struct ibv_cq *cq);

/* poll.c */
int siw_poll_cq(struct ibv_cq *cq, int num_entries, struct ibv_wc *wc);
/* Takes the next CQE out of a locked queue. False when there is none. */
bool siw_cq_take(struct siw_cq *cq, struct siw_cqe *cqe);
/* Makes the CQEs of a queue pair that has been destroyed disappear. */
void siw_cq_clean(struct siw_cq *cq, uint32_t qpn);
enum ibv_wc_status siw_wc_status(const struct siw_cqe *cqe);
/* 0, or EIO for a completion of something that user space cannot have asked for. */
int siw_wc_opcode(const struct siw_cqe *cqe, enum ibv_wc_opcode *opcode);

/* poll_ex.c: fills in start_poll and what follows it. EOPNOTSUPP: wc_flags asks for too much. */
int siw_cq_set_ex(struct siw_cq *cq, uint64_t wc_flags);

#endif
