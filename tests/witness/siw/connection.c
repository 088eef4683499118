/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * siw_connection ADDRESS SCENARIO: connects two queue pairs over iWARP and has them do what the
 * scenario is about. Exit status 0 when all was as it should be.
 */
#include <errno.h>
#include <string.h>

#include "pair.h"

static void connected(struct pair *pair, const char *address, bool with_srq)
{
	pair_make(pair, address, with_srq);
	pair_connect(pair);
}

static void operations(const char *address)
{
	struct pair pair;
	struct end *client = &pair.client, *server = &pair.server;
	struct ibv_wc wc;

	connected(&pair, address, false);
	strcpy(client->memory, "a message");
	end_post_recv(server, 10, 100, 50);
	CHECK(!end_post_send(client, IBV_WR_SEND, IBV_SEND_SIGNALED, 1, 0, 20, NULL, 0));
	CHECK(end_expect(client->send_cq, 1, IBV_WC_SUCCESS).opcode == IBV_WC_SEND);
	wc = end_expect(server->recv_cq, 10, IBV_WC_SUCCESS);
	CHECK(wc.opcode == IBV_WC_RECV && wc.byte_len == 20 && wc.qp_num == server->qp->qp_num);
	CHECK(!strcmp(server->memory + 100, "a message"));

	strcpy(client->memory, "inline");
	end_post_recv(server, 11, 200, 50);
	CHECK(!end_post_send(client, IBV_WR_SEND, IBV_SEND_SIGNALED | IBV_SEND_INLINE, 2, 0, 64,
			     NULL, 0));
	client->memory[0] = 'o';
	end_expect(client->send_cq, 2, IBV_WC_SUCCESS);
	/* Longer than the receive: the connection is lost, which the sender learns later. */
	CHECK(end_expect(server->recv_cq, 11, IBV_WC_LOC_LEN_ERR).opcode == IBV_WC_RECV);
	pair_destroy(&pair);
}

static void one_sided(const char *address)
{
	struct pair pair;
	struct end *client = &pair.client, *server = &pair.server;

	connected(&pair, address, false);
	strcpy(client->memory, "written");
	CHECK(!end_post_send(client, IBV_WR_RDMA_WRITE, 0, 1, 0, 30000, server->mr, 1000));
	CHECK(!end_post_send(client, IBV_WR_RDMA_WRITE, IBV_SEND_INLINE, 2, 0, 8, server->mr, 500));
	/* Not signalled, but before the read that is: its completion covers them. */
	CHECK(!end_post_send(client, IBV_WR_RDMA_READ, IBV_SEND_SIGNALED, 3, 40000, 20000,
			     server->mr, 1000));
	CHECK(end_expect(client->send_cq, 3, IBV_WC_SUCCESS).opcode == IBV_WC_RDMA_READ);
	CHECK(!strcmp(server->memory + 1000, "written"));
	CHECK(!strcmp(server->memory + 500, "written"));
	CHECK(!memcmp(client->memory + 40000, server->memory + 1000, 20000));
	pair_destroy(&pair);
}

static void invalidation(const char *address)
{
	struct pair pair;
	struct end *client = &pair.client, *server = &pair.server;
	struct ibv_mr *mr;

	connected(&pair, address, false);
	mr = ibv_reg_mr(server->pd, server->memory + 100, 100, IBV_ACCESS_REMOTE_READ);
	CHECK(mr);
	CHECK(!end_post_send(client, IBV_WR_RDMA_READ, IBV_SEND_SIGNALED, 1, 0, 100, mr, 0));
	end_expect(client->send_cq, 1, IBV_WC_SUCCESS);
	end_post_recv(server, 10, 0, 100);
	CHECK(!end_post_send(client, IBV_WR_SEND_WITH_INV, IBV_SEND_SIGNALED, 2, 0, 10, mr, 0));
	end_expect(client->send_cq, 2, IBV_WC_SUCCESS);
	end_expect(server->recv_cq, 10, IBV_WC_SUCCESS);
	CHECK(!end_post_send(client, IBV_WR_RDMA_READ, IBV_SEND_SIGNALED, 3, 0, 100, mr, 0));
	end_expect(client->send_cq, 3, IBV_WC_WR_FLUSH_ERR);
	CHECK(!ibv_dereg_mr(mr));
	pair_destroy(&pair);
}

