/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Unreliable connections: messages come whole or not at all. IBTA vol. 1, 9.8.2. */
#include "node.h"

enum { LENGTH = 256 * 2 + 50, PACKETS = 3 };

static int open_uc(void **state)
{
	struct pair_options options = usual;

	(void)state;
	options.type = QP_TYPE_UC;
	options.psn[0] = 0xfffffe;
	pair_open(&options);
	return 0;
}

static void send_message(uint32_t seed)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, LENGTH);

	fill(nodes[0].memory, LENGTH, seed);
	post_send(&nodes[0], &request);
	run();
}

static void send_completes_when_it_is_sent(void **state)
{
	(void)state;
	wire.dead[1] = true;
	send_message(1);
	expect_success(&nodes[0].send_cq, 0);
	assert_int_equal(wire.logged, PACKETS);
}

static void messages_arrive(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		post_recv(&nodes[1], 0, LENGTH);
		send_message(i);
		expect_success(&nodes[1].recv_cq, i);
		expect_pattern(nodes[1].memory, LENGTH, i);
	}
	assert_int_equal(wire.logged, 4 * PACKETS);
}

static void broken_message_is_dropped_and_its_receive_used_again(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < PACKETS; i++) {
		struct drop_plan plan = {.from = 0, .drop = 1ull << i};

		use_plan(&plan);
		post_recv(&nodes[1], 0, LENGTH);
		send_message(100);
		expect_nothing(&nodes[1].recv_cq);
		send_message(i);
		expect_success(&nodes[1].recv_cq, i);
		expect_pattern(nodes[1].memory, LENGTH, i);
		assert_int_equal(nodes[1].qp->attr.state, QP_RTS);
	}
}

static void message_without_a_receive_is_lost(void **state)
{
	(void)state;
	send_message(1);
	post_recv(&nodes[1], 0, LENGTH);
	send_message(2);
	expect_success(&nodes[1].recv_cq, 0);
	expect_nothing(&nodes[1].recv_cq);
	expect_pattern(nodes[1].memory, LENGTH, 2);
}

static void message_too_long_is_dropped_and_its_receive_used_again(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, 20);
	const struct completion *completion;

	(void)state;
	post_recv(&nodes[1], 0, 300);
	send_message(1);
	expect_nothing(&nodes[1].recv_cq);
	post_send(&nodes[0], &request);
	run();
	completion = take(&nodes[1].recv_cq);
	assert_non_null(completion);
	assert_int_equal(completion->status, STATUS_SUCCESS);
	assert_int_equal(completion->length, 20);
}

static void writes_land_and_immediates_take_a_receive(void **state)
{
	struct send_request write = make_remote(&nodes[0], REQUEST_WRITE, 0, LENGTH, 8192);
	struct send_request with = make_remote(&nodes[0], REQUEST_WRITE_IMM, 0, LENGTH, 16384);
	const struct completion *completion;

	(void)state;
	fill(nodes[0].memory, LENGTH, 3);
	post_recv(&nodes[1], 0, 0);
	post_send(&nodes[0], &write);
	with.immediate = htobe32(9);
	post_send(&nodes[0], &with);
	run();
	expect_pattern(nodes[1].memory + 8192, LENGTH, 3);
	expect_pattern(nodes[1].memory + 16384, LENGTH, 3);
	completion = take(&nodes[1].recv_cq);
	assert_non_null(completion);
	assert_int_equal(completion->opcode, REQUEST_WRITE_IMM);
	assert_int_equal(completion->length, LENGTH);
	expect_nothing(&nodes[1].recv_cq);
}

static void write_with_a_bad_key_is_dropped(void **state)
{
	struct send_request write = make_remote(&nodes[0], REQUEST_WRITE, 0, LENGTH, 8192);

	(void)state;
	write.rkey ^= 0x55;
	fill(nodes[0].memory, LENGTH, 3);
	post_send(&nodes[0], &write);
	run();
	expect_success(&nodes[0].send_cq, 0);
	assert_int_equal(nodes[1].memory[8192 + 3], 0);
	assert_int_equal(nodes[1].qp->attr.state, QP_RTS);
}

static void read_is_no_request_of_this_transport(void **state)
{
	struct send_request read = make_remote(&nodes[0], REQUEST_READ, 0, 8, 0);

	(void)state;
	post_send(&nodes[0], &read);
	expect_status(&nodes[0].send_cq, 0, STATUS_LOCAL_QP_OPERATION);
}

static void failed_send_stops_the_send_queue_only(void **state)
{
	struct send_request bad = make_request(&nodes[0], REQUEST_SEND, 0, 8);
	struct send_request back = make_request(&nodes[1], REQUEST_SEND, 0, 8);
	struct qp_attr attr = {.state = QP_RTS};

	(void)state;
	bad.sge[0].lkey ^= 0x55;
	post_send(&nodes[0], &bad);
	send_message(1);
	expect_status(&nodes[0].send_cq, 0, STATUS_LOCAL_PROTECTION);
	expect_status(&nodes[0].send_cq, 2, STATUS_FLUSHED);
	assert_int_equal(nodes[0].qp->attr.state, QP_SQE);
	post_recv(&nodes[0], 0, 8);
	post_send(&nodes[1], &back);
	run();
	expect_success(&nodes[0].recv_cq, 0);
	assert_int_equal(qp_modify(nodes[0].qp, &attr, QP_STATE), 0);
	post_recv(&nodes[1], 0, LENGTH);
	send_message(2);
	expect_success(&nodes[0].send_cq, 4);
	expect_success(&nodes[1].recv_cq, 0);
}

static void full_ring_delays_and_loses_nothing(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, 10000);

	(void)state;
	wire.room = 3;
	fill(nodes[0].memory, 10000, 1);
	post_recv(&nodes[1], 0, 10000);
	post_send(&nodes[0], &request);
	run();
	expect_success(&nodes[0].send_cq, 0);
	expect_success(&nodes[1].recv_cq, 0);
	expect_pattern(nodes[1].memory, 10000, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_uc, send_completes_when_it_is_sent),
		TEST(open_uc, messages_arrive),
		TEST(open_uc, broken_message_is_dropped_and_its_receive_used_again),
		TEST(open_uc, message_without_a_receive_is_lost),
		TEST(open_uc, message_too_long_is_dropped_and_its_receive_used_again),
		TEST(open_uc, writes_land_and_immediates_take_a_receive),
		TEST(open_uc, write_with_a_bad_key_is_dropped),
		TEST(open_uc, read_is_no_request_of_this_transport),
		TEST(open_uc, failed_send_stops_the_send_queue_only),
		TEST(open_uc, full_ring_delays_and_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
