/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Completion queues: sizes and their change, overrun, who shares them, the extended way to poll. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "bed.h"

/* As ConnectX reports a remote access error. */
enum { VENDOR_REMOTE_ACCESS = 0x88 };

struct bench {
	struct bed bed;
	struct ibv_cq *cq; /* of all sends and receives */
	struct pair pair;
	struct buffer buffer;
	struct ibv_sge sge;
};

static void bench_open_with(struct bench *bench, struct ibv_cq *cq)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);

	bench->cq = plan.send_cq = plan.recv_cq = cq;
	pair_make(&bench->pair, &bench->bed, &plan);
	buffer_make(&bench->buffer, bench->bed.pd, 4096, ACCESS_ALL);
	bench->sge = buffer_sge(&bench->buffer, 0, 8);
}

static void bench_open(struct bench *bench, int entries)
{
	struct ibv_cq *cq;

	bed_open(&bench->bed);
	cq = ibv_create_cq(bench->bed.context, entries, NULL, NULL, 0);
	CHECK(cq);
	CHECK(cq->cqe >= entries);
	bench_open_with(bench, cq);
}

static void bench_close(struct bench *bench)
{
	buffer_free(&bench->buffer);
	pair_destroy(&bench->pair);
	CHECK_OK(ibv_destroy_cq(bench->cq));
	bed_close(&bench->bed);
}

static void post_write(struct bench *bench, uint64_t wr_id)
{
	struct ibv_send_wr wr = request(IBV_WR_RDMA_WRITE, wr_id, &bench->sge);

	wr.wr.rdma.remote_addr = buffer_address(&bench->buffer, 64);
	wr.wr.rdma.rkey = bench->buffer.mr->rkey;
	post(&bench->pair.a, &wr);
}

/* The write behind all others is done, and so are they; its own completion is the last. */
static void wait_until_done(struct bench *bench, uint64_t marker)
{
	volatile uint8_t *landed = bench->buffer.bytes + 64;
	double deadline = seconds_now() + PATIENCE_SECONDS;

	*landed = 0;
	bench->buffer.bytes[0] = (uint8_t)marker;
	post_write(bench, marker);
	while (*landed != (uint8_t)marker) {
		struct ibv_wc wc;

		CHECK(seconds_now() < deadline);
		/* Lets the adapter run without taking a completion. */
		CHECK_EQ(ibv_poll_cq(bench->cq, 0, &wc), 0);
	}
}

CASE(resize_keeps_what_is_unpolled)
{
	static const int sizes[] = {120, 20, 500, 15, 60, 3000, 200};
	struct bench bench;

	bench_open(&bench, 60);
	for (int i = 0; i < 7; i++) {
		trying("size %d", sizes[i]);
		for (uint64_t id = 0; id < 8; id++)
			post_write(&bench, id);
		expect_wc(bench.cq, 0, IBV_WC_SUCCESS);
		CHECK_OK(ibv_resize_cq(bench.cq, sizes[i]));
		CHECK(bench.cq->cqe >= sizes[i]);
		for (uint64_t id = 8; id < 12; id++)
			post_write(&bench, id);
		for (uint64_t id = 1; id < 12; id++)
			expect_wc(bench.cq, id, IBV_WC_SUCCESS);
		expect_empty(bench.cq);
	}
	bench_close(&bench);
}

CASE(resize_in_every_position)
{
	struct bench bench;

	bench_open(&bench, 15);
	for (uint64_t lap = 0; lap < 70; lap++) {
		trying("lap %d", (int)lap);
		for (uint64_t id = 0; id < 1 + lap % 7; id++)
			post_write(&bench, id);
		wait_until_done(&bench, 7);
		CHECK_OK(ibv_resize_cq(bench.cq, lap % 2 ? 15 : 31));
		for (uint64_t id = 0; id < 1 + lap % 7; id++)
			expect_wc(bench.cq, id, IBV_WC_SUCCESS);
		expect_wc(bench.cq, 7, IBV_WC_SUCCESS);
	}
	bench_close(&bench);
}

