/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rate limits of queue pairs: how long messages take at least, and what cannot be asked for. */
#include <errno.h>

#include "bed.h"

enum {
	MESSAGE = 20000,
	MESSAGES = 30,
	/* So that all of them take about 100 ms. */
	RATE_KBPS = MESSAGE * 8 * MESSAGES / 100,
	/* What an adapter may send at once before it looks at the rate. */
	BURST = 65536,
};

struct bench {
	struct bed bed;
	struct pair pair;
	struct buffer buffer;
};

static void bench_open(struct bench *bench, enum ibv_qp_type type)
{
	struct ibv_device_attr_ex device;
	struct end_plan plan = end_plan(type);

	bed_open(&bench->bed);
	CHECK_OK(ibv_query_device_ex(bench->bed.context, NULL, &device));
	NEED(ibv_is_qpt_supported(device.packet_pacing_caps.supported_qpts, type),
	     "the device does not limit rates of queue pairs of this type");
	CHECK(device.packet_pacing_caps.qp_rate_limit_min <= RATE_KBPS);
	CHECK(device.packet_pacing_caps.qp_rate_limit_max >= RATE_KBPS);
	plan.send_wr = plan.recv_wr = MESSAGES;
	pair_make(&bench->pair, &bench->bed, &plan);
	buffer_make(&bench->buffer, bench->bed.pd, 2 * MESSAGE, ACCESS_ALL);
}

static void bench_close(struct bench *bench)
{
	buffer_free(&bench->buffer);
	pair_destroy(&bench->pair);
	bed_close(&bench->bed);
}

static int limit(struct bench *bench, uint32_t kbps)
{
	struct ibv_qp_rate_limit_attr attr = {.rate_limit = kbps};

	return ibv_modify_qp_rate_limit(bench->pair.a.qp, &attr);
}

static void post_message(struct bench *bench, enum ibv_wr_opcode opcode, uint64_t wr_id)
{
	struct ibv_sge sge = buffer_sge(&bench->buffer, 0, MESSAGE);
	struct ibv_send_wr wr = request(opcode, wr_id, &sge);

	if (opcode == IBV_WR_SEND) {
		post_receive(&bench->pair.b, wr_id, &bench->buffer, MESSAGE, MESSAGE);
	} else {
		wr.wr.rdma.remote_addr = buffer_address(&bench->buffer, MESSAGE);
		wr.wr.rdma.rkey = bench->buffer.mr->rkey;
	}
	post(&bench->pair.a, &wr);
}

/* Seconds until all messages are sent. */
static double send_all(struct bench *bench, enum ibv_wr_opcode opcode)
{
	double start = seconds_now(), took;

	for (uint64_t i = 0; i < MESSAGES; i++)
		post_message(bench, opcode, i);
	for (uint64_t i = 0; i < MESSAGES; i++)
		expect_wc(bench->pair.a.send_cq, i, IBV_WC_SUCCESS);
	took = seconds_now() - start;
	for (uint64_t i = 0; opcode == IBV_WR_SEND && i < MESSAGES; i++)
		expect_wc(bench->pair.b.recv_cq, i, IBV_WC_SUCCESS);
	return took;
}

static void check_rate(enum ibv_qp_type type, enum ibv_wr_opcode opcode)
{
	/* The last message has left as soon as it may begin. */
	const double bits = 8.0 * (MESSAGE * (MESSAGES - 1) - BURST);
	struct bench bench;

	bench_open(&bench, type);
	CHECK_OK(limit(&bench, RATE_KBPS));
	CHECK(send_all(&bench, opcode) >= bits / (RATE_KBPS * 1000.0));
	CHECK_OK(limit(&bench, 0));
	send_all(&bench, opcode);
	bench_close(&bench);
}

CASE(rc_messages_keep_their_rate)
{
	check_rate(IBV_QPT_RC, IBV_WR_SEND);
}

CASE(rc_writes_keep_their_rate)
{
	check_rate(IBV_QPT_RC, IBV_WR_RDMA_WRITE);
}

CASE(uc_messages_keep_their_rate)
{
	check_rate(IBV_QPT_UC, IBV_WR_SEND);
}

/* What waits when the limit is lifted waits no longer. */
CASE(lifting_the_limit_lets_go)
{
	struct bench bench;
	double start = seconds_now();

	bench_open(&bench, IBV_QPT_RC);
	/* A minute a message. */
	CHECK_OK(limit(&bench, MESSAGE * 8 / 60 / 1000));
	for (uint64_t i = 0; i < 3; i++)
		post_message(&bench, IBV_WR_SEND, i);
	expect_wc(bench.pair.a.send_cq, 0, IBV_WC_SUCCESS);
	expect_empty(bench.pair.a.send_cq);
	CHECK_OK(limit(&bench, 0));
	for (uint64_t i = 1; i < 3; i++)
		expect_wc(bench.pair.a.send_cq, i, IBV_WC_SUCCESS);
	CHECK(seconds_now() - start < 60);
	bench_close(&bench);
}

CASE(rates_that_cannot_be)
{
	struct bench bench;
	struct ibv_device_attr_ex device;
	struct ibv_qp_rate_limit_attr bursts = {.rate_limit = RATE_KBPS, .max_burst_sz = 1};

	bench_open(&bench, IBV_QPT_RC);
	CHECK_OK(ibv_query_device_ex(bench.bed.context, NULL, &device));
	CHECK_RC(limit(&bench, device.packet_pacing_caps.qp_rate_limit_max + 1), EINVAL);
	/* No size of bursts is announced to be supported. */
	CHECK_RC(ibv_modify_qp_rate_limit(bench.pair.a.qp, &bursts), EINVAL);
	end_reset(&bench.pair.a);
	CHECK_RC(limit(&bench, RATE_KBPS), EINVAL);
	bench_close(&bench);
}
