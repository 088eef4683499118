/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shared receive queues: who takes, what is told when they run low, empty or out of users. */
#include <errno.h>

#include "bed.h"

enum { PAIRS = 3, DEPTH = 16, SLOT = 64 };

struct bench {
	struct bed bed;
	struct ibv_srq *srq;
	struct pair pairs[PAIRS]; /* all ends b receive from the SRQ */
	struct buffer buffer;
	struct ibv_sge sge;
};

static void bench_open(struct bench *bench, const struct end_plan *plan)
{
	struct ibv_srq_init_attr attr = {.attr = {.max_wr = DEPTH, .max_sge = 2}};
	struct end_plan shared = *plan;

	bed_open(&bench->bed);
	bench->srq = ibv_create_srq(bench->bed.pd, &attr);
	CHECK(bench->srq);
	CHECK(attr.attr.max_wr >= DEPTH);
	CHECK(attr.attr.max_sge >= 2);
	buffer_make(&bench->buffer, bench->bed.pd, 65536, ACCESS_ALL);
	bench->sge = buffer_sge(&bench->buffer, 0, 8);
	shared.srq = bench->srq;
	for (int i = 0; i < PAIRS; i++) {
		struct end_address a, b;

		end_create(&bench->pairs[i].a, &bench->bed, plan);
		end_create(&bench->pairs[i].b, &bench->bed, &shared);
		a = end_address(&bench->pairs[i].a);
		b = end_address(&bench->pairs[i].b);
		end_connect(&bench->pairs[i].a, &b);
		end_connect(&bench->pairs[i].b, &a);
	}
}

static void bench_close(struct bench *bench)
{
	for (int i = 0; i < PAIRS; i++)
		pair_destroy(&bench->pairs[i]);
	CHECK_OK(ibv_destroy_srq(bench->srq));
	buffer_free(&bench->buffer);
	bed_close(&bench->bed);
}

static void supply(struct bench *bench, uint64_t wr_id)
{
	post_receive(&bench->pairs[0].b, wr_id, &bench->buffer, 4096 + wr_id % 100 * SLOT, SLOT);
}

static void send_one(struct bench *bench, int pair)
{
	struct ibv_send_wr wr = request(IBV_WR_SEND, 1, &bench->sge);

	post(&bench->pairs[pair].a, &wr);
}

static void deliver(struct bench *bench, int pair, uint64_t wr_id)
{
	struct ibv_wc wc;

	send_one(bench, pair);
	expect_wc(bench->pairs[pair].a.send_cq, 1, IBV_WC_SUCCESS);
	wc = expect_wc(bench->pairs[pair].b.recv_cq, wr_id, IBV_WC_SUCCESS);
	CHECK_EQ(wc.qp_num, bench->pairs[pair].b.qp->qp_num);
	CHECK_EQ(wc.opcode, IBV_WC_RECV);
	CHECK_EQ(wc.byte_len, bench->sge.length);
}

/* Receives go out in the order of posting, to whichever queue pair has a message. */
static void serve_all(enum ibv_qp_type type)
{
	struct end_plan plan = end_plan(type);
	struct bench bench;
	uint64_t next = 0;

	bench_open(&bench, &plan);
	for (int lap = 0; lap < 100; lap++) {
		uint64_t first = next;

		for (int i = 0; i < DEPTH; i++)
			supply(&bench, first + (uint64_t)i);
		for (int i = 0; i < DEPTH; i++, next++) {
			bench.sge.length = (uint32_t)(next % SLOT);
			pattern_fill(bench.buffer.bytes, bench.sge.length, (unsigned int)next);
			deliver(&bench, (int)(next * 7 % PAIRS), next);
			CHECK_PATTERN(bench.buffer.bytes + 4096 + next % 100 * SLOT,
				      bench.sge.length, (unsigned int)next);
		}
	}
	bench_close(&bench);
}

CASE(serves_several_queue_pairs)
{
	serve_all(IBV_QPT_RC);
}

CASE(serves_unreliable_connections)
{
	serve_all(IBV_QPT_UC);
}

static uint32_t limit_of(struct bench *bench)
{
	struct ibv_srq_attr attr;

	CHECK_OK(ibv_query_srq(bench->srq, &attr));
	CHECK(attr.max_wr >= DEPTH);
	CHECK(attr.max_sge >= 2);
	return attr.srq_limit;
}

/* The event comes once, when fewer than the limit are left, and disarms it. */
CASE(limit_event)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct ibv_srq_attr attr = {.srq_limit = 3};
	struct bench bench;

	bench_open(&bench, &plan);
	CHECK_EQ(limit_of(&bench), 0);
	for (uint64_t lap = 0; lap < 3; lap++) {
		for (uint64_t i = 0; i < 5; i++)
			supply(&bench, i);
		CHECK_OK(ibv_modify_srq(bench.srq, &attr, IBV_SRQ_LIMIT));
		CHECK_EQ(limit_of(&bench), 3);
		deliver(&bench, 0, 0);
		deliver(&bench, 1, 1);
		CHECK(!readable(bench.bed.context->async_fd, 0));
		deliver(&bench, 2, 2);
		CHECK(expect_async(bench.bed.context, IBV_EVENT_SRQ_LIMIT_REACHED).element.srq ==
		      bench.srq);
		CHECK_EQ(limit_of(&bench), 0);
		deliver(&bench, 0, 3);
		deliver(&bench, 0, 4);
		CHECK(!readable(bench.bed.context->async_fd, 0));
	}
	bench_close(&bench);
}

