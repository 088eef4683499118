/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Invalidation of keys, locally and by a send. Ordinary memory regions cannot be invalidated: that
 * is for windows, which have programs of their own.
 */
#include <errno.h>

#include "bed.h"

struct bench {
	struct bed bed;
	struct pair pair;
	struct buffer buffer;
	struct ibv_sge sge;
};

static void bench_open(struct bench *bench)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);

	bed_open(&bench->bed);
	pair_make(&bench->pair, &bench->bed, &plan);
	buffer_make(&bench->buffer, bench->bed.pd, 4096, ACCESS_ALL);
	bench->sge = buffer_sge(&bench->buffer, 0, 8);
}

/* The region still is what it was. */
static void bench_close(struct bench *bench)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct ibv_send_wr wr;

	pair_destroy(&bench->pair);
	pair_make(&bench->pair, &bench->bed, &plan);
	wr = request(IBV_WR_RDMA_WRITE, 9, &bench->sge);
	wr.wr.rdma.remote_addr = buffer_address(&bench->buffer, 64);
	wr.wr.rdma.rkey = bench->buffer.mr->rkey;
	post(&bench->pair.a, &wr);
	expect_wc(bench->pair.a.send_cq, 9, IBV_WC_SUCCESS);
	buffer_free(&bench->buffer);
	pair_destroy(&bench->pair);
	bed_close(&bench->bed);
}

CASE(local_invalidate_is_refused)
{
	struct ibv_send_wr wr = request(IBV_WR_LOCAL_INV, 1, NULL);
	struct bench bench;

	bench_open(&bench);
	wr.invalidate_rkey = bench.buffer.mr->rkey;
	post(&bench.pair.a, &wr);
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_MW_BIND_ERR);
	CHECK_EQ(end_state(&bench.pair.a), IBV_QPS_ERR);
	bench_close(&bench);
}

CASE(send_with_invalidate_is_refused)
{
	struct ibv_send_wr wr;
	struct bench bench;

	bench_open(&bench);
	skip_for(bench.bed.family->no_refused_invalidation);
	wr = request(IBV_WR_SEND_WITH_INV, 1, &bench.sge);
	wr.invalidate_rkey = bench.buffer.mr->rkey;
	post_receive(&bench.pair.b, 2, &bench.buffer, 64, 64);
	post(&bench.pair.a, &wr);
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_REM_ACCESS_ERR);
	expect_wc(bench.pair.b.recv_cq, 2, IBV_WC_WR_FLUSH_ERR);
	CHECK_EQ(end_state(&bench.pair.b), IBV_QPS_ERR);
	bench_close(&bench);
}
