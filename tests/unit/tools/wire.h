/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two ends of a wire inside the test's process: objects of the verbs API whose post and poll
 * functions pass messages to each other, so that the game of the ping-pongs can be played by two
 * threads without a device. Message memory is that of the pp_play of each end.
 */
#ifndef TEST_WIRE_H
#define TEST_WIRE_H

#include <pthread.h>

#include "libibverbs/examples/common/play.h"

enum { WIRE_LINKS_MAX = 8, WIRE_DEPTH_MAX = 64 };

struct wire_receive {
	uint64_t wr_id;
	char *memory;
};

struct wire_end {
	struct ibv_context context;
	struct ibv_cq cq;
	struct ibv_srq srq;
	struct ibv_mr mr;
	struct ibv_qp qps[WIRE_LINKS_MAX];
	struct pp_link links[WIRE_LINKS_MAX];
	struct pp_play play;

	struct wire *wire;
	struct wire_end *peer;

	/* rings with free-running counters; the wire's lock covers them */
	struct wire_receive receives[WIRE_DEPTH_MAX];
	uint32_t receives_posted, receives_used;
	struct ibv_wc completions[2 * WIRE_DEPTH_MAX];
	uint32_t completions_made, completions_taken;
	uint32_t fewest_receives; /* posted at any time after the first message */
};

struct wire {
	pthread_mutex_t lock;
	struct wire_end client, server;

	/* the message whose byte gets flipped on the way, counted from 1 in both directions */
	uint32_t corrupt_message;
	size_t corrupt_byte;
	uint32_t messages;
};

struct wire_game {
	long iterations;
	size_t size;
	uint32_t links; /* more than one: they share receives */
	uint32_t rx_depth;
	bool client_checks, server_checks;
	bool numbered; /* as negotiated */
};

/* Plays a game; what each side's pp_play_run() gave is stored. */
void wire_play(struct wire *wire, const struct wire_game *game, int *client, int *server);

#endif
