/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The completion queue of a ping-pong: polled, or waited for on a completion channel (--events),
 * with or without completion timestamps (--ts). Functions print what is wrong and return 0 or a
 * positive errno.
 */
#ifndef PP_COMPLETION_H
#define PP_COMPLETION_H

#include <stdbool.h>
#include <stdint.h>

#include <infiniband/verbs.h>

/*
 * A ping-pong whose queue stays empty that long has lost a message (UC and UD do not send again) or
 * its peer, and ends with an error.
 */
enum { PP_COMPLETION_PATIENCE_S = 30 };

struct pp_completion {
	uint64_t wr_id;
	uint32_t qpn;
	uint32_t byte_len;  /* of a receive */
	uint64_t timestamp; /* device clock, if timestamps were asked for */
};

struct pp_cq {
	struct ibv_cq *cq;
	struct ibv_cq_ex *extended; /* the same queue, if it gives timestamps */
	struct ibv_comp_channel *channel;
	unsigned int unacknowledged;
};

struct pp_cq_options {
	long entries;
	bool events;
	bool timestamps;
};

/* With events, the queue is armed when this returns. */
int pp_cq_create(struct pp_cq *cq, struct ibv_context *context,
		 const struct pp_cq_options *options);
int pp_cq_destroy(struct pp_cq *cq);

/*
 * Waits for completions and stores at least one, at most max; a completion with an error is printed
 * and ends the wait with EIO, silence with ETIMEDOUT.
 */
int pp_cq_wait(struct pp_cq *cq, struct pp_completion *completions, int max, int *count);

#endif
