/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Receivers that are not ready. IBTA vol. 1, 9.7.5.2.8. */
#include "node.h"

#define TIMER_NS 640000ull /* code 12 */

static unsigned int requests_sent(void)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < wire.logged; i++)
		count += wire.log[i]->from == 0;
	return count;
}

static uint32_t send_some(enum request_opcode opcode, uint32_t length)
{
	struct send_request request = make_remote(&nodes[0], opcode, 0, length, 4096);

	fill(nodes[0].memory, length, 9);
	return post_send(&nodes[0], &request);
}

static void message_waits_for_a_receive(void **state)
{
	(void)state;
	send_some(REQUEST_SEND, 100);
	run_for(TIMER_NS / 2);
	assert_int_equal(requests_sent(), 1);
	post_recv(&nodes[1], 0, 100);
	run_for(TIMER_NS / 2 - 1000);
	expect_nothing(&nodes[0].send_cq);
	run_for(2000);
	expect_success(&nodes[0].send_cq, 0);
	expect_success(&nodes[1].recv_cq, 0);
	expect_pattern(nodes[1].memory, 100, 9);
	assert_int_equal(requests_sent(), 2);
}

static void packets_behind_the_first_are_dropped_in_silence(void **state)
{
	(void)state;
	send_some(REQUEST_SEND, 1000);
	run();
	/* Four packets, one RNR NAK and no sequence error. */
	assert_int_equal(wire.logged, 5);
	assert_int_equal(packet_bth(wire.log[4])[12], 0x2c);
	post_recv(&nodes[1], 0, 1000);
	run_for(MS);
	expect_success(&nodes[0].send_cq, 0);
	expect_pattern(nodes[1].memory, 1000, 9);
}

static void requester_waits_for_ever_when_told_so(void **state)
{
	(void)state;
	send_some(REQUEST_SEND, 100);
	run_for(100 * TIMER_NS);
	expect_nothing(&nodes[0].send_cq);
	assert_true(requests_sent() > 90);
	post_recv(&nodes[1], 0, 100);
	run_for(TIMER_NS);
	expect_success(&nodes[0].send_cq, 0);
}

static int open_counting(void **state)
{
	struct pair_options options = usual;

	(void)state;
	options.rnr_retry = 2;
	pair_open(&options);
	return 0;
}

static void retries_are_counted_and_run_out(void **state)
{
	(void)state;
	send_some(REQUEST_SEND, 100);
	send_some(REQUEST_SEND, 100);
	run_for(10 * TIMER_NS);
	expect_status(&nodes[0].send_cq, 0, STATUS_RNR_RETRY_EXCEEDED);
	expect_status(&nodes[0].send_cq, 2, STATUS_FLUSHED);
	assert_int_equal(requests_sent(), 2 * 3);
	assert_int_equal(nodes[0].qp->attr.state, QP_ERR);
	/* The receiver has done nothing wrong. */
	assert_int_equal(nodes[1].qp->attr.state, QP_RTS);
}

static void success_renews_the_retries(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		send_some(REQUEST_SEND, 100);
		run_for(TIMER_NS + TIMER_NS / 2);
		post_recv(&nodes[1], 0, 100);
		run_for(TIMER_NS);
		expect_success(&nodes[0].send_cq, i * UNITS);
	}
}

static void write_with_immediate_waits_before_it_writes(void **state)
{
	(void)state;
	send_some(REQUEST_WRITE_IMM, 100);
	run();
	assert_int_equal(nodes[1].memory[4096 + 50], 0);
	post_recv(&nodes[1], 0, 0);
	run_for(MS);
	expect_success(&nodes[0].send_cq, 0);
	expect_success(&nodes[1].recv_cq, 0);
	expect_pattern(nodes[1].memory + 4096, 100, 9);
}

static void last_packet_of_a_write_with_immediate_waits(void **state)
{
	const struct completion *completion;

	(void)state;
	send_some(REQUEST_WRITE_IMM, 1000);
	run();
	/* Data of the first three packets is there, the last one waits. */
	expect_pattern(nodes[1].memory + 4096, 768, 9);
	post_recv(&nodes[1], 0, 0);
	run_for(MS);
	expect_success(&nodes[0].send_cq, 0);
	expect_pattern(nodes[1].memory + 4096, 1000, 9);
	completion = take(&nodes[1].recv_cq);
	assert_non_null(completion);
	assert_int_equal(completion->opcode, REQUEST_WRITE_IMM);
	assert_int_equal(completion->length, 1000);
	assert_int_equal(completion->flags, COMPLETION_IMMEDIATE);
}

static int open_shared(void **state)
{
	struct pair_options options = usual;

	(void)state;
	options.srq = true;
	pair_open(&options);
	return 0;
}

static void shared_queue_feeds_the_message(void **state)
{
	const struct completion *completion;

	(void)state;
	send_some(REQUEST_SEND, 100);
	run();
	post_recv(&nodes[1], 0, 100);
	run_for(MS);
	expect_success(&nodes[0].send_cq, 0);
	completion = take(&nodes[1].recv_cq);
	assert_non_null(completion);
	assert_ptr_equal(completion->srq, nodes[1].srq);
}

static void late_acknowledgement_ends_the_wait(void **state)
{
	/* The first copy finds no receive, its duplicate behind it does. */
	struct drop_plan plan = {.from = 0, .duplicate = 1};

	(void)state;
	use_plan(&plan);
	wire.asleep[1] = true;
	send_some(REQUEST_SEND, 100);
	assert_int_equal(wire.waiting[1], 2);
	post_recv(&nodes[1], 0, 100);
	wire.asleep[1] = false;
	run_for(10 * MS);
	expect_success(&nodes[0].send_cq, 0);
	expect_nothing(&nodes[0].send_cq);
	expect_success(&nodes[1].recv_cq, 0);
	expect_nothing(&nodes[1].recv_cq);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_usual, message_waits_for_a_receive),
		TEST(open_usual, packets_behind_the_first_are_dropped_in_silence),
		TEST(open_usual, requester_waits_for_ever_when_told_so),
		TEST(open_counting, retries_are_counted_and_run_out),
		TEST(open_counting, success_renews_the_retries),
		TEST(open_usual, write_with_immediate_waits_before_it_writes),
		TEST(open_usual, last_packet_of_a_write_with_immediate_waits),
		TEST(open_shared, shared_queue_feeds_the_message),
		TEST(open_usual, late_acknowledgement_ends_the_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