/* Rings go round many times, with the kernel awake and asleep. */
static void stream(const char *address, bool with_srq)
{
	enum { COUNT = 1000, WINDOW = END_WR - 1 };
	struct pair pair;
	struct end *client = &pair.client, *server = &pair.server;

	connected(&pair, address, with_srq);
	for (uint64_t i = 0; i < WINDOW; i++)
		end_post_recv(server, i, i * 4096, 4096);
	for (uint64_t sent = 0, done = 0; done < COUNT; done++) {
		size_t at = done % WINDOW * 4096;
		struct ibv_wc wc;

		for (; sent < COUNT && sent - done < WINDOW; sent++) {
			uint32_t length = 16 + (uint32_t)(sent * 131 % 4000);

			memset(client->memory + sent % WINDOW * 4096, (int)sent, length);
			CHECK(!end_post_send(client, IBV_WR_SEND, IBV_SEND_SIGNALED, sent,
					     sent % WINDOW * 4096, length, NULL, 0));
		}
		end_expect(client->send_cq, done, IBV_WC_SUCCESS);
		wc = end_expect(server->recv_cq, done, IBV_WC_SUCCESS);
		CHECK(wc.byte_len == 16 + done * 131 % 4000);
		CHECK(server->memory[at] == (char)done);
		CHECK(server->memory[at + wc.byte_len - 1] == (char)done);
		end_post_recv(server, done + WINDOW, at, 4096);
	}
	pair_destroy(&pair);
}

static void messages(const char *address)
{
	stream(address, false);
}

static void shared_receives(const char *address)
{
	stream(address, true);
}

static void srq_limit(const char *address)
{
	struct ibv_srq_attr attr = {.srq_limit = 2};
	struct ibv_async_event event;
	struct pair pair;
	struct end *client = &pair.client, *server = &pair.server;

	connected(&pair, address, true);
	for (uint64_t i = 0; i < 3; i++)
		end_post_recv(server, i, i * 100, 100);
	CHECK(!ibv_modify_srq(server->srq, &attr, IBV_SRQ_LIMIT));
	for (uint64_t i = 0; i < 2; i++) {
		CHECK(!end_post_send(client, IBV_WR_SEND, IBV_SEND_SIGNALED, i, 0, 10, NULL, 0));
		end_expect(client->send_cq, i, IBV_WC_SUCCESS);
		end_expect(server->recv_cq, i, IBV_WC_SUCCESS);
	}
	CHECK(readable(server->id->verbs->async_fd, 5000));
	CHECK(!ibv_get_async_event(server->id->verbs, &event));
	CHECK(event.event_type == IBV_EVENT_SRQ_LIMIT_REACHED);
	CHECK(event.element.srq == server->srq);
	ibv_ack_async_event(&event);
	pair_destroy(&pair);
}

static void take_event(struct end *end)
{
	struct ibv_cq *cq;
	void *context;

	CHECK(readable(end->channel->fd, 5000));
	CHECK(!ibv_get_cq_event(end->channel, &cq, &context));
	CHECK(cq == end->recv_cq);
	ibv_ack_cq_events(cq, 1);
}

static void events(const char *address)
{
	struct pair pair;
	struct end *client = &pair.client, *server = &pair.server;

	connected(&pair, address, false);
	for (uint64_t i = 0; i < 3; i++) {
		end_post_recv(server, i, 0, 100);
		/* Not armed the third time. */
		if (i < 2)
			CHECK(!ibv_req_notify_cq(server->recv_cq, i == 1));
		CHECK(!end_post_send(client, IBV_WR_SEND, IBV_SEND_SIGNALED | IBV_SEND_SOLICITED, i,
				     0, 10, NULL, 0));
		end_expect(client->send_cq, i, IBV_WC_SUCCESS);
		if (i < 2)
			take_event(server);
		end_expect(server->recv_cq, i, IBV_WC_SUCCESS);
		CHECK(!readable(server->channel->fd, 0));
	}
	pair_destroy(&pair);
}

