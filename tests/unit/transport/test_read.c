/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* RDMA reads and atomics, and what becomes of them on a bad wire. IBTA vol. 1, 9.4.4, 9.4.5, 9.7.7.
 */
#include "node.h"

enum { LENGTH = 256 * 4 + 100, RESPONSES = 5, SOURCE = 1 << 16 };

static uint32_t post_read(uint32_t offset, uint32_t length, uint32_t seed)
{
	struct send_request request =
		make_remote(&nodes[0], REQUEST_READ, offset, length, SOURCE + offset);

	fill(nodes[1].memory + SOURCE + offset, length, seed);
	memset(nodes[0].memory + offset, 0, length);
	return post_send(&nodes[0], &request);
}

static uint32_t post_add(uint64_t add)
{
	struct send_request request = make_remote(&nodes[0], REQUEST_FETCH_ADD, 0, 8, SOURCE);

	request.swap_or_add = add;
	return post_send(&nodes[0], &request);
}

static uint64_t word_at(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static unsigned int count_requests(uint8_t opcode)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < wire.logged; i++)
		count += packet_opcode(wire.log[i]) == opcode;
	return count;
}

static void reads_bring_the_data(void **state)
{
	static const uint32_t lengths[] = {0, 1, 255, 256, 257, 512, 100000};

	(void)state;
	for (unsigned int i = 0; i < 7; i++) {
		uint32_t index = post_read(0, lengths[i], i);

		run();
		expect_success(&nodes[0].send_cq, index);
		expect_pattern(nodes[0].memory, lengths[i], i);
	}
	expect_nothing(&nodes[1].recv_cq);
}

static void lost_response_is_asked_for_again_from_there(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < RESPONSES; i++) {
		struct drop_plan plan = {.from = 1, .drop = 1ull << i};
		uint32_t index;

		use_plan(&plan);
		index = post_read(0, LENGTH, i);
		run_for(100 * MS);
		expect_success(&nodes[0].send_cq, index);
		expect_nothing(&nodes[0].send_cq);
		expect_pattern(nodes[0].memory, LENGTH, i);
		/* What had come is not sent again. */
		assert_int_equal(plan.seen, 2 * RESPONSES - i);
	}
}

static void lost_read_request_is_sent_again(void **state)
{
	struct drop_plan plan = {.from = 0, .drop = 1};
	uint32_t index;

	(void)state;
	use_plan(&plan);
	index = post_read(0, LENGTH, 1);
	run_for(100 * MS);
	expect_success(&nodes[0].send_cq, index);
	expect_pattern(nodes[0].memory, LENGTH, 1);
}

static void doubled_read_request_does_no_harm(void **state)
{
	struct drop_plan plan = {.from = 0, .duplicate = 0xff};

	(void)state;
	use_plan(&plan);
	for (unsigned int i = 0; i < 4; i++)
		post_read(i * 2048, LENGTH, i);
	run_for(100 * MS);
	for (unsigned int i = 0; i < 4; i++) {
		expect_success(&nodes[0].send_cq, i * UNITS);
		expect_pattern(nodes[0].memory + i * 2048, LENGTH, i);
	}
}

static void doubled_and_delayed_responses_do_no_harm(void **state)
{
	struct drop_plan plan = {.from = 1, .duplicate = 0x12, .delay = 0x24};

	(void)state;
	use_plan(&plan);
	post_read(0, LENGTH, 5);
	run_for(100 * MS);
	expect_success(&nodes[0].send_cq, 0);
	expect_nothing(&nodes[0].send_cq);
	expect_pattern(nodes[0].memory, LENGTH, 5);
}

static void responses_wait_for_room_in_the_ring(void **state)
{
	(void)state;
	wire.room = 2;
	post_read(0, 100000, 6);
	run();
	expect_success(&nodes[0].send_cq, 0);
	expect_pattern(nodes[0].memory, 100000, 6);
}

static void open_reads_are_limited(void **state)
{
	(void)state;
	wire.asleep[1] = true;
	for (unsigned int i = 0; i < 10; i++)
		post_read(i * 64, 64, i);
	run();
	assert_int_equal(count_requests(0x0c), 4);
	wire.asleep[1] = false;
	run();
	for (unsigned int i = 0; i < 10; i++) {
		expect_success(&nodes[0].send_cq, i * UNITS);
		expect_pattern(nodes[0].memory + i * 64, 64, i);
	}
}

