/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Requests that fail: what either end is told (IBTA vol. 1, 10.10 and 11.6), what becomes of the
 * queue pairs, and that all that is posted comes back.
 */
#include <errno.h>
#include <string.h>

#include "bed.h"

enum { SIZE = 8192 };

struct bench {
	struct bed bed;
	struct pair pair;
	struct buffer local, remote;
	struct ibv_sge sge;
	struct ibv_send_wr wr;
};

static void bench_open_with(struct bench *bench, const struct end_plan *plan)
{
	*bench = (struct bench){0};
	bed_open(&bench->bed);
	pair_make(&bench->pair, &bench->bed, plan);
	buffer_make(&bench->local, bench->bed.pd, SIZE, ACCESS_ALL);
	buffer_make(&bench->remote, bench->bed.pd, SIZE, ACCESS_ALL);
	bench->sge = buffer_sge(&bench->local, 0, 8);
}

static void bench_open(struct bench *bench)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);

	bench_open_with(bench, &plan);
}

static void bench_close(struct bench *bench)
{
	buffer_free(&bench->remote);
	buffer_free(&bench->local);
	pair_destroy(&bench->pair);
	bed_close(&bench->bed);
}

/* Forgets errors: fresh queue pairs. */
static void renew(struct bench *bench)
{
	struct end_plan plan = bench->pair.a.plan;

	pair_destroy(&bench->pair);
	pair_make(&bench->pair, &bench->bed, &plan);
}

/* A request of 8 bytes at `remote_address` by `rkey`, ready to be posted. */
static void prepare(struct bench *bench, enum ibv_wr_opcode opcode, uint64_t remote_address,
		    uint32_t rkey)
{
	bench->wr = request(opcode, 1, &bench->sge);
	if (opcode == IBV_WR_ATOMIC_CMP_AND_SWP || opcode == IBV_WR_ATOMIC_FETCH_AND_ADD) {
		bench->wr.wr.atomic.remote_addr = remote_address;
		bench->wr.wr.atomic.rkey = rkey;
	} else {
		bench->wr.wr.rdma.remote_addr = remote_address;
		bench->wr.wr.rdma.rkey = rkey;
	}
}

static void prepare_good(struct bench *bench, enum ibv_wr_opcode opcode)
{
	prepare(bench, opcode, buffer_address(&bench->remote, 0), bench->remote.mr->rkey);
}

/* The prepared request fails so at end a, which is in error then and flushes what follows. */
static void fails(struct bench *bench, enum ibv_wc_status status)
{
	struct ibv_wc wc;

	post(&bench->pair.a, &bench->wr);
	wc = expect_wc(bench->pair.a.send_cq, 1, status);
	CHECK_EQ(wc.qp_num, bench->pair.a.qp->qp_num);
	CHECK_EQ(end_state(&bench->pair.a), IBV_QPS_ERR);
	if (bench->bed.family->has_syndromes &&
	    (status == IBV_WC_REM_ACCESS_ERR || status == IBV_WC_RETRY_EXC_ERR))
		CHECK(wc.vendor_err);
	bench->wr.wr_id = 2;
	post(&bench->pair.a, &bench->wr);
	expect_wc(bench->pair.a.send_cq, 2, IBV_WC_WR_FLUSH_ERR);
}

static const enum ibv_wr_opcode remote_opcodes[] = {IBV_WR_RDMA_WRITE, IBV_WR_RDMA_WRITE_WITH_IMM,
						    IBV_WR_RDMA_READ, IBV_WR_ATOMIC_CMP_AND_SWP,
						    IBV_WR_ATOMIC_FETCH_AND_ADD};
enum { REMOTE_OPCODES = 5 };

static int right_for(enum ibv_wr_opcode opcode)
{
	if (opcode == IBV_WR_RDMA_READ)
		return IBV_ACCESS_REMOTE_READ;
	return opcode == IBV_WR_RDMA_WRITE || opcode == IBV_WR_RDMA_WRITE_WITH_IMM
		       ? IBV_ACCESS_REMOTE_WRITE
		       : IBV_ACCESS_REMOTE_ATOMIC;
}

