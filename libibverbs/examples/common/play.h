/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The exchange of messages itself, on links that are connected: who sends when, what the messages
 * contain, and their check. session.c sets the fields up; play.c moves them on.
 */
#ifndef PP_PLAY_H
#define PP_PLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "completion.h"
#include "link.h"
#include "result.h"

/*
 * The buffer is cut into slots of header room and message. Without -c, or with one link, everything
 * lands in and leaves from slot 0: a link sends only between two receives, so an answer is an
 * echo. Links that share receives and check need more: receive_slots come first, then one to send
 * from for each link.
 */
struct pp_play {
	struct pp_buffer buffer;
	struct pp_cq cq;
	struct ibv_srq *srq; /* NULL: link 0 has the receives */
	struct pp_link *links;
	uint32_t link_count;

	uint32_t header_room;
	size_t message_size, slot_stride;
	uint32_t receive_slots;
	bool send_slots;

	/* over all links together */
	long iterations, sent, received;
	bool server;

	bool check;
	bool numbered;	/* check, and the peer does as well */
	char *expected; /* with check and not numbered: what each message contains */
	bool expected_known;

	bool timestamps;
	struct pp_ticks ticks;
};

/* Cuts the slots; fills in the fields that say how, and tells how much memory they need. */
size_t pp_play_lay_out(struct pp_play *play, uint32_t rx_depth);

/*
 * Fills the buffer, then posts rx_depth receives, or as many as there are slots for them. To be
 * done before the peer learns where to send: what it sends then must not be overwritten.
 */
int pp_play_prepare(struct pp_play *play, uint32_t rx_depth);
void pp_play_release(struct pp_play *play);

/* Plays to the end; result says how it went. */
int pp_play_run(struct pp_play *play, struct pp_result *result);

#endif
