/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A peer that dies with requests under way: the first is given up after its retries, the rest is
 * flushed, in order and within the time that the timeouts add up to. The peer stops itself before,
 * so the requests are outstanding for certain.
 */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "peer.h"

enum { OUTSTANDING = 64, SIZE = 4096, BOUND_SECONDS = 10 };

struct bench {
	struct bed bed;
	struct ibv_comp_channel *channel;
	struct ibv_cq *cq; /* of the sends */
	struct end end;
	struct buffer buffer;
	struct introduction other;
	struct ibv_sge sge;
};

/* 4.096 us * 2^12, four times: the specification allows four times that. */
static struct end_plan impatient(void)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);

	plan.timeout = 12;
	plan.retries = 3;
	plan.send_wr = OUTSTANDING;
	return plan;
}

static void stop(int socket)
{
	struct end_plan plan = impatient();
	struct buffer buffer;
	struct bed bed;
	struct end end;

	bed_open(&bed);
	end_create(&end, &bed, &plan);
	buffer_make(&buffer, bed.pd, SIZE, ACCESS_ALL);
	introduce(socket, &end, &buffer);
	raise(SIGSTOP);
	fail(__FILE__, __LINE__, "the stopped process went on");
}

static void bench_open(struct bench *bench, int socket)
{
	struct end_plan plan = impatient();

	bed_open(&bench->bed);
	bench->channel = ibv_create_comp_channel(bench->bed.context);
	CHECK(bench->channel);
	bench->cq = ibv_create_cq(bench->bed.context, OUTSTANDING, NULL, bench->channel, 0);
	CHECK(bench->cq);
	plan.send_cq = bench->cq;
	end_create(&bench->end, &bench->bed, &plan);
	buffer_make(&bench->buffer, bench->bed.pd, SIZE, ACCESS_ALL);
	bench->other = introduce(socket, &bench->end, &bench->buffer);
	bench->sge = buffer_sge(&bench->buffer, 0, 8);
}

static void bench_close(struct bench *bench)
{
	end_destroy(&bench->end);
	CHECK_OK(ibv_destroy_cq(bench->cq));
	CHECK_OK(ibv_destroy_comp_channel(bench->channel));
	buffer_free(&bench->buffer);
	bed_close(&bench->bed);
}

static void post_many(struct bench *bench, enum ibv_wr_opcode first, enum ibv_wr_opcode rest)
{
	for (uint64_t i = 0; i < OUTSTANDING; i++) {
		struct ibv_send_wr wr = request(i ? rest : first, i, &bench->sge);

		if (wr.opcode == IBV_WR_ATOMIC_FETCH_AND_ADD) {
			wr.wr.atomic.remote_addr = bench->other.buffer;
			wr.wr.atomic.rkey = bench->other.rkey;
		} else if (wr.opcode != IBV_WR_SEND) {
			wr.wr.rdma.remote_addr = bench->other.buffer;
			wr.wr.rdma.rkey = bench->other.rkey;
		}
		/* Those without signal are flushed with a completion like the others. */
		wr.send_flags = i % 2 ? 0 : IBV_SEND_SIGNALED;
		post(&bench->end, &wr);
	}
}

static void expect_given_up(struct bench *bench, double since)
{
	expect_wc(bench->cq, 0, IBV_WC_RETRY_EXC_ERR);
	for (uint64_t i = 1; i < OUTSTANDING; i++)
		expect_wc(bench->cq, i, IBV_WC_WR_FLUSH_ERR);
	expect_empty(bench->cq);
	CHECK(seconds_now() - since < BOUND_SECONDS);
	CHECK_EQ(end_state(&bench->end), IBV_QPS_ERR);
}

/* A message nobody takes, and `rest` behind it. */
static void die_under(enum ibv_wr_opcode rest)
{
	struct peer peer = peer_start(stop);
	struct bench bench;
	double death;

	bench_open(&bench, peer.socket);
	peer_wait_stopped(&peer);
	post_many(&bench, IBV_WR_SEND, rest);
	expect_empty(bench.cq);
	peer_kill(&peer);
	death = seconds_now();
	expect_given_up(&bench, death);
	bench_close(&bench);
}

CASE(sends_under_way)
{
	die_under(IBV_WR_SEND);
}

CASE(writes_under_way)
{
	die_under(IBV_WR_RDMA_WRITE);
}

CASE(reads_under_way)
{
	die_under(IBV_WR_RDMA_READ);
}

CASE(atomics_under_way)
{
	die_under(IBV_WR_ATOMIC_FETCH_AND_ADD);
}

static void address_the_dead(enum ibv_wr_opcode opcode)
{
	struct peer peer = peer_start(stop);
	struct bench bench;
	double death;

	bench_open(&bench, peer.socket);
	peer_wait_stopped(&peer);
	peer_kill(&peer);
	death = seconds_now();
	post_many(&bench, opcode, opcode);
	expect_given_up(&bench, death);
	bench_close(&bench);
}

CASE(writes_after_death)
{
	address_the_dead(IBV_WR_RDMA_WRITE);
}

CASE(reads_after_death)
{
	address_the_dead(IBV_WR_RDMA_READ);
}

CASE(atomics_after_death)
{
	address_the_dead(IBV_WR_ATOMIC_FETCH_AND_ADD);
}

/* Nobody polls: the completion wakes the program. */
CASE(asleep_when_it_happens)
{
	struct peer peer = peer_start(stop);
	struct ibv_cq *cq;
	struct bench bench;
	void *context;
	double death;

	bench_open(&bench, peer.socket);
	peer_wait_stopped(&peer);
	CHECK_OK(ibv_req_notify_cq(bench.cq, 0));
	post_many(&bench, IBV_WR_SEND, IBV_WR_RDMA_WRITE);
	peer_kill(&peer);
	death = seconds_now();
	CHECK(readable(bench.channel->fd, BOUND_SECONDS * 1000));
	CHECK_EQ(ibv_get_cq_event(bench.channel, &cq, &context), 0);
	ibv_ack_cq_events(cq, 1);
	expect_given_up(&bench, death);
	bench_close(&bench);
}

/* One connection dies, another of the same process does not notice. */
CASE(others_live_on)
{
	struct peer peer = peer_start(stop);
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct bench bench;
	struct pair pair;
	double death;

	bench_open(&bench, peer.socket);
	pair_make(&pair, &bench.bed, &plan);
	peer_wait_stopped(&peer);
	post_many(&bench, IBV_WR_SEND, IBV_WR_SEND);
	peer_kill(&peer);
	death = seconds_now();
	for (uint64_t i = 0; i < 1000; i++) {
		struct ibv_send_wr wr = request(IBV_WR_SEND, i, &bench.sge);

		post_receive(&pair.b, i, &bench.buffer, 64, 64);
		post(&pair.a, &wr);
		expect_wc(pair.a.send_cq, i, IBV_WC_SUCCESS);
		expect_wc(pair.b.recv_cq, i, IBV_WC_SUCCESS);
	}
	expect_given_up(&bench, death);
	pair_destroy(&pair);
	bench_close(&bench);
}
