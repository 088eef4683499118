/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shared receive queues that change their size while receives are posted. */
#include <errno.h>

#include "bed.h"

enum { SMALL = 6, LARGE = 100, SLOT = 64 };

struct bench {
	struct bed bed;
	struct ibv_srq *srq;
	struct pair pair; /* end b receives from the SRQ */
	struct buffer buffer;
	struct ibv_sge sge;
};

static void bench_open(struct bench *bench)
{
	struct ibv_srq_init_attr attr = {.attr = {.max_wr = SMALL, .max_sge = 1}};
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct end_address a, b;

	bed_open(&bench->bed);
	NEED(bench->bed.device.device_cap_flags & IBV_DEVICE_SRQ_RESIZE,
	     "the device does not resize shared receive queues");
	bench->srq = ibv_create_srq(bench->bed.pd, &attr);
	CHECK(bench->srq);
	buffer_make(&bench->buffer, bench->bed.pd, 65536, ACCESS_ALL);
	bench->sge = buffer_sge(&bench->buffer, 0, 8);
	end_create(&bench->pair.a, &bench->bed, &plan);
	plan.srq = bench->srq;
	end_create(&bench->pair.b, &bench->bed, &plan);
	a = end_address(&bench->pair.a);
	b = end_address(&bench->pair.b);
	end_connect(&bench->pair.a, &b);
	end_connect(&bench->pair.b, &a);
}

static void bench_close(struct bench *bench)
{
	pair_destroy(&bench->pair);
	CHECK_OK(ibv_destroy_srq(bench->srq));
	buffer_free(&bench->buffer);
	bed_close(&bench->bed);
}

static void supply(struct bench *bench, uint64_t wr_id)
{
	post_receive(&bench->pair.b, wr_id, &bench->buffer, 4096 + wr_id * SLOT, SLOT);
}

/* Posts until there is no room, and says how many there were. */
static uint64_t fill(struct bench *bench, uint64_t first)
{
	struct ibv_sge sge = buffer_sge(&bench->buffer, 4096, SLOT);
	struct ibv_recv_wr wr = {.wr_id = first, .sg_list = &sge, .num_sge = 1}, *bad;

	while (!ibv_post_srq_recv(bench->srq, &wr, &bad))
		wr.wr_id++;
	return wr.wr_id - first;
}

static void deliver(struct bench *bench, uint64_t expected)
{
	struct ibv_send_wr wr = request(IBV_WR_SEND, 1, &bench->sge);

	post(&bench->pair.a, &wr);
	expect_wc(bench->pair.a.send_cq, 1, IBV_WC_SUCCESS);
	expect_wc(bench->pair.b.recv_cq, expected, IBV_WC_SUCCESS);
}

static int resize(struct bench *bench, uint32_t size)
{
	struct ibv_srq_attr attr = {.max_wr = size};

	return ibv_modify_srq(bench->srq, &attr, IBV_SRQ_MAX_WR);
}

CASE(posted_receives_survive)
{
	struct ibv_srq_attr attr;
	struct bench bench;

	bench_open(&bench);
	/* Somewhere in the middle of the ring. */
	for (uint64_t i = 0; i < 4; i++) {
		supply(&bench, i);
		deliver(&bench, i);
	}
	for (uint64_t i = 10; i < 15; i++)
		supply(&bench, i);
	CHECK_OK(resize(&bench, LARGE));
	CHECK_OK(ibv_query_srq(bench.srq, &attr));
	CHECK(attr.max_wr >= LARGE);
	CHECK(fill(&bench, 100) >= LARGE - 5);
	for (uint64_t i = 10; i < 15; i++)
		deliver(&bench, i);
	for (uint64_t i = 0; i < LARGE - 5; i++)
		deliver(&bench, 100 + i);
	bench_close(&bench);
}

CASE(shrinks_to_what_is_posted)
{
	struct bench bench;

	bench_open(&bench);
	CHECK_OK(resize(&bench, LARGE));
	for (uint64_t i = 0; i < 20; i++)
		supply(&bench, i);
	CHECK_RC(resize(&bench, 3), EINVAL);
	CHECK_OK(resize(&bench, 20));
	for (uint64_t i = 0; i < 20; i++)
		deliver(&bench, i);
	CHECK(fill(&bench, 100) < LARGE);
	bench_close(&bench);
}

CASE(size_and_limit_do_not_disturb_each_other)
{
	struct ibv_srq_attr attr = {.srq_limit = 2};
	struct bench bench;

	bench_open(&bench);
	for (uint64_t i = 0; i < 4; i++)
		supply(&bench, i);
	CHECK_OK(ibv_modify_srq(bench.srq, &attr, IBV_SRQ_LIMIT));
	CHECK_OK(resize(&bench, LARGE));
	deliver(&bench, 0);
	deliver(&bench, 1);
	CHECK(!readable(bench.bed.context->async_fd, 0));
	deliver(&bench, 2);
	CHECK(expect_async(bench.bed.context, IBV_EVENT_SRQ_LIMIT_REACHED).element.srq ==
	      bench.srq);
	bench_close(&bench);
}
