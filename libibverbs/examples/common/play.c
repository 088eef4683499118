/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The exchange of messages; see play.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "payload.h"
#include "play.h"
#include "report.h"

enum { COMPLETION_BATCH = 16, RECEIVE_BATCH = 64, SLOT_ALIGNMENT = 64 };

/* Work request ids: the slot of a receive, the link of a send. */
static const uint64_t send_bit = 1ull << 32;

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

size_t pp_play_lay_out(struct pp_play *play, uint32_t rx_depth)
{
	size_t slot = play->header_room + play->message_size;

	play->slot_stride = (slot + SLOT_ALIGNMENT - 1) / SLOT_ALIGNMENT * SLOT_ALIGNMENT;
	play->send_slots = play->check && play->srq;
	play->receive_slots = 1;
	if (!play->send_slots)
		return slot;
	play->receive_slots = rx_depth < 2 * play->link_count ? rx_depth : 2 * play->link_count;
	return play->slot_stride * (play->receive_slots + play->link_count);
}

static size_t slot_offset(const struct pp_play *play, uint32_t slot)
{
	return play->slot_stride * slot;
}

static size_t send_offset(const struct pp_play *play, uint32_t link)
{
	uint32_t slot = play->send_slots ? play->receive_slots + link : 0;

	return slot_offset(play, slot) + play->header_room;
}

static int post_receive_list(struct pp_play *play, struct ibv_recv_wr *first)
{
	struct ibv_recv_wr *bad;
	int err = play->srq ? ibv_post_srq_recv(play->srq, first, &bad)
			    : ibv_post_recv(play->links[0].qp, first, &bad);

	return err ? tool_error(err, "cannot post a receive") : 0;
}

static void describe_receive(struct pp_play *play, uint32_t slot, struct ibv_recv_wr *wr,
			     struct ibv_sge *sge)
{
	*sge = (struct ibv_sge){
		.addr = pp_buffer_address(&play->buffer, slot_offset(play, slot)),
		.length = (uint32_t)(play->header_room + play->message_size),
		.lkey = play->buffer.mr->lkey,
	};
	*wr = (struct ibv_recv_wr){.wr_id = slot, .sg_list = sge, .num_sge = 1};
}

static int post_receive(struct pp_play *play, uint32_t slot)
{
	struct ibv_recv_wr wr;
	struct ibv_sge sge;

	describe_receive(play, slot, &wr, &sge);
	return post_receive_list(play, &wr);
}

static int post_receives(struct pp_play *play, uint32_t rx_depth)
{
	struct ibv_recv_wr wrs[RECEIVE_BATCH];
	struct ibv_sge sges[RECEIVE_BATCH];
	uint32_t left = play->send_slots ? play->receive_slots : rx_depth, slot = 0;
	int err = 0;

	while (left && !err) {
		uint32_t n = left < RECEIVE_BATCH ? left : RECEIVE_BATCH;

		for (uint32_t i = 0; i < n; i++) {
			describe_receive(play, slot++ % play->receive_slots, &wrs[i], &sges[i]);
			wrs[i].next = i + 1 < n ? &wrs[i + 1] : NULL;
		}
		err = post_receive_list(play, wrs);
		left -= n;
	}
	return err;
}

/* Contents for a game without numbers, and what is expected back of it. */
static int fill_constant(struct pp_play *play)
{
	uint32_t senders = play->send_slots ? play->link_count : 1;

	for (uint32_t i = 0; i < senders; i++)
		pp_payload_fill_constant(play->buffer.memory + send_offset(play, i),
					 play->message_size, page_size());
	if (play->check) {
		play->expected = malloc(play->message_size);
		if (!play->expected)
			return tool_error(ENOMEM, "cannot allocate %zu bytes for the check",
					  play->message_size);
		pp_payload_fill_constant(play->expected, play->message_size, page_size());
		play->expected_known = !play->server;
	}
	return pp_buffer_flush(&play->buffer);
}

int pp_play_prepare(struct pp_play *play, uint32_t rx_depth)
{
	int err = fill_constant(play);

	return err ? err : post_receives(play, rx_depth);
}

void pp_play_release(struct pp_play *play)
{
	free(play->expected);
	play->expected = NULL;
}

static struct pp_payload_key key_of(uint32_t link, long number, bool from_server)
{
	return (struct pp_payload_key){
		.link = link, .number = (uint32_t)number, .from_server = from_server};
}

static int post_send(struct pp_play *play, uint32_t index)
{
	struct pp_link *link = &play->links[index];
	size_t offset = send_offset(play, index);
	struct ibv_sge sge = {.addr = pp_buffer_address(&play->buffer, offset),
			      .length = (uint32_t)play->message_size,
			      .lkey = play->buffer.mr->lkey};
	int err = 0;

	if (play->numbered) {
		struct pp_payload_key key = key_of(index, link->sent, play->server);

		pp_payload_fill_numbered(play->buffer.memory + offset, play->message_size, &key);
		err = pp_buffer_flush(&play->buffer);
	}
	if (!err)
		err = pp_link_post_send(link, send_bit | index, &sge,
					play->buffer.kind != PP_MEMORY_DEVICE);
	if (err)
		return err;
	link->sending = true;
	link->sent++;
	play->sent++;
	return 0;
}

