/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Extended reliable connections: node 0 sends, node 1 receives. Packets are typed from IBTA vol. 1,
 * annex A14: behind the BTH every request has four bytes with the SRQ's number, responses have
 * none.
 */
#include <stdlib.h>

#include "node.h"

#include "softhca/fabric/fabric.h"

static struct srq *second_srq;
static struct test_queue second_queue;
static struct test_cq second_cq;
static struct xrcd *other_domain;

static int open_halves(void **state)
{
	struct pair_options options = usual;

	(void)state;
	options.xrc = true;
	pair_open(&options);
	return 0;
}

static struct srq *make_second(struct pd *pd, struct xrcd *xrcd)
{
	struct srq_params params = {.wqe_count = QUEUE_DEPTH,
				    .max_wr = QUEUE_DEPTH,
				    .max_sge = 1,
				    .xrcd = xrcd,
				    .front = &second_queue};
	struct cq_params cq = {.cqe_count = COMPLETIONS, .cqe_size = 64, .front = &second_cq};

	memset(&second_queue, 0, sizeof(second_queue));
	memset(&second_cq, 0, sizeof(second_cq));
	if (xrcd) {
		assert_int_equal(cq_create(nodes[1].hca, &cq, &second_cq.cq), 0);
		params.cq = second_cq.cq;
	}
	assert_int_equal(srq_create(pd, &params, &second_srq), 0);
	return second_srq;
}

static struct send_request to_srq(enum request_opcode opcode, uint32_t length, uint32_t srqn)
{
	struct send_request request = make_remote(&nodes[0], opcode, 0, length, 4096);

	request.remote_srqn = srqn;
	request.immediate = htobe32(0xcafef00d);
	return request;
}

static struct send_request to_first(enum request_opcode opcode, uint32_t length)
{
	return to_srq(opcode, length, nodes[1].srq->srqn);
}

static void expect_sent(unsigned int number, const uint8_t *bytes, uint32_t length)
{
	assert_true(number < wire.logged);
	assert_int_equal(wire.log[number]->length, length);
	assert_memory_equal(wire.log[number]->bytes, bytes, length);
}

#define EXPECT_SENT(number, ...)                                                                   \
	do {                                                                                       \
		const uint8_t bytes_[] = {__VA_ARGS__};                                            \
		expect_sent(number, bytes_, (uint32_t)sizeof(bytes_));                             \
	} while (0)

/* Node 0's queue pair is 0x11, node 1's 0x21; the SRQ is its node's first. */
#define TO_1 0x00, 0x00, 0x00, 0x21
#define TO_0 0x00, 0x00, 0x00, 0x11
#define SRQ  0x00, 0x00, 0x00, 0x01

/* ---- bytes ---- */

static void send_names_the_srq_behind_the_bth(void **state)
{
	struct send_request request = to_first(REQUEST_SEND, 3);

	(void)state;
	memcpy(nodes[0].memory, "abc", 3);
	post_send(&nodes[0], &request);
	EXPECT_SENT(0, 0xa4, 0x50, 0xff, 0xff, TO_1, 0x80, 0x00, 0x01, 0x00, SRQ, 'a', 'b', 'c', 0);
}

static void immediate_and_key_come_behind_the_number(void **state)
{
	struct send_request request = to_first(REQUEST_SEND_IMM, 3);

	(void)state;
	memcpy(nodes[0].memory, "abc", 3);
	post_send(&nodes[0], &request);
	EXPECT_SENT(0, 0xa5, 0x50, 0xff, 0xff, TO_1, 0x80, 0x00, 0x01, 0x00, SRQ, 0xca, 0xfe, 0xf0,
		    0x0d, 'a', 'b', 'c', 0);
	request.opcode = REQUEST_SEND_INVALIDATE;
	request.invalidate_rkey = 0x12345678;
	post_send(&nodes[0], &request);
	EXPECT_SENT(1, 0xb7, 0x50, 0xff, 0xff, TO_1, 0x80, 0x00, 0x01, 0x01, SRQ, 0x12, 0x34, 0x56,
		    0x78, 'a', 'b', 'c', 0);
}

static void remote_address_comes_behind_the_number(void **state)
{
	struct send_request request = to_first(REQUEST_WRITE, 3);

	(void)state;
	request.remote_address = 0x1122334455667788;
	request.rkey = 0x0badcafe;
	memcpy(nodes[0].memory, "abc", 3);
	post_send(&nodes[0], &request);
	EXPECT_SENT(0, 0xaa, 0x50, 0xff, 0xff, TO_1, 0x80, 0x00, 0x01, 0x00, SRQ, 0x11, 0x22, 0x33,
		    0x44, 0x55, 0x66, 0x77, 0x88, 0x0b, 0xad, 0xca, 0xfe, 0, 0, 0, 3, 'a', 'b', 'c',
		    0);
	request.opcode = REQUEST_READ;
	post_send(&nodes[0], &request);
	EXPECT_SENT(1, 0xac, 0x40, 0xff, 0xff, TO_1, 0x80, 0x00, 0x01, 0x01, SRQ, 0x11, 0x22, 0x33,
		    0x44, 0x55, 0x66, 0x77, 0x88, 0x0b, 0xad, 0xca, 0xfe, 0, 0, 0, 3);
}

