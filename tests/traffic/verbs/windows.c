/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory windows: remote access to part of a region, given and taken back by requests. */
#include <errno.h>
#include <string.h>

#include "window.h"

/* The reason is told by some kernels' drivers only. */
static void open_type_1_in_vain(struct window_bench *bench, struct ibv_mw_bind_info info)
{
	CHECK(window_bind_1(bench, info).status != IBV_WC_SUCCESS);
	CHECK_EQ(end_state(&bench->pair.b), IBV_QPS_ERR);
}

CASE(type_1_opens_a_range)
{
	struct window_bench bench;

	window_open(&bench, IBV_MW_TYPE_1, WINDOW_REGION);
	window_give_1(&bench, window_info(&bench, WINDOW_START, WINDOW_LENGTH, WINDOW_RIGHTS));
	window_write(&bench, WINDOW_START, bench.mw->rkey, IBV_WC_SUCCESS);
	window_write(&bench, WINDOW_START + WINDOW_LENGTH - 32, bench.mw->rkey, IBV_WC_SUCCESS);
	window_read(&bench, WINDOW_START, bench.mw->rkey, IBV_WC_SUCCESS);
	window_close(&bench);
}

CASE(a_window_has_bounds)
{
	struct window_bench bench;

	window_open(&bench, IBV_MW_TYPE_1, WINDOW_REGION);
	NEED(strcmp(bench.bed.family->name, "rxe"), "rxe looks at the bounds of the region only");
	window_give_1(&bench, window_info(&bench, WINDOW_START, WINDOW_LENGTH, WINDOW_RIGHTS));
	window_write(&bench, WINDOW_START + WINDOW_LENGTH - 31, bench.mw->rkey,
		     IBV_WC_REM_ACCESS_ERR);
	window_start_over(&bench);
	window_write(&bench, WINDOW_START - 1, bench.mw->rkey, IBV_WC_REM_ACCESS_ERR);
	window_close(&bench);
}

CASE(a_window_does_not_widen_its_region)
{
	struct window_bench bench;

	window_open(&bench, IBV_MW_TYPE_1, WINDOW_REGION);
	window_give_1(&bench, window_info(&bench, WINDOW_START, WINDOW_LENGTH, WINDOW_RIGHTS));
	window_write(&bench, 4096 - 31, bench.mw->rkey, IBV_WC_REM_ACCESS_ERR);
	window_close(&bench);
}

CASE(type_1_moves_with_a_new_key)
{
	struct window_bench bench;
	uint32_t old;

	window_open(&bench, IBV_MW_TYPE_1, WINDOW_REGION);
	window_give_1(&bench, window_info(&bench, WINDOW_START, WINDOW_LENGTH, WINDOW_RIGHTS));
	old = bench.mw->rkey;
	window_give_1(&bench, window_info(&bench, 2 * WINDOW_START, WINDOW_LENGTH, WINDOW_RIGHTS));
	window_write(&bench, 2 * WINDOW_START, bench.mw->rkey, IBV_WC_SUCCESS);
	window_write(&bench, 2 * WINDOW_START, old, IBV_WC_REM_ACCESS_ERR);
	window_close(&bench);
}

CASE(type_1_closes_with_length_zero)
{
	struct window_bench bench;

	window_open(&bench, IBV_MW_TYPE_1, WINDOW_REGION);
	window_give_1(&bench, window_info(&bench, WINDOW_START, WINDOW_LENGTH, WINDOW_RIGHTS));
	window_give_1(&bench, (struct ibv_mw_bind_info){.mr = bench.target.mr});
	window_write(&bench, WINDOW_START, bench.mw->rkey, IBV_WC_REM_ACCESS_ERR);
	window_close(&bench);
}

CASE(rights_are_those_of_the_window)
{
	struct window_bench bench;

	window_open(&bench, IBV_MW_TYPE_1, WINDOW_REGION);
	window_give_1(&bench,
		      window_info(&bench, WINDOW_START, WINDOW_LENGTH, IBV_ACCESS_REMOTE_READ));
	window_read(&bench, WINDOW_START, bench.mw->rkey, IBV_WC_SUCCESS);
	window_write(&bench, WINDOW_START, bench.mw->rkey, IBV_WC_REM_ACCESS_ERR);
	window_close(&bench);
}

CASE(windows_beyond_their_region_are_refused)
{
	struct window_bench bench;

	window_open(&bench, IBV_MW_TYPE_1, WINDOW_REGION);
	open_type_1_in_vain(&bench, window_info(&bench, 4096 - 16, 32, WINDOW_RIGHTS));
	window_close(&bench);
}

CASE(regions_that_are_not_for_windows)
{
	struct window_bench bench;

	window_open(&bench, IBV_MW_TYPE_1, ACCESS_ALL);
	skip_for(bench.bed.family->no_bind_right);
	open_type_1_in_vain(&bench,
			    window_info(&bench, WINDOW_START, WINDOW_LENGTH, WINDOW_RIGHTS));
	window_close(&bench);
}