static void more_open_reads_than_allowed_are_an_invalid_request(void **state)
{
	(void)state;
	nodes[1].qp->attr.max_dest_rd_atomic = 1;
	wire.asleep[1] = true;
	post_read(0, 256 * 8, 1);
	post_read(4096, 256 * 8, 2);
	wire.room = 2;
	wire.asleep[1] = false;
	run();
	assert_int_equal(nodes[1].qp->attr.state, QP_ERR);
	/* The first was accepted and is answered all the same. */
	expect_success(&nodes[0].send_cq, 0);
	expect_pattern(nodes[0].memory, 256 * 8, 1);
	expect_status(&nodes[0].send_cq, 2, STATUS_REMOTE_INVALID_REQUEST);
}

static void answers_to_duplicates_take_no_resources(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++)
		post_read(i * 64, 64, i);
	run();
	wire.asleep[1] = true;
	for (unsigned int i = 0; i < 4; i++)
		wire_inject(0, 1, &wire.log[i]->head, wire.log[i]->bytes, wire.log[i]->length);
	post_read(4096, 64, 9);
	/* The answers cannot leave, so the duplicates are all open when the new read comes. */
	wire.room = 0;
	wire.asleep[1] = false;
	run();
	assert_int_equal(nodes[1].qp->attr.state, QP_RTS);
	wire.room = 1024;
	run();
	for (unsigned int i = 0; i < 5; i++)
		expect_success(&nodes[0].send_cq, i * UNITS);
	expect_pattern(nodes[0].memory + 4096, 64, 9);
}

static void sends_behind_a_read_complete_behind_it(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, 8);

	(void)state;
	wire.room = 2;
	post_recv(&nodes[1], 0, 8);
	post_read(4096, LENGTH, 1);
	post_send(&nodes[0], &request);
	run();
	expect_success(&nodes[0].send_cq, 0);
	expect_success(&nodes[0].send_cq, 2);
	expect_success(&nodes[1].recv_cq, 0);
	/* The acknowledgement waited for the responses: nothing looked lost. */
	assert_int_equal(count_requests(0x0c), 1);
}

static void acknowledgement_beyond_a_read_means_that_it_was_lost(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, 8);
	struct drop_plan plan = {.from = 1, .drop = 0x1f};

	(void)state;
	use_plan(&plan);
	post_recv(&nodes[1], 0, 8);
	post_read(4096, LENGTH, 1);
	post_send(&nodes[0], &request);
	/* No time passes: it is the acknowledgement that tells. */
	run();
	expect_success(&nodes[0].send_cq, 0);
	expect_success(&nodes[0].send_cq, 2);
	expect_pattern(nodes[0].memory + 4096, LENGTH, 1);
	expect_success(&nodes[1].recv_cq, 0);
	expect_nothing(&nodes[1].recv_cq);
}

static void long_read_loses_many_packets_and_few_retries(void **state)
{
	struct drop_plan plan = {.from = 1, .drop = 0x8000200010008421};

	(void)state;
	use_plan(&plan);
	post_read(0, 256 * 600, 4);
	run_for(200 * MS);
	expect_success(&nodes[0].send_cq, 0);
	expect_pattern(nodes[0].memory, 256 * 600, 4);
}

/* ---- atomics ---- */

static void atomics_return_what_was_there(void **state)
{
	struct send_request request = make_remote(&nodes[0], REQUEST_COMPARE_SWAP, 8, 8, SOURCE);

	(void)state;
	post_add(5);
	run();
	assert_int_equal(word_at(nodes[0].memory), 0);
	post_add(7);
	run();
	assert_int_equal(word_at(nodes[0].memory), 5);
	request.compare = 12;
	request.swap_or_add = 0x1122334455667788;
	post_send(&nodes[0], &request);
	run();
	assert_int_equal(word_at(nodes[0].memory + 8), 12);
	assert_int_equal(word_at(nodes[1].memory + SOURCE), 0x1122334455667788);
	request.compare = 13;
	request.swap_or_add = 1;
	post_send(&nodes[0], &request);
	run();
	assert_int_equal(word_at(nodes[0].memory + 8), 0x1122334455667788);
	assert_int_equal(word_at(nodes[1].memory + SOURCE), 0x1122334455667788);
	for (unsigned int i = 0; i < 4; i++)
		expect_success(&nodes[0].send_cq, i * UNITS);
}