/* A small guest may lack the memory even to ask. */
static void check_too_many(const struct bed *bed, int error)
{
	if (!bed->kernel || error != ENOMEM)
		CHECK_RC(error, EINVAL);
}

CASE(sizes_that_cannot_be)
{
	struct bench bench;
	int too_many, error;

	bench_open(&bench, 8);
	too_many = bench.bed.device.max_cqe + 1;
	CHECK_FAILS(ibv_create_cq(bench.bed.context, 0, NULL, NULL, 0), EINVAL);
	CHECK_FAILS(ibv_create_cq(bench.bed.context, -1, NULL, NULL, 0), EINVAL);
	CHECK(!ibv_create_cq(bench.bed.context, too_many, NULL, NULL, 0));
	check_too_many(&bench.bed, errno);
	CHECK_FAILS(ibv_create_cq(bench.bed.context, 8, NULL, NULL, 10000), EINVAL);
	CHECK_RC(ibv_resize_cq(bench.cq, 0), EINVAL);
	error = ibv_resize_cq(bench.cq, too_many);
	/* Where memory lacks, stock libraries leave the reason in errno. */
	check_too_many(&bench.bed, error < 0 ? errno : error);
	post_write(&bench, 3);
	expect_wc(bench.cq, 3, IBV_WC_SUCCESS);
	bench_close(&bench);
}

/* As many as asked for fit without a poll. */
CASE(holds_what_it_promises)
{
	struct bench bench;

	bench_open(&bench, 60);
	for (uint64_t id = 0; id < 59; id++)
		post_write(&bench, id);
	wait_until_done(&bench, 59);
	for (uint64_t id = 0; id < 60; id++)
		expect_wc(bench.cq, id, IBV_WC_SUCCESS);
	CHECK(!readable(bench.bed.context->async_fd, 0));
	bench_close(&bench);
}

CASE(overrun_is_told)
{
	struct bench bench;
	int capacity;

	bench_open(&bench, 4);
	capacity = bench.cq->cqe;
	for (int i = 0; i < capacity + 8; i++)
		post_write(&bench, (uint64_t)i);
	CHECK(expect_async(bench.bed.context, IBV_EVENT_CQ_ERR).element.cq == bench.cq);
	bench_close(&bench);
}

/* What a destroyed queue pair has left unpolled is gone; others' completions stay. */
CASE(completions_end_with_their_queue_pair)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct bench bench;
	struct pair other;

	bench_open(&bench, 60);
	skip_for(bench.bed.family->no_purge);
	plan.send_cq = plan.recv_cq = bench.cq;
	pair_make(&other, &bench.bed, &plan);
	for (uint64_t i = 0; i < 5; i++) {
		struct ibv_send_wr wr = request(IBV_WR_RDMA_WRITE, 100 + i, &bench.sge);

		wr.wr.rdma.remote_addr = buffer_address(&bench.buffer, 128);
		wr.wr.rdma.rkey = bench.buffer.mr->rkey;
		post(&other.a, &wr);
		post_write(&bench, i);
	}
	wait_until_done(&bench, 5);
	pair_destroy(&other);
	for (uint64_t i = 0; i < 6; i++)
		expect_wc(bench.cq, i, IBV_WC_SUCCESS);
	expect_empty(bench.cq);
	bench_close(&bench);
}

CASE(several_at_a_time)
{
	struct ibv_wc wc[16];
	struct bench bench;
	int found;

	bench_open(&bench, 60);
	for (uint64_t id = 0; id < 19; id++)
		post_write(&bench, id);
	wait_until_done(&bench, 19);
	found = ibv_poll_cq(bench.cq, 16, wc);
	CHECK_EQ(found, 16);
	for (int i = 0; i < 16; i++)
		CHECK_EQ(wc[i].wr_id, i);
	found = ibv_poll_cq(bench.cq, 16, wc);
	CHECK_EQ(found, 4);
	CHECK_EQ(wc[3].wr_id, 19);
	bench_close(&bench);
}