/* The peer refuses: its queue pair is in error, too, with an event and all receives flushed. */
static void is_refused(struct bench *bench, enum ibv_wr_opcode opcode, const char *why,
		       uint64_t remote_address, uint32_t rkey)
{
	trying("opcode %d, %s", opcode, why);
	post_receive(&bench->pair.b, 50, &bench->remote, 4096, 8);
	prepare(bench, opcode, remote_address, rkey);
	fails(bench, IBV_WC_REM_ACCESS_ERR);
	expect_wc(bench->pair.b.recv_cq, 50,
		  opcode == IBV_WR_RDMA_WRITE_WITH_IMM ? bench->bed.family->receive_of_refused_write
						       : IBV_WC_WR_FLUSH_ERR);
	CHECK_EQ(end_state(&bench->pair.b), IBV_QPS_ERR);
	if (bench->bed.family->tells_responder_errors)
		CHECK(expect_async(bench->bed.context, IBV_EVENT_QP_ACCESS_ERR).element.qp ==
		      bench->pair.b.qp);
	renew(bench);
}

CASE(remote_access_errors)
{
	struct bench bench;

	bench_open(&bench);
	for (int i = 0; i < REMOTE_OPCODES; i++) {
		enum ibv_wr_opcode opcode = remote_opcodes[i];
		uint64_t start = buffer_address(&bench.remote, 0);
		uint32_t rkey = bench.remote.mr->rkey;

		memset(bench.remote.bytes, 0x77, SIZE);
		is_refused(&bench, opcode, "key of nothing", start, rkey ^ 0x40000000);
		is_refused(&bench, opcode, "wrong key byte", start, rkey ^ 1);
		is_refused(&bench, opcode, "past the end", start + SIZE, rkey);
		is_refused(&bench, opcode, "before the start", start - 8, rkey);
		is_refused(&bench, opcode, "around the end of addresses", UINT64_MAX - 7, rkey);
		for (int at = 0; at < SIZE; at++)
			CHECK_EQ(bench.remote.bytes[at], 0x77);
	}
	bench_close(&bench);
}

CASE(range_across_the_end)
{
	struct bench bench;

	bench_open(&bench);
	bench.sge.length = 9;
	is_refused(&bench, IBV_WR_RDMA_WRITE, "across the end",
		   buffer_address(&bench.remote, SIZE - 8), bench.remote.mr->rkey);
	is_refused(&bench, IBV_WR_RDMA_READ, "across the end",
		   buffer_address(&bench.remote, SIZE - 8), bench.remote.mr->rkey);
	bench_close(&bench);
}

CASE(rights_of_the_memory)
{
	struct bench bench;

	bench_open(&bench);
	for (int i = 0; i < REMOTE_OPCODES; i++) {
		struct buffer other;

		buffer_make(&other, bench.bed.pd, 4096, ACCESS_ALL & ~right_for(remote_opcodes[i]));
		is_refused(&bench, remote_opcodes[i], "memory without the right",
			   buffer_address(&other, 0), other.mr->rkey);
		buffer_free(&other);
	}
	bench_close(&bench);
}

/* What a queue pair may not be asked for at all is, by the specification, an invalid request;
 * ConnectX calls it an access error. Either ends the connection. */
CASE(rights_of_the_queue_pair)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct bench bench;

	for (int i = 0; i < REMOTE_OPCODES; i++) {
		struct ibv_wc wc;

		trying("opcode %d", remote_opcodes[i]);
		plan.access = ACCESS_ALL & ~right_for(remote_opcodes[i]);
		bench_open_with(&bench, &plan);
		post_receive(&bench.pair.b, 50, &bench.remote, 4096, 8);
		prepare_good(&bench, remote_opcodes[i]);
		post(&bench.pair.a, &bench.wr);
		wc = next_wc(bench.pair.a.send_cq);
		CHECK(wc.status == IBV_WC_REM_INV_REQ_ERR || wc.status == IBV_WC_REM_ACCESS_ERR);
		expect_wc(bench.pair.b.recv_cq, 50, IBV_WC_WR_FLUSH_ERR);
		bench_close(&bench);
	}
}

