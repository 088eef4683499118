/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory windows: remote access to part of a region, given and taken back by requests. */
#include <errno.h>
#include <string.h>

#include "bed.h"

enum {
	START = 256,
	LENGTH = 128,
	RIGHTS = IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ,
};

/* End b has the window, end a is the one who uses it. */
struct bench {
	struct bed bed;
	struct pair pair;
	struct buffer source, target;
	struct ibv_sge sge;
	struct ibv_mw *mw;
};

static void bench_open(struct bench *bench, enum ibv_mw_type type, int access)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);

	bed_open(&bench->bed);
	NEED(bench->bed.device.device_cap_flags &
		     (IBV_DEVICE_MEM_WINDOW | IBV_DEVICE_MEM_WINDOW_TYPE_2A |
		      IBV_DEVICE_MEM_WINDOW_TYPE_2B),
	     "the device has no memory windows");
	bench->mw = ibv_alloc_mw(bench->bed.pd, type);
	NEED(bench->mw || errno != EOPNOTSUPP, "the provider has no memory windows");
	CHECK(bench->mw);
	pair_make(&bench->pair, &bench->bed, &plan);
	buffer_make(&bench->source, bench->bed.pd, 4096, ACCESS_ALL);
	buffer_make(&bench->target, bench->bed.pd, 4096, access);
	pattern_fill(bench->source.bytes, 4096, 1);
	bench->sge = buffer_sge(&bench->source, 0, 32);
}

static void bench_close(struct bench *bench)
{
	/* Windows go before their region. */
	CHECK_OK(ibv_dealloc_mw(bench->mw));
	buffer_free(&bench->target);
	buffer_free(&bench->source);
	pair_destroy(&bench->pair);
	bed_close(&bench->bed);
}

static struct ibv_mw_bind_info info_of(const struct bench *bench, size_t offset, uint32_t length,
				       unsigned int access)
{
	return (struct ibv_mw_bind_info){
		.mr = bench->target.mr,
		.addr = buffer_address(&bench->target, offset),
		.length = length,
		.mw_access_flags = access,
	};
}

static struct ibv_wc bind_type_1(struct bench *bench, struct ibv_mw_bind_info info)
{
	struct ibv_mw_bind bind = {.wr_id = 11, .send_flags = IBV_SEND_SIGNALED, .bind_info = info};
	uint32_t before = bench->mw->rkey;
	struct ibv_wc wc;

	CHECK_OK(ibv_bind_mw(bench->pair.b.qp, bench->mw, &bind));
	CHECK(bench->mw->rkey != before);
	wc = next_wc(bench->pair.b.send_cq);
	CHECK_EQ(wc.wr_id, 11);
	return wc;
}

static void open_type_1(struct bench *bench, struct ibv_mw_bind_info info)
{
	struct ibv_wc wc = bind_type_1(bench, info);

	CHECK_EQ(wc.status, IBV_WC_SUCCESS);
	CHECK_EQ(wc.opcode, IBV_WC_BIND_MW);
}

/* The reason is told by some kernels' drivers only. */
static void open_type_1_in_vain(struct bench *bench, struct ibv_mw_bind_info info)
{
	CHECK(bind_type_1(bench, info).status != IBV_WC_SUCCESS);
	CHECK_EQ(end_state(&bench->pair.b), IBV_QPS_ERR);
}

/* The key of a type 2 window is its owner's business. */
static void open_type_2(struct bench *bench, struct ibv_mw_bind_info info)
{
	struct ibv_send_wr wr = request(IBV_WR_BIND_MW, 12, NULL);
	uint32_t rkey = ibv_inc_rkey(bench->mw->rkey);

	wr.bind_mw.mw = bench->mw;
	wr.bind_mw.rkey = rkey;
	wr.bind_mw.bind_info = info;
	post(&bench->pair.b, &wr);
	expect_wc(bench->pair.b.send_cq, 12, IBV_WC_SUCCESS);
	bench->mw->rkey = rkey;
}

