/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tag matching: node 0 sends, node 1 receives by an SRQ with tags. Headers are typed from the
 * format that <infiniband/tm_types.h> publishes: operation, application's word, tag; address, key
 * and length behind it for a rendezvous.
 */
#include "node.h"
#include "softhca/core/tag_list.h"

enum {
	RECEIVES = 16384, /* in node 1's memory */
	TAGGED = 32768,
	NO_TAG = 0,
	RENDEZVOUS = 1,
	FIN = 2,
	EAGER = 3,
	HEADER = 16,
	BOTH_HEADERS = 32,
	PRIVATE = 0x0a0b0c0d,
};

#define ALL_BITS UINT64_MAX

static uint16_t next_place;

static int open_tags(void **state)
{
	struct pair_options options = usual;

	(void)state;
	options.tags = true;
	next_place = 0;
	pair_open(&options);
	return 0;
}

/* ---- what programs do ---- */

static void change(struct tag_change tags, uint32_t offset, uint32_t length)
{
	struct send_request request = make_request(&nodes[1], REQUEST_CHANGE_TAGS, offset, length);

	request.tags = tags;
	if (tags.operation != TAGS_ADD) {
		request.length = 0;
		request.num_sge = 0;
	}
	post_send(&nodes[1], &request);
	run();
}

/* Every change names the place of the next tag, as the family's drivers do. */
static void add(uint64_t value, uint64_t mask, uint32_t length)
{
	change((struct tag_change){.operation = TAGS_ADD,
				   .index = ++next_place % 8,
				   .value = value,
				   .mask = mask},
	       TAGGED, length);
	expect_success(&nodes[1].send_cq, nodes[1].queue.send_posted - UNITS);
}

static void supply(unsigned int receives)
{
	for (unsigned int i = 0; i < receives; i++)
		post_recv(&nodes[1], RECEIVES + 1024 * i, 1024);
}

static void write_header(uint8_t *at, uint8_t operation, uint64_t tag)
{
	const uint8_t head[] = {operation, 0, 0, 0, 0x0a, 0x0b, 0x0c, 0x0d};
	__be64 wire_tag = htobe64(tag);

	memcpy(at, head, sizeof(head));
	memcpy(at + 8, &wire_tag, sizeof(wire_tag));
}

static void send_bytes(uint32_t length)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, length);

	post_send(&nodes[0], &request);
}

/* Header and `length` bytes of a pattern. */
static void send_message(uint8_t operation, uint64_t tag, uint32_t length)
{
	write_header(nodes[0].memory, operation, tag);
	fill(nodes[0].memory + HEADER, length, 1);
	send_bytes(HEADER + length);
	run();
}

/* For `length` bytes at 65536 of node 0's memory, and a header of the program's behind it. */
static void send_rendezvous(uint64_t tag, uint32_t length, uint32_t rest)
{
	uint8_t *at = nodes[0].memory;
	__be64 address = htobe64((uintptr_t)at + 65536);
	__be32 words[] = {htobe32(nodes[0].mr->key), htobe32(length)};

	write_header(at, RENDEZVOUS, tag);
	memcpy(at + 16, &address, sizeof(address));
	memcpy(at + 24, words, sizeof(words));
	fill(at + 65536, length, 2);
	send_bytes(BOTH_HEADERS + rest);
	run();
}

/* ---- what they see ---- */

static struct completion expect_note(enum tag_event event, uint16_t place)
{
	struct test_cq *cq = &nodes[1].recv_cq;
	unsigned int at = cq->taken;
	const struct completion *completion = take(cq);

	assert_non_null(completion);
	assert_true(cq->tagged[at]);
	assert_int_equal(cq->notes[at].event, event);
	assert_int_equal(cq->notes[at].index, place);
	assert_int_equal(completion->status, STATUS_SUCCESS);
	assert_ptr_equal(completion->srq, nodes[1].srq);
	return *completion;
}

