/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the specification says of memory windows beyond giving and taking back: who may bind and end
 * them, what they are good for, and in which order. Source: IBTA vol. 1, 10.6.7.
 */
#include <errno.h>
#include <string.h>

#include "window.h"

static void open_2(struct window_bench *bench)
{
	window_open(bench, IBV_MW_TYPE_2, WINDOW_REGION);
	skip_for(bench->bed.family->no_window_rules);
}

static void invalidate(struct window_bench *bench, struct end *end, uint32_t rkey,
		       enum ibv_wc_status meant)
{
	struct ibv_send_wr wr = request(IBV_WR_LOCAL_INV, 15, NULL);

	wr.invalidate_rkey = rkey;
	post(end, &wr);
	expect_wc(end->send_cq, 15, meant);
	if (meant != IBV_WC_SUCCESS) {
		CHECK_EQ(end_state(end), IBV_QPS_ERR);
		window_start_over(bench);
	}
}

/* The bind is refused by its completion, and the queue pair is in error. */
static void bind_2_in_vain(struct window_bench *bench, struct ibv_send_wr wr)
{
	post(&bench->pair.b, &wr);
	expect_wc(bench->pair.b.send_cq, wr.wr_id, IBV_WC_MW_BIND_ERR);
	CHECK_EQ(end_state(&bench->pair.b), IBV_QPS_ERR);
	window_start_over(bench);
}

CASE(atomics_take_their_right)
{
	struct ibv_send_wr wr;
	struct window_bench bench;
	uint64_t *word;

	window_open(&bench, IBV_MW_TYPE_1, WINDOW_REGION);
	skip_for(bench.bed.family->no_window_rules);
	word = (uint64_t *)(void *)(bench.target.bytes + WINDOW_START);
	*word = 40;
	window_give_1(&bench, window_info(&bench, WINDOW_START, 8, IBV_ACCESS_REMOTE_ATOMIC));
	bench.sge.length = 8;
	wr = request(IBV_WR_ATOMIC_FETCH_AND_ADD, 1, &bench.sge);
	wr.wr.atomic.remote_addr = buffer_address(&bench.target, WINDOW_START);
	wr.wr.atomic.rkey = bench.mw->rkey;
	wr.wr.atomic.compare_add = 2;
	post(&bench.pair.a, &wr);
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_SUCCESS);
	CHECK_EQ(*word, 42);
	wr.opcode = IBV_WR_ATOMIC_CMP_AND_SWP;
	wr.wr.atomic.compare_add = 42;
	wr.wr.atomic.swap = 7;
	post(&bench.pair.a, &wr);
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_SUCCESS);
	CHECK_EQ(*word, 7);
	window_give_1(&bench, window_info(&bench, WINDOW_START, 8, WINDOW_RIGHTS));
	wr.wr.atomic.rkey = bench.mw->rkey;
	post(&bench.pair.a, &wr);
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_REM_ACCESS_ERR);
	CHECK_EQ(*word, 7);
	window_close(&bench);
}

CASE(zero_based_windows_begin_at_zero)
{
	struct ibv_send_wr wr;
	struct window_bench bench;

	open_2(&bench);
	window_give_2(&bench, window_info(&bench, WINDOW_START, WINDOW_LENGTH,
					  WINDOW_RIGHTS | IBV_ACCESS_ZERO_BASED));
	wr = request(IBV_WR_RDMA_WRITE, 1, &bench.sge);
	wr.wr.rdma.remote_addr = WINDOW_LENGTH - 32;
	wr.wr.rdma.rkey = bench.mw->rkey;
	post(&bench.pair.a, &wr);
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_SUCCESS);
	CHECK_BYTES(bench.target.bytes + WINDOW_START + WINDOW_LENGTH - 32, bench.source.bytes, 32);
	wr.wr.rdma.remote_addr++;
	post(&bench.pair.a, &wr);
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_REM_ACCESS_ERR);
	window_close(&bench);
}

