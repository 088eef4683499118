/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Requests that say where written data is to be: writes of eight bytes at once, and flushes. */
#include <errno.h>
#include <string.h>

#include "bed.h"

enum { RIGHTS = ACCESS_ALL | IBV_ACCESS_FLUSH_GLOBAL };

struct bench {
	struct bed bed;
	struct pair pair;
	struct buffer source, target;
};

/* What a device says it can do beyond the first 32 flags (rdma/ib_user_verbs.h). */
static bool device_has(struct ibv_context *context, uint64_t flag)
{
	struct ibv_device_attr_ex attr = {};

	CHECK_OK(ibv_query_device_ex(context, NULL, &attr));
	return attr.device_cap_flags_ex & flag;
}

static void end_extend(struct end *end, const struct bed *bed, const struct end_plan *plan,
		       uint64_t ops)
{
	struct ibv_qp_init_attr_ex attr = {
		.qp_type = plan->type,
		.pd = bed->pd,
		.cap = {.max_send_wr = 16, .max_recv_wr = 16, .max_send_sge = 1, .max_recv_sge = 1},
		.comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_SEND_OPS_FLAGS,
		.send_ops_flags = IBV_QP_EX_WITH_RDMA_WRITE | ops,
	};

	*end = (struct end){.bed = bed, .plan = *plan};
	attr.send_cq = end->send_cq = ibv_create_cq(bed->context, 63, NULL, NULL, 0);
	attr.recv_cq = end->recv_cq = ibv_create_cq(bed->context, 63, NULL, NULL, 0);
	CHECK(attr.send_cq && attr.recv_cq);
	end->qp = ibv_create_qp_ex(bed->context, &attr);
	NEED(end->qp || errno != EOPNOTSUPP, "the provider has no such requests");
	CHECK(end->qp);
	end->ex = ibv_qp_to_qp_ex(end->qp);
	CHECK(end->ex);
}

static void bench_open(struct bench *bench, uint64_t device_flag, uint64_t ops, int access)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct end_address a, b;

	bed_open(&bench->bed);
	NEED(device_has(bench->bed.context, device_flag), "the device has no such requests");
	plan.access = access;
	end_extend(&bench->pair.a, &bench->bed, &plan, ops);
	end_extend(&bench->pair.b, &bench->bed, &plan, ops);
	a = end_address(&bench->pair.a);
	b = end_address(&bench->pair.b);
	end_connect(&bench->pair.a, &b);
	end_connect(&bench->pair.b, &a);
	buffer_make(&bench->source, bench->bed.pd, 8192, ACCESS_ALL);
	buffer_make(&bench->target, bench->bed.pd, 8192, access);
	pattern_fill(bench->source.bytes, 8192, 1);
}

static void bench_close(struct bench *bench)
{
	buffer_free(&bench->target);
	buffer_free(&bench->source);
	pair_destroy(&bench->pair);
	bed_close(&bench->bed);
}

static void open_for_atomic_writes(struct bench *bench, int access)
{
	bench_open(bench, 1ull << 40, IBV_QP_EX_WITH_ATOMIC_WRITE, access);
}

static void open_for_flushes(struct bench *bench, int access)
{
	bench_open(bench, 1ull << 38, IBV_QP_EX_WITH_FLUSH, access);
}

static struct ibv_wc atomic_write(struct bench *bench, size_t offset, uint32_t rkey, uint64_t value,
				  enum ibv_wc_status meant)
{
	struct ibv_qp_ex *ex = bench->pair.a.ex;

	ibv_wr_start(ex);
	ex->wr_id = 1;
	ex->wr_flags = IBV_SEND_SIGNALED;
	ibv_wr_atomic_write(ex, rkey, buffer_address(&bench->target, offset), &value);
	CHECK_OK(ibv_wr_complete(ex));
	return expect_wc(bench->pair.a.send_cq, 1, meant);
}

