/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Lists of work requests: what a bad one leaves behind, when completions come, and the order that
 * a fence makes.
 */
#include <errno.h>
#include <string.h>

#include "bed.h"

enum { LIST = 4, LENGTH = 100, SLOT = 256 };

struct bench {
	struct bed bed;
	struct pair pair;
	struct buffer buffer;
	struct ibv_sge sge[8];
	struct ibv_send_wr send[LIST];
	struct ibv_recv_wr receive[LIST];
};

static void bench_open(struct bench *bench, const struct end_plan *plan)
{
	*bench = (struct bench){0};
	bed_open(&bench->bed);
	pair_make(&bench->pair, &bench->bed, plan);
	buffer_make(&bench->buffer, bench->bed.pd, 65536, ACCESS_ALL);
	for (int i = 0; i < 8; i++)
		bench->sge[i] = buffer_sge(&bench->buffer, 0, 8);
}

static void bench_close(struct bench *bench)
{
	buffer_free(&bench->buffer);
	pair_destroy(&bench->pair);
	bed_close(&bench->bed);
}

/* A list of writes, every one signalled. */
static void make_list(struct bench *bench)
{
	for (int i = 0; i < LIST; i++) {
		bench->send[i] = request(IBV_WR_RDMA_WRITE, (uint64_t)i, bench->sge);
		bench->send[i].wr.rdma.remote_addr = buffer_address(&bench->buffer, 4096);
		bench->send[i].wr.rdma.rkey = bench->buffer.mr->rkey;
		bench->send[i].next = i + 1 < LIST ? &bench->send[i + 1] : NULL;
	}
}

/* Those before the bad one are done, no others. Of the errors for a request that is too large,
 * EINVAL is the manual's and ENOMEM that of the oldest libraries. */
static void expect_refused(struct bench *bench, int bad)
{
	struct ibv_send_wr *where = NULL;
	int error;

	trying("a list whose request %d is bad", bad);
	error = ibv_post_send(bench->pair.a.qp, bench->send, &where);
	if (error != ENOMEM)
		CHECK_RC(error, EINVAL);
	CHECK(where == &bench->send[bad]);
	for (int i = 0; i < bad; i++)
		expect_wc(bench->pair.a.send_cq, (uint64_t)i, IBV_WC_SUCCESS);
	expect_empty(bench->pair.a.send_cq);
}

CASE(too_many_pieces_at_each_position)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;
	struct bench bench;

	bench_open(&bench, &plan);
	CHECK_OK(ibv_query_qp(bench.pair.a.qp, &attr, IBV_QP_CAP, &init));
	CHECK(attr.cap.max_send_sge < 8);
	for (int bad = 0; bad < LIST; bad++) {
		make_list(&bench);
		bench.send[bad].num_sge = (int)attr.cap.max_send_sge + 1;
		expect_refused(&bench, bad);
	}
	bench_close(&bench);
}

CASE(too_long_inline_at_each_position)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;
	struct ibv_sge sge;
	struct bench bench;

	plan.inline_bytes = 64;
	bench_open(&bench, &plan);
	CHECK_OK(ibv_query_qp(bench.pair.a.qp, &attr, IBV_QP_CAP, &init));
	CHECK(attr.cap.max_inline_data >= 64);
	for (int bad = 0; bad < LIST; bad++) {
		make_list(&bench);
		sge = buffer_sge(&bench.buffer, 0, attr.cap.max_inline_data + 1);
		bench.send[bad].sg_list = &sge;
		bench.send[bad].send_flags |= IBV_SEND_INLINE;
		expect_refused(&bench, bad);
	}
	bench_close(&bench);
}

CASE(unknown_opcode_at_each_position)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct bench bench;

	bench_open(&bench, &plan);
	for (int bad = 0; bad < LIST; bad++) {
		make_list(&bench);
		bench.send[bad].opcode = 200;
		expect_refused(&bench, bad);
	}
	bench_close(&bench);
}

