/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Packets byte for byte, as IBTA vol. 1, chapter 9, lays them out; the bytes here are typed from
 * there and not made by the headers under test.
 */
#include "node.h"

/* Node 0's queue pair is 0x11, node 1's 0x21; the first key of a node is 0x100. */
#define TO_1 0x00, 0x00, 0x00, 0x21
#define TO_0 0x00, 0x00, 0x00, 0x11

static void expect_sent(unsigned int number, const uint8_t *bytes, uint32_t length)
{
	const struct sent_packet *packet = wire.log[number];

	assert_true(number < wire.logged);
	assert_int_equal(packet->length, length);
	assert_memory_equal(packet->bytes, bytes, length);
}

#define EXPECT_SENT(number, ...)                                                                   \
	do {                                                                                       \
		const uint8_t bytes_[] = {__VA_ARGS__};                                            \
		expect_sent(number, bytes_, (uint32_t)sizeof(bytes_));                             \
	} while (0)

static struct send_request three_bytes(enum request_opcode opcode)
{
	struct send_request request = make_request(&nodes[0], opcode, 0, 3);

	memcpy(nodes[0].memory, "abc", 3);
	request.immediate = htobe32(0xcafef00d);
	request.invalidate_rkey = 0x12345678;
	request.remote_address = 0x1122334455667788;
	request.rkey = 0x0badcafe;
	return request;
}

static void post_three(enum request_opcode opcode)
{
	struct send_request request = three_bytes(opcode);

	post_send(&nodes[0], &request);
}

static void send_only_has_pad_and_ack_request(void **state)
{
	(void)state;
	post_three(REQUEST_SEND);
	EXPECT_SENT(0, 0x04, 0x50, 0xff, 0xff, TO_1, 0x80, 0x00, 0x01, 0x00, 'a', 'b', 'c', 0);
	assert_int_equal(wire.log[0]->head.slid, 1);
	assert_int_equal(wire.log[0]->head.dlid, 2);
	assert_int_equal(wire.log[0]->head.flags, 0);
	assert_int_equal(wire.log[0]->head.destination_hca, 1);
}

static void send_with_immediate_carries_it_behind_the_bth(void **state)
{
	(void)state;
	post_three(REQUEST_SEND_IMM);
	EXPECT_SENT(0, 0x05, 0x50, 0xff, 0xff, TO_1, 0x80, 0x00, 0x01, 0x00, 0xca, 0xfe, 0xf0, 0x0d,
		    'a', 'b', 'c', 0);
}

static void send_with_invalidate_carries_the_key(void **state)
{
	(void)state;
	post_three(REQUEST_SEND_INVALIDATE);
	EXPECT_SENT(0, 0x17, 0x50, 0xff, 0xff, TO_1, 0x80, 0x00, 0x01, 0x00, 0x12, 0x34, 0x56, 0x78,
		    'a', 'b', 'c', 0);
}

static void solicited_send_sets_the_event_bit(void **state)
{
	struct send_request request = three_bytes(REQUEST_SEND);

	(void)state;
	request.flags |= REQUEST_SOLICITED;
	post_send(&nodes[0], &request);
	EXPECT_SENT(0, 0x04, 0xd0, 0xff, 0xff, TO_1, 0x80, 0x00, 0x01, 0x00, 'a', 'b', 'c', 0);
}

static void write_only_has_a_reth(void **state)
{
	(void)state;
	post_three(REQUEST_WRITE);
	EXPECT_SENT(0, 0x0a, 0x50, 0xff, 0xff, TO_1, 0x80, 0x00, 0x01, 0x00, 0x11, 0x22, 0x33, 0x44,
		    0x55, 0x66, 0x77, 0x88, 0x0b, 0xad, 0xca, 0xfe, 0, 0, 0, 3, 'a', 'b', 'c', 0);
}