static void lost_atomic_answer_is_given_again_and_not_worked_again(void **state)
{
	struct drop_plan plan = {.from = 1, .drop = 1};

	(void)state;
	use_plan(&plan);
	post_add(3);
	run_for(100 * MS);
	expect_success(&nodes[0].send_cq, 0);
	assert_int_equal(word_at(nodes[0].memory), 0);
	assert_int_equal(word_at(nodes[1].memory + SOURCE), 3);
	assert_true(count_requests(0x14) > 1);
}

static void doubled_atomics_are_worked_once(void **state)
{
	struct drop_plan plan = {.from = 0, .duplicate = 0xffff};

	(void)state;
	use_plan(&plan);
	for (unsigned int i = 0; i < 16; i++) {
		uint32_t index = post_add(1);

		run_for(10 * MS);
		expect_success(&nodes[0].send_cq, index);
		assert_int_equal(word_at(nodes[0].memory), i);
	}
	assert_int_equal(word_at(nodes[1].memory + SOURCE), 16);
}

static void all_lost_answers_of_a_batch_are_given_again(void **state)
{
	struct drop_plan plan = {.from = 1, .drop = 0xf};

	(void)state;
	use_plan(&plan);
	for (unsigned int i = 0; i < 4; i++) {
		struct send_request request =
			make_remote(&nodes[0], REQUEST_FETCH_ADD, i * 8, 8, SOURCE);

		request.swap_or_add = 1;
		post_send(&nodes[0], &request);
	}
	run_for(100 * MS);
	for (unsigned int i = 0; i < 4; i++) {
		expect_success(&nodes[0].send_cq, i * UNITS);
		assert_int_equal(word_at(nodes[0].memory + i * 8), i);
	}
	assert_int_equal(word_at(nodes[1].memory + SOURCE), 4);
}

static void atomics_around_the_wrap_are_worked_once(void **state)
{
	struct drop_plan plan = {.from = 1, .drop = 0x5};

	(void)state;
	use_plan(&plan);
	for (unsigned int i = 0; i < 6; i++) {
		post_add(1);
		run_for(10 * MS);
		expect_success(&nodes[0].send_cq, i * UNITS);
	}
	assert_int_equal(word_at(nodes[1].memory + SOURCE), 6);
}

static int open_wrapping(void **state)
{
	struct pair_options options = usual;

	(void)state;
	options.psn[0] = 0xfffffe;
	pair_open(&options);
	return 0;
}

static void reads_wrap_around(void **state)
{
	struct drop_plan plan = {.from = 1, .drop = 0xa};

	(void)state;
	use_plan(&plan);
	post_read(0, LENGTH, 8);
	run_for(100 * MS);
	expect_success(&nodes[0].send_cq, 0);
	expect_pattern(nodes[0].memory, LENGTH, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_usual, reads_bring_the_data),
		TEST(open_usual, lost_response_is_asked_for_again_from_there),
		TEST(open_usual, lost_read_request_is_sent_again),
		TEST(open_usual, doubled_read_request_does_no_harm),
		TEST(open_usual, doubled_and_delayed_responses_do_no_harm),
		TEST(open_usual, responses_wait_for_room_in_the_ring),
		TEST(open_usual, open_reads_are_limited),
		TEST(open_usual, more_open_reads_than_allowed_are_an_invalid_request),
		TEST(open_usual, answers_to_duplicates_take_no_resources),
		TEST(open_usual, sends_behind_a_read_complete_behind_it),
		TEST(open_usual, acknowledgement_beyond_a_read_means_that_it_was_lost),
		TEST(open_usual, long_read_loses_many_packets_and_few_retries),
		TEST(open_usual, atomics_return_what_was_there),
		TEST(open_usual, lost_atomic_answer_is_given_again_and_not_worked_again),
		TEST(open_usual, doubled_atomics_are_worked_once),
		TEST(open_usual, all_lost_answers_of_a_batch_are_given_again),
		TEST(open_wrapping, atomics_around_the_wrap_are_worked_once),
		TEST(open_wrapping, reads_wrap_around),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
