/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "tags.h"

struct ibv_srq *tags_srq_make(const struct tags_bench *bench, uint32_t max_num_tags,
			      uint32_t max_ops)
{
	struct ibv_srq_init_attr_ex attr = {
		.attr = {.max_wr = TAGS_DEPTH, .max_sge = 1},
		.comp_mask = IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_PD | IBV_SRQ_INIT_ATTR_CQ |
			     IBV_SRQ_INIT_ATTR_TM,
		.srq_type = IBV_SRQT_TM,
		.pd = bench->bed.pd,
		.cq = ibv_cq_ex_to_cq(bench->cq),
		.tm_cap = {.max_num_tags = max_num_tags, .max_ops = max_ops},
	};

	return ibv_create_srq_ex(bench->bed.context, &attr);
}

static void make_queues(struct tags_bench *bench)
{
	struct ibv_cq_init_attr_ex attr = {
		.cqe = 255,
		.channel = bench->channel,
		.wc_flags = IBV_WC_STANDARD_FLAGS | IBV_WC_EX_WITH_TM_INFO,
	};

	bench->cq = ibv_create_cq_ex(bench->bed.context, &attr);
	CHECK(bench->cq);
	bench->srq = tags_srq_make(bench, TAGS, TAGS_OPS);
	CHECK(bench->srq);
}

static void make_ends(struct tags_bench *bench)
{
	struct end_plan plan = end_plan(IBV_QPT_RC), shared = plan;
	struct end_address a, b;

	shared.srq = bench->srq;
	end_create(&bench->pair.a, &bench->bed, &plan);
	end_create(&bench->pair.b, &bench->bed, &shared);
	a = end_address(&bench->pair.a);
	b = end_address(&bench->pair.b);
	end_connect(&bench->pair.a, &b);
	end_connect(&bench->pair.b, &a);
}

void tags_open(struct tags_bench *bench)
{
	struct ibv_device_attr_ex device;

	memset(bench, 0, sizeof(*bench));
	bed_open(&bench->bed);
	CHECK_OK(ibv_query_device_ex(bench->bed.context, NULL, &device));
	bench->caps = device.tm_caps;
	NEED(bench->caps.max_num_tags, "no tag matching: ibv_tm_caps.max_num_tags is 0");
	bench->channel = ibv_create_comp_channel(bench->bed.context);
	CHECK(bench->channel);
	make_queues(bench);
	make_ends(bench);
	buffer_make(&bench->buffer, bench->bed.pd, TAGS_TAGGED + (1 << 16), ACCESS_ALL);
}

void tags_close(struct tags_bench *bench)
{
	pair_destroy(&bench->pair);
	CHECK_OK(ibv_destroy_srq(bench->srq));
	CHECK_OK(ibv_destroy_cq(ibv_cq_ex_to_cq(bench->cq)));
	CHECK_OK(ibv_destroy_comp_channel(bench->channel));
	buffer_free(&bench->buffer);
	bed_close(&bench->bed);
}

/* ---- the list ---- */

struct ibv_ops_wr tags_addition(uint64_t wr_id, struct ibv_sge *sge, uint64_t tag, uint64_t mask)
{
	return (struct ibv_ops_wr){
		.wr_id = wr_id,
		.opcode = IBV_WR_TAG_ADD,
		.flags = IBV_OPS_SIGNALED | IBV_OPS_TM_SYNC,
		.tm.add = {.recv_wr_id = wr_id + 1000,
			   .sg_list = sge,
			   .num_sge = sge ? 1 : 0,
			   .tag = tag,
			   .mask = mask},
	};
}

int tags_post(struct tags_bench *bench, struct ibv_ops_wr *wr)
{
	struct ibv_ops_wr *bad = NULL;
	int rc;

	wr->tm.unexpected_cnt = bench->unexpected;
	rc = ibv_post_srq_ops(bench->srq, wr, &bad);
	CHECK(bad == (rc ? wr : NULL));
	return rc;
}

uint32_t tags_add(struct tags_bench *bench, uint64_t wr_id, uint64_t tag, uint64_t mask,
		  uint32_t length)
{
	struct ibv_sge sge = buffer_sge(&bench->buffer, TAGS_TAGGED, length);
	struct ibv_ops_wr wr = tags_addition(wr_id, length ? &sge : NULL, tag, mask);

	CHECK_OK(tags_post(bench, &wr));
	tags_expect(bench, wr_id, IBV_WC_TM_ADD, 0);
	return wr.tm.handle;
}