static void operands_come_behind_the_number(void **state)
{
	struct send_request request = to_first(REQUEST_COMPARE_SWAP, 8);

	(void)state;
	request.remote_address = 0x1122334455667788;
	request.rkey = 0x0badcafe;
	request.swap_or_add = 0x0102030405060708;
	request.compare = 0x1112131415161718;
	post_send(&nodes[0], &request);
	EXPECT_SENT(0, 0xb3, 0x40, 0xff, 0xff, TO_1, 0x80, 0x00, 0x01, 0x00, SRQ, 0x11, 0x22, 0x33,
		    0x44, 0x55, 0x66, 0x77, 0x88, 0x0b, 0xad, 0xca, 0xfe, 1, 2, 3, 4, 5, 6, 7, 8,
		    0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18);
}

static void every_packet_of_a_message_names_the_srq(void **state)
{
	static const uint8_t opcodes[] = {0xa0, 0xa1, 0xa2};
	static const uint8_t srq[] = {SRQ};
	struct send_request request = to_first(REQUEST_SEND, 700);

	(void)state;
	post_send(&nodes[0], &request);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(wire.log[i]->bytes[0], opcodes[i]);
		assert_memory_equal(wire.log[i]->bytes + 12, srq, 4);
	}
}

static void responses_have_the_transport_and_no_number(void **state)
{
	struct send_request request = to_first(REQUEST_SEND, 8);

	(void)state;
	post_recv(&nodes[1], 4096, 64);
	post_send(&nodes[0], &request);
	run();
	EXPECT_SENT(1, 0xb1, 0x40, 0xff, 0xff, TO_0, 0x00, 0x00, 0x01, 0x00, 0x1f, 0, 0, 1);
	request = to_first(REQUEST_READ, 4);
	post_send(&nodes[0], &request);
	run();
	EXPECT_SENT(3, 0xb0, 0x40, 0xff, 0xff, TO_0, 0x00, 0x00, 0x01, 0x01, 0x1f, 0, 0, 2, 0, 0, 0,
		    0);
}

/* ---- delivery ---- */

static void receive_completes_where_the_srq_says(void **state)
{
	struct send_request request = to_first(REQUEST_SEND, 700);
	const struct completion *completion;

	(void)state;
	fill(nodes[0].memory, 700, 1);
	post_recv(&nodes[1], 8192, 1000);
	post_send(&nodes[0], &request);
	run();
	expect_success(&nodes[0].send_cq, 0);
	completion = take(&nodes[1].recv_cq);
	assert_non_null(completion);
	assert_ptr_equal(completion->srq, nodes[1].srq);
	assert_int_equal(completion->length, 700);
	assert_int_equal(completion->remote_qpn, nodes[0].qp->qpn);
	expect_pattern(nodes[1].memory + 8192, 700, 1);
}

static void writes_reads_and_atomics_work_as_ever(void **state)
{
	struct send_request request = to_first(REQUEST_WRITE, 700);
	uint64_t word = 5;

	(void)state;
	fill(nodes[0].memory, 700, 2);
	post_send(&nodes[0], &request);
	run();
	expect_success(&nodes[0].send_cq, 0);
	expect_pattern(nodes[1].memory + 4096, 700, 2);
	memset(nodes[0].memory, 0, 700);
	request.opcode = REQUEST_READ;
	post_send(&nodes[0], &request);
	run();
	expect_success(&nodes[0].send_cq, 2);
	expect_pattern(nodes[0].memory, 700, 2);
	memcpy(nodes[1].memory + 4096, &word, sizeof(word));
	request = to_first(REQUEST_FETCH_ADD, 8);
	request.swap_or_add = 3;
	post_send(&nodes[0], &request);
	run();
	expect_success(&nodes[0].send_cq, 4);
	memcpy(&word, nodes[1].memory + 4096, sizeof(word));
	assert_int_equal(word, 8);
}

static void message_waits_for_a_receive(void **state)
{
	struct send_request request = to_first(REQUEST_SEND, 8);

	(void)state;
	post_send(&nodes[0], &request);
	run();
	/* RNR NAK, timer code 12. */
	EXPECT_SENT(1, 0xb1, 0x40, 0xff, 0xff, TO_0, 0x00, 0x00, 0x01, 0x00, 0x2c, 0, 0, 0);
	expect_nothing(&nodes[0].send_cq);
	post_recv(&nodes[1], 4096, 64);
	run_for(10 * MS);
	expect_success(&nodes[0].send_cq, 0);
}

