/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Extended reliable connections: requests that name an SRQ, and those that are refused on the wire.
 */
#include <errno.h>
#include <fcntl.h>

#include "xrc.h"

static const uint32_t lengths[] = {0, 1, 1024, 1025, XRC_LARGE};

CASE(sends_and_writes)
{
	static const enum ibv_wr_opcode opcodes[] = {IBV_WR_SEND, IBV_WR_SEND_WITH_IMM,
						     IBV_WR_RDMA_WRITE, IBV_WR_RDMA_WRITE_WITH_IMM};
	struct xrc_bench bench;

	xrc_open(&bench);
	for (size_t i = 0; i < sizeof(opcodes) / sizeof(opcodes[0]); i++)
		for (size_t j = 0; j < sizeof(lengths) / sizeof(lengths[0]); j++)
			xrc_send_and_write(&bench, opcodes[i], lengths[j]);
	expect_empty(bench.inbox.cq);
	xrc_close(&bench);
}

CASE(reads)
{
	struct xrc_bench bench;

	xrc_open(&bench);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct ibv_sge sge = buffer_sge(&bench.buffer, 0, lengths[i]);
		struct ibv_send_wr wr = xrc_request(&bench, IBV_WR_RDMA_READ, &sge);

		trying("%u bytes", lengths[i]);
		pattern_fill(bench.buffer.bytes + XRC_HALF, lengths[i], 3);
		memset(bench.buffer.bytes, 0, XRC_HALF);
		post(&bench.sender, &wr);
		expect_wc(bench.sender.send_cq, IBV_WR_RDMA_READ, IBV_WC_SUCCESS);
		CHECK_PATTERN(bench.buffer.bytes, lengths[i], 3);
	}
	xrc_close(&bench);
}

CASE(atomics)
{
	struct xrc_bench bench;
	struct ibv_send_wr wr;
	struct ibv_sge sge;
	uint64_t *there, *here;

	xrc_open(&bench);
	here = (uint64_t *)(void *)bench.buffer.bytes;
	there = (uint64_t *)(void *)(bench.buffer.bytes + XRC_HALF);
	sge = buffer_sge(&bench.buffer, 0, 8);
	*there = 5;
	wr = xrc_request(&bench, IBV_WR_ATOMIC_FETCH_AND_ADD, &sge);
	wr.wr.atomic.remote_addr = buffer_address(&bench.buffer, XRC_HALF);
	wr.wr.atomic.rkey = bench.buffer.mr->rkey;
	wr.wr.atomic.compare_add = 10;
	post(&bench.sender, &wr);
	expect_wc(bench.sender.send_cq, wr.wr_id, IBV_WC_SUCCESS);
	CHECK_EQ(*here, 5);
	CHECK_EQ(*there, 15);
	wr.opcode = IBV_WR_ATOMIC_CMP_AND_SWP;
	wr.wr.atomic.compare_add = 15;
	wr.wr.atomic.swap = 99;
	post(&bench.sender, &wr);
	expect_wc(bench.sender.send_cq, wr.wr_id, IBV_WC_SUCCESS);
	CHECK_EQ(*here, 15);
	CHECK_EQ(*there, 99);
	xrc_close(&bench);
}