/* Unsignalled requests keep their places until a later one completes. */
CASE(full_send_queue)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct ibv_send_wr *where = NULL;
	struct ibv_send_wr wr;
	struct bench bench;
	int posted = 0;

	plan.send_wr = 5;
	bench_open(&bench, &plan);
	/* Nothing receives, so nothing completes. */
	for (;; posted++) {
		wr = request(IBV_WR_SEND, (uint64_t)posted, bench.sge);
		if (ibv_post_send(bench.pair.a.qp, &wr, &where))
			break;
		CHECK(posted < 1000);
	}
	CHECK(posted >= 5);
	CHECK(where == &wr);
	CHECK_RC(ibv_post_send(bench.pair.a.qp, &wr, &where), ENOMEM);
	for (int i = 0; i < posted; i++)
		post_receive(&bench.pair.b, (uint64_t)i, &bench.buffer, 4096, 64);
	for (int i = 0; i < posted; i++) {
		expect_wc(bench.pair.a.send_cq, (uint64_t)i, IBV_WC_SUCCESS);
		expect_wc(bench.pair.b.recv_cq, (uint64_t)i, IBV_WC_SUCCESS);
	}
	/* And now there is room again. */
	post_receive(&bench.pair.b, 90, &bench.buffer, 4096, 64);
	post(&bench.pair.a, &wr);
	expect_wc(bench.pair.a.send_cq, wr.wr_id, IBV_WC_SUCCESS);
	bench_close(&bench);
}

CASE(full_queue_in_a_series_of_calls)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct bench bench;
	struct ibv_qp_ex *ex;

	plan.send_wr = 5;
	bench_open(&bench, &plan);
	ex = bench.pair.a.ex;
	ibv_wr_start(ex);
	for (int i = 0; i < 1000; i++) {
		ex->wr_id = (uint64_t)i;
		ex->wr_flags = IBV_SEND_SIGNALED;
		ibv_wr_rdma_write(ex, bench.buffer.mr->rkey, buffer_address(&bench.buffer, 4096));
		ibv_wr_set_sge(ex, bench.buffer.mr->lkey, buffer_address(&bench.buffer, 0), 8);
	}
	CHECK_RC(ibv_wr_complete(ex), ENOMEM);
	/* All or nothing: none of the series was posted. */
	make_list(&bench);
	bench.send[0].wr_id = 5000;
	bench.send[0].next = NULL;
	post(&bench.pair.a, bench.send);
	expect_wc(bench.pair.a.send_cq, 5000, IBV_WC_SUCCESS);
	expect_empty(bench.pair.a.send_cq);
	bench_close(&bench);
}

CASE(aborted_series_leaves_nothing)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct bench bench;
	struct ibv_qp_ex *ex;

	bench_open(&bench, &plan);
	ex = bench.pair.a.ex;
	ibv_wr_start(ex);
	ex->wr_id = 1;
	ex->wr_flags = IBV_SEND_SIGNALED;
	ibv_wr_rdma_write(ex, bench.buffer.mr->rkey, buffer_address(&bench.buffer, 4096));
	ibv_wr_set_sge(ex, bench.buffer.mr->lkey, buffer_address(&bench.buffer, 0), 8);
	ibv_wr_abort(ex);
	make_list(&bench);
	post(&bench.pair.a, bench.send);
	for (int i = 0; i < LIST; i++)
		expect_wc(bench.pair.a.send_cq, (uint64_t)i, IBV_WC_SUCCESS);
	expect_empty(bench.pair.a.send_cq);
	bench_close(&bench);
}

CASE(bad_receive_at_each_position)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct ibv_recv_wr *where;
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;
	struct ibv_send_wr wr;
	struct bench bench;

	bench_open(&bench, &plan);
	CHECK_OK(ibv_query_qp(bench.pair.b.qp, &attr, IBV_QP_CAP, &init));
	CHECK(attr.cap.max_recv_sge < 8);
	for (int bad = 0; bad < LIST; bad++) {
		trying("a list whose receive %d is bad", bad);
		for (int i = 0; i < LIST; i++)
			bench.receive[i] = (struct ibv_recv_wr){
				.wr_id = (uint64_t)i,
				.sg_list = bench.sge,
				.num_sge = i == bad ? (int)attr.cap.max_recv_sge + 1 : 1,
				.next = i + 1 < LIST ? &bench.receive[i + 1] : NULL,
			};
		where = NULL;
		CHECK_RC(ibv_post_recv(bench.pair.b.qp, bench.receive, &where), EINVAL);
		CHECK(where == &bench.receive[bad]);
		for (int i = 0; i < bad; i++) {
			wr = request(IBV_WR_SEND, 1, bench.sge);
			post(&bench.pair.a, &wr);
			expect_wc(bench.pair.b.recv_cq, (uint64_t)i, IBV_WC_SUCCESS);
			expect_wc(bench.pair.a.send_cq, 1, IBV_WC_SUCCESS);
		}
	}
	bench_close(&bench);
}