static const struct tag_note *last_note(void)
{
	return &nodes[1].recv_cq.notes[nodes[1].recv_cq.taken - 1];
}

static void expect_header(uint8_t operation, uint64_t tag)
{
	uint8_t header[HEADER];

	write_header(header, operation, tag);
	assert_memory_equal(last_note()->header, header, HEADER);
}

static void expect_sent(void)
{
	expect_success(&nodes[0].send_cq, nodes[0].queue.send_posted - UNITS);
}

/* ---- without a tag ---- */

static void messages_without_a_tag_go_to_ordinary_receives(void **state)
{
	(void)state;
	supply(1);
	add(0, 0, 4096);
	send_message(NO_TAG, 5, 100);
	expect_sent();
	assert_int_equal(expect_note(TAG_UNTAGGED, 0).length, HEADER + 100);
	expect_header(NO_TAG, 5);
	expect_pattern(nodes[1].memory + RECEIVES + HEADER, 100, 1);
	assert_int_equal(nodes[1].srq->tags->unexpected, 0);
}

static void messages_too_short_for_a_header_have_none(void **state)
{
	(void)state;
	supply(2);
	add(0, 0, 4096);
	memset(nodes[0].memory, EAGER, 64);
	send_bytes(HEADER - 1);
	run();
	assert_int_equal(expect_note(TAG_UNTAGGED, 0).length, HEADER - 1);
	memset(nodes[0].memory, RENDEZVOUS, 64);
	send_bytes(BOTH_HEADERS - 1);
	run();
	assert_int_equal(expect_note(TAG_UNTAGGED, 0).length, BOTH_HEADERS - 1);
}

static void a_message_of_nothing_has_no_tag(void **state)
{
	(void)state;
	supply(1);
	add(0, 0, 4096);
	send_bytes(0);
	run();
	assert_int_equal(expect_note(TAG_UNTAGGED, 0).length, 0);
}

static void a_write_with_immediate_takes_an_ordinary_receive(void **state)
{
	struct send_request request = make_remote(&nodes[0], REQUEST_WRITE_IMM, 0, 100, TAGGED);
	const struct completion *completion;

	(void)state;
	supply(1);
	add(0, 0, 4096);
	post_send(&nodes[0], &request);
	run();
	assert_false(nodes[1].recv_cq.tagged[0]);
	completion = take(&nodes[1].recv_cq);
	assert_non_null(completion);
	assert_true(completion->flags & COMPLETION_IMMEDIATE);
	assert_int_equal(completion->length, 100);
}

/* ---- eager ---- */

static void the_first_tag_that_fits_has_the_message(void **state)
{
	(void)state;
	add(0x1100, 0xff00, 64);
	add(0x1234, ALL_BITS, 128);
	add(0x1234, ALL_BITS, 128);
	send_message(EAGER, 0x1234, 100);
	expect_sent();
	assert_int_equal(expect_note(TAG_MATCHED_FILLED, 1).length, 100);
	expect_header(EAGER, 0x1234);
	expect_pattern(nodes[1].memory + TAGGED, 100, 1);
	send_message(EAGER, 0x1157, 50);
	expect_note(TAG_MATCHED_FILLED, 0);
	send_message(EAGER, 0x1234, 20);
	expect_note(TAG_MATCHED_FILLED, 2);
	expect_nothing(&nodes[1].recv_cq);
}

/* Told at its first packet, and again when all of it is there. */
static void a_longer_message_is_told_twice(void **state)
{
	(void)state;
	add(9, ALL_BITS, 4096);
	send_message(EAGER, 9, 1000);
	expect_sent();
	assert_int_equal(expect_note(TAG_MATCHED, 0).length, 0);
	expect_header(EAGER, 9);
	assert_int_equal(expect_note(TAG_FILLED, 0).length, 1000);
	expect_pattern(nodes[1].memory + TAGGED, 1000, 1);
}