/* One series of calls with an opcode of each kind. */
CASE(series_of_calls)
{
	struct xrc_bench bench;
	struct ibv_qp_ex *ex;
	uint64_t there, *word;

	xrc_open(&bench);
	ex = bench.sender.ex;
	there = buffer_address(&bench.buffer, XRC_HALF);
	word = (uint64_t *)(void *)(bench.buffer.bytes + XRC_HALF + XRC_LARGE / 8 * 8);
	*word = 1;
	pattern_fill(bench.buffer.bytes, XRC_LARGE, 1);
	xrc_inbox_supply(&bench.inbox, 7, &bench.buffer, XRC_HALF, XRC_LARGE);
	xrc_inbox_supply(&bench.inbox, 7, &bench.buffer, XRC_HALF, XRC_LARGE);
	ibv_wr_start(ex);
	ex->wr_id = 1;
	ibv_wr_rdma_write(ex, bench.buffer.mr->rkey, there);
	ibv_wr_set_xrc_srqn(ex, bench.inbox.number);
	ibv_wr_set_sge(ex, bench.buffer.mr->lkey, buffer_address(&bench.buffer, 0), XRC_LARGE);
	ex->wr_id = 2;
	ibv_wr_atomic_fetch_add(ex, bench.buffer.mr->rkey, (uintptr_t)word, 41);
	ibv_wr_set_xrc_srqn(ex, bench.inbox.number);
	ibv_wr_set_sge(ex, bench.buffer.mr->lkey, buffer_address(&bench.buffer, 16384), 8);
	ex->wr_id = 3;
	ibv_wr_send_imm(ex, htobe32(0x1234));
	ibv_wr_set_xrc_srqn(ex, bench.inbox.number);
	ibv_wr_set_inline_data(ex, bench.buffer.bytes, 33);
	ex->wr_id = 4;
	ibv_wr_rdma_read(ex, bench.buffer.mr->rkey, there);
	ibv_wr_set_xrc_srqn(ex, bench.inbox.number);
	ibv_wr_set_sge(ex, bench.buffer.mr->lkey, buffer_address(&bench.buffer, 20000), XRC_LARGE);
	ex->wr_id = 5;
	ibv_wr_send(ex);
	ibv_wr_set_xrc_srqn(ex, bench.inbox.number);
	ibv_wr_set_sge(ex, bench.buffer.mr->lkey, buffer_address(&bench.buffer, 0), XRC_LARGE);
	CHECK_OK(ibv_wr_complete(ex));
	for (uint64_t i = 1; i <= 5; i++)
		expect_wc(bench.sender.send_cq, i, IBV_WC_SUCCESS);
	CHECK_EQ(expect_wc(bench.inbox.cq, 7, IBV_WC_SUCCESS).imm_data, htobe32(0x1234));
	xrc_expect_received(&bench, IBV_WC_RECV, XRC_LARGE);
	CHECK_EQ(*word, 42);
	CHECK_PATTERN(bench.buffer.bytes + 20000, XRC_LARGE, 1);
	xrc_close(&bench);
}

/* ---- SRQs ---- */

CASE(each_message_goes_to_the_srq_it_names)
{
	struct xrc_inbox second, *inboxes[2];
	struct xrc_bench bench;

	xrc_open(&bench);
	xrc_inbox_make(&second, &bench.bed, bench.bed.pd, bench.xrcd);
	inboxes[0] = &bench.inbox;
	inboxes[1] = &second;
	CHECK(second.number != bench.inbox.number);
	for (unsigned int i = 0; i < 100; i++) {
		struct xrc_inbox *to = inboxes[i * 7 / 3 % 2];
		struct ibv_sge sge = buffer_sge(&bench.buffer, 0, i * 20);
		struct ibv_send_wr wr = xrc_request(&bench, IBV_WR_SEND, &sge);

		pattern_fill(bench.buffer.bytes, sge.length, i);
		wr.qp_type.xrc.remote_srqn = to->number;
		xrc_inbox_supply(to, i, &bench.buffer, XRC_HALF, XRC_HALF);
		post(&bench.sender, &wr);
		expect_wc(bench.sender.send_cq, IBV_WR_SEND, IBV_WC_SUCCESS);
		CHECK_EQ(expect_wc(to->cq, i, IBV_WC_SUCCESS).byte_len, sge.length);
		CHECK_PATTERN(bench.buffer.bytes + XRC_HALF, sge.length, i);
		expect_empty(inboxes[0]->cq);
		expect_empty(inboxes[1]->cq);
	}
	xrc_inbox_free(&second);
	xrc_close(&bench);
}