CASE(changes_that_cannot_be)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct ibv_srq_attr attr = {.max_wr = 2 * DEPTH, .srq_limit = 40000};
	struct bench bench;

	bench_open(&bench, &plan);
	if (!(bench.bed.device.device_cap_flags & IBV_DEVICE_SRQ_RESIZE))
		CHECK_RC(ibv_modify_srq(bench.srq, &attr, IBV_SRQ_MAX_WR), EINVAL);
	CHECK_RC(ibv_modify_srq(bench.srq, &attr, IBV_SRQ_LIMIT), EINVAL);
	CHECK_EQ(limit_of(&bench), 0);
	bench_close(&bench);
}

/* An empty queue keeps the senders waiting, all of them, and nobody loses a message. */
CASE(empty_queue_holds_senders)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct bench bench;

	bench_open(&bench, &plan);
	for (int i = 0; i < PAIRS; i++)
		send_one(&bench, i);
	for (int i = 0; i < 1000; i++)
		expect_empty(bench.pairs[0].a.send_cq);
	for (uint64_t i = 0; i < PAIRS; i++)
		supply(&bench, i);
	for (int i = 0; i < PAIRS; i++) {
		expect_wc(bench.pairs[i].a.send_cq, 1, IBV_WC_SUCCESS);
		CHECK_EQ(next_wc(bench.pairs[i].b.recv_cq).status, IBV_WC_SUCCESS);
	}
	bench_close(&bench);
}

CASE(empty_queue_ends_patience)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct bench bench;

	plan.rnr_retries = 1;
	bench_open(&bench, &plan);
	send_one(&bench, 0);
	expect_wc(bench.pairs[0].a.send_cq, 1, IBV_WC_RNR_RETRY_EXC_ERR);
	supply(&bench, 7);
	deliver(&bench, 1, 7);
	bench_close(&bench);
}

/* A queue pair in error takes no more receives and says so; those of the SRQ stay for others. */
CASE(last_receive_event)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct bench bench;

	bench_open(&bench, &plan);
	skip_for(bench.bed.family->no_last_receive_event);
	for (uint64_t i = 0; i < 3; i++)
		supply(&bench, i);
	deliver(&bench, 0, 0);
	end_set_error(&bench.pairs[0].b);
	CHECK(expect_async(bench.bed.context, IBV_EVENT_QP_LAST_WQE_REACHED).element.qp ==
	      bench.pairs[0].b.qp);
	expect_empty(bench.pairs[0].b.recv_cq);
	deliver(&bench, 1, 1);
	deliver(&bench, 2, 2);
	bench_close(&bench);
}

CASE(receives_of_its_own_are_refused)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct bench bench;
	struct ibv_recv_wr wr = {.wr_id = 1, .sg_list = &bench.sge, .num_sge = 1}, *bad = NULL;

	bench_open(&bench, &plan);
	CHECK(ibv_post_recv(bench.pairs[0].b.qp, &wr, &bad) != 0);
	CHECK(bad == &wr);
	bench_close(&bench);
}

CASE(bad_and_too_many_receives)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct ibv_sge sge[8];
	struct ibv_recv_wr wr[2] = {{.wr_id = 1, .sg_list = sge, .num_sge = 1, .next = &wr[1]},
				    {.wr_id = 2, .sg_list = sge, .num_sge = 8}};
	struct ibv_recv_wr *bad = NULL;
	struct bench bench;
	uint64_t posted = 1;

	bench_open(&bench, &plan);
	for (int i = 0; i < 8; i++)
		sge[i] = bench.sge;
	CHECK_RC(ibv_post_srq_recv(bench.srq, wr, &bad), EINVAL);
	CHECK(bad == &wr[1]);
	wr[0].next = NULL;
	while (!ibv_post_srq_recv(bench.srq, wr, &bad))
		CHECK(++posted < 1000);
	CHECK(posted >= DEPTH);
	CHECK_RC(ibv_post_srq_recv(bench.srq, wr, &bad), ENOMEM);
	CHECK(bad == &wr[0]);
	for (uint64_t i = 0; i < posted; i++)
		deliver(&bench, 0, 1);
	bench_close(&bench);
}

CASE(in_use_cannot_go)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct bench bench;

	bench_open(&bench, &plan);
	CHECK_RC(ibv_destroy_srq(bench.srq), EBUSY);
	supply(&bench, 5);
	deliver(&bench, 0, 5);
	bench_close(&bench);
}

/* A bad receive fails the queue pair that takes it, and no other. */
CASE(bad_receive_hits_its_taker)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct ibv_sge sge;
	struct ibv_recv_wr wr = {.wr_id = 3, .sg_list = &sge, .num_sge = 1}, *bad;
	struct bench bench;

	bench_open(&bench, &plan);
	sge = bench.sge;
	sge.lkey ^= 0x40000000;
	CHECK_OK(ibv_post_srq_recv(bench.srq, &wr, &bad));
	supply(&bench, 4);
	send_one(&bench, 0);
	expect_wc(bench.pairs[0].a.send_cq, 1, IBV_WC_REM_OP_ERR);
	expect_wc(bench.pairs[0].b.recv_cq, 3, IBV_WC_LOC_PROT_ERR);
	deliver(&bench, 1, 4);
	bench_close(&bench);
}