CASE(type_2_is_not_for_the_verb)
{
	struct ibv_mw_bind bind = {.wr_id = 1};
	struct window_bench bench;

	window_open(&bench, IBV_MW_TYPE_2, WINDOW_REGION);
	CHECK_RC(ibv_bind_mw(bench.pair.b.qp, bench.mw, &bind), EINVAL);
	window_close(&bench);
}

CASE(type_2_opens_and_is_invalidated)
{
	struct ibv_send_wr wr = request(IBV_WR_LOCAL_INV, 15, NULL);
	struct window_bench bench;

	window_open(&bench, IBV_MW_TYPE_2, WINDOW_REGION);
	for (int lap = 0; lap < 3; lap++) {
		trying("lap %d", lap);
		window_give_2(&bench,
			      window_info(&bench, WINDOW_START, WINDOW_LENGTH, WINDOW_RIGHTS));
		window_write(&bench, WINDOW_START, bench.mw->rkey, IBV_WC_SUCCESS);
		wr.invalidate_rkey = bench.mw->rkey;
		post(&bench.pair.b, &wr);
		CHECK_EQ(expect_wc(bench.pair.b.send_cq, 15, IBV_WC_SUCCESS).opcode,
			 IBV_WC_LOCAL_INV);
	}
	window_write(&bench, WINDOW_START, bench.mw->rkey, IBV_WC_REM_ACCESS_ERR);
	window_close(&bench);
}

CASE(a_peer_closes_the_window_it_used)
{
	struct ibv_send_wr wr;
	struct window_bench bench;
	struct ibv_wc wc;

	window_open(&bench, IBV_MW_TYPE_2, WINDOW_REGION);
	window_give_2(&bench, window_info(&bench, WINDOW_START, WINDOW_LENGTH, WINDOW_RIGHTS));
	post_receive(&bench.pair.b, 16, &bench.target, 0, 64);
	wr = request(IBV_WR_SEND_WITH_INV, 17, &bench.sge);
	wr.invalidate_rkey = bench.mw->rkey;
	post(&bench.pair.a, &wr);
	expect_wc(bench.pair.a.send_cq, 17, IBV_WC_SUCCESS);
	wc = expect_wc(bench.pair.b.recv_cq, 16, IBV_WC_SUCCESS);
	CHECK_EQ(wc.invalidated_rkey, bench.mw->rkey);
	CHECK_EQ(wc.byte_len, 32);
	CHECK_BYTES(bench.target.bytes, bench.source.bytes, 32);
	window_write(&bench, WINDOW_START, bench.mw->rkey, IBV_WC_REM_ACCESS_ERR);
	window_close(&bench);
}

/* The kernel's rxe writes the flag of an enum of its own, which stock libraries pass on. */
CASE(an_invalidation_is_flagged)
{
	struct ibv_send_wr wr;
	struct window_bench bench;

	window_open(&bench, IBV_MW_TYPE_2, WINDOW_REGION);
	window_give_2(&bench, window_info(&bench, WINDOW_START, WINDOW_LENGTH, WINDOW_RIGHTS));
	post_receive(&bench.pair.b, 16, &bench.target, 0, 64);
	wr = request(IBV_WR_SEND_WITH_INV, 17, &bench.sge);
	wr.invalidate_rkey = bench.mw->rkey;
	post(&bench.pair.a, &wr);
	expect_wc(bench.pair.a.send_cq, 17, IBV_WC_SUCCESS);
	CHECK(expect_wc(bench.pair.b.recv_cq, 16, IBV_WC_SUCCESS).wc_flags & IBV_WC_WITH_INV);
	window_close(&bench);
}

/* An end of its own making, as that of the bed does not ask for these requests. */
static void extend(struct window_bench *bench)
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
	struct window_bench bench;
	uint32_t rkey;

	window_open(&bench, IBV_MW_TYPE_2, WINDOW_REGION);
	extend(&bench);
	ex = bench.pair.b.ex;
	info = window_info(&bench, WINDOW_START, WINDOW_LENGTH, WINDOW_RIGHTS);
	rkey = ibv_inc_rkey(bench.mw->rkey);

	ibv_wr_start(ex);
	ex->wr_id = 21;
	ex->wr_flags = IBV_SEND_SIGNALED;
	ibv_wr_bind_mw(ex, bench.mw, rkey, &info);
	CHECK_OK(ibv_wr_complete(ex));
	expect_wc(bench.pair.b.send_cq, 21, IBV_WC_SUCCESS);
	window_write(&bench, WINDOW_START, rkey, IBV_WC_SUCCESS);

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
	window_close(&bench);
}