CASE(memory_of_another_domain)
{
	struct ibv_pd *other;
	struct bench bench;
	struct buffer foreign;

	bench_open(&bench);
	other = ibv_alloc_pd(bench.bed.context);
	CHECK(other);
	buffer_make(&foreign, other, 4096, ACCESS_ALL);
	is_refused(&bench, IBV_WR_RDMA_WRITE, "foreign memory", buffer_address(&foreign, 0),
		   foreign.mr->rkey);
	bench.sge = buffer_sge(&foreign, 0, 8);
	prepare_good(&bench, IBV_WR_RDMA_WRITE);
	fails(&bench, IBV_WC_LOC_PROT_ERR);
	buffer_free(&foreign);
	CHECK_OK(ibv_dealloc_pd(other));
	bench_close(&bench);
}

CASE(memory_that_was_deregistered)
{
	struct bench bench;
	struct buffer gone;
	uint32_t lkey, rkey;

	bench_open(&bench);
	buffer_make(&gone, bench.bed.pd, 4096, ACCESS_ALL);
	lkey = gone.mr->lkey;
	rkey = gone.mr->rkey;
	/* In use once before. */
	prepare(&bench, IBV_WR_RDMA_WRITE, buffer_address(&gone, 0), rkey);
	post(&bench.pair.a, &bench.wr);
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_SUCCESS);
	CHECK_OK(ibv_dereg_mr(gone.mr));
	is_refused(&bench, IBV_WR_RDMA_WRITE, "deregistered", buffer_address(&gone, 0), rkey);
	is_refused(&bench, IBV_WR_RDMA_READ, "deregistered", buffer_address(&gone, 0), rkey);
	bench.sge.lkey = lkey;
	prepare_good(&bench, IBV_WR_RDMA_WRITE);
	fails(&bench, IBV_WC_LOC_PROT_ERR);
	gone.mr = ibv_reg_mr(bench.bed.pd, gone.bytes, gone.size, ACCESS_ALL);
	CHECK(gone.mr);
	CHECK(gone.mr->rkey != rkey);
	buffer_free(&gone);
	bench_close(&bench);
}

/* Without a byte to touch nothing is looked up. */
CASE(nothing_at_a_bad_key)
{
	struct bench bench;

	bench_open(&bench);
	prepare(&bench, IBV_WR_RDMA_WRITE, 0, 0x123400);
	bench.wr.num_sge = 0;
	post(&bench.pair.a, &bench.wr);
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_SUCCESS);
	prepare(&bench, IBV_WR_RDMA_READ, 0, 0x123400);
	bench.wr.num_sge = 0;
	post(&bench.pair.a, &bench.wr);
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_SUCCESS);
	bench_close(&bench);
}

CASE(atomic_out_of_alignment)
{
	struct bench bench;

	bench_open(&bench);
	post_receive(&bench.pair.b, 50, &bench.remote, 4096, 8);
	prepare(&bench, IBV_WR_ATOMIC_FETCH_AND_ADD, buffer_address(&bench.remote, 4),
		bench.remote.mr->rkey);
	fails(&bench, IBV_WC_REM_INV_REQ_ERR);
	expect_wc(bench.pair.b.recv_cq, 50, IBV_WC_WR_FLUSH_ERR);
	if (bench.bed.family->tells_responder_errors)
		expect_async(bench.bed.context, IBV_EVENT_QP_REQ_ERR);
	bench_close(&bench);
}

CASE(local_protection_of_the_sender)
{
	static const enum ibv_wr_opcode opcodes[] = {IBV_WR_SEND, IBV_WR_RDMA_WRITE,
						     IBV_WR_RDMA_READ, IBV_WR_ATOMIC_FETCH_AND_ADD};
	struct bench bench;

	bench_open(&bench);
	for (int i = 0; i < 4; i++) {
		struct ibv_sge good = bench.sge;

		trying("opcode %d", opcodes[i]);
		bench.sge.lkey ^= 0x40000000;
		prepare_good(&bench, opcodes[i]);
		fails(&bench, IBV_WC_LOC_PROT_ERR);
		renew(&bench);
		bench.sge = good;
		bench.sge.addr += SIZE;
		prepare_good(&bench, opcodes[i]);
		fails(&bench, IBV_WC_LOC_PROT_ERR);
		renew(&bench);
		bench.sge = good;
	}
	bench_close(&bench);
}