/* The receive is posted when the first packet has come, and the device is done with it: it answers
 * calls between packets. */
CASE(message_waits_for_a_receive)
{
	struct xrc_bench bench;
	struct ibv_send_wr wr;
	struct ibv_sge sge;

	xrc_open(&bench);
	xrc_target_to_rtr(&bench);
	sge = buffer_sge(&bench.buffer, 0, XRC_LARGE);
	wr = xrc_request(&bench, IBV_WR_SEND, &sge);
	pattern_fill(bench.buffer.bytes, XRC_LARGE, 9);
	post(&bench.sender, &wr);
	expect_async(bench.bed.context, IBV_EVENT_COMM_EST);
	CHECK_EQ(xrc_state(bench.target), IBV_QPS_RTR);
	expect_empty(bench.sender.send_cq);
	xrc_inbox_supply(&bench.inbox, 7, &bench.buffer, XRC_HALF, XRC_LARGE);
	expect_wc(bench.sender.send_cq, IBV_WR_SEND, IBV_WC_SUCCESS);
	xrc_expect_received(&bench, IBV_WC_RECV, XRC_LARGE);
	CHECK_PATTERN(bench.buffer.bytes + XRC_HALF, XRC_LARGE, 9);
	xrc_close(&bench);
}

CASE(limit_event)
{
	struct ibv_srq_attr attr = {.srq_limit = 2};
	struct ibv_async_event event;
	struct xrc_bench bench;
	struct ibv_send_wr wr;
	struct ibv_sge sge;

	xrc_open(&bench);
	sge = buffer_sge(&bench.buffer, 0, 8);
	xrc_inbox_supply(&bench.inbox, 7, &bench.buffer, XRC_HALF, 64);
	xrc_inbox_supply(&bench.inbox, 7, &bench.buffer, XRC_HALF, 64);
	CHECK_OK(ibv_modify_srq(bench.inbox.srq, &attr, IBV_SRQ_LIMIT));
	xrc_send_and_write(&bench, IBV_WR_SEND, 8);
	CHECK(!readable(bench.bed.context->async_fd, 0));
	wr = xrc_request(&bench, IBV_WR_SEND, &sge);
	post(&bench.sender, &wr);
	expect_wc(bench.sender.send_cq, IBV_WR_SEND, IBV_WC_SUCCESS);
	event = expect_async(bench.bed.context, IBV_EVENT_SRQ_LIMIT_REACHED);
	CHECK(event.element.srq == bench.inbox.srq);
	CHECK_OK(ibv_query_srq(bench.inbox.srq, &attr));
	CHECK_EQ(attr.srq_limit, 0);
	CHECK(attr.max_wr >= XRC_DEPTH);
	xrc_close(&bench);
}

CASE(completions_go_with_their_srq)
{
	struct xrc_bench bench;
	struct xrc_inbox other;
	struct ibv_send_wr wr;
	struct ibv_sge sge;

	xrc_open(&bench);
	other.cq = bench.inbox.cq;
	other.srq = xrc_srq_make(&bench.bed, bench.bed.pd, bench.xrcd, other.cq, 0);
	CHECK(other.srq);
	CHECK_OK(ibv_get_srq_num(other.srq, &other.number));
	sge = buffer_sge(&bench.buffer, 0, 8);
	wr = xrc_request(&bench, IBV_WR_SEND, &sge);
	for (uint64_t i = 0; i < 6; i++) {
		struct xrc_inbox *to = i % 2 ? &other : &bench.inbox;

		xrc_inbox_supply(to, i, &bench.buffer, XRC_HALF, 64);
		wr.qp_type.xrc.remote_srqn = to->number;
		post(&bench.sender, &wr);
		expect_wc(bench.sender.send_cq, IBV_WR_SEND, IBV_WC_SUCCESS);
	}
	CHECK_OK(ibv_destroy_srq(other.srq));
	for (uint64_t i = 0; i < 6; i += 2)
		expect_wc(bench.inbox.cq, i, IBV_WC_SUCCESS);
	expect_empty(bench.inbox.cq);
	xrc_close(&bench);
}