static void early_post(const char *address)
{
	struct pair pair;
	struct end *client = &pair.client, *server = &pair.server;

	pair_make(&pair, address, false);
	CHECK(end_post_send(client, IBV_WR_SEND, IBV_SEND_SIGNALED, 1, 0, 10, NULL, 0) == ENOTCONN);
	pair_connect(&pair);
	end_post_recv(server, 10, 0, 100);
	CHECK(!end_post_send(client, IBV_WR_SEND, IBV_SEND_SIGNALED, 2, 0, 10, NULL, 0));
	end_expect(client->send_cq, 2, IBV_WC_SUCCESS);
	end_expect(server->recv_cq, 10, IBV_WC_SUCCESS);
	pair_destroy(&pair);
}

static void expect_async(struct end *end, enum ibv_event_type type)
{
	struct ibv_async_event event;

	CHECK(readable(end->id->verbs->async_fd, 5000));
	CHECK(!ibv_get_async_event(end->id->verbs, &event));
	CHECK(event.event_type == type && event.element.qp == end->qp);
	ibv_ack_async_event(&event);
}

static void bad_local_key(const char *address)
{
	struct pair pair;
	struct end *client = &pair.client;

	connected(&pair, address, false);
	client->mr->lkey ^= 0xff00;
	CHECK(!end_post_send(client, IBV_WR_SEND, IBV_SEND_SIGNALED, 1, 0, 10, NULL, 0));
	end_expect(client->send_cq, 1, IBV_WC_LOC_QP_OP_ERR);
	expect_async(client, IBV_EVENT_QP_FATAL);
	pair_destroy(&pair);
}

static void bad_remote_key(const char *address)
{
	struct pair pair;
	struct end *client = &pair.client;
	struct ibv_mr wrong;

	connected(&pair, address, false);
	wrong = *pair.server.mr;
	wrong.rkey ^= 0xff00;
	CHECK(!end_post_send(client, IBV_WR_RDMA_READ, IBV_SEND_SIGNALED, 1, 0, 10, &wrong, 0));
	end_expect(client->send_cq, 1, IBV_WC_WR_FLUSH_ERR);
	/* The two ends share the device's context. */
	expect_async(&pair.server, IBV_EVENT_QP_REQ_ERR);
	pair_destroy(&pair);
}

static void disconnection(const char *address)
{
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_ERR};
	struct pair pair;
	struct end *client = &pair.client, *server = &pair.server;

	connected(&pair, address, false);
	for (uint64_t i = 0; i < 3; i++) {
		end_post_recv(client, i, 0, 100);
		end_post_recv(server, i, 0, 100);
	}
	CHECK(!rdmacm.disconnect(client->id));
	for (uint64_t i = 0; i < 3; i++) {
		end_expect(client->recv_cq, i, IBV_WC_WR_FLUSH_ERR);
		end_expect(server->recv_cq, i, IBV_WC_WR_FLUSH_ERR);
	}
	CHECK(end_post_send(client, IBV_WR_SEND, IBV_SEND_SIGNALED, 4, 0, 10, NULL, 0) == ENOTCONN);
	/* Posted when there is no connection any more: the error state flushes it. */
	end_post_recv(client, 5, 0, 100);
	CHECK(!ibv_modify_qp(client->qp, &attr, IBV_QP_STATE));
	end_expect(client->recv_cq, 5, IBV_WC_WR_FLUSH_ERR);
	CHECK(end_post_send(client, IBV_WR_SEND, IBV_SEND_SIGNALED, 6, 0, 10, NULL, 0) == ENOTCONN);
	pair_destroy(&pair);
}

static const struct {
	const char *name;
	void (*run)(const char *address);
} scenarios[] = {
	{"operations", operations},
	{"one-sided", one_sided},
	{"invalidation", invalidation},
	{"messages", messages},
	{"shared-receives", shared_receives},
	{"srq-limit", srq_limit},
	{"events", events},
	{"early-post", early_post},
	{"bad-local-key", bad_local_key},
	{"bad-remote-key", bad_remote_key},
	{"disconnection", disconnection},
};

int main(int argc, char **argv)
{
	CHECK(argc == 3);
	rdmacm_load();
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		if (strcmp(scenarios[i].name, argv[2]))
			continue;
		scenarios[i].run(argv[1]);
		puts("as it should be");
		return 0;
	}
	fprintf(stderr, "there is no scenario %s\n", argv[2]);
	return 2;
}