CASE(read_into_read_only_memory)
{
	struct bench bench;
	struct buffer fixed;

	bench_open(&bench);
	buffer_make(&fixed, bench.bed.pd, 4096, ACCESS_NONE);
	bench.sge = buffer_sge(&fixed, 0, 8);
	memset(bench.remote.bytes, 1, 8);
	prepare_good(&bench, IBV_WR_RDMA_READ);
	fails(&bench, IBV_WC_LOC_PROT_ERR);
	CHECK_EQ(fixed.bytes[0], 0);
	/* To be sent it is good enough. */
	renew(&bench);
	prepare_good(&bench, IBV_WR_RDMA_WRITE);
	post(&bench.pair.a, &bench.wr);
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_SUCCESS);
	CHECK_EQ(bench.remote.bytes[0], 0);
	buffer_free(&fixed);
	bench_close(&bench);
}

/* The receiver's own mistake: its receive fails, and the sender is told of an operation error. */
CASE(local_protection_of_the_receiver)
{
	struct bench bench;
	struct buffer fixed;
	struct ibv_sge sge;
	struct ibv_recv_wr wr = {.wr_id = 50, .sg_list = &sge, .num_sge = 1}, *bad;

	bench_open(&bench);
	buffer_make(&fixed, bench.bed.pd, 4096, ACCESS_NONE);
	for (int i = 0; i < 3; i++) {
		trying("bad receive %d", i);
		sge = buffer_sge(i == 0 ? &fixed : &bench.remote, i == 1 ? SIZE - 4 : 0, 8);
		if (i == 2)
			sge.lkey ^= 0x40000000;
		CHECK_OK(ibv_post_recv(bench.pair.b.qp, &wr, &bad));
		post_receive(&bench.pair.b, 51, &bench.remote, 0, 8);
		prepare_good(&bench, IBV_WR_SEND);
		fails(&bench, IBV_WC_REM_OP_ERR);
		expect_wc(bench.pair.b.recv_cq, 50, IBV_WC_LOC_PROT_ERR);
		expect_wc(bench.pair.b.recv_cq, 51, IBV_WC_WR_FLUSH_ERR);
		renew(&bench);
	}
	buffer_free(&fixed);
	bench_close(&bench);
}

CASE(receive_that_is_too_short)
{
	struct bench bench;

	bench_open(&bench);
	for (uint32_t length = 8; length <= 4096; length *= 8) {
		trying("a message of %u bytes", length);
		bench.sge.length = length;
		memset(bench.remote.bytes, 0x77, SIZE);
		post_receive(&bench.pair.b, 50, &bench.remote, 0, length - 1);
		post_receive(&bench.pair.b, 51, &bench.remote, 0, SIZE);
		prepare_good(&bench, IBV_WR_SEND);
		fails(&bench, IBV_WC_REM_INV_REQ_ERR);
		expect_wc(bench.pair.b.recv_cq, 50, IBV_WC_LOC_LEN_ERR);
		expect_wc(bench.pair.b.recv_cq, 51, IBV_WC_WR_FLUSH_ERR);
		CHECK_EQ(bench.remote.bytes[length - 1], 0x77);
		renew(&bench);
	}
	bench_close(&bench);
}

CASE(receiver_never_ready)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct bench bench;

	plan.rnr_retries = 2;
	bench_open_with(&bench, &plan);
	prepare_good(&bench, IBV_WR_SEND);
	fails(&bench, IBV_WC_RNR_RETRY_EXC_ERR);
	CHECK_EQ(end_state(&bench.pair.b), IBV_QPS_RTS);
	bench_close(&bench);
}

CASE(receiver_ready_late)
{
	struct bench bench;

	bench_open(&bench);
	prepare_good(&bench, IBV_WR_SEND);
	post(&bench.pair.a, &bench.wr);
	/* Some rounds of the engine: the message meets an empty queue. */
	for (int i = 0; i < 1000; i++)
		expect_empty(bench.pair.a.send_cq);
	post_receive(&bench.pair.b, 50, &bench.remote, 0, 8);
	expect_wc(bench.pair.b.recv_cq, 50, IBV_WC_SUCCESS);
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_SUCCESS);
	bench_close(&bench);
}

static struct end_plan impatient(void)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);

	/* 4.096 us * 2^10: about 4 ms. */
	plan.timeout = 10;
	plan.retries = 2;
	return plan;
}

