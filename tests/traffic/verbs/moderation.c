/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Events for many completions at once: by their number, by time, and what cannot be asked for. */
#include <errno.h>

#include "bed.h"

struct bench {
	struct bed bed;
	struct ibv_device_attr_ex device;
	struct ibv_comp_channel *channel;
	struct ibv_cq *cq;
	struct pair pair;
	struct buffer buffer;
};

static void bench_open(struct bench *bench)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);

	bed_open(&bench->bed);
	CHECK_OK(ibv_query_device_ex(bench->bed.context, NULL, &bench->device));
	NEED(bench->device.cq_mod_caps.max_cq_count, "the device does not moderate");
	bench->channel = ibv_create_comp_channel(bench->bed.context);
	CHECK(bench->channel);
	bench->cq = ibv_create_cq(bench->bed.context, 60, NULL, bench->channel, 0);
	CHECK(bench->cq);
	plan.send_cq = plan.recv_cq = bench->cq;
	pair_make(&bench->pair, &bench->bed, &plan);
	buffer_make(&bench->buffer, bench->bed.pd, 4096, ACCESS_ALL);
}

static void bench_close(struct bench *bench)
{
	buffer_free(&bench->buffer);
	pair_destroy(&bench->pair);
	CHECK_OK(ibv_destroy_cq(bench->cq));
	CHECK_OK(ibv_destroy_comp_channel(bench->channel));
	bed_close(&bench->bed);
}

static int moderate(struct bench *bench, uint16_t count, uint16_t period_us)
{
	struct ibv_modify_cq_attr attr = {
		.attr_mask = IBV_CQ_ATTR_MODERATE,
		.moderate = {.cq_count = count, .cq_period = period_us},
	};

	return ibv_modify_cq(bench->cq, &attr);
}

static void post_writes(struct bench *bench, uint64_t count)
{
	struct ibv_sge sge = buffer_sge(&bench->buffer, 0, 8);

	for (uint64_t i = 0; i < count; i++) {
		struct ibv_send_wr wr = request(IBV_WR_RDMA_WRITE, i, &sge);

		wr.wr.rdma.remote_addr = buffer_address(&bench->buffer, 64);
		wr.wr.rdma.rkey = bench->buffer.mr->rkey;
		post(&bench->pair.a, &wr);
	}
}

static void take_event(struct bench *bench)
{
	struct ibv_cq *cq;
	void *cq_context;

	CHECK(readable(bench->channel->fd, PATIENCE_SECONDS * 1000));
	CHECK_EQ(ibv_get_cq_event(bench->channel, &cq, &cq_context), 0);
	CHECK(cq == bench->cq);
	ibv_ack_cq_events(cq, 1);
}

static void take_completions(struct bench *bench, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i < to; i++)
		expect_wc(bench->cq, i, IBV_WC_SUCCESS);
	expect_empty(bench->cq);
}

/* Fewer than the count: the event is due a period after the first of them, and not before. */
CASE(event_after_the_period)
{
	struct bench bench;
	uint16_t period;

	bench_open(&bench);
	period = bench.device.cq_mod_caps.max_cq_period;
	CHECK_OK(moderate(&bench, 1000, period));
	for (int i = 0; i < 10; i++) {
		double start;

		CHECK_OK(ibv_req_notify_cq(bench.cq, 0));
		start = seconds_now();
		post_writes(&bench, 1);
		take_event(&bench);
		CHECK(seconds_now() - start >= period * 1e-6);
		take_completions(&bench, 0, 1);
	}
	bench_close(&bench);
}

/* The event comes with the last one of the count, unless the machine was slower than the period. */
CASE(event_after_the_count)
{
	enum { COUNT = 8 };
	struct bench bench;
	uint16_t period;

	bench_open(&bench);
	period = bench.device.cq_mod_caps.max_cq_period;
	CHECK_OK(moderate(&bench, COUNT, period));
	for (int i = 0; i < 100; i++) {
		struct ibv_wc wc[COUNT];
		double start;
		int found;

		CHECK_OK(ibv_req_notify_cq(bench.cq, 0));
		start = seconds_now();
		post_writes(&bench, COUNT);
		take_event(&bench);
		found = ibv_poll_cq(bench.cq, COUNT, wc);
		CHECK(found == COUNT || seconds_now() - start >= period * 1e-6);
		take_completions(&bench, (uint64_t)found, COUNT);
		CHECK(!readable(bench.channel->fd, 0));
	}
	bench_close(&bench);
}

/* Without moderation the first completion is an event. */
CASE(moderation_ends)
{
	struct bench bench;

	bench_open(&bench);
	CHECK_OK(moderate(&bench, 1000, bench.device.cq_mod_caps.max_cq_period));
	CHECK_OK(moderate(&bench, 0, 0));
	for (int i = 0; i < 20; i++) {
		CHECK_OK(ibv_req_notify_cq(bench.cq, 0));
		post_writes(&bench, 1);
		take_event(&bench);
		take_completions(&bench, 0, 1);
	}
	bench_close(&bench);
}

CASE(beyond_the_limits)
{
	struct ibv_modify_cq_attr nothing = {.attr_mask = 0};
	struct bench bench;

	bench_open(&bench);
	CHECK_RC(moderate(&bench, 1, (uint16_t)(bench.device.cq_mod_caps.max_cq_period + 1)),
		 EINVAL);
	CHECK_RC(ibv_modify_cq(bench.cq, &nothing), EINVAL);
	CHECK_OK(ibv_req_notify_cq(bench.cq, 0));
	post_writes(&bench, 1);
	take_event(&bench);
	take_completions(&bench, 0, 1);
	bench_close(&bench);
}