static void a_message_of_a_header_only_has_a_match(void **state)
{
	(void)state;
	add(9, ALL_BITS, 0);
	send_message(EAGER, 9, 0);
	assert_int_equal(expect_note(TAG_MATCHED_FILLED, 0).length, 0);
}

static void lost_packets_match_once(void **state)
{
	struct drop_plan plan = {.from = 0, .drop = 0x5, .duplicate = 0x20};

	(void)state;
	add(9, ALL_BITS, 4096);
	add(9, ALL_BITS, 4096);
	use_plan(&plan);
	send_message(EAGER, 9, 1000);
	run_for(200 * MS);
	expect_sent();
	expect_note(TAG_MATCHED, 0);
	assert_int_equal(expect_note(TAG_FILLED, 0).length, 1000);
	expect_pattern(nodes[1].memory + TAGGED, 1000, 1);
	expect_nothing(&nodes[1].recv_cq);
}

static void a_message_longer_than_the_receive_is_refused(void **state)
{
	(void)state;
	add(9, ALL_BITS, 50);
	send_message(EAGER, 9, 100);
	expect_status(&nodes[0].send_cq, 0, STATUS_REMOTE_INVALID_REQUEST);
	expect_note(TAG_CANCELED, 0);
	assert_int_equal(nodes[1].qp->attr.state, QP_ERR);
}

static void a_receive_that_may_not_be_written_is_canceled(void **state)
{
	struct send_request request = make_request(&nodes[1], REQUEST_CHANGE_TAGS, TAGGED, 4096);

	(void)state;
	request.sge[0].lkey ^= 1;
	request.tags = (struct tag_change){.operation = TAGS_ADD, .index = 1, .mask = ALL_BITS};
	post_send(&nodes[1], &request);
	run();
	send_message(EAGER, 0, 100);
	expect_status(&nodes[0].send_cq, 0, STATUS_REMOTE_OPERATION);
	expect_note(TAG_CANCELED, 0);
}

static void resetting_the_receiver_cancels_a_match(void **state)
{
	struct qp_attr attr = {.state = QP_RESET};

	(void)state;
	add(9, ALL_BITS, 4096);
	wire.asleep[0] = true;
	write_header(nodes[0].memory, EAGER, 9);
	wire.room = 1;
	send_bytes(HEADER + 1000);
	run();
	expect_note(TAG_MATCHED, 0);
	expect_nothing(&nodes[1].recv_cq);
	engine_lock(nodes[1].engine);
	assert_int_equal(qp_modify(nodes[1].qp, &attr, QP_STATE), 0);
	engine_unlock(nodes[1].engine);
	expect_note(TAG_CANCELED, 0);
}

/* ---- unexpected messages, and what is armed when ---- */

static void messages_that_nothing_fits_are_counted(void **state)
{
	(void)state;
	supply(2);
	add(7, ALL_BITS, 4096);
	send_message(EAGER, 8, 100);
	expect_sent();
	assert_int_equal(expect_note(TAG_UNEXPECTED, 0).length, HEADER + 100);
	expect_header(EAGER, 8);
	expect_pattern(nodes[1].memory + RECEIVES + HEADER, 100, 1);
	send_rendezvous(8, 64, 0);
	assert_int_equal(expect_note(TAG_UNEXPECTED, 0).length, BOTH_HEADERS);
	assert_int_equal(nodes[1].srq->tags->unexpected, 2);
}