/* The client serves: it is ahead by one message, which the server answers. */
static int send_if_due(struct pp_play *play, uint32_t index)
{
	const struct pp_link *link = &play->links[index];
	long due = play->server ? link->received : link->received + 1;

	if (link->sending || link->sent >= due || play->sent >= play->iterations)
		return 0;
	return post_send(play, index);
}

/* The first message of a peer that does not number; it sets what the others are compared with. */
static size_t check_first(struct pp_play *play, const char *message)
{
	size_t wrong = pp_payload_check_constant(message, play->message_size, page_size());

	memcpy(play->expected, message, play->message_size);
	play->expected_known = true;
	return wrong;
}

static int check_message(struct pp_play *play, uint32_t index, uint32_t slot)
{
	const struct pp_link *link = &play->links[index];
	const char *message;
	size_t wrong;
	int err = pp_buffer_fetch(&play->buffer);

	if (err)
		return err;
	message = play->buffer.memory + slot_offset(play, slot) + play->header_room;
	if (play->numbered) {
		struct pp_payload_key key = key_of(index, link->received, !play->server);

		wrong = pp_payload_check_numbered(message, play->message_size, &key);
	} else if (!play->expected_known) {
		wrong = check_first(play, message);
	} else {
		wrong = pp_payload_check_same(message, play->expected, play->message_size);
	}
	if (wrong == play->message_size)
		return 0;
	tool_refuse("invalid data in page %zu: byte %zu of message %ld on QP 0x%06x is wrong",
		    wrong / page_size(), wrong, link->received, link->local.qpn);
	return EBADMSG;
}

/* With separate slots an answer is an echo only if it is made one; others expect that. */
static void echo(struct pp_play *play, uint32_t index, uint32_t slot)
{
	memcpy(play->buffer.memory + send_offset(play, index),
	       play->buffer.memory + slot_offset(play, slot) + play->header_room,
	       play->message_size);
}

static int find_link(const struct pp_play *play, uint32_t qpn, uint32_t *index)
{
	for (*index = 0; *index < play->link_count; ++*index)
		if (play->links[*index].local.qpn == qpn)
			return 0;
	tool_refuse("a completion names QP 0x%06x, which is none of ours", qpn);
	return EPROTO;
}

static int take_message(struct pp_play *play, const struct pp_completion *completion)
{
	uint32_t slot = (uint32_t)completion->wr_id, index = 0;
	size_t expected = play->header_room + play->message_size;
	int err = find_link(play, completion->qpn, &index);

	if (err)
		return err;
	if (completion->byte_len != expected)
		return tool_refuse("a message has %u bytes instead of %zu; do both sides use the "
				   "same --size?",
				   completion->byte_len, expected);
	if (play->timestamps)
		pp_ticks_add(&play->ticks, completion->timestamp);
	if (play->check)
		err = check_message(play, index, slot);
	if (play->send_slots && play->server && !play->numbered)
		echo(play, index, slot);
	if (!err)
		err = post_receive(play, slot);
	play->links[index].received++;
	play->received++;
	return err ? err : send_if_due(play, index);
}

static int take_completion(struct pp_play *play, const struct pp_completion *completion)
{
	uint32_t index = (uint32_t)completion->wr_id;

	if (!(completion->wr_id & send_bit))
		return take_message(play, completion);
	play->links[index].sending = false;
	return send_if_due(play, index);
}

/*
 * A client with more queue pairs than iterations may have sent a message on each all the same;
 * messages beyond the agreed number are left alone.
 */
static bool finished(const struct pp_play *play)
{
	for (uint32_t i = 0; i < play->link_count; i++)
		if (play->links[i].sending)
			return false;
	return play->sent >= play->iterations && play->received >= play->iterations;
}

static int play_all(struct pp_play *play)
{
	struct pp_completion completions[COMPLETION_BATCH];
	int count, err = 0;

	for (uint32_t i = 0; i < play->link_count && !err; i++)
		err = send_if_due(play, i);
	while (!err && !finished(play)) {
		err = pp_cq_wait(&play->cq, completions, COMPLETION_BATCH, &count);
		for (int i = 0; i < count && !err; i++)
			err = take_completion(play, &completions[i]);
	}
	return err;
}

int pp_play_run(struct pp_play *play, struct pp_result *result)
{
	struct timespec start, end;
	int err;

	clock_gettime(CLOCK_MONOTONIC, &start);
	err = play_all(play);
	clock_gettime(CLOCK_MONOTONIC, &end);
	result->iterations = (uint64_t)play->iterations;
	result->bytes = result->iterations * play->message_size * 2;
	result->seconds =
		(double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
	return err;
}