CASE(full_receive_queue)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct ibv_recv_wr *where = NULL;
	struct ibv_recv_wr wr = {.num_sge = 1};
	struct ibv_send_wr send;
	struct bench bench;
	int posted = 0;

	plan.recv_wr = 5;
	bench_open(&bench, &plan);
	wr.sg_list = bench.sge;
	for (;; posted++) {
		wr.wr_id = (uint64_t)posted;
		if (ibv_post_recv(bench.pair.b.qp, &wr, &where))
			break;
		CHECK(posted < 1000);
	}
	CHECK(posted >= 5);
	CHECK(where == &wr);
	CHECK_RC(ibv_post_recv(bench.pair.b.qp, &wr, &where), ENOMEM);
	for (int i = 0; i < posted; i++) {
		send = request(IBV_WR_SEND, 1, bench.sge);
		post(&bench.pair.a, &send);
		expect_wc(bench.pair.b.recv_cq, (uint64_t)i, IBV_WC_SUCCESS);
		expect_wc(bench.pair.a.send_cq, 1, IBV_WC_SUCCESS);
	}
	bench_close(&bench);
}

CASE(selective_signalling)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct bench bench;

	bench_open(&bench, &plan);
	for (int lap = 0; lap < 200; lap++) {
		make_list(&bench);
		for (int i = 0; i < LIST - 1; i++)
			bench.send[i].send_flags = 0;
		post(&bench.pair.a, bench.send);
		expect_wc(bench.pair.a.send_cq, LIST - 1, IBV_WC_SUCCESS);
		expect_empty(bench.pair.a.send_cq);
	}
	bench_close(&bench);
}

CASE(all_signalled_by_the_queue_pair)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct bench bench;
	struct ibv_qp_ex *ex;

	plan.signal_all = 1;
	bench_open(&bench, &plan);
	make_list(&bench);
	for (int i = 0; i < LIST; i++)
		bench.send[i].send_flags = 0;
	post(&bench.pair.a, bench.send);
	for (int i = 0; i < LIST; i++)
		expect_wc(bench.pair.a.send_cq, (uint64_t)i, IBV_WC_SUCCESS);
	ex = bench.pair.a.ex;
	ibv_wr_start(ex);
	ex->wr_id = 77;
	ex->wr_flags = 0;
	ibv_wr_rdma_write(ex, bench.buffer.mr->rkey, buffer_address(&bench.buffer, 4096));
	ibv_wr_set_sge(ex, bench.buffer.mr->lkey, buffer_address(&bench.buffer, 0), 8);
	CHECK_OK(ibv_wr_complete(ex));
	expect_wc(bench.pair.a.send_cq, 77, IBV_WC_SUCCESS);
	bench_close(&bench);
}

/* A write that sends on what the read before it fetches: right only if it waits for the read. */
CASE(fence_after_read)
{
	enum { LARGE = 20000 };
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct ibv_sge sge;
	struct ibv_send_wr read, write;
	struct bench bench;

	bench_open(&bench, &plan);
	sge = buffer_sge(&bench.buffer, 0, LARGE);
	for (unsigned int lap = 0; lap < 50; lap++) {
		uint8_t *source = bench.buffer.bytes + LARGE, *copy = source + LARGE;

		pattern_fill(source, LARGE, lap);
		memset(bench.buffer.bytes, 0, LARGE);
		read = request(IBV_WR_RDMA_READ, 1, &sge);
		read.wr.rdma.remote_addr = (uintptr_t)source;
		read.wr.rdma.rkey = bench.buffer.mr->rkey;
		write = request(IBV_WR_RDMA_WRITE, 2, &sge);
		write.wr.rdma.remote_addr = (uintptr_t)copy;
		write.wr.rdma.rkey = bench.buffer.mr->rkey;
		write.send_flags |= IBV_SEND_FENCE;
		read.next = &write;
		post(&bench.pair.a, &read);
		expect_wc(bench.pair.a.send_cq, 1, IBV_WC_SUCCESS);
		expect_wc(bench.pair.a.send_cq, 2, IBV_WC_SUCCESS);
		CHECK_PATTERN(copy, LARGE, lap);
	}
	bench_close(&bench);
}
