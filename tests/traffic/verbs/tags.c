/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tag matching: which receive a message gets, and what programs are told of it. */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>

#include "tags.h"

enum { WHOLE = IBV_WC_TM_MATCH | IBV_WC_TM_DATA_VALID };

static void expect_info(const struct tags_wc *wc, uint64_t tag)
{
	CHECK_EQ(wc->info.tag, tag);
	CHECK_EQ(wc->info.priv, TAGS_PRIVATE);
}

CASE(capabilities)
{
	struct tags_bench bench;

	tags_open(&bench);
	CHECK(bench.caps.max_num_tags >= TAGS);
	CHECK(bench.caps.max_ops >= TAGS_OPS);
	CHECK(bench.caps.max_sge >= 1);
	CHECK(bench.caps.max_rndv_hdr_size >= TAGS_HEADERS);
	CHECK_EQ(bench.caps.flags, IBV_TM_CAP_RC);
	tags_close(&bench);
}

/* ---- eager messages ---- */

static void expect_match(struct tags_bench *bench, uint64_t wr_id, uint64_t tag, uint32_t length)
{
	uint32_t packet = bed_packet_bytes(&bench->bed);
	struct tags_wc wc;

	if (packet > 1024)
		packet = 1024; /* the MTU that ends are made with */
	if (TAGS_HEADER + length <= packet) {
		wc = tags_expect(bench, wr_id, IBV_WC_TM_RECV, WHOLE);
		expect_info(&wc, tag);
	} else {
		wc = tags_expect(bench, wr_id, IBV_WC_TM_RECV, IBV_WC_TM_MATCH);
		expect_info(&wc, tag);
		wc = tags_expect(bench, wr_id, IBV_WC_TM_RECV, IBV_WC_TM_DATA_VALID);
	}
	CHECK_EQ(wc.length, length);
	CHECK_EQ(wc.qp_num, bench->pair.b.qp->qp_num);
}

/* Without the header, told once or twice. */
CASE(matches_have_the_data)
{
	static const uint32_t lengths[] = {0, 1, 1008, 1009, 30000};
	struct tags_bench bench;

	tags_open(&bench);
	for (unsigned int i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		trying("%u bytes", lengths[i]);
		tags_add(&bench, i, 0x100 + i, TAGS_ALL_BITS, lengths[i]);
		tags_send(&bench, IBV_TMH_EAGER, 0x100 + i, lengths[i], i);
		expect_match(&bench, 1000 + i, 0x100 + i, lengths[i]);
		CHECK_PATTERN(bench.buffer.bytes + TAGS_TAGGED, lengths[i], i);
	}
	tags_expect_empty(&bench);
	tags_close(&bench);
}

CASE(the_oldest_tag_that_fits)
{
	struct tags_bench bench;

	tags_open(&bench);
	tags_add(&bench, 1, 5, TAGS_ALL_BITS, 100);
	tags_add(&bench, 2, 0x700, 0xff00, 100);
	tags_add(&bench, 3, 0x733, TAGS_ALL_BITS, 100);
	tags_add(&bench, 4, 0, 0, 100);
	tags_send(&bench, IBV_TMH_EAGER, 0x733, 10, 1);
	expect_match(&bench, 1002, 0x733, 10);
	tags_send(&bench, IBV_TMH_EAGER, 0x733, 10, 1);
	expect_match(&bench, 1003, 0x733, 10);
	tags_send(&bench, IBV_TMH_EAGER, 0x733, 10, 1);
	expect_match(&bench, 1004, 0x733, 10);
	tags_send(&bench, IBV_TMH_EAGER, 5, 10, 1);
	expect_match(&bench, 1001, 5, 10);
	tags_close(&bench);
}

CASE(messages_without_a_tag)
{
	struct tags_bench bench;
	struct tags_wc wc;

	tags_open(&bench);
	tags_supply(&bench, 50, 2);
	tags_add(&bench, 1, 0, 0, 4096);
	tags_send(&bench, IBV_TMH_NO_TAG, 9, 2000, 3);
	wc = tags_expect(&bench, 50, IBV_WC_TM_NO_TAG, 0);
	CHECK_EQ(wc.length, TAGS_HEADER + 2000);
	expect_info(&wc, 9);
	CHECK_PATTERN(bench.buffer.bytes + TAGS_INBOX + 2 * 8192 + TAGS_HEADER, 2000, 3);
	tags_send(&bench, IBV_TMH_FIN, 9, 10, 3);
	tags_expect(&bench, 51, IBV_WC_TM_NO_TAG, 0);
	tags_close(&bench);
}