enum ibv_wc_status tags_change(struct tags_bench *bench, enum ibv_ops_wr_opcode opcode,
			       uint64_t wr_id, uint32_t handle)
{
	struct ibv_ops_wr wr = {
		.wr_id = wr_id,
		.opcode = opcode,
		.flags = IBV_OPS_SIGNALED | IBV_OPS_TM_SYNC,
		.tm.handle = handle,
	};
	struct tags_wc wc;

	CHECK_OK(tags_post(bench, &wr));
	wc = tags_next(bench);
	CHECK_EQ(wc.wr_id, wr_id);
	CHECK_EQ(wc.opcode, opcode == IBV_WR_TAG_DEL ? IBV_WC_TM_DEL : IBV_WC_TM_SYNC);
	return wc.status;
}

void tags_supply(struct tags_bench *bench, uint64_t first, unsigned int count)
{
	for (uint64_t id = first; id < first + count; id++)
		post_receive(&bench->pair.b, id, &bench->buffer, TAGS_INBOX + id % 8 * 8192, 8192);
}

/* ---- messages ---- */

static void write_header(struct tags_bench *bench, enum ibv_tmh_op operation, uint64_t tag)
{
	const struct ibv_tmh header = {
		.opcode = (uint8_t)operation,
		.app_ctx = htobe32(TAGS_PRIVATE),
		.tag = htobe64(tag),
	};

	memcpy(bench->buffer.bytes + TAGS_SOURCE, &header, sizeof(header));
}

static void send_source(struct tags_bench *bench, uint32_t length)
{
	struct ibv_sge sge = buffer_sge(&bench->buffer, TAGS_SOURCE, length);
	struct ibv_send_wr wr = request(IBV_WR_SEND, 1, &sge);

	post(&bench->pair.a, &wr);
	expect_wc(bench->pair.a.send_cq, 1, IBV_WC_SUCCESS);
}

void tags_send(struct tags_bench *bench, enum ibv_tmh_op operation, uint64_t tag, uint32_t length,
	       unsigned int seed)
{
	write_header(bench, operation, tag);
	pattern_fill(bench->buffer.bytes + TAGS_SOURCE + TAGS_HEADER, length, seed);
	send_source(bench, TAGS_HEADER + length);
}

void tags_ask(struct tags_bench *bench, uint64_t tag, uint32_t length, uint32_t own)
{
	const struct ibv_rvh header = {
		.va = htobe64(buffer_address(&bench->buffer, TAGS_DATA)),
		.rkey = htobe32(bench->buffer.mr->rkey),
		.len = htobe32(length),
	};

	write_header(bench, IBV_TMH_RNDV, tag);
	memcpy(bench->buffer.bytes + TAGS_SOURCE + TAGS_HEADER, &header, sizeof(header));
	send_source(bench, TAGS_HEADERS + own);
}

/* ---- completions ---- */

static struct tags_wc read_current(struct ibv_cq_ex *cq)
{
	struct tags_wc wc = {
		.wr_id = cq->wr_id,
		.status = cq->status,
		.opcode = ibv_wc_read_opcode(cq),
		/* On Ethernet every message has a GRH. */
		.flags = ibv_wc_read_wc_flags(cq) & ~(unsigned int)IBV_WC_GRH,
		.length = ibv_wc_read_byte_len(cq),
		.qp_num = ibv_wc_read_qp_num(cq),
	};

	ibv_wc_read_tm_info(cq, &wc.info);
	return wc;
}

struct tags_wc tags_wait(const char *file, int line, struct tags_bench *bench)
{
	double deadline = seconds_now() + PATIENCE_SECONDS;
	struct ibv_poll_cq_attr attr = {0};
	struct tags_wc wc;
	int rc;

	do {
		rc = ibv_start_poll(bench->cq, &attr);
		if (rc && rc != ENOENT)
			fail(file, line, "ibv_start_poll gave %d", rc);
		if (rc && seconds_now() > deadline)
			fail(file, line, "no completion within %d s", PATIENCE_SECONDS);
	} while (rc);
	wc = read_current(bench->cq);
	ibv_end_poll(bench->cq);
	return wc;
}

struct tags_wc tags_wait_this(const char *file, int line, struct tags_bench *bench, uint64_t wr_id,
			      enum ibv_wc_opcode opcode, unsigned int flags)
{
	struct tags_wc wc = tags_wait(file, line, bench);

	if (wc.wr_id != wr_id || wc.opcode != opcode || wc.flags != flags ||
	    wc.status != IBV_WC_SUCCESS)
		fail(file, line,
		     "completion of %llu with '%s', opcode %d, flags %#x instead of %llu, %d, %#x",
		     (unsigned long long)wc.wr_id, ibv_wc_status_str(wc.status), (int)wc.opcode,
		     wc.flags, (unsigned long long)wr_id, (int)opcode, flags);
	return wc;
}

void tags_expect_empty(struct tags_bench *bench)
{
	struct ibv_poll_cq_attr attr = {0};

	CHECK_EQ(ibv_start_poll(bench->cq, &attr), ENOENT);
}