CASE(type_1_is_not_zero_based)
{
	struct window_bench bench;
	struct ibv_mw_bind bind;

	window_open(&bench, IBV_MW_TYPE_1, WINDOW_REGION);
	skip_for(bench.bed.family->no_window_rules);
	bind = (struct ibv_mw_bind){.bind_info = window_info(&bench, WINDOW_START, WINDOW_LENGTH,
							     IBV_ACCESS_ZERO_BASED)};
	CHECK_RC(ibv_bind_mw(bench.pair.b.qp, bench.mw, &bind), EINVAL);
	window_close(&bench);
}

/* The region need not have the right that the window has, but for writing locally. */
CASE(a_window_has_rights_of_its_own)
{
	struct window_bench bench;

	window_open(&bench, IBV_MW_TYPE_1, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_MW_BIND);
	skip_for(bench.bed.family->no_window_rules);
	window_give_1(&bench, window_info(&bench, WINDOW_START, WINDOW_LENGTH, WINDOW_RIGHTS));
	window_write(&bench, WINDOW_START, bench.mw->rkey, IBV_WC_SUCCESS);
	window_write(&bench, WINDOW_START, bench.target.mr->rkey, IBV_WC_REM_ACCESS_ERR);
	window_close(&bench);
}

CASE(writing_takes_a_region_that_may_be_written)
{
	struct window_bench bench;

	window_open(&bench, IBV_MW_TYPE_1, IBV_ACCESS_MW_BIND);
	skip_for(bench.bed.family->no_window_rules);
	CHECK_EQ(window_bind_1(&bench, window_info(&bench, 0, 64, IBV_ACCESS_REMOTE_WRITE)).status,
		 IBV_WC_MW_BIND_ERR);
	window_start_over(&bench);
	window_give_1(&bench, window_info(&bench, 0, 64, IBV_ACCESS_REMOTE_READ));
	window_read(&bench, 0, bench.mw->rkey, IBV_WC_SUCCESS);
	window_close(&bench);
}

CASE(window_region_and_queue_pair_are_of_one_domain)
{
	struct ibv_mw *mw, *own;
	struct window_bench bench;
	struct ibv_mw_bind_info info;
	struct buffer buffer;
	struct ibv_pd *pd;

	window_open(&bench, IBV_MW_TYPE_1, WINDOW_REGION);
	skip_for(bench.bed.family->no_window_rules);
	pd = ibv_alloc_pd(bench.bed.context);
	CHECK(pd);
	mw = ibv_alloc_mw(pd, IBV_MW_TYPE_1);
	CHECK(mw);
	buffer_make(&buffer, pd, 4096, WINDOW_REGION);
	info = window_info(&bench, 0, 64, WINDOW_RIGHTS);
	own = bench.mw;
	bench.mw = mw;
	CHECK_EQ(window_bind_1(&bench, info).status, IBV_WC_MW_BIND_ERR);
	window_start_over(&bench);
	bench.mw = own;
	info.mr = buffer.mr;
	info.addr = buffer_address(&buffer, 0);
	CHECK_EQ(window_bind_1(&bench, info).status, IBV_WC_MW_BIND_ERR);
	buffer_free(&buffer);
	CHECK_OK(ibv_dealloc_mw(mw));
	CHECK_OK(ibv_dealloc_pd(pd));
	window_close(&bench);
}

CASE(type_2_is_bound_once)
{
	struct ibv_mw_bind_info info;
	struct window_bench bench;

	open_2(&bench);
	info = window_info(&bench, WINDOW_START, WINDOW_LENGTH, WINDOW_RIGHTS);
	window_give_2(&bench, info);
	bind_2_in_vain(&bench, window_request_2(&bench, info));
	/* It was bound for a queue pair that is no more, and is free again. */
	window_give_2(&bench, info);
	window_write(&bench, WINDOW_START, bench.mw->rkey, IBV_WC_SUCCESS);
	window_close(&bench);
}

