/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What both sides of rping have: memory, messages, and waiting for them. See rping.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libibverbs/examples/common/report.h"
#include "rping.h"

enum {
	RECEIVE_OFFSET = 0,
	SEND_OFFSET = sizeof(struct rping_message),
	MESSAGES_SIZE = 2 * sizeof(struct rping_message),
	SENDS = 16,
	RECEIVES = 2,
};

_Static_assert(sizeof(struct rping_message) == 16, "a message has 16 bytes");

static int post_receive(struct rping_link *link)
{
	return cm_end_post_receive(&link->end, RPING_RECEIVE, RECEIVE_OFFSET,
				   sizeof(struct rping_message));
}

int rping_link_open(struct rping_link *link, struct rdma_cm_id *id, size_t size, int texts)
{
	const int access =
		IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_WRITE;
	const struct cm_end_wish wish = {
		.type = IBV_QPT_RC,
		.sends = SENDS,
		.receives = RECEIVES,
		.memory = MESSAGES_SIZE,
		.access = IBV_ACCESS_LOCAL_WRITE,
		.own_qp = rping_config.own_qp,
	};
	size_t total = size * (size_t)texts;
	int err;

	link->end.id = id;
	link->size = size;
	link->data = calloc(1, total);
	if (!link->data)
		return tool_error(ENOMEM, "no memory for pings of %zu bytes", size);
	err = cm_end_open(&link->end, id, &wish);
	if (!err)
		err = cm_end_register(&link->end, link->data, total, access, &link->mr);
	if (!err)
		err = post_receive(link);
	if (!err)
		rping_debug("made queue pair 0x%06x, and memory for %zu bytes",
			    link->end.qp->qp_num, total);
	return err;
}

int rping_link_close(struct rping_link *link)
{
	int err = link->mr ? ibv_dereg_mr(link->mr) : 0, failed;

	if (err)
		tool_error(err, "cannot deregister the memory for pings");
	failed = cm_end_close(&link->end);
	free(link->data);
	return err ? err : failed;
}

static int take_message(struct rping_link *link, const struct ibv_wc *wc)
{
	if (wc->byte_len != sizeof(link->said))
		return tool_error(EPROTO, "the peer's message has %u bytes and not %zu",
				  wc->byte_len, sizeof(link->said));
	memcpy(&link->said, link->end.memory + RECEIVE_OFFSET, sizeof(link->said));
	return post_receive(link);
}

int rping_link_await(struct rping_link *link, enum rping_work work)
{
	int err = 0;

	while (!err && !link->done[work]) {
		struct ibv_wc wc;

		err = cm_end_take(&link->end, &link->loop, CM_PATIENCE_MS, &wc);
		if (!err)
			link->done[wc.wr_id]++;
		if (!err && wc.wr_id == RPING_RECEIVE)
			err = take_message(link, &wc);
	}
	if (!err)
		link->done[work]--;
	return err;
}

int rping_link_say(struct rping_link *link, const struct rping_message *message)
{
	struct ibv_sge piece = cm_end_piece(&link->end, SEND_OFFSET, sizeof(*message));
	struct ibv_send_wr wr = {
		.wr_id = RPING_SEND,
		.sg_list = &piece,
		.num_sge = 1,
		.opcode = IBV_WR_SEND,
		.send_flags = IBV_SEND_SIGNALED,
	};
	int err;

	memcpy(link->end.memory + SEND_OFFSET, message, sizeof(*message));
	err = cm_end_post_send(&link->end, &wr);
	return err ? err : rping_link_await(link, RPING_SEND);
}

void rping_link_part(struct rping_link *link)
{
	if (link->end.own_qp && link->end.qp)
		cm_end_move(&link->end, IBV_QPS_ERR);
	rdma_disconnect(link->end.id);
}

/* The letters go from A to z and begin again, one further for each ping. */
void rping_text(char *text, size_t size, long number)
{
	const int letters = 'z' - 'A' + 1;
	size_t at = (size_t)snprintf(text, size, "rdma-ping-%ld: ", number);
	int letter = (int)(number % letters);

	for (; at < size - 1; at++) {
		text[at] = (char)('A' + letter);
		letter = (letter + 1) % letters;
	}
	text[size - 1] = '\0';
}