static void write_at(struct bench *bench, size_t offset, uint32_t rkey, enum ibv_wc_status meant)
{
	struct ibv_send_wr wr = request(IBV_WR_RDMA_WRITE, 13, &bench->sge);

	wr.wr.rdma.remote_addr = buffer_address(&bench->target, offset);
	wr.wr.rdma.rkey = rkey;
	post(&bench->pair.a, &wr);
	expect_wc(bench->pair.a.send_cq, 13, meant);
	if (meant == IBV_WC_SUCCESS)
		CHECK_BYTES(bench->target.bytes + offset, bench->source.bytes, 32);
}

static void read_at(struct bench *bench, size_t offset, uint32_t rkey, enum ibv_wc_status meant)
{
	struct ibv_send_wr wr = request(IBV_WR_RDMA_READ, 14, &bench->sge);

	wr.wr.rdma.remote_addr = buffer_address(&bench->target, offset);
	wr.wr.rdma.rkey = rkey;
	post(&bench->pair.a, &wr);
	expect_wc(bench->pair.a.send_cq, 14, meant);
}

/* Another pair after one that an error has ended. */
static void start_over(struct bench *bench)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);

	pair_destroy(&bench->pair);
	pair_make(&bench->pair, &bench->bed, &plan);
}

static int windowed(void)
{
	return ACCESS_ALL | IBV_ACCESS_MW_BIND;
}

CASE(type_1_opens_a_range)
{
	struct bench bench;

	bench_open(&bench, IBV_MW_TYPE_1, windowed());
	open_type_1(&bench, info_of(&bench, START, LENGTH, RIGHTS));
	write_at(&bench, START, bench.mw->rkey, IBV_WC_SUCCESS);
	write_at(&bench, START + LENGTH - 32, bench.mw->rkey, IBV_WC_SUCCESS);
	read_at(&bench, START, bench.mw->rkey, IBV_WC_SUCCESS);
	bench_close(&bench);
}

CASE(a_window_has_bounds)
{
	struct bench bench;

	bench_open(&bench, IBV_MW_TYPE_1, windowed());
	NEED(strcmp(bench.bed.family->name, "rxe"), "rxe looks at the bounds of the region only");
	open_type_1(&bench, info_of(&bench, START, LENGTH, RIGHTS));
	write_at(&bench, START + LENGTH - 31, bench.mw->rkey, IBV_WC_REM_ACCESS_ERR);
	start_over(&bench);
	write_at(&bench, START - 1, bench.mw->rkey, IBV_WC_REM_ACCESS_ERR);
	bench_close(&bench);
}

CASE(a_window_does_not_widen_its_region)
{
	struct bench bench;

	bench_open(&bench, IBV_MW_TYPE_1, windowed());
	open_type_1(&bench, info_of(&bench, START, LENGTH, RIGHTS));
	write_at(&bench, 4096 - 31, bench.mw->rkey, IBV_WC_REM_ACCESS_ERR);
	bench_close(&bench);
}

CASE(type_1_moves_with_a_new_key)
{
	struct bench bench;
	uint32_t old;

	bench_open(&bench, IBV_MW_TYPE_1, windowed());
	open_type_1(&bench, info_of(&bench, START, LENGTH, RIGHTS));
	old = bench.mw->rkey;
	open_type_1(&bench, info_of(&bench, 2 * START, LENGTH, RIGHTS));
	write_at(&bench, 2 * START, bench.mw->rkey, IBV_WC_SUCCESS);
	write_at(&bench, 2 * START, old, IBV_WC_REM_ACCESS_ERR);
	bench_close(&bench);
}

CASE(type_1_closes_with_length_zero)
{
	struct bench bench;

	bench_open(&bench, IBV_MW_TYPE_1, windowed());
	open_type_1(&bench, info_of(&bench, START, LENGTH, RIGHTS));
	open_type_1(&bench, (struct ibv_mw_bind_info){.mr = bench.target.mr});
	write_at(&bench, START, bench.mw->rkey, IBV_WC_REM_ACCESS_ERR);
	bench_close(&bench);
}