CASE(immediate_data_come_along)
{
	struct tags_bench bench;
	struct ibv_send_wr wr;
	struct ibv_sge sge;

	tags_open(&bench);
	tags_supply(&bench, 50, 1);
	tags_send(&bench, IBV_TMH_EAGER, 9, 10, 3);
	tags_expect(&bench, 50, IBV_WC_TM_RECV, 0);
	bench.unexpected++;
	tags_add(&bench, 1, 9, TAGS_ALL_BITS, 100);
	sge = buffer_sge(&bench.buffer, TAGS_SOURCE, TAGS_HEADER + 10);
	wr = request(IBV_WR_SEND_WITH_IMM, 1, &sge);
	wr.imm_data = htobe32(0x1234);
	post(&bench.pair.a, &wr);
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_SUCCESS);
	tags_expect(&bench, 1001, IBV_WC_TM_RECV, WHOLE | IBV_WC_WITH_IMM);
	CHECK_EQ(ibv_wc_read_imm_data(bench.cq), htobe32(0x1234));
	tags_close(&bench);
}

/* The connection ends as with any message that is too long. */
CASE(receive_too_short)
{
	struct ibv_sge sge;
	struct ibv_send_wr wr;
	struct tags_bench bench;
	struct tags_wc wc;

	tags_open(&bench);
	tags_supply(&bench, 50, 1);
	tags_send(&bench, IBV_TMH_EAGER, 9, 100, 3);
	tags_expect(&bench, 50, IBV_WC_TM_RECV, 0);
	bench.unexpected++;
	tags_add(&bench, 1, 9, TAGS_ALL_BITS, 99);
	sge = buffer_sge(&bench.buffer, TAGS_SOURCE, TAGS_HEADER + 100);
	wr = request(IBV_WR_SEND, 1, &sge);
	post(&bench.pair.a, &wr);
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_REM_INV_REQ_ERR);
	wc = tags_next(&bench);
	CHECK_EQ(wc.wr_id, 1001);
	CHECK_EQ(wc.status, IBV_WC_TM_RNDV_INCOMPLETE);
	/* The list is not concerned. */
	tags_add(&bench, 2, 9, TAGS_ALL_BITS, 99);
	tags_close(&bench);
}

CASE(several_connections_share_the_list)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct tags_bench bench, *both = &bench;
	struct pair second;
	struct end_address a, b;
	struct tags_wc wc;

	tags_open(&bench);
	end_create(&second.a, &bench.bed, &plan);
	plan.srq = bench.srq;
	end_create(&second.b, &bench.bed, &plan);
	a = end_address(&second.a);
	b = end_address(&second.b);
	end_connect(&second.a, &b);
	end_connect(&second.b, &a);
	for (uint64_t i = 0; i < 40; i++) {
		struct pair first = bench.pair;

		tags_add(&bench, i, i, TAGS_ALL_BITS, 500);
		if (i % 3)
			bench.pair = second;
		tags_send(&bench, IBV_TMH_EAGER, i, 500, 1);
		wc = tags_expect(both, 1000 + i, IBV_WC_TM_RECV, WHOLE);
		CHECK_EQ(wc.qp_num, bench.pair.b.qp->qp_num);
		bench.pair = first;
	}
	pair_destroy(&second);
	tags_close(&bench);
}

CASE(events_of_matches)
{
	struct tags_bench bench;
	struct ibv_cq *cq;
	void *context;

	tags_open(&bench);
	tags_add(&bench, 1, 9, TAGS_ALL_BITS, 100);
	CHECK_OK(ibv_req_notify_cq(ibv_cq_ex_to_cq(bench.cq), 0));
	tags_send(&bench, IBV_TMH_EAGER, 9, 10, 1);
	CHECK(readable(bench.channel->fd, PATIENCE_SECONDS * 1000));
	CHECK_OK(ibv_get_cq_event(bench.channel, &cq, &context));
	CHECK(cq == ibv_cq_ex_to_cq(bench.cq));
	ibv_ack_cq_events(cq, 1);
	tags_expect(&bench, 1001, IBV_WC_TM_RECV, WHOLE);
	tags_close(&bench);
}

/* ---- unexpected messages ---- */

CASE(unexpected_messages)
{
	struct tags_bench bench;
	struct tags_wc wc;

	tags_open(&bench);
	tags_supply(&bench, 50, 2);
	tags_add(&bench, 1, 5, TAGS_ALL_BITS, 4096);
	tags_send(&bench, IBV_TMH_EAGER, 6, 2000, 3);
	wc = tags_expect(&bench, 50, IBV_WC_TM_RECV, 0);
	CHECK_EQ(wc.length, TAGS_HEADER + 2000);
	expect_info(&wc, 6);
	CHECK_PATTERN(bench.buffer.bytes + TAGS_INBOX + 2 * 8192 + TAGS_HEADER, 2000, 3);
	tags_ask(&bench, 6, 100, 0);
	wc = tags_expect(&bench, 51, IBV_WC_TM_RECV, 0);
	CHECK_EQ(wc.length, TAGS_HEADERS);
	expect_info(&wc, 6);
	tags_close(&bench);
}