static void lost_packets_are_sent_again(void **state)
{
	struct drop_plan plan = {.from = 0, .drop = 0x5, .duplicate = 0x10};
	struct send_request request = to_first(REQUEST_SEND, 1500);

	(void)state;
	use_plan(&plan);
	fill(nodes[0].memory, 1500, 4);
	post_recv(&nodes[1], 8192, 2000);
	post_send(&nodes[0], &request);
	run_for(200 * MS);
	expect_success(&nodes[0].send_cq, 0);
	expect_pattern(nodes[1].memory + 8192, 1500, 4);
	expect_success(&nodes[1].recv_cq, 0);
	expect_nothing(&nodes[1].recv_cq);
}

static void messages_alternate_between_srqs(void **state)
{
	struct srq *second = make_second(nodes[1].pd, nodes[1].xrcd);

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		struct send_request request =
			to_srq(REQUEST_SEND, 8, i % 2 ? second->srqn : nodes[1].srq->srqn);

		if (i % 2)
			second_queue.recv[second_queue.recv_posted++] =
				nodes[1].srq_queue.recv[i / 2];
		else
			post_recv(&nodes[1], 4096 + i, 64);
		post_send(&nodes[0], &request);
		run();
		expect_success(&nodes[0].send_cq, 2 * i);
		expect_success(i % 2 ? &second_cq : &nodes[1].recv_cq, i / 2);
	}
}

/* ---- refusals ---- */

static void expect_nak(const struct send_request *request, uint8_t code,
		       enum completion_status status, enum async_event_type event)
{
	const struct sent_packet *nak;

	post_send(&nodes[0], request);
	run();
	nak = wire.log[wire.logged - 1];
	assert_int_equal(nak->bytes[0], 0xb1);
	assert_int_equal(nak->bytes[12], 0x60 | code);
	assert_int_equal(take(&nodes[0].send_cq)->status, status);
	assert_int_equal(nodes[0].qp->attr.state, QP_ERR);
	assert_int_equal(nodes[1].qp->attr.state, QP_ERR);
	assert_true(had_event(&nodes[1], event));
}

static void unknown_srq_is_an_invalid_rd_request(void **state)
{
	struct send_request request = to_srq(REQUEST_SEND, 8, 0x123456);

	(void)state;
	expect_nak(&request, 4, STATUS_REMOTE_INVALID_RD_REQUEST, EVENT_QP_ACCESS_ERROR);
}

static void srq_of_another_domain_is_an_invalid_rd_request(void **state)
{
	struct send_request request;

	(void)state;
	assert_int_equal(xrcd_open(nodes[1].hca, 0, 0, FABRIC_XRCD_CREATE, &other_domain), 0);
	request = to_srq(REQUEST_WRITE, 8, make_second(nodes[1].pd, other_domain)->srqn);
	expect_nak(&request, 4, STATUS_REMOTE_INVALID_RD_REQUEST, EVENT_QP_ACCESS_ERROR);
}

static void srq_of_no_domain_is_an_invalid_rd_request(void **state)
{
	struct send_request request;

	(void)state;
	request = to_srq(REQUEST_READ, 8, make_second(nodes[1].pd, NULL)->srqn);
	expect_nak(&request, 4, STATUS_REMOTE_INVALID_RD_REQUEST, EVENT_QP_ACCESS_ERROR);
}

static void keys_are_those_of_the_srqs_pd(void **state)
{
	struct send_request request;
	struct pd *pd;

	(void)state;
	assert_int_equal(pd_create(nodes[1].hca, &pd), 0);
	request = to_srq(REQUEST_READ, 8, make_second(pd, nodes[1].xrcd)->srqn);
	expect_nak(&request, 2, STATUS_REMOTE_ACCESS, EVENT_QP_ACCESS_ERROR);
}

/* The second packet of a message for the first SRQ is forged: it names the second one. */
static void expect_refused_second(uint8_t opcode)
{
	struct send_request request = to_first(REQUEST_SEND, 400);
	struct sent_packet forged;

	make_second(nodes[1].pd, nodes[1].xrcd);
	post_recv(&nodes[1], 4096, 1000);
	wire.asleep[1] = true;
	post_send(&nodes[0], &request);
	forged = *wire.log[1];
	wire.dead[0] = true;
	wire.asleep[1] = false;
	forged.bytes[0] = opcode;
	forged.bytes[15] = (uint8_t)second_srq->srqn;
	free(wire.first[1]->next);
	wire.first[1]->next = NULL;
	wire.last[1] = &wire.first[1]->next;
	wire_inject(0, 1, &forged.head, forged.bytes, forged.length);
	run();
	assert_int_equal(nodes[1].qp->attr.state, QP_ERR);
	assert_true(had_event(&nodes[1], EVENT_QP_REQUEST_ERROR));
	expect_status(&nodes[1].recv_cq, 0, STATUS_FLUSHED);
	expect_nothing(&second_cq);
}