static void next_ex(struct ibv_cq_ex *cq)
{
	double deadline = seconds_now() + PATIENCE_SECONDS;
	struct ibv_poll_cq_attr attr = {0};
	int rc;

	do
		rc = ibv_start_poll(cq, &attr);
	while (rc == ENOENT && seconds_now() < deadline);
	CHECK_EQ(rc, 0);
}

static void check_extended(struct bench *bench, struct ibv_cq_ex *cq)
{
	struct ibv_send_wr wr = request(IBV_WR_SEND_WITH_IMM, 5, &bench->sge);

	wr.imm_data = htobe32(0x01020304);
	post_receive(&bench->pair.b, 6, &bench->buffer, 64, 64);
	post(&bench->pair.a, &wr);
	/* Both in the same queue; the receive first, as the acknowledgement follows it. */
	next_ex(cq);
	CHECK_EQ(cq->wr_id, 6);
	CHECK_EQ(cq->status, IBV_WC_SUCCESS);
	CHECK_EQ(ibv_wc_read_opcode(cq), IBV_WC_RECV);
	CHECK_EQ(ibv_wc_read_byte_len(cq), 8);
	CHECK_EQ(be32toh(ibv_wc_read_imm_data(cq)), 0x01020304);
	CHECK_EQ(ibv_wc_read_qp_num(cq), bench->pair.b.qp->qp_num);
	CHECK_EQ(ibv_wc_read_wc_flags(cq) & IBV_WC_WITH_IMM, IBV_WC_WITH_IMM);
	if (ibv_next_poll(cq) == ENOENT) {
		ibv_end_poll(cq);
		next_ex(cq);
	}
	CHECK_EQ(cq->wr_id, 5);
	CHECK_EQ(cq->status, IBV_WC_SUCCESS);
	CHECK_EQ(ibv_wc_read_opcode(cq), IBV_WC_SEND);
	CHECK_EQ(ibv_wc_read_qp_num(cq), bench->pair.a.qp->qp_num);
	CHECK_EQ(ibv_next_poll(cq), ENOENT);
	ibv_end_poll(cq);
}

static void check_extended_error(struct bench *bench, struct ibv_cq_ex *cq)
{
	struct ibv_send_wr wr = request(IBV_WR_RDMA_WRITE, 9, &bench->sge);

	wr.wr.rdma.rkey = 0x12345600;
	post(&bench->pair.a, &wr);
	next_ex(cq);
	CHECK_EQ(cq->wr_id, 9);
	CHECK_EQ(cq->status, IBV_WC_REM_ACCESS_ERR);
	if (bench->bed.family->has_syndromes)
		CHECK_EQ(ibv_wc_read_vendor_err(cq), VENDOR_REMOTE_ACCESS);
	ibv_end_poll(cq);
}

static void poll_extended(uint32_t flags)
{
	struct ibv_cq_init_attr_ex attr = {
		.cqe = 60,
		.wc_flags = IBV_WC_STANDARD_FLAGS,
		.comp_mask = IBV_CQ_INIT_ATTR_MASK_FLAGS,
		.flags = flags,
	};
	struct ibv_cq_ex *cq;
	struct bench bench;

	bed_open(&bench.bed);
	cq = ibv_create_cq_ex(bench.bed.context, &attr);
	CHECK(cq);
	bench_open_with(&bench, ibv_cq_ex_to_cq(cq));
	for (int i = 0; i < 200; i++)
		check_extended(&bench, cq);
	check_extended_error(&bench, cq);
	bench_close(&bench);
}

CASE(extended_polling)
{
	poll_extended(0);
}

CASE(extended_polling_by_one_thread)
{
	poll_extended(IBV_CREATE_CQ_ATTR_SINGLE_THREADED);
}

