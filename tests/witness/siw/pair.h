/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two ends of a connection in one process, each with a domain, queues and memory of its own. What
 * fails ends the program with the line it failed in.
 */
#ifndef PAIR_H
#define PAIR_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "rdmacm.h"

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);  \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

enum {
	END_BYTES = 1 << 16,
	END_WR = 8,
	END_SGE = 2,
};

struct end {
	struct rdma_cm_id *id;
	struct ibv_pd *pd;
	struct ibv_comp_channel *channel;
	struct ibv_cq *send_cq, *recv_cq;
	struct ibv_srq *srq; /* NULL: receives go to the queue pair */
	struct ibv_qp *qp;
	struct ibv_mr *mr;
	char *memory;
};

struct pair {
	struct rdma_cm_id *listener;
	bool with_srq; /* the server receives through a shared queue */
	struct end client, server;
};

/* Everything but the connection; the server's queue pair is made when it is asked for. */
void pair_make(struct pair *pair, const char *address, bool with_srq);
void pair_connect(struct pair *pair);
void pair_destroy(struct pair *pair);

int end_post_send(struct end *end, enum ibv_wr_opcode opcode, unsigned int flags, uint64_t wr_id,
		  size_t offset, uint32_t length, const struct ibv_mr *remote,
		  size_t remote_offset);
void end_post_recv(struct end *end, uint64_t wr_id, size_t offset, uint32_t length);
/* Waits some seconds for a completion; it has to have this wr_id and status. */
struct ibv_wc end_expect(struct ibv_cq *cq, uint64_t wr_id, enum ibv_wc_status status);
/* True when there is something to read within milliseconds. */
bool readable(int fd, int milliseconds);

#endif