/* The peer is gone, and so its CQs and everything. */
CASE(peer_destroyed)
{
	struct end_plan plan = impatient();
	struct bench bench;

	bench_open_with(&bench, &plan);
	for (int i = 0; i < REMOTE_OPCODES; i++) {
		trying("opcode %d", remote_opcodes[i]);
		end_destroy(&bench.pair.b);
		prepare_good(&bench, remote_opcodes[i]);
		fails(&bench, IBV_WC_RETRY_EXC_ERR);
		end_destroy(&bench.pair.a);
		pair_make(&bench.pair, &bench.bed, &plan);
	}
	bench_close(&bench);
}

CASE(peer_in_reset_or_error)
{
	struct end_plan plan = impatient();
	struct bench bench;

	bench_open_with(&bench, &plan);
	end_reset(&bench.pair.b);
	prepare_good(&bench, IBV_WR_RDMA_WRITE);
	fails(&bench, IBV_WC_RETRY_EXC_ERR);
	renew(&bench);
	end_set_error(&bench.pair.b);
	prepare_good(&bench, IBV_WR_RDMA_WRITE);
	fails(&bench, IBV_WC_RETRY_EXC_ERR);
	bench_close(&bench);
}

/* Even a request that asked for no completion has one when it fails; those before it keep their
 * promise, those behind it are flushed. */
CASE(failure_in_the_middle)
{
	enum { REQUESTS = 6, BAD = 3 };
	struct ibv_send_wr wr[REQUESTS];
	struct bench bench;

	bench_open(&bench);
	for (int i = 0; i < REQUESTS; i++) {
		prepare_good(&bench, IBV_WR_RDMA_WRITE);
		wr[i] = bench.wr;
		wr[i].wr_id = (uint64_t)i;
		wr[i].send_flags = i == 1 ? IBV_SEND_SIGNALED : 0;
		wr[i].next = i + 1 < REQUESTS ? &wr[i + 1] : NULL;
	}
	wr[BAD].wr.rdma.rkey ^= 0x40000000;
	post(&bench.pair.a, wr);
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_SUCCESS);
	expect_wc(bench.pair.a.send_cq, BAD, IBV_WC_REM_ACCESS_ERR);
	for (int i = BAD + 1; i < REQUESTS; i++)
		expect_wc(bench.pair.a.send_cq, (uint64_t)i, IBV_WC_WR_FLUSH_ERR);
	expect_empty(bench.pair.a.send_cq);
	bench_close(&bench);
}

/* All that is posted comes back, in order, on either queue; and after a reset it works again. */
CASE(flush_and_reset)
{
	enum { SENDS = 40, RECEIVES = 30, LAPS = 5 };
	struct end_address a, b;
	struct bench bench;

	bench_open(&bench);
	a = end_address(&bench.pair.a);
	b = end_address(&bench.pair.b);
	for (int lap = 0; lap < LAPS; lap++) {
		trying("lap %d", lap);
		for (int i = 0; i < SENDS; i++) {
			prepare_good(&bench, IBV_WR_SEND);
			bench.wr.wr_id = (uint64_t)i;
			bench.wr.send_flags = i % 2 ? 0 : IBV_SEND_SIGNALED;
			post(&bench.pair.a, &bench.wr);
		}
		for (uint64_t i = 0; i < RECEIVES; i++)
			post_receive(&bench.pair.a, 100 + i, &bench.local, 64, 8);
		end_set_error(&bench.pair.a);
		for (uint64_t i = 0; i < SENDS; i++)
			expect_wc(bench.pair.a.send_cq, i, IBV_WC_WR_FLUSH_ERR);
		for (uint64_t i = 0; i < RECEIVES; i++)
			expect_wc(bench.pair.a.recv_cq, 100 + i, IBV_WC_WR_FLUSH_ERR);
		if (bench.bed.family->flushes_late_receives) {
			post_receive(&bench.pair.a, 200, &bench.local, 64, 8);
			expect_wc(bench.pair.a.recv_cq, 200, IBV_WC_WR_FLUSH_ERR);
		}
		prepare_good(&bench, IBV_WR_RDMA_READ);
		post(&bench.pair.a, &bench.wr);
		expect_wc(bench.pair.a.send_cq, 1, IBV_WC_WR_FLUSH_ERR);
		expect_empty(bench.pair.a.send_cq);
		expect_empty(bench.pair.a.recv_cq);

		end_reset(&bench.pair.a);
		end_reset(&bench.pair.b);
		end_connect(&bench.pair.a, &b);
		end_connect(&bench.pair.b, &a);
		for (uint64_t i = 0; i < 100; i++) {
			post_receive(&bench.pair.b, i, &bench.remote, 64, 8);
			prepare_good(&bench, IBV_WR_SEND);
			post(&bench.pair.a, &bench.wr);
			expect_wc(bench.pair.a.send_cq, 1, IBV_WC_SUCCESS);
			expect_wc(bench.pair.b.recv_cq, i, IBV_WC_SUCCESS);
		}
	}
	bench_close(&bench);
}