static void a_tag_added_meanwhile_waits_for_the_program(void **state)
{
	(void)state;
	supply(3);
	send_message(EAGER, 8, 10);
	expect_note(TAG_UNEXPECTED, 0);
	add(8, ALL_BITS, 4096);
	send_message(EAGER, 8, 10);
	expect_note(TAG_UNEXPECTED, 0);
	/* It has not heard of the second. */
	change((struct tag_change){.operation = TAGS_SYNC, .reports = true, .handled = 1}, 0, 0);
	send_message(EAGER, 8, 10);
	expect_note(TAG_UNEXPECTED, 0);
	change(
		(struct tag_change){
			.operation = TAGS_SYNC, .reports = true, .handled = 3, .asks = true},
		0, 0);
	expect_note(TAG_SYNCED, 0);
	assert_int_equal(last_note()->unexpected, 3);
	assert_true(last_note()->success);
	expect_nothing(&nodes[1].recv_cq);
	send_message(EAGER, 8, 10);
	expect_note(TAG_MATCHED_FILLED, 0);
}

static void without_a_receive_an_unexpected_message_waits(void **state)
{
	(void)state;
	send_message(EAGER, 8, 10);
	expect_nothing(&nodes[1].recv_cq);
	assert_int_equal(nodes[1].srq->tags->unexpected, 0);
	/* Meanwhile there is a tag for it. */
	add(8, ALL_BITS, 4096);
	run_for(10 * MS);
	expect_note(TAG_MATCHED_FILLED, 0);
	expect_sent();
}

static void changes_by_other_queue_pairs_are_refused(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_CHANGE_TAGS, 0, 64);

	(void)state;
	post_send(&nodes[0], &request);
	run();
	expect_status(&nodes[0].send_cq, 0, STATUS_LOCAL_QP_OPERATION);
}

/* ---- rendezvous ---- */

static void a_rendezvous_fetches_the_data_and_says_so(void **state)
{
	uint8_t end[BOTH_HEADERS];

	(void)state;
	post_recv(&nodes[0], RECEIVES, 64);
	add(9, ALL_BITS, 4096);
	send_rendezvous(9, 1000, 0);
	expect_sent();
	assert_int_equal(expect_note(TAG_MATCHED, 0).length, 0);
	expect_header(RENDEZVOUS, 9);
	assert_int_equal(expect_note(TAG_FILLED, 0).length, 1000);
	expect_pattern(nodes[1].memory + TAGGED, 1000, 2);
	/* The peer has its headers back. */
	memcpy(end, nodes[0].memory, sizeof(end));
	end[0] = FIN;
	assert_int_equal(take(&nodes[0].recv_cq)->length, BOTH_HEADERS);
	assert_memory_equal(nodes[0].memory + RECEIVES, end, sizeof(end));
	/* Nobody has posted them. */
	expect_nothing(&nodes[1].send_cq);
}

static void rendezvous_and_posted_requests_take_turns(void **state)
{
	struct send_request request = make_request(&nodes[1], REQUEST_SEND, 0, 8);

	(void)state;
	for (unsigned int i = 0; i < 12; i++)
		post_recv(&nodes[0], RECEIVES, 64);
	for (uint64_t i = 0; i < 5; i++) {
		add(i, ALL_BITS, 2000);
		send_rendezvous(i, 2000, 0);
		post_send(&nodes[1], &request);
		run();
		expect_success(&nodes[1].send_cq, nodes[1].queue.send_posted - UNITS);
		expect_note(TAG_MATCHED, (uint16_t)i);
		expect_note(TAG_FILLED, (uint16_t)i);
	}
	assert_int_equal(nodes[0].recv_cq.count, 10);
}

static void a_lost_read_of_a_rendezvous_is_repeated(void **state)
{
	struct drop_plan plan = {.from = 1, .drop = 0x2, .duplicate = 0x8};

	(void)state;
	post_recv(&nodes[0], RECEIVES, 64);
	add(9, ALL_BITS, 4096);
	use_plan(&plan);
	send_rendezvous(9, 1000, 0);
	run_for(500 * MS);
	expect_note(TAG_MATCHED, 0);
	expect_note(TAG_FILLED, 0);
	expect_pattern(nodes[1].memory + TAGGED, 1000, 2);
	assert_int_equal(nodes[0].recv_cq.count, 1);
}