CASE(rights_are_those_of_the_window)
{
	struct bench bench;

	bench_open(&bench, IBV_MW_TYPE_1, windowed());
	open_type_1(&bench, info_of(&bench, START, LENGTH, IBV_ACCESS_REMOTE_READ));
	read_at(&bench, START, bench.mw->rkey, IBV_WC_SUCCESS);
	write_at(&bench, START, bench.mw->rkey, IBV_WC_REM_ACCESS_ERR);
	bench_close(&bench);
}

CASE(windows_beyond_their_region_are_refused)
{
	struct bench bench;

	bench_open(&bench, IBV_MW_TYPE_1, windowed());
	open_type_1_in_vain(&bench, info_of(&bench, 4096 - 16, 32, RIGHTS));
	bench_close(&bench);
}

CASE(regions_that_are_not_for_windows)
{
	struct bench bench;

	bench_open(&bench, IBV_MW_TYPE_1, ACCESS_ALL);
	open_type_1_in_vain(&bench, info_of(&bench, START, LENGTH, RIGHTS));
	bench_close(&bench);
}

CASE(type_2_is_not_for_the_verb)
{
	struct ibv_mw_bind bind = {.wr_id = 1};
	struct bench bench;

	bench_open(&bench, IBV_MW_TYPE_2, windowed());
	CHECK_RC(ibv_bind_mw(bench.pair.b.qp, bench.mw, &bind), EINVAL);
	bench_close(&bench);
}

CASE(type_2_opens_and_is_invalidated)
{
	struct ibv_send_wr wr = request(IBV_WR_LOCAL_INV, 15, NULL);
	struct bench bench;

	bench_open(&bench, IBV_MW_TYPE_2, windowed());
	for (int lap = 0; lap < 3; lap++) {
		trying("lap %d", lap);
		open_type_2(&bench, info_of(&bench, START, LENGTH, RIGHTS));
		write_at(&bench, START, bench.mw->rkey, IBV_WC_SUCCESS);
		wr.invalidate_rkey = bench.mw->rkey;
		post(&bench.pair.b, &wr);
		CHECK_EQ(expect_wc(bench.pair.b.send_cq, 15, IBV_WC_SUCCESS).opcode,
			 IBV_WC_LOCAL_INV);
	}
	write_at(&bench, START, bench.mw->rkey, IBV_WC_REM_ACCESS_ERR);
	bench_close(&bench);
}

CASE(a_peer_closes_the_window_it_used)
{
	struct ibv_send_wr wr;
	struct bench bench;
	struct ibv_wc wc;

	bench_open(&bench, IBV_MW_TYPE_2, windowed());
	open_type_2(&bench, info_of(&bench, START, LENGTH, RIGHTS));
	post_receive(&bench.pair.b, 16, &bench.target, 0, 64);
	wr = request(IBV_WR_SEND_WITH_INV, 17, &bench.sge);
	wr.invalidate_rkey = bench.mw->rkey;
	post(&bench.pair.a, &wr);
	expect_wc(bench.pair.a.send_cq, 17, IBV_WC_SUCCESS);
	wc = expect_wc(bench.pair.b.recv_cq, 16, IBV_WC_SUCCESS);
	CHECK_EQ(wc.invalidated_rkey, bench.mw->rkey);
	CHECK_EQ(wc.byte_len, 32);
	CHECK_BYTES(bench.target.bytes, bench.source.bytes, 32);
	write_at(&bench, START, bench.mw->rkey, IBV_WC_REM_ACCESS_ERR);
	bench_close(&bench);
}

