/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The null region: the parts of a message that nobody wants. */
#include <errno.h>
#include <string.h>

#include "bed.h"

struct bench {
	struct bed bed;
	struct pair pair;
	struct buffer source, target;
	struct ibv_mr *null;
};

static void bench_open(struct bench *bench)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);

	plan.send_sge = plan.recv_sge = 3;
	bed_open(&bench->bed);
	bench->null = ibv_alloc_null_mr(bench->bed.pd);
	NEED(bench->null || errno != EOPNOTSUPP, "the device has no null region");
	CHECK(bench->null);
	pair_make(&bench->pair, &bench->bed, &plan);
	buffer_make(&bench->source, bench->bed.pd, 4096, ACCESS_ALL);
	buffer_make(&bench->target, bench->bed.pd, 4096, ACCESS_ALL);
	pattern_fill(bench->source.bytes, 4096, 1);
}

static void bench_close(struct bench *bench)
{
	CHECK_OK(ibv_dereg_mr(bench->null));
	buffer_free(&bench->target);
	buffer_free(&bench->source);
	pair_destroy(&bench->pair);
	bed_close(&bench->bed);
}

static struct ibv_sge nothing(const struct bench *bench, uint64_t address, uint32_t length)
{
	return (struct ibv_sge){.addr = address, .length = length, .lkey = bench->null->lkey};
}

CASE(what_is_received_into_it_is_gone)
{
	struct ibv_sge all, parts[3];
	struct ibv_recv_wr recv = {.wr_id = 1, .sg_list = parts, .num_sge = 3}, *bad;
	struct ibv_send_wr wr;
	struct bench bench;

	bench_open(&bench);
	all = buffer_sge(&bench.source, 0, 4000);
	parts[0] = buffer_sge(&bench.target, 0, 100);
	parts[1] = nothing(&bench, 0x1234567, 3800);
	parts[2] = buffer_sge(&bench.target, 100, 100);
	CHECK_OK(ibv_post_recv(bench.pair.b.qp, &recv, &bad));
	wr = request(IBV_WR_SEND, 2, &all);
	post(&bench.pair.a, &wr);
	CHECK_EQ(expect_wc(bench.pair.b.recv_cq, 1, IBV_WC_SUCCESS).byte_len, 4000);
	CHECK_BYTES(bench.target.bytes, bench.source.bytes, 100);
	CHECK_BYTES(bench.target.bytes + 100, bench.source.bytes + 3900, 100);
	bench_close(&bench);
}

CASE(it_reads_as_zeroes)
{
	static const uint8_t zeroes[4096];
	struct ibv_sge sge;
	struct ibv_send_wr wr;
	struct bench bench;

	bench_open(&bench);
	memset(bench.target.bytes, 0xff, 4096);
	sge = nothing(&bench, UINT64_MAX - 100000, 4096);
	wr = request(IBV_WR_RDMA_WRITE, 1, &sge);
	wr.wr.rdma.remote_addr = buffer_address(&bench.target, 0);
	wr.wr.rdma.rkey = bench.target.mr->rkey;
	post(&bench.pair.a, &wr);
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_SUCCESS);
	CHECK_BYTES(bench.target.bytes, zeroes, 4096);
	/* Also after something has been written to it. */
	wr.opcode = IBV_WR_RDMA_READ;
	wr.wr.rdma.remote_addr = buffer_address(&bench.source, 0);
	wr.wr.rdma.rkey = bench.source.mr->rkey;
	post(&bench.pair.a, &wr);
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_SUCCESS);
	pattern_fill(bench.target.bytes, 4096, 9);
	wr.opcode = IBV_WR_RDMA_WRITE;
	wr.wr.rdma.remote_addr = buffer_address(&bench.target, 0);
	wr.wr.rdma.rkey = bench.target.mr->rkey;
	post(&bench.pair.a, &wr);
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_SUCCESS);
	CHECK_BYTES(bench.target.bytes, zeroes, 4096);
	bench_close(&bench);
}

CASE(peers_have_no_key_to_it)
{
	struct ibv_sge sge;
	struct ibv_send_wr wr;
	struct bench bench;

	bench_open(&bench);
	sge = buffer_sge(&bench.source, 0, 8);
	wr = request(IBV_WR_RDMA_WRITE, 1, &sge);
	wr.wr.rdma.rkey = bench.null->lkey;
	post(&bench.pair.a, &wr);
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_REM_ACCESS_ERR);
	bench_close(&bench);
}

CASE(windows_are_not_bound_to_it)
{
	struct ibv_mw_bind bind = {.bind_info = {.length = 64}};
	struct bench bench;
	struct ibv_mw *mw;

	bench_open(&bench);
	mw = ibv_alloc_mw(bench.bed.pd, IBV_MW_TYPE_1);
	NEED(mw || errno != EOPNOTSUPP, "the device has no memory windows");
	CHECK(mw);
	bind.bind_info.mr = bench.null;
	CHECK_RC(ibv_bind_mw(bench.pair.b.qp, mw, &bind), EOPNOTSUPP);
	CHECK_OK(ibv_dealloc_mw(mw));
	bench_close(&bench);
}