static void message_keeps_its_srq(void **state)
{
	(void)state;
	expect_refused_second(0xa2);
}

/* SEND_ONLY in the midst of another message. */
static void message_that_begins_too_early_leaves_the_srq_alone(void **state)
{
	(void)state;
	expect_refused_second(0xa4);
}

static void short_packet_is_dropped(void **state)
{
	static const uint8_t bytes[] = {0xa4, 0x40, 0xff, 0xff, TO_1, 0x80, 0, 1, 0};
	struct packet head = {.slid = 1, .dlid = 2, .source_hca = 0, .destination_hca = 1};

	(void)state;
	wire_inject(0, 1, &head, bytes, sizeof(bytes));
	run();
	assert_int_equal(nodes[1].qp->attr.state, QP_RTS);
	assert_int_equal(wire.logged, 0);
}

static void sending_half_takes_no_requests(void **state)
{
	static const uint8_t bytes[] = {0xa4, 0x40, 0xff, 0xff, TO_0, 0x80, 0x80, 0, 0, SRQ};
	struct packet head = {.slid = 2, .dlid = 1, .source_hca = 1, .destination_hca = 0};

	(void)state;
	wire_inject(1, 0, &head, bytes, sizeof(bytes));
	run();
	assert_int_equal(nodes[0].qp->attr.state, QP_RTS);
	assert_int_equal(wire.logged, 0);
}

static void plain_requests_are_not_for_it(void **state)
{
	static const uint8_t bytes[] = {0x04, 0x40, 0xff, 0xff, TO_1, 0x80, 0, 1, 0};
	struct packet head = {.slid = 1, .dlid = 2, .source_hca = 0, .destination_hca = 1};

	(void)state;
	wire_inject(0, 1, &head, bytes, sizeof(bytes));
	run();
	assert_int_equal(wire.logged, 0);
}

static void message_ends_with_its_srq(void **state)
{
	struct send_request request = to_first(REQUEST_SEND, 400);
	struct drop_plan plan = {.from = 0, .drop = ~1ull};

	(void)state;
	use_plan(&plan);
	post_recv(&nodes[1], 4096, 1000);
	post_send(&nodes[0], &request);
	run();
	assert_int_equal(srq_destroy(nodes[1].srq), 0);
	wire.judge = NULL;
	run_for(200 * MS);
	expect_status(&nodes[0].send_cq, 0, STATUS_REMOTE_INVALID_RD_REQUEST);
	expect_nothing(&nodes[1].recv_cq);
}

static void cq_that_runs_over_ends_its_srq(void **state)
{
	(void)state;
	nodes[1].recv_cq.cq->overrun = true;
	list_append(&nodes[1].engine->failed_cqs, &nodes[1].recv_cq.cq->failed);
	run();
	assert_true(nodes[1].srq->error);
	assert_true(had_event(&nodes[1], EVENT_SRQ_ERROR));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_halves, send_names_the_srq_behind_the_bth),
		TEST(open_halves, immediate_and_key_come_behind_the_number),
		TEST(open_halves, remote_address_comes_behind_the_number),
		TEST(open_halves, operands_come_behind_the_number),
		TEST(open_halves, every_packet_of_a_message_names_the_srq),
		TEST(open_halves, responses_have_the_transport_and_no_number),
		TEST(open_halves, receive_completes_where_the_srq_says),
		TEST(open_halves, writes_reads_and_atomics_work_as_ever),
		TEST(open_halves, message_waits_for_a_receive),
		TEST(open_halves, lost_packets_are_sent_again),
		TEST(open_halves, messages_alternate_between_srqs),
		TEST(open_halves, unknown_srq_is_an_invalid_rd_request),
		TEST(open_halves, srq_of_another_domain_is_an_invalid_rd_request),
		TEST(open_halves, srq_of_no_domain_is_an_invalid_rd_request),
		TEST(open_halves, keys_are_those_of_the_srqs_pd),
		TEST(open_halves, message_keeps_its_srq),
		TEST(open_halves, message_that_begins_too_early_leaves_the_srq_alone),
		TEST(open_halves, short_packet_is_dropped),
		TEST(open_halves, sending_half_takes_no_requests),
		TEST(open_halves, plain_requests_are_not_for_it),
		TEST(open_halves, message_ends_with_its_srq),
		TEST(open_halves, cq_that_runs_over_ends_its_srq),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