/* ---- refusals on the wire ---- */

static void expect_refused(struct xrc_bench *bench, struct ibv_send_wr *wr,
			   enum ibv_wc_status status)
{
	struct ibv_sge sge = buffer_sge(&bench->buffer, 0, 8);
	struct ibv_send_wr second = xrc_request(bench, IBV_WR_RDMA_WRITE, &sge);

	post(&bench->sender, wr);
	post(&bench->sender, &second);
	expect_wc(bench->sender.send_cq, wr->wr_id, status);
	expect_wc(bench->sender.send_cq, IBV_WR_RDMA_WRITE, IBV_WC_WR_FLUSH_ERR);
	CHECK_EQ(end_state(&bench->sender), IBV_QPS_ERR);
	CHECK_EQ(xrc_state(bench->target), IBV_QPS_ERR);
}

CASE(srq_that_there_is_not)
{
	struct xrc_bench bench;
	struct ibv_send_wr wr;
	struct ibv_sge sge;

	xrc_open(&bench);
	sge = buffer_sge(&bench.buffer, 0, 8);
	wr = xrc_request(&bench, IBV_WR_SEND, &sge);
	wr.qp_type.xrc.remote_srqn ^= 0x800000;
	expect_refused(&bench, &wr, IBV_WC_REM_INV_REQ_ERR);
	expect_async(bench.bed.context, IBV_EVENT_QP_ACCESS_ERR);
	xrc_close(&bench);
}

CASE(srq_of_another_domain)
{
	struct ibv_xrcd *other;
	struct xrc_inbox strange;
	struct xrc_bench bench;
	struct ibv_send_wr wr;
	struct ibv_sge sge;

	xrc_open(&bench);
	other = xrc_domain_open(&bench.bed, -1, O_CREAT);
	CHECK(other);
	xrc_inbox_make(&strange, &bench.bed, bench.bed.pd, other);
	xrc_inbox_supply(&strange, 1, &bench.buffer, XRC_HALF, 64);
	sge = buffer_sge(&bench.buffer, 0, 8);
	wr = xrc_request(&bench, IBV_WR_SEND, &sge);
	wr.qp_type.xrc.remote_srqn = strange.number;
	expect_refused(&bench, &wr, IBV_WC_REM_INV_REQ_ERR);
	expect_async(bench.bed.context, IBV_EVENT_QP_ACCESS_ERR);
	expect_empty(strange.cq);
	xrc_inbox_free(&strange);
	CHECK_OK(ibv_close_xrcd(other));
	xrc_close(&bench);
}

/* Keys are good in the domain for protection of the SRQ that is named. */
CASE(key_of_another_pd_than_the_srq)
{
	struct xrc_bench bench;
	struct xrc_inbox other;
	struct ibv_send_wr wr;
	struct ibv_sge sge;
	struct ibv_pd *pd;

	xrc_open(&bench);
	pd = ibv_alloc_pd(bench.bed.context);
	CHECK(pd);
	xrc_inbox_make(&other, &bench.bed, pd, bench.xrcd);
	sge = buffer_sge(&bench.buffer, 0, 8);
	wr = xrc_request(&bench, IBV_WR_RDMA_READ, &sge);
	post(&bench.sender, &wr);
	expect_wc(bench.sender.send_cq, IBV_WR_RDMA_READ, IBV_WC_SUCCESS);
	wr.qp_type.xrc.remote_srqn = other.number;
	expect_refused(&bench, &wr, IBV_WC_REM_ACCESS_ERR);
	expect_async(bench.bed.context, IBV_EVENT_QP_ACCESS_ERR);
	xrc_inbox_free(&other);
	CHECK_OK(ibv_dealloc_pd(pd));
	xrc_close(&bench);
}
