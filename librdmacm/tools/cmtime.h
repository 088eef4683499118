/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cmtime: how long the steps of a connection's life take, each step taken for all connections
 * before the next one begins. Functions print what is wrong and return 0 or a positive errno.
 */
#ifndef CMTIME_H
#define CMTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "common/address.h"
#include "common/event.h"

/* Numbers are long because the option tables store them. */
struct cmtime_config {
	struct cm_place place;
	long connections, retries, timeout_ms;
};

extern struct cmtime_config cmtime_config;

enum cmtime_step {
	CMTIME_CREATE_ID,
	CMTIME_BIND,
	CMTIME_RESOLVE_ADDRESS,
	CMTIME_RESOLVE_ROUTE,
	CMTIME_CREATE_QP,
	CMTIME_CONNECT,
	CMTIME_DISCONNECT,
	CMTIME_DESTROY,
	CMTIME_STEPS,
};

/* When a connection began and ended its steps; 0 where it did not. */
struct cmtime_times {
	uint64_t begin_ns[CMTIME_STEPS], end_ns[CMTIME_STEPS];
};

uint64_t cmtime_now_ns(void);
/* A line for each step that some connection has been through. */
void cmtime_print(const struct cmtime_times *all, long connections);

/*
 * Queue pairs whose completions nobody looks at. A device's have one completion queue together, so
 * that a connection costs no file descriptor.
 */
struct cmtime_queues {
	struct cmtime_queue *first;
};

int cmtime_create_qp(struct cmtime_queues *queues, struct rdma_cm_id *id);
/* When there are no more queue pairs. */
void cmtime_close_queues(struct cmtime_queues *queues);

int cmtime_connect_all(void);
int cmtime_serve(void);

#endif