CASE(type_2_is_for_one_queue_pair)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct window_bench bench;
	struct ibv_send_wr wr;
	struct pair others;

	open_2(&bench);
	pair_make(&others, &bench.bed, &plan);
	window_give_2(&bench, window_info(&bench, WINDOW_START, WINDOW_LENGTH, WINDOW_RIGHTS));
	wr = request(IBV_WR_RDMA_WRITE, 1, &bench.sge);
	wr.wr.rdma.remote_addr = buffer_address(&bench.target, WINDOW_START);
	wr.wr.rdma.rkey = bench.mw->rkey;
	post(&others.a, &wr);
	expect_wc(others.a.send_cq, 1, IBV_WC_REM_ACCESS_ERR);
	pair_destroy(&others);
	window_write(&bench, WINDOW_START, bench.mw->rkey, IBV_WC_SUCCESS);
	window_close(&bench);
}

CASE(type_2_is_invalidated_by_its_user)
{
	struct window_bench bench;

	open_2(&bench);
	window_give_2(&bench, window_info(&bench, WINDOW_START, WINDOW_LENGTH, WINDOW_RIGHTS));
	invalidate(&bench, &bench.pair.a, bench.mw->rkey, IBV_WC_MW_BIND_ERR);
	window_give_2(&bench, window_info(&bench, WINDOW_START, WINDOW_LENGTH, WINDOW_RIGHTS));
	invalidate(&bench, &bench.pair.b, ibv_inc_rkey(bench.mw->rkey), IBV_WC_MW_BIND_ERR);
	invalidate(&bench, &bench.pair.b, bench.mw->rkey, IBV_WC_MW_BIND_ERR);
	window_close(&bench);
}

CASE(type_1_is_not_invalidated)
{
	struct window_bench bench;
	struct ibv_send_wr wr;

	window_open(&bench, IBV_MW_TYPE_1, WINDOW_REGION);
	skip_for(bench.bed.family->no_window_rules);
	window_give_1(&bench, window_info(&bench, WINDOW_START, WINDOW_LENGTH, WINDOW_RIGHTS));
	invalidate(&bench, &bench.pair.b, bench.mw->rkey, IBV_WC_MW_BIND_ERR);
	wr = request(IBV_WR_SEND_WITH_INV, 17, &bench.sge);
	wr.invalidate_rkey = bench.mw->rkey;
	post_receive(&bench.pair.b, 16, &bench.target, 0, 64);
	post(&bench.pair.a, &wr);
	expect_wc(bench.pair.a.send_cq, 17, IBV_WC_REM_ACCESS_ERR);
	window_start_over(&bench);
	window_write(&bench, WINDOW_START, bench.mw->rkey, IBV_WC_SUCCESS);
	window_close(&bench);
}

CASE(a_region_waits_for_its_windows)
{
	struct window_bench bench;
	struct ibv_pd *pd;

	window_open(&bench, IBV_MW_TYPE_1, WINDOW_REGION);
	skip_for(bench.bed.family->no_window_rules);
	NEED(!bench.bed.kernel, "a kernel's driver may revoke a region before it ends it");
	window_give_1(&bench, window_info(&bench, WINDOW_START, WINDOW_LENGTH, WINDOW_RIGHTS));
	/* What changes a region ends it, here, and makes another one. */
	CHECK_EQ(ibv_rereg_mr(bench.target.mr, IBV_REREG_MR_CHANGE_ACCESS, NULL, NULL, 0,
			      ACCESS_ALL),
		 IBV_REREG_MR_ERR_CMD);
	CHECK_EQ(errno, EBUSY);
	CHECK_RC(ibv_dereg_mr(bench.target.mr), EBUSY);
	window_write(&bench, WINDOW_START, bench.mw->rkey, IBV_WC_SUCCESS);
	window_give_1(&bench, window_info(&bench, 0, 0, 0));
	CHECK_OK(ibv_dereg_mr(bench.target.mr));
	bench.target.mr = ibv_reg_mr(bench.bed.pd, bench.target.bytes, 4096, WINDOW_REGION);
	CHECK(bench.target.mr);
	pd = ibv_alloc_pd(bench.bed.context);
	CHECK_OK(ibv_dealloc_pd(pd));
	window_close(&bench);
}