static void write_with_immediate_has_reth_then_immediate(void **state)
{
	(void)state;
	post_three(REQUEST_WRITE_IMM);
	EXPECT_SENT(0, 0x0b, 0x50, 0xff, 0xff, TO_1, 0x80, 0x00, 0x01, 0x00, 0x11, 0x22, 0x33, 0x44,
		    0x55, 0x66, 0x77, 0x88, 0x0b, 0xad, 0xca, 0xfe, 0, 0, 0, 3, 0xca, 0xfe, 0xf0,
		    0x0d, 'a', 'b', 'c', 0);
}

static void read_request_has_a_reth_and_no_payload(void **state)
{
	(void)state;
	post_three(REQUEST_READ);
	EXPECT_SENT(0, 0x0c, 0x40, 0xff, 0xff, TO_1, 0x80, 0x00, 0x01, 0x00, 0x11, 0x22, 0x33, 0x44,
		    0x55, 0x66, 0x77, 0x88, 0x0b, 0xad, 0xca, 0xfe, 0, 0, 0, 3);
}

static void post_atomic(enum request_opcode opcode)
{
	struct send_request request = make_request(&nodes[0], opcode, 0, 8);

	request.remote_address = 0x1122334455667788;
	request.rkey = 0x0badcafe;
	request.swap_or_add = 0x0102030405060708;
	request.compare = 0x1112131415161718;
	post_send(&nodes[0], &request);
}

static void compare_swap_has_both_operands(void **state)
{
	(void)state;
	post_atomic(REQUEST_COMPARE_SWAP);
	EXPECT_SENT(0, 0x13, 0x40, 0xff, 0xff, TO_1, 0x80, 0x00, 0x01, 0x00, 0x11, 0x22, 0x33, 0x44,
		    0x55, 0x66, 0x77, 0x88, 0x0b, 0xad, 0xca, 0xfe, 1, 2, 3, 4, 5, 6, 7, 8, 0x11,
		    0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18);
}

static void fetch_add_has_one_operand(void **state)
{
	(void)state;
	post_atomic(REQUEST_FETCH_ADD);
	EXPECT_SENT(0, 0x14, 0x40, 0xff, 0xff, TO_1, 0x80, 0x00, 0x01, 0x00, 0x11, 0x22, 0x33, 0x44,
		    0x55, 0x66, 0x77, 0x88, 0x0b, 0xad, 0xca, 0xfe, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0,
		    0, 0, 0, 0, 0);
}

static void acknowledgement_has_an_aeth_without_credits(void **state)
{
	(void)state;
	post_recv(&nodes[1], 0, 64);
	post_three(REQUEST_SEND);
	run();
	assert_int_equal(wire.logged, 2);
	EXPECT_SENT(1, 0x11, 0x40, 0xff, 0xff, TO_0, 0x00, 0x00, 0x01, 0x00, 0x1f, 0, 0, 1);
	assert_int_equal(wire.log[1]->head.slid, 2);
	assert_int_equal(wire.log[1]->head.dlid, 1);
}

static void missing_receive_is_told_with_the_timer(void **state)
{
	(void)state;
	post_three(REQUEST_SEND);
	run();
	EXPECT_SENT(1, 0x11, 0x40, 0xff, 0xff, TO_0, 0x00, 0x00, 0x01, 0x00, 0x2c, 0, 0, 0);
}

static void bad_key_is_told_as_remote_access_error(void **state)
{
	(void)state;
	post_three(REQUEST_WRITE);
	run();
	EXPECT_SENT(1, 0x11, 0x40, 0xff, 0xff, TO_0, 0x00, 0x00, 0x01, 0x00, 0x62, 0, 0, 0);
}