/* A tag that is added before the program knows of a message that it fits is not for the next. */
CASE(a_list_out_of_step)
{
	struct ibv_sge sge;
	struct tags_bench bench;
	struct ibv_ops_wr wr;

	tags_open(&bench);
	tags_supply(&bench, 50, 3);
	tags_send(&bench, IBV_TMH_EAGER, 6, 10, 1);
	sge = buffer_sge(&bench.buffer, TAGS_TAGGED, 100);
	wr = tags_addition(1, &sge, 6, TAGS_ALL_BITS);
	CHECK_OK(tags_post(&bench, &wr));
	tags_expect(&bench, 50, IBV_WC_TM_RECV, 0);
	tags_expect(&bench, 1, IBV_WC_TM_ADD, IBV_WC_TM_SYNC_REQ);
	tags_send(&bench, IBV_TMH_EAGER, 6, 10, 1);
	tags_expect(&bench, 51, IBV_WC_TM_RECV, 0);
	/* It has counted one of two. */
	bench.unexpected = 1;
	CHECK_EQ(tags_change(&bench, IBV_WR_TAG_SYNC, 2, 0), IBV_WC_SUCCESS);
	tags_send(&bench, IBV_TMH_EAGER, 6, 10, 1);
	tags_expect(&bench, 52, IBV_WC_TM_RECV, 0);
	bench.unexpected = 3;
	CHECK_EQ(tags_change(&bench, IBV_WR_TAG_SYNC, 3, 0), IBV_WC_SUCCESS);
	tags_send(&bench, IBV_TMH_EAGER, 6, 10, 1);
	expect_match(&bench, 1001, 6, 10);
	tags_close(&bench);
}

CASE(unexpected_messages_wait_for_a_receive)
{
	struct tags_bench bench;
	struct ibv_send_wr wr;
	struct ibv_sge sge;

	tags_open(&bench);
	tags_supply(&bench, 50, 1);
	tags_send(&bench, IBV_TMH_EAGER, 6, 10, 1);
	tags_expect(&bench, 50, IBV_WC_TM_RECV, 0);
	bench.unexpected = 1;
	sge = buffer_sge(&bench.buffer, TAGS_SOURCE, TAGS_HEADER + 10);
	wr = request(IBV_WR_SEND, 1, &sge);
	post(&bench.pair.a, &wr);
	CHECK_EQ(tags_change(&bench, IBV_WR_TAG_SYNC, 2, 0), IBV_WC_SUCCESS);
	expect_empty(bench.pair.a.send_cq);
	tags_add(&bench, 3, 6, TAGS_ALL_BITS, 100);
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_SUCCESS);
	expect_match(&bench, 1003, 6, 10);
	tags_close(&bench);
}

/* ---- rendezvous ---- */

CASE(a_rendezvous_is_the_adapters)
{
	static const uint32_t lengths[] = {0, 1, 1024, 40000};
	struct tags_bench bench;
	struct tags_wc wc;
	struct ibv_tmh end;

	tags_open(&bench);
	for (unsigned int i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		trying("%u bytes", lengths[i]);
		pattern_fill(bench.buffer.bytes + TAGS_DATA, lengths[i], i);
		post_receive(&bench.pair.a, 70 + i, &bench.buffer, TAGS_BACK, 64);
		tags_add(&bench, i, 0x500 + i, TAGS_ALL_BITS, lengths[i]);
		tags_ask(&bench, 0x500 + i, lengths[i], i * 10);
		wc = tags_expect(&bench, 1000 + i, IBV_WC_TM_RECV, IBV_WC_TM_MATCH);
		expect_info(&wc, 0x500 + i);
		wc = tags_expect(&bench, 1000 + i, IBV_WC_TM_RECV, IBV_WC_TM_DATA_VALID);
		CHECK_EQ(wc.length, lengths[i]);
		CHECK_PATTERN(bench.buffer.bytes + TAGS_TAGGED, lengths[i], i);
		/* The sender has its headers back. */
		CHECK_EQ(expect_wc(bench.pair.a.recv_cq, 70 + i, IBV_WC_SUCCESS).byte_len,
			 TAGS_HEADERS);
		end = *(struct ibv_tmh *)(void *)(bench.buffer.bytes + TAGS_BACK);
		CHECK_EQ(end.opcode, IBV_TMH_FIN);
		CHECK_EQ(be64toh(end.tag), 0x500 + i);
		CHECK_BYTES(bench.buffer.bytes + TAGS_BACK + 1,
			    bench.buffer.bytes + TAGS_SOURCE + 1, TAGS_HEADERS - 1);
	}
	expect_empty(bench.pair.b.send_cq);
	tags_close(&bench);
}

