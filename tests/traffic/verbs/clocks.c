/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Time: the device's clock, the stamps of completions, and how both go with the wall clock. */
#include <errno.h>
#include <time.h>

#include "bed.h"

#define NS_PER_S 1000000000ll
/* How far two clocks that are read one after the other may lie apart, on a busy machine. */
#define SLACK_NS 50000000ll

struct bench {
	struct bed bed;
	struct ibv_device_attr_ex device;
	struct ibv_cq_ex *cq;
	struct pair pair;
	struct buffer buffer;
};

static void bench_open(struct bench *bench, uint64_t wc_flags)
{
	struct ibv_cq_init_attr_ex attr = {.cqe = 60, .wc_flags = wc_flags};
	struct end_plan plan = end_plan(IBV_QPT_RC);

	bed_open(&bench->bed);
	CHECK_OK(ibv_query_device_ex(bench->bed.context, NULL, &bench->device));
	NEED(bench->device.completion_timestamp_mask && bench->device.hca_core_clock,
	     "the device has no clock");
	bench->cq = ibv_create_cq_ex(bench->bed.context, &attr);
	CHECK(bench->cq);
	plan.send_cq = plan.recv_cq = ibv_cq_ex_to_cq(bench->cq);
	pair_make(&bench->pair, &bench->bed, &plan);
	buffer_make(&bench->buffer, bench->bed.pd, 4096, ACCESS_ALL);
}

static void bench_close(struct bench *bench)
{
	buffer_free(&bench->buffer);
	pair_destroy(&bench->pair);
	CHECK_OK(ibv_destroy_cq(ibv_cq_ex_to_cq(bench->cq)));
	bed_close(&bench->bed);
}

static uint64_t raw_clock(const struct bench *bench)
{
	struct ibv_values_ex values = {.comp_mask = IBV_VALUES_MASK_RAW_CLOCK};

	CHECK_OK(ibv_query_rt_values_ex(bench->bed.context, &values));
	CHECK_EQ(values.comp_mask, IBV_VALUES_MASK_RAW_CLOCK);
	CHECK_EQ(values.raw_clock.tv_sec, 0);
	return (uint64_t)values.raw_clock.tv_nsec;
}

/* hca_core_clock is in kHz. */
static int64_t ticks_to_ns(const struct bench *bench, uint64_t ticks)
{
	return (int64_t)((double)ticks * 1e6 / (double)bench->device.hca_core_clock);
}

static int64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Posts a write and leaves its completion open. */
static void complete_one(struct bench *bench, uint64_t wr_id)
{
	struct ibv_sge sge = buffer_sge(&bench->buffer, 0, 8);
	struct ibv_send_wr wr = request(IBV_WR_RDMA_WRITE, wr_id, &sge);
	double deadline = seconds_now() + PATIENCE_SECONDS;
	struct ibv_poll_cq_attr attr = {0};
	int rc;

	wr.wr.rdma.remote_addr = buffer_address(&bench->buffer, 64);
	wr.wr.rdma.rkey = bench->buffer.mr->rkey;
	post(&bench->pair.a, &wr);
	do
		rc = ibv_start_poll(bench->cq, &attr);
	while (rc == ENOENT && seconds_now() < deadline);
	CHECK_EQ(rc, 0);
	CHECK_EQ(bench->cq->status, IBV_WC_SUCCESS);
	CHECK_EQ(bench->cq->wr_id, wr_id);
}

CASE(clock_runs_at_its_rate)
{
	struct bench bench;
	int64_t machine, passed;
	uint64_t before;

	bench_open(&bench, IBV_WC_STANDARD_FLAGS);
	before = raw_clock(&bench);
	machine = now_ns(CLOCK_MONOTONIC);
	while (now_ns(CLOCK_MONOTONIC) < machine + 2000000)
		CHECK(raw_clock(&bench) >= before);
	passed = ticks_to_ns(&bench, raw_clock(&bench) - before);
	machine = now_ns(CLOCK_MONOTONIC) - machine;
	CHECK(passed >= 1900000);
	CHECK(passed < machine + SLACK_NS);
	bench_close(&bench);
}

/* Each completion lies between a reading before its request and one after the poll. */
CASE(completions_lie_between_readings)
{
	struct bench bench;
	uint64_t last = 0;

	bench_open(&bench, IBV_WC_STANDARD_FLAGS | IBV_WC_EX_WITH_COMPLETION_TIMESTAMP);
	for (uint64_t i = 0; i < 50; i++) {
		uint64_t mask = bench.device.completion_timestamp_mask;
		uint64_t before = raw_clock(&bench) & mask, stamp;

		complete_one(&bench, i);
		stamp = ibv_wc_read_completion_ts(bench.cq);
		ibv_end_poll(bench.cq);
		CHECK(stamp >= before);
		CHECK(stamp > last);
		CHECK(stamp <= (raw_clock(&bench) & mask));
		last = stamp;
	}
	bench_close(&bench);
}

CASE(completions_know_the_wall_clock)
{
	struct bench bench;

	bench_open(&bench, IBV_WC_STANDARD_FLAGS | IBV_WC_EX_WITH_COMPLETION_TIMESTAMP_WALLCLOCK);
	for (uint64_t i = 0; i < 50; i++) {
		int64_t before = now_ns(CLOCK_REALTIME), stamp;

		complete_one(&bench, i);
		stamp = (int64_t)ibv_wc_read_completion_wallclock_ns(bench.cq);
		ibv_end_poll(bench.cq);
		CHECK(stamp >= before - SLACK_NS);
		CHECK(stamp <= now_ns(CLOCK_REALTIME) + SLACK_NS);
	}
	bench_close(&bench);
}

CASE(both_stamps_of_one_completion)
{
	struct bench bench;
	uint64_t ticks;
	int64_t wall;

	bench_open(&bench, IBV_WC_EX_WITH_COMPLETION_TIMESTAMP |
				   IBV_WC_EX_WITH_COMPLETION_TIMESTAMP_WALLCLOCK);
	complete_one(&bench, 1);
	ticks = ibv_wc_read_completion_ts(bench.cq);
	wall = (int64_t)ibv_wc_read_completion_wallclock_ns(bench.cq);
	ibv_end_poll(bench.cq);
	complete_one(&bench, 2);
	ticks = ibv_wc_read_completion_ts(bench.cq) - ticks;
	wall = (int64_t)ibv_wc_read_completion_wallclock_ns(bench.cq) - wall;
	ibv_end_poll(bench.cq);
	/* The wall clock may be slewed meanwhile, but not by more than this. */
	CHECK(wall - ticks_to_ns(&bench, ticks) < SLACK_NS);
	CHECK(ticks_to_ns(&bench, ticks) - wall < SLACK_NS);
	bench_close(&bench);
}

CASE(unknown_values_are_refused)
{
	struct ibv_values_ex values = {.comp_mask = 1 << 1};
	struct bench bench;

	bench_open(&bench, IBV_WC_STANDARD_FLAGS);
	CHECK_RC(ibv_query_rt_values_ex(bench.bed.context, &values), EINVAL);
	bench_close(&bench);
}