/* The program has to do by itself what the adapter cannot. */
static void a_rendezvous_too_long_for_the_receive_is_the_programs(void **state)
{
	(void)state;
	add(9, ALL_BITS, 999);
	send_rendezvous(9, 1000, 16);
	assert_int_equal(expect_note(TAG_MATCHED_HEADERS, 0).length, BOTH_HEADERS + 16);
	assert_memory_equal(nodes[1].memory + TAGGED, nodes[0].memory, BOTH_HEADERS + 16);
	add(9, ALL_BITS, 8);
	send_rendezvous(9, 1000, 16);
	assert_int_equal(expect_note(TAG_MATCHED_HEADERS, 1).length, 8);
}

static void a_request_with_much_of_the_programs_own_is_unexpected(void **state)
{
	(void)state;
	supply(1);
	add(9, ALL_BITS, 4096);
	send_rendezvous(9, 1000, 33);
	assert_int_equal(expect_note(TAG_UNEXPECTED, 0).length, BOTH_HEADERS + 33);
	send_rendezvous(9, 1000, 32);
	expect_note(TAG_MATCHED, 0);
}

static void a_rendezvous_by_a_bad_key_is_canceled(void **state)
{
	uint8_t *at = nodes[0].memory;

	(void)state;
	add(9, ALL_BITS, 4096);
	write_header(at, RENDEZVOUS, 9);
	memset(at + 16, 0x77, 12);
	memcpy(at + 28, &(__be32){htobe32(100)}, 4);
	send_bytes(BOTH_HEADERS);
	run();
	expect_note(TAG_MATCHED, 0);
	expect_note(TAG_CANCELED, 0);
	assert_int_equal(nodes[1].qp->attr.state, QP_ERR);
}

static void destroying_the_queue_pair_cancels_its_rendezvous(void **state)
{
	(void)state;
	add(9, ALL_BITS, 4096);
	wire.asleep[0] = true;
	send_rendezvous(9, 1000, 0);
	expect_note(TAG_MATCHED, 0);
	expect_nothing(&nodes[1].recv_cq);
	engine_lock(nodes[1].engine);
	qp_destroy(nodes[1].qp);
	engine_unlock(nodes[1].engine);
	expect_note(TAG_CANCELED, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_tags, messages_without_a_tag_go_to_ordinary_receives),
		TEST(open_tags, messages_too_short_for_a_header_have_none),
		TEST(open_tags, a_message_of_nothing_has_no_tag),
		TEST(open_tags, a_write_with_immediate_takes_an_ordinary_receive),
		TEST(open_tags, the_first_tag_that_fits_has_the_message),
		TEST(open_tags, a_longer_message_is_told_twice),
		TEST(open_tags, a_message_of_a_header_only_has_a_match),
		TEST(open_tags, lost_packets_match_once),
		TEST(open_tags, a_message_longer_than_the_receive_is_refused),
		TEST(open_tags, a_receive_that_may_not_be_written_is_canceled),
		TEST(open_tags, resetting_the_receiver_cancels_a_match),
		TEST(open_tags, messages_that_nothing_fits_are_counted),
		TEST(open_tags, a_tag_added_meanwhile_waits_for_the_program),
		TEST(open_tags, without_a_receive_an_unexpected_message_waits),
		TEST(open_tags, changes_by_other_queue_pairs_are_refused),
		TEST(open_tags, a_rendezvous_fetches_the_data_and_says_so),
		TEST(open_tags, rendezvous_and_posted_requests_take_turns),
		TEST(open_tags, a_lost_read_of_a_rendezvous_is_repeated),
		TEST(open_tags, a_rendezvous_too_long_for_the_receive_is_the_programs),
		TEST(open_tags, a_request_with_much_of_the_programs_own_is_unexpected),
		TEST(open_tags, a_rendezvous_by_a_bad_key_is_canceled),
		TEST(open_tags, destroying_the_queue_pair_cancels_its_rendezvous),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