CASE(a_rendezvous_that_is_the_programs)
{
	struct tags_bench bench;
	struct tags_wc wc;

	tags_open(&bench);
	tags_add(&bench, 1, 9, TAGS_ALL_BITS, 999);
	tags_ask(&bench, 9, 1000, 8);
	wc = tags_next(&bench);
	CHECK_EQ(wc.wr_id, 1001);
	CHECK_EQ(wc.status, IBV_WC_TM_RNDV_INCOMPLETE);
	CHECK_EQ(wc.opcode, IBV_WC_TM_RECV);
	CHECK_EQ(wc.flags, WHOLE);
	CHECK_EQ(wc.length, TAGS_HEADERS + 8);
	expect_info(&wc, 9);
	CHECK_BYTES(bench.buffer.bytes + TAGS_TAGGED, bench.buffer.bytes + TAGS_SOURCE,
		    TAGS_HEADERS + 8);
	tags_close(&bench);
}

/* A request with more of the program's than the adapter takes. */
CASE(a_rendezvous_with_too_much_beside)
{
	struct tags_bench bench;

	tags_open(&bench);
	tags_supply(&bench, 50, 1);
	tags_add(&bench, 1, 9, TAGS_ALL_BITS, 1000);
	tags_ask(&bench, 9, 1000, bench.caps.max_rndv_hdr_size - TAGS_HEADERS + 1);
	tags_expect(&bench, 50, IBV_WC_TM_RECV, 0);
	tags_close(&bench);
}

/* The end of a rendezvous reaches a program that has tags itself. */
CASE(both_ends_have_tags)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct tags_bench bench;
	struct end_address a, b;
	struct tags_wc wc;

	tags_open(&bench);
	pair_destroy(&bench.pair);
	plan.srq = bench.srq;
	end_create(&bench.pair.a, &bench.bed, &plan);
	end_create(&bench.pair.b, &bench.bed, &plan);
	a = end_address(&bench.pair.a);
	b = end_address(&bench.pair.b);
	end_connect(&bench.pair.a, &b);
	end_connect(&bench.pair.b, &a);
	tags_supply(&bench, 50, 1);
	tags_add(&bench, 1, 9, TAGS_ALL_BITS, 1000);
	pattern_fill(bench.buffer.bytes + TAGS_DATA, 1000, 5);
	tags_ask(&bench, 9, 1000, 0);
	tags_expect(&bench, 1001, IBV_WC_TM_RECV, IBV_WC_TM_MATCH);
	tags_expect(&bench, 1001, IBV_WC_TM_RECV, IBV_WC_TM_DATA_VALID);
	CHECK_PATTERN(bench.buffer.bytes + TAGS_TAGGED, 1000, 5);
	wc = tags_expect(&bench, 50, IBV_WC_TM_NO_TAG, 0);
	CHECK_EQ(wc.length, TAGS_HEADERS);
	CHECK_EQ(wc.qp_num, bench.pair.a.qp->qp_num);
	expect_info(&wc, 9);
	tags_close(&bench);
}

/* ---- many of them ---- */

enum { CROWD = 8, SIZE_LIMIT = 3000 };

/* One of the messages: matched if its tag is in the list, which it then leaves. */
static void exchange_one(struct tags_bench *bench, bool listed[CROWD], unsigned int tag,
			 uint32_t length)
{
	tags_send(bench, IBV_TMH_EAGER, tag, length, tag);
	if (listed[tag]) {
		expect_match(bench, 1000 + tag, tag, length);
		CHECK_PATTERN(bench->buffer.bytes + TAGS_TAGGED, length, tag);
		listed[tag] = false;
		return;
	}
	tags_expect(bench, 50, IBV_WC_TM_RECV, 0);
	bench->unexpected++;
	tags_supply(bench, 50, 1);
}

CASE(messages_and_tags_in_any_order)
{
	uint32_t handles[CROWD] = {0};
	bool listed[CROWD] = {false};
	struct tags_bench bench;

	srand(1);
	tags_open(&bench);
	tags_supply(&bench, 50, 1);
	for (unsigned int i = 0; i < 600; i++) {
		unsigned int tag = (unsigned int)rand() % CROWD;

		trying("step %u, tag %u", i, tag);
		if (rand() % 2) {
			exchange_one(&bench, listed, tag, (uint32_t)rand() % SIZE_LIMIT);
		} else if (listed[tag]) {
			CHECK_EQ(tags_change(&bench, IBV_WR_TAG_DEL, i, handles[tag]),
				 IBV_WC_SUCCESS);
			listed[tag] = false;
		} else {
			handles[tag] = tags_add(&bench, tag, tag, TAGS_ALL_BITS, SIZE_LIMIT);
			listed[tag] = true;
		}
	}
	tags_expect_empty(&bench);
	tags_close(&bench);
}