static void read_response_has_an_aeth_before_the_payload(void **state)
{
	struct send_request request = make_remote(&nodes[0], REQUEST_READ, 0, 5, 64);

	(void)state;
	memcpy(nodes[1].memory + 64, "hello", 5);
	post_send(&nodes[0], &request);
	run();
	EXPECT_SENT(1, 0x10, 0x70, 0xff, 0xff, TO_0, 0x00, 0x00, 0x01, 0x00, 0x1f, 0, 0, 1, 'h',
		    'e', 'l', 'l', 'o', 0, 0, 0);
	assert_int_equal(wire.logged, 2);
}

static void atomic_acknowledgement_carries_what_was_found(void **state)
{
	struct send_request request = make_remote(&nodes[0], REQUEST_FETCH_ADD, 0, 8, 64);
	uint64_t value = 0x0102030405060708;

	(void)state;
	memcpy(nodes[1].memory + 64, &value, 8);
	request.swap_or_add = 1;
	post_send(&nodes[0], &request);
	run();
	EXPECT_SENT(1, 0x12, 0x40, 0xff, 0xff, TO_0, 0x00, 0x00, 0x01, 0x00, 0x1f, 0, 0, 1, 1, 2, 3,
		    4, 5, 6, 7, 8);
}

static void expect_header(unsigned int number, uint8_t opcode, bool ack, uint32_t psn,
			  uint32_t length)
{
	const struct sent_packet *packet = wire.log[number];

	assert_int_equal(packet_opcode(packet), opcode);
	assert_int_equal(packet_psn(packet), psn);
	assert_int_equal(packet_bth(packet)[8], ack ? 0x80 : 0);
	assert_int_equal(packet->length, length);
}

static void long_send_is_cut_into_first_middle_last(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND_IMM, 0, 600);

	(void)state;
	post_send(&nodes[0], &request);
	expect_header(0, 0x00, false, 0x100, 12 + 256);
	expect_header(1, 0x01, false, 0x101, 12 + 256);
	expect_header(2, 0x03, true, 0x102, 12 + 4 + 88);
}

static void long_write_has_its_reth_in_the_first_packet_only(void **state)
{
	struct send_request request = make_remote(&nodes[0], REQUEST_WRITE_IMM, 0, 600, 0);

	(void)state;
	post_send(&nodes[0], &request);
	expect_header(0, 0x06, false, 0x100, 12 + 16 + 256);
	expect_header(1, 0x07, false, 0x101, 12 + 256);
	expect_header(2, 0x09, true, 0x102, 12 + 4 + 88);
}

static void long_read_is_answered_in_first_middle_last(void **state)
{
	struct send_request request = make_remote(&nodes[0], REQUEST_READ, 0, 600, 0);

	(void)state;
	post_send(&nodes[0], &request);
	run();
	expect_header(1, 0x0d, false, 0x100, 12 + 4 + 256);
	expect_header(2, 0x0e, false, 0x101, 12 + 256);
	expect_header(3, 0x0f, false, 0x102, 12 + 4 + 88);
}

static void message_of_a_whole_packet_is_one_packet(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, 256);

	(void)state;
	post_send(&nodes[0], &request);
	expect_header(0, 0x04, true, 0x100, 12 + 256);
	assert_int_equal(wire.logged, 1);
}

static void empty_message_is_one_packet_without_payload(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, 0);

	(void)state;
	post_recv(&nodes[1], 0, 0);
	post_send(&nodes[0], &request);
	run();
	expect_header(0, 0x04, true, 0x100, 12);
	expect_success(&nodes[0].send_cq, 0);
	expect_success(&nodes[1].recv_cq, 0);
}

static void long_message_asks_for_acknowledgements_in_between(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, 256 * 40);

	(void)state;
	post_send(&nodes[0], &request);
	expect_header(14, 0x01, false, 0x10e, 12 + 256);
	expect_header(15, 0x01, true, 0x10f, 12 + 256);
	expect_header(16, 0x01, false, 0x110, 12 + 256);
	expect_header(31, 0x01, true, 0x11f, 12 + 256);
	expect_header(39, 0x02, true, 0x127, 12 + 256);
}