/* A reset takes back what is posted without a word, completions not yet polled included. */
CASE(reset_forgets)
{
	struct end_address b;
	struct bench bench;

	bench_open(&bench);
	b = end_address(&bench.pair.b);
	prepare_good(&bench, IBV_WR_SEND);
	post(&bench.pair.a, &bench.wr);
	post_receive(&bench.pair.a, 100, &bench.local, 64, 8);
	end_reset(&bench.pair.a);
	for (int i = 0; i < 1000; i++) {
		expect_empty(bench.pair.a.send_cq);
		expect_empty(bench.pair.a.recv_cq);
	}
	end_connect(&bench.pair.a, &b);
	bench_close(&bench);
}

/* An unreliable send queue stops at a local error, alone, and starts again. */
CASE(send_queue_error_of_datagrams)
{
	struct end_plan plan = end_plan(IBV_QPT_UD);
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_RTS, .cur_qp_state = IBV_QPS_SQE};
	struct end_address b;
	struct bench bench;
	struct ibv_ah *ah;

	bench_open_with(&bench, &plan);
	skip_for(bench.bed.family->no_send_queue_error);
	b = end_address(&bench.pair.b);
	ah = ah_make(&bench.bed, &b);
	bench.sge.lkey ^= 0x40000000;
	bench.wr = request(IBV_WR_SEND, 1, &bench.sge);
	bench.wr.wr.ud.ah = ah;
	bench.wr.wr.ud.remote_qpn = b.qpn;
	bench.wr.wr.ud.remote_qkey = plan.qkey;
	post(&bench.pair.a, &bench.wr);
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_LOC_PROT_ERR);
	CHECK_EQ(end_state(&bench.pair.a), IBV_QPS_SQE);
	post(&bench.pair.a, &bench.wr);
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_WR_FLUSH_ERR);
	bench.sge.lkey ^= 0x40000000;
	CHECK_OK(ibv_modify_qp(bench.pair.a.qp, &attr, IBV_QP_STATE | IBV_QP_CUR_STATE));
	post_receive(&bench.pair.b, 50, &bench.remote, 0, 100);
	post(&bench.pair.a, &bench.wr);
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_SUCCESS);
	expect_wc(bench.pair.b.recv_cq, 50, IBV_WC_SUCCESS);
	CHECK_OK(ibv_destroy_ah(ah));
	bench_close(&bench);
}

/* UC drops what does not fit and goes on. */
CASE(unreliable_connection_drops)
{
	struct end_plan plan = end_plan(IBV_QPT_UC);
	struct bench bench;

	bench_open_with(&bench, &plan);
	prepare_good(&bench, IBV_WR_SEND);
	post(&bench.pair.a, &bench.wr); /* no receive */
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_SUCCESS);
	prepare(&bench, IBV_WR_RDMA_WRITE, 64, 0x123400);
	post(&bench.pair.a, &bench.wr); /* no such memory */
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_SUCCESS);
	CHECK_EQ(end_state(&bench.pair.a), IBV_QPS_RTS);
	bench_close(&bench);
}

CASE(status_strings)
{
	for (int i = IBV_WC_SUCCESS; i <= IBV_WC_GENERAL_ERR; i++) {
		CHECK(ibv_wc_status_str(i));
		for (int j = IBV_WC_SUCCESS; j < i; j++)
			CHECK(strcmp(ibv_wc_status_str(i), ibv_wc_status_str(j)) != 0);
	}
	CHECK(ibv_wc_status_str(999));
}