/* The kernel's rxe writes the flag of an enum of its own, which stock libraries pass on. */
CASE(an_invalidation_is_flagged)
{
	struct ibv_send_wr wr;
	struct bench bench;

	bench_open(&bench, IBV_MW_TYPE_2, windowed());
	open_type_2(&bench, info_of(&bench, START, LENGTH, RIGHTS));
	post_receive(&bench.pair.b, 16, &bench.target, 0, 64);
	wr = request(IBV_WR_SEND_WITH_INV, 17, &bench.sge);
	wr.invalidate_rkey = bench.mw->rkey;
	post(&bench.pair.a, &wr);
	expect_wc(bench.pair.a.send_cq, 17, IBV_WC_SUCCESS);
	CHECK(expect_wc(bench.pair.b.recv_cq, 16, IBV_WC_SUCCESS).wc_flags & IBV_WC_WITH_INV);
	bench_close(&bench);
}

/* An end of its own making, as that of the bed does not ask for these requests. */
static void extend(struct bench *bench)
{
	struct ibv_qp_init_attr_ex attr = {
		.qp_type = IBV_QPT_RC,
		.pd = bench->bed.pd,
		.send_cq = bench->pair.b.send_cq,
		.recv_cq = bench->pair.b.recv_cq,
		.cap = {.max_send_wr = 8, .max_recv_wr = 8, .max_send_sge = 1, .max_recv_sge = 1},
		.comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_SEND_OPS_FLAGS,
		.send_ops_flags = IBV_QP_EX_WITH_BIND_MW | IBV_QP_EX_WITH_LOCAL_INV |
				  IBV_QP_EX_WITH_SEND_WITH_INV,
	};
	struct end_address a, b;

	CHECK_OK(ibv_destroy_qp(bench->pair.b.qp));
	bench->pair.b.qp = ibv_create_qp_ex(bench->bed.context, &attr);
	CHECK(bench->pair.b.qp);
	bench->pair.b.ex = ibv_qp_to_qp_ex(bench->pair.b.qp);
	CHECK(bench->pair.b.ex);
	a = end_address(&bench->pair.a);
	b = end_address(&bench->pair.b);
	end_connect(&bench->pair.b, &a);
	end_reset(&bench->pair.a);
	end_connect(&bench->pair.a, &b);
}

CASE(extended_requests_do_the_same)
{
	struct ibv_mw_bind_info info;
	struct ibv_qp_ex *ex;
	struct bench bench;
	uint32_t rkey;

	bench_open(&bench, IBV_MW_TYPE_2, windowed());
	extend(&bench);
	ex = bench.pair.b.ex;
	info = info_of(&bench, START, LENGTH, RIGHTS);
	rkey = ibv_inc_rkey(bench.mw->rkey);

	ibv_wr_start(ex);
	ex->wr_id = 21;
	ex->wr_flags = IBV_SEND_SIGNALED;
	ibv_wr_bind_mw(ex, bench.mw, rkey, &info);
	CHECK_OK(ibv_wr_complete(ex));
	expect_wc(bench.pair.b.send_cq, 21, IBV_WC_SUCCESS);
	write_at(&bench, START, rkey, IBV_WC_SUCCESS);

	post_receive(&bench.pair.a, 22, &bench.source, 2048, 64);
	ibv_wr_start(ex);
	ex->wr_id = 23;
	ibv_wr_local_inv(ex, rkey);
	ex->wr_id = 24;
	ibv_wr_send_inv(ex, 0x12345600);
	ibv_wr_set_sge(ex, bench.target.mr->lkey, buffer_address(&bench.target, 0), 8);
	CHECK_OK(ibv_wr_complete(ex));
	expect_wc(bench.pair.b.send_cq, 23, IBV_WC_SUCCESS);
	/* No such key at the other end: told there, and to the sender by some. */
	CHECK(next_wc(bench.pair.a.recv_cq).status != IBV_WC_SUCCESS);
	CHECK_EQ(next_wc(bench.pair.b.send_cq).wr_id, 24);
	bench_close(&bench);
}