static int open_ethernet(void **state)
{
	struct pair_options options = usual;

	(void)state;
	options.port_type = FABRIC_PORT_ETH;
	options.sgid_index = 1;
	pair_open(&options);
	return 0;
}

static void ethernet_packets_begin_with_a_grh(void **state)
{
	(void)state;
	post_three(REQUEST_SEND);
	EXPECT_SENT(0, 0x60, 0, 0, 0, 0, 20, 0x1b, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff,
		    192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 2, 0x04,
		    0x50, 0xff, 0xff, TO_1, 0x80, 0x00, 0x01, 0x00, 'a', 'b', 'c', 0);
	assert_int_equal(wire.log[0]->head.flags, PACKET_GRH);
	assert_int_equal(wire.log[0]->head.slid, 0);
}

static int open_unreliable(void **state)
{
	struct pair_options options = usual;

	(void)state;
	options.type = QP_TYPE_UC;
	pair_open(&options);
	return 0;
}

static void unreliable_send_asks_for_nothing(void **state)
{
	(void)state;
	post_three(REQUEST_SEND);
	EXPECT_SENT(0, 0x24, 0x50, 0xff, 0xff, TO_1, 0x00, 0x00, 0x01, 0x00, 'a', 'b', 'c', 0);
	run();
	assert_int_equal(wire.logged, 1);
}

static int open_datagram(void **state)
{
	struct pair_options options = usual;

	(void)state;
	options.type = QP_TYPE_UD;
	pair_open(&options);
	return 0;
}

static void datagram_carries_queue_key_and_source(void **state)
{
	struct send_request request = three_bytes(REQUEST_SEND_IMM);

	(void)state;
	request.ud = (struct ud_address){.qpn = 0x21, .qkey = 0x11111111, .dlid = 2, .sl = 3};
	post_send(&nodes[0], &request);
	EXPECT_SENT(0, 0x65, 0x50, 0xff, 0xff, TO_1, 0x00, 0x00, 0x01, 0x00, 0x11, 0x11, 0x11, 0x11,
		    0x00, 0x00, 0x00, 0x11, 0xca, 0xfe, 0xf0, 0x0d, 'a', 'b', 'c', 0);
	assert_int_equal(wire.log[0]->head.sl, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_usual, send_only_has_pad_and_ack_request),
		TEST(open_usual, send_with_immediate_carries_it_behind_the_bth),
		TEST(open_usual, send_with_invalidate_carries_the_key),
		TEST(open_usual, solicited_send_sets_the_event_bit),
		TEST(open_usual, write_only_has_a_reth),
		TEST(open_usual, write_with_immediate_has_reth_then_immediate),
		TEST(open_usual, read_request_has_a_reth_and_no_payload),
		TEST(open_usual, compare_swap_has_both_operands),
		TEST(open_usual, fetch_add_has_one_operand),
		TEST(open_usual, acknowledgement_has_an_aeth_without_credits),
		TEST(open_usual, missing_receive_is_told_with_the_timer),
		TEST(open_usual, bad_key_is_told_as_remote_access_error),
		TEST(open_usual, read_response_has_an_aeth_before_the_payload),
		TEST(open_usual, atomic_acknowledgement_carries_what_was_found),
		TEST(open_usual, long_send_is_cut_into_first_middle_last),
		TEST(open_usual, long_write_has_its_reth_in_the_first_packet_only),
		TEST(open_usual, long_read_is_answered_in_first_middle_last),
		TEST(open_usual, message_of_a_whole_packet_is_one_packet),
		TEST(open_usual, empty_message_is_one_packet_without_payload),
		TEST(open_usual, long_message_asks_for_acknowledgements_in_between),
		TEST(open_ethernet, ethernet_packets_begin_with_a_grh),
		TEST(open_unreliable, unreliable_send_asks_for_nothing),
		TEST(open_datagram, datagram_carries_queue_key_and_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