/* An extended queue takes over to its new ring what has not been polled, as a plain one does. */
CASE(extended_queue_is_resized)
{
	struct ibv_cq_init_attr_ex attr = {.cqe = 60, .wc_flags = IBV_WC_STANDARD_FLAGS};
	struct ibv_cq_ex *cq;
	struct bench bench;

	bed_open(&bench.bed);
	cq = ibv_create_cq_ex(bench.bed.context, &attr);
	CHECK(cq);
	bench_open_with(&bench, ibv_cq_ex_to_cq(cq));
	for (int i = 0; i < 12; i++) {
		for (uint64_t id = 0; id < 6; id++)
			post_write(&bench, id);
		next_ex(cq);
		CHECK_EQ(cq->wr_id, 0);
		ibv_end_poll(cq);
		CHECK_OK(ibv_resize_cq(bench.cq, i % 2 ? 60 : 200));
		for (uint64_t id = 1; id < 6; id++) {
			next_ex(cq);
			CHECK_EQ(cq->wr_id, id);
			CHECK_EQ(cq->status, IBV_WC_SUCCESS);
			ibv_end_poll(cq);
		}
	}
	bench_close(&bench);
}

/* Who promises not to care loses completions, but neither the queue nor the queue pair. */
CASE(overrun_is_ignored_on_request)
{
	struct ibv_cq_init_attr_ex attr = {
		.cqe = 4,
		.wc_flags = IBV_WC_STANDARD_FLAGS,
		.comp_mask = IBV_CQ_INIT_ATTR_MASK_FLAGS,
		.flags = IBV_CREATE_CQ_ATTR_IGNORE_OVERRUN,
	};
	struct ibv_send_wr wr;
	struct ibv_cq_ex *cq;
	struct bench bench;
	double deadline = seconds_now() + PATIENCE_SECONDS;

	bed_open(&bench.bed);
	cq = ibv_create_cq_ex(bench.bed.context, &attr);
	NEED(cq || errno != EOPNOTSUPP, "the device cannot ignore an overrun");
	CHECK(cq);
	bench_open_with(&bench, ibv_cq_ex_to_cq(cq));
	for (int i = 0; i < bench.cq->cqe + 8; i++)
		post_write(&bench, (uint64_t)i);
	/* The last one of all, which nothing may stand in the way of. */
	bench.buffer.bytes[64] = 0;
	bench.buffer.bytes[0] = 77;
	wr = request(IBV_WR_RDMA_WRITE, 0, &bench.sge);
	wr.send_flags = 0;
	wr.wr.rdma.remote_addr = buffer_address(&bench.buffer, 64);
	wr.wr.rdma.rkey = bench.buffer.mr->rkey;
	post(&bench.pair.a, &wr);
	while (((volatile uint8_t *)bench.buffer.bytes)[64] != 77)
		CHECK(seconds_now() < deadline);
	CHECK(!readable(bench.bed.context->async_fd, 0));
	CHECK_EQ(end_state(&bench.pair.a), IBV_QPS_RTS);
	bench_close(&bench);
}

CASE(time_of_completion)
{
	struct ibv_cq_init_attr_ex attr = {
		.cqe = 60, .wc_flags = IBV_WC_STANDARD_FLAGS | IBV_WC_EX_WITH_COMPLETION_TIMESTAMP};
	struct ibv_cq_ex *cq;
	struct bench bench;
	struct ibv_device_attr_ex device;
	uint64_t last = 0;

	bed_open(&bench.bed);
	CHECK_OK(ibv_query_device_ex(bench.bed.context, NULL, &device));
	NEED(device.completion_timestamp_mask, "the device has no clock for its completions");
	cq = ibv_create_cq_ex(bench.bed.context, &attr);
	CHECK(cq);
	bench_open_with(&bench, ibv_cq_ex_to_cq(cq));
	for (uint64_t i = 0; i < 20; i++) {
		post_write(&bench, i);
		next_ex(cq);
		CHECK(ibv_wc_read_completion_ts(cq) >= last);
		last = ibv_wc_read_completion_ts(cq);
		ibv_end_poll(cq);
	}
	CHECK(last);
	bench_close(&bench);
}

CASE(in_use_cannot_go)
{
	struct bench bench;

	bench_open(&bench, 8);
	CHECK_RC(ibv_destroy_cq(bench.cq), EBUSY);
	post_write(&bench, 3);
	expect_wc(bench.cq, 3, IBV_WC_SUCCESS);
	bench_close(&bench);
}
