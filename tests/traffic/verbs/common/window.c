/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "window.h"

#include <errno.h>

void window_open(struct window_bench *bench, enum ibv_mw_type type, int access)
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

void window_close(struct window_bench *bench)
{
	/* Windows go before their region. */
	CHECK_OK(ibv_dealloc_mw(bench->mw));
	buffer_free(&bench->target);
	buffer_free(&bench->source);
	pair_destroy(&bench->pair);
	bed_close(&bench->bed);
}

void window_start_over(struct window_bench *bench)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);

	pair_destroy(&bench->pair);
	pair_make(&bench->pair, &bench->bed, &plan);
}

struct ibv_mw_bind_info window_info(const struct window_bench *bench, size_t offset,
				    uint32_t length, unsigned int access)
{
	return (struct ibv_mw_bind_info){
		.mr = bench->target.mr,
		.addr = buffer_address(&bench->target, offset),
		.length = length,
		.mw_access_flags = access,
	};
}

struct ibv_wc window_bind_1(struct window_bench *bench, struct ibv_mw_bind_info info)
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

void window_give_1(struct window_bench *bench, struct ibv_mw_bind_info info)
{
	struct ibv_wc wc = window_bind_1(bench, info);

	CHECK_EQ(wc.status, IBV_WC_SUCCESS);
	CHECK_EQ(wc.opcode, IBV_WC_BIND_MW);
}

struct ibv_send_wr window_request_2(struct window_bench *bench, struct ibv_mw_bind_info info)
{
	struct ibv_send_wr wr = request(IBV_WR_BIND_MW, 12, NULL);

	wr.bind_mw.mw = bench->mw;
	wr.bind_mw.rkey = ibv_inc_rkey(bench->mw->rkey);
	wr.bind_mw.bind_info = info;
	return wr;
}

void window_give_2(struct window_bench *bench, struct ibv_mw_bind_info info)
{
	struct ibv_send_wr wr = window_request_2(bench, info);

	post(&bench->pair.b, &wr);
	expect_wc(bench->pair.b.send_cq, 12, IBV_WC_SUCCESS);
	bench->mw->rkey = wr.bind_mw.rkey;
}

static void reach(struct window_bench *bench, enum ibv_wr_opcode opcode, size_t offset,
		  uint32_t rkey, enum ibv_wc_status meant)
{
	struct ibv_send_wr wr = request(opcode, 13, &bench->sge);

	wr.wr.rdma.remote_addr = buffer_address(&bench->target, offset);
	wr.wr.rdma.rkey = rkey;
	post(&bench->pair.a, &wr);
	expect_wc(bench->pair.a.send_cq, 13, meant);
}

void window_write(struct window_bench *bench, size_t offset, uint32_t rkey,
		  enum ibv_wc_status meant)
{
	reach(bench, IBV_WR_RDMA_WRITE, offset, rkey, meant);
	if (meant == IBV_WC_SUCCESS)
		CHECK_BYTES(bench->target.bytes + offset, bench->source.bytes, 32);
}

void window_read(struct window_bench *bench, size_t offset, uint32_t rkey, enum ibv_wc_status meant)
{
	reach(bench, IBV_WR_RDMA_READ, offset, rkey, meant);
}
