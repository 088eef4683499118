/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A ring of receive requests: the same in receive queues and shared receive queues. */
#ifndef SIW_RECV_H
#define SIW_RECV_H

#include <pthread.h>

#include "libibverbs/driver.h"

#include "ring.h"

struct siw_rq {
	struct siw_rqe *ring;
	uint32_t size; /* 0: no ring */
	uint32_t put;  /* requests posted, free-running */
	uint32_t max_sge;
	pthread_mutex_t mutex;
	struct siw_map map;
};

/* The mutex only; the ring comes with siw_rq_map(). Both 0 or errno. */
int siw_rq_init(struct siw_rq *rq, uint32_t max_sge);
int siw_rq_map(struct siw_rq *rq, struct ibv_context *context, uint64_t key, uint32_t size);
/* Undoes both, or the first of them. */
void siw_rq_destroy(struct siw_rq *rq);

int siw_rq_post(struct siw_rq *rq, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr);

#endif
