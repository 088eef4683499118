/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Events of the connection manager, waited for together with a file descriptor, and what they mean
 * to a user. Functions print what is wrong and return 0 or a positive errno.
 */
#ifndef CM_EVENT_H
#define CM_EVENT_H

#include <rdma/rdma_cma.h>

/* Longest silence of a peer that is expected to answer. */
enum { CM_PATIENCE_MS = 30000, CM_FOREVER = -1 };

struct cm_loop {
	struct rdma_event_channel *channel;
	/* What is done with an event; it is acknowledged afterwards. Its errno ends the wait. */
	int (*handle)(void *owner, struct rdma_cm_event *event);
	void *owner;
	/* handle() leaves here an id that it does not want; it is destroyed when it can be. */
	struct rdma_cm_id *unwanted;
};

int cm_loop_open(struct cm_loop *loop);
/* All ids have been destroyed. */
void cm_loop_close(struct cm_loop *loop);

/*
 * Handles one event, or returns when fd (-1 for none) can be read. ETIME when neither happens,
 * about which nothing is printed.
 */
int cm_loop_turn(struct cm_loop *loop, int fd, int timeout_ms);

/* Says why a connection has failed, and what can be done; `peer` may be NULL. Returns an errno. */
int cm_event_failed(const struct rdma_cm_event *event, const struct sockaddr *peer);

#endif