/* A bind, the message that tells of it, and the end of it, posted at once. */
CASE(what_is_posted_behind_a_bind_comes_after_it)
{
	struct ibv_send_wr bind, tell;
	struct window_bench bench;
	uint32_t key;

	open_2(&bench);
	for (int lap = 0; lap < 20; lap++) {
		trying("lap %d", lap);
		bind = window_request_2(
			&bench, window_info(&bench, WINDOW_START, WINDOW_LENGTH, WINDOW_RIGHTS));
		key = bind.bind_mw.rkey;
		tell = request(IBV_WR_SEND_WITH_IMM, 18, NULL);
		tell.num_sge = 0;
		tell.imm_data = key;
		bind.send_flags = 0;
		bind.next = &tell;
		post_receive(&bench.pair.a, 19, &bench.source, 2048, 64);
		post(&bench.pair.b, &bind);
		CHECK_EQ(expect_wc(bench.pair.a.recv_cq, 19, IBV_WC_SUCCESS).imm_data, key);
		window_write(&bench, WINDOW_START, key, IBV_WC_SUCCESS);
		expect_wc(bench.pair.b.send_cq, 18, IBV_WC_SUCCESS);
		invalidate(&bench, &bench.pair.b, key, IBV_WC_SUCCESS);
		bench.mw->rkey = key;
	}
	window_close(&bench);
}

/* The invalidation waits for the answer of the read before it. */
CASE(a_fence_holds_an_invalidation_back)
{
	struct ibv_send_wr read, inval;
	struct window_bench bench;

	open_2(&bench);
	window_give_2(&bench, window_info(&bench, WINDOW_START, WINDOW_LENGTH, WINDOW_RIGHTS));
	bench.sge = buffer_sge(&bench.target, 1024, 1024);
	read = request(IBV_WR_RDMA_READ, 20, &bench.sge);
	read.wr.rdma.remote_addr = buffer_address(&bench.source, 0);
	read.wr.rdma.rkey = bench.source.mr->rkey;
	inval = request(IBV_WR_LOCAL_INV, 21, NULL);
	inval.invalidate_rkey = bench.mw->rkey;
	inval.send_flags |= IBV_SEND_FENCE;
	read.next = &inval;
	post(&bench.pair.b, &read);
	expect_wc(bench.pair.b.send_cq, 20, IBV_WC_SUCCESS);
	CHECK_BYTES(bench.target.bytes + 1024, bench.source.bytes, 1024);
	expect_wc(bench.pair.b.send_cq, 21, IBV_WC_SUCCESS);
	window_close(&bench);
}

CASE(a_long_message_goes_through_a_window)
{
	enum { BYTES = 300000 };
	struct buffer from, to;
	struct window_bench bench;
	struct ibv_send_wr wr;
	struct ibv_sge sge;

	window_open(&bench, IBV_MW_TYPE_1, WINDOW_REGION);
	skip_for(bench.bed.family->no_window_rules);
	buffer_make(&from, bench.bed.pd, BYTES, ACCESS_ALL);
	buffer_make(&to, bench.bed.pd, BYTES + 200, WINDOW_REGION);
	pattern_fill(from.bytes, BYTES, 5);
	window_give_1(&bench, (struct ibv_mw_bind_info){.mr = to.mr,
							.addr = buffer_address(&to, 100),
							.length = BYTES,
							.mw_access_flags = WINDOW_RIGHTS});
	sge = buffer_sge(&from, 0, BYTES);
	wr = request(IBV_WR_RDMA_WRITE, 1, &sge);
	wr.wr.rdma.remote_addr = buffer_address(&to, 100);
	wr.wr.rdma.rkey = bench.mw->rkey;
	post(&bench.pair.a, &wr);
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_SUCCESS);
	CHECK_PATTERN(to.bytes + 100, BYTES, 5);
	memset(from.bytes, 0, BYTES);
	wr.opcode = IBV_WR_RDMA_READ;
	post(&bench.pair.a, &wr);
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_SUCCESS);
	CHECK_PATTERN(from.bytes, BYTES, 5);
	window_give_1(&bench, window_info(&bench, 0, 0, 0));
	buffer_free(&to);
	buffer_free(&from);
	window_close(&bench);
}