CASE(eight_bytes_are_written_at_once)
{
	uint64_t value = 0x1122334455667788, found;
	struct bench bench;

	open_for_atomic_writes(&bench, ACCESS_ALL);
	memset(bench.target.bytes, 0xee, 8192);
	for (size_t offset = 64; offset < 64 + 20 * 8; offset += 8) {
		struct ibv_wc wc = atomic_write(&bench, offset, bench.target.mr->rkey,
						value + offset, IBV_WC_SUCCESS);

		CHECK_EQ(wc.opcode, IBV_WC_ATOMIC_WRITE);
		memcpy(&found, bench.target.bytes + offset, sizeof(found));
		CHECK_EQ(found, value + offset);
		CHECK_EQ(bench.target.bytes[offset + 8], 0xee);
	}
	CHECK_EQ(bench.target.bytes[63], 0xee);
	bench_close(&bench);
}

CASE(atomic_writes_that_cannot_be)
{
	struct bench bench;

	open_for_atomic_writes(&bench, ACCESS_ALL);
	memset(bench.target.bytes, 0xee, 8192);
	atomic_write(&bench, 64, bench.target.mr->rkey + 1, 5, IBV_WC_REM_ACCESS_ERR);
	CHECK_EQ(bench.target.bytes[64], 0xee);
	bench_close(&bench);
	open_for_atomic_writes(&bench, ACCESS_ALL);
	memset(bench.target.bytes, 0xee, 8192);
	CHECK(atomic_write(&bench, 68, bench.target.mr->rkey, 5, IBV_WC_REM_INV_REQ_ERR).status !=
	      IBV_WC_SUCCESS);
	CHECK_EQ(bench.target.bytes[68], 0xee);
	bench_close(&bench);
}

static void flush_behind_a_write(struct bench *bench, size_t length, uint8_t type, uint8_t level,
				 enum ibv_wc_status meant)
{
	struct ibv_qp_ex *ex = bench->pair.a.ex;
	uint32_t rkey = bench->target.mr->rkey;
	struct ibv_wc wc;

	ibv_wr_start(ex);
	ex->wr_id = 2;
	ex->wr_flags = IBV_SEND_SIGNALED;
	ibv_wr_rdma_write(ex, rkey, buffer_address(&bench->target, 0));
	ibv_wr_set_sge(ex, bench->source.mr->lkey, buffer_address(&bench->source, 0), 8192);
	ex->wr_id = 3;
	ibv_wr_flush(ex, rkey, buffer_address(&bench->target, 0), length, type, level);
	CHECK_OK(ibv_wr_complete(ex));
	expect_wc(bench->pair.a.send_cq, 2, IBV_WC_SUCCESS);
	wc = expect_wc(bench->pair.a.send_cq, 3, meant);
	if (meant == IBV_WC_SUCCESS)
		CHECK_EQ(wc.opcode, IBV_WC_FLUSH);
	CHECK_BYTES(bench->target.bytes, bench->source.bytes, 8192);
}

CASE(a_flush_follows_what_was_written)
{
	struct bench bench;

	open_for_flushes(&bench, RIGHTS);
	flush_behind_a_write(&bench, 8192, IBV_FLUSH_GLOBAL, IBV_FLUSH_RANGE, IBV_WC_SUCCESS);
	flush_behind_a_write(&bench, 100, IBV_FLUSH_GLOBAL, IBV_FLUSH_RANGE, IBV_WC_SUCCESS);
	flush_behind_a_write(&bench, 0, IBV_FLUSH_GLOBAL, IBV_FLUSH_MR, IBV_WC_SUCCESS);
	bench_close(&bench);
}

CASE(a_flush_needs_the_right_to)
{
	struct bench bench;

	open_for_flushes(&bench, RIGHTS);
	buffer_free(&bench.target);
	buffer_make(&bench.target, bench.bed.pd, 8192, ACCESS_ALL);
	flush_behind_a_write(&bench, 8192, IBV_FLUSH_GLOBAL, IBV_FLUSH_RANGE,
			     IBV_WC_REM_ACCESS_ERR);
	bench_close(&bench);
}

CASE(a_flush_stays_in_its_region)
{
	struct bench bench;

	open_for_flushes(&bench, RIGHTS);
	flush_behind_a_write(&bench, 8193, IBV_FLUSH_GLOBAL, IBV_FLUSH_RANGE,
			     IBV_WC_REM_ACCESS_ERR);
	bench_close(&bench);
}
