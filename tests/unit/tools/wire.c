/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Two ends of a wire for tests; see wire.h. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

static struct wire_end *end_of(struct ibv_context *context)
{
	return (struct wire_end *)context; /* the first member */
}

static void complete(struct wire_end *end, struct ibv_wc wc)
{
	end->completions[end->completions_made++ % (2 * WIRE_DEPTH_MAX)] = wc;
}

static int post_receives(struct wire_end *end, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad)
{
	int err = 0;

	pthread_mutex_lock(&end->wire->lock);
	for (; wr && !err; wr = wr->next) {
		if (end->receives_posted - end->receives_used == WIRE_DEPTH_MAX) {
			*bad = wr;
			err = ENOMEM;
			break;
		}
		end->receives[end->receives_posted++ % WIRE_DEPTH_MAX] = (struct wire_receive){
			.wr_id = wr->wr_id, .memory = (char *)(uintptr_t)wr->sg_list[0].addr};
	}
	pthread_mutex_unlock(&end->wire->lock);
	return err;
}

static int post_recv(struct ibv_qp *qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad)
{
	return post_receives(end_of(qp->context), wr, bad);
}

static int post_srq_recv(struct ibv_srq *srq, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad)
{
	return post_receives(end_of(srq->context), wr, bad);
}

/* Delivers to the queue pair of the same number at the other end, which must have a receive. */
static int deliver(struct wire_end *from, uint32_t qpn, const struct ibv_sge *data)
{
	struct wire_end *to = from->peer;
	struct wire_receive *receive;
	uint32_t left = to->receives_posted - to->receives_used;

	if (!left)
		return ENOBUFS;
	if (left < to->fewest_receives)
		to->fewest_receives = left;
	receive = &to->receives[to->receives_used++ % WIRE_DEPTH_MAX];
	memcpy(receive->memory, (const char *)(uintptr_t)data->addr, data->length);
	if (++from->wire->messages == from->wire->corrupt_message)
		receive->memory[from->wire->corrupt_byte] ^= 1;
	complete(to, (struct ibv_wc){.wr_id = receive->wr_id,
				     .opcode = IBV_WC_RECV,
				     .byte_len = data->length,
				     .qp_num = qpn});
	return 0;
}

static int post_send(struct ibv_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad)
{
	struct wire_end *end = end_of(qp->context);
	int err;

	pthread_mutex_lock(&end->wire->lock);
	err = deliver(end, qp->qp_num, &wr->sg_list[0]);
	if (err)
		*bad = wr;
	else
		complete(end, (struct ibv_wc){.wr_id = wr->wr_id,
					      .opcode = IBV_WC_SEND,
					      .qp_num = qp->qp_num});
	pthread_mutex_unlock(&end->wire->lock);
	return err;
}

static int poll_cq(struct ibv_cq *cq, int max, struct ibv_wc *wc)
{
	struct wire_end *end = end_of(cq->context);
	int n = 0;

	pthread_mutex_lock(&end->wire->lock);
	while (n < max && end->completions_taken != end->completions_made)
		wc[n++] = end->completions[end->completions_taken++ % (2 * WIRE_DEPTH_MAX)];
	pthread_mutex_unlock(&end->wire->lock);
	if (!n)
		sched_yield();
	return n;
}

static void set_up_links(struct wire_end *end, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		end->qps[i] = (struct ibv_qp){.context = &end->context, .qp_num = 100 + i};
		end->links[i] = (struct pp_link){.qp = &end->qps[i],
						 .type = IBV_QPT_RC,
						 .local.qpn = 100 + i,
						 .remote.qpn = 100 + i};
	}
}

static void set_up_end(struct wire *wire, struct wire_end *end, struct wire_end *peer,
		       const struct wire_game *game)
{
	struct pp_play *play = &end->play;

	end->wire = wire;
	end->peer = peer;
	end->fewest_receives = UINT32_MAX;
	end->context.ops.post_recv = post_recv;
	end->context.ops.post_srq_recv = post_srq_recv;
	end->context.ops.post_send = post_send;
	end->context.ops.poll_cq = poll_cq;
	end->cq.context = &end->context;
	end->srq.context = &end->context;
	set_up_links(end, game->links);
	play->links = end->links;
	play->link_count = game->links;
	play->srq = game->links > 1 ? &end->srq : NULL;
	play->cq.cq = &end->cq;
	play->message_size = game->size;
	play->iterations = game->iterations;
	play->server = end == &wire->server;
	play->check = play->server ? game->server_checks : game->client_checks;
	play->numbered = game->numbered;
	play->buffer.mr = &end->mr;
	play->buffer.size = pp_play_lay_out(play, game->rx_depth);
	play->buffer.memory = calloc(1, play->buffer.size);
	assert_non_null(play->buffer.memory);
	assert_int_equal(pp_play_prepare(play, game->rx_depth), 0);
}

struct run {
	struct wire_end *end;
	int err;
};

static void *run(void *argument)
{
	struct run *side = argument;
	struct pp_result result;

	side->err = pp_play_run(&side->end->play, &result);
	return NULL;
}

void wire_play(struct wire *wire, const struct wire_game *game, int *client, int *server)
{
	struct run client_run = {.end = &wire->client}, server_run = {.end = &wire->server};
	pthread_t thread;

	assert_int_equal(pthread_mutex_init(&wire->lock, NULL), 0);
	set_up_end(wire, &wire->client, &wire->server, game);
	set_up_end(wire, &wire->server, &wire->client, game);
	assert_int_equal(pthread_create(&thread, NULL, run, &server_run), 0);
	run(&client_run);
	assert_int_equal(pthread_join(thread, NULL), 0);
	*client = client_run.err;
	*server = server_run.err;
	pp_play_release(&wire->client.play);
	pp_play_release(&wire->server.play);
	free(wire->client.play.buffer.memory);
	free(wire->server.play.buffer.memory);
	pthread_mutex_destroy(&wire->lock);
}
