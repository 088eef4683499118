/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A storm of connections: a client opens many at a time, sends a message by each, closes them all,
 * and does so for some rounds. Client and server are programs of their own, since either may be
 * killed. Both measure what they have before the storm and demand it back after it.
 */
#ifndef TESTS_STORM_STORM_H
#define TESTS_STORM_STORM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <rdma/rdma_cma.h>

enum {
	RESOLVE_MS = 5000,
	/* Connections of the round before all others, behind which what is kept for ever is there.
	 */
	WARM_UP = 10,
	MESSAGE_WORDS = 16,
};

#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			printf("%s:%d: %s is not so (%m)\n", __FILE__, __LINE__, #condition);      \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

/* A connection of either end. Its number is the client's, and fills the message. */
struct link {
	struct rdma_cm_id *id;
	uint32_t number;
	uint32_t *message;
};

/* What all connections of an end have in common; made for the device of the first one. */
struct shared {
	struct ibv_pd *pd;
	struct ibv_cq *cq;
	struct ibv_mr *mr;
	uint32_t *messages;
	uint32_t num_links;
};

void shared_open(struct shared *shared, struct ibv_context *device, uint32_t num_links);
/* A queue pair of the id, which goes to the shared completion queue. */
void shared_create_qp(struct shared *shared, struct rdma_cm_id *id);
/* Completions there are, all of which must be good. */
unsigned int shared_poll(struct shared *shared);

/* The next event, which must be of that type; the caller acknowledges it. */
struct rdma_cm_event *next_event(struct rdma_event_channel *channel);
void unexpected(const struct rdma_cm_event *event);

/* What a process has. */
struct possession {
	size_t heap_bytes;
	unsigned int fds;
};

struct possession possession_now(void);
/* Waits until there is no more than before. */
void possession_expect(const struct possession *before);

void serve(struct sockaddr_in *address, uint32_t total);
void storm(struct sockaddr_in *address, uint32_t count, uint32_t rounds);

#endif
