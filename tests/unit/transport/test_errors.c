/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Requests that are refused, by either end. IBTA vol. 1, 9.7.5.2, 9.9.3, 10.10.2. */
#include "node.h"

/* Node 0's first request fails with `status`; a second one is flushed. */
static void expect_refused(const struct send_request *request, enum completion_status status)
{
	struct send_request second = make_request(&nodes[0], REQUEST_SEND, 0, 8);

	second.flags = 0;
	post_send(&nodes[0], request);
	post_send(&nodes[0], &second);
	run();
	expect_status(&nodes[0].send_cq, 0, status);
	expect_status(&nodes[0].send_cq, 2, STATUS_FLUSHED);
	expect_nothing(&nodes[0].send_cq);
	assert_int_equal(nodes[0].qp->attr.state, QP_ERR);
}

static void expect_responder_error(enum async_event_type event)
{
	assert_int_equal(nodes[1].qp->attr.state, QP_ERR);
	assert_true(had_event(&nodes[1], event));
}

static void unknown_key_is_a_remote_access_error(void **state)
{
	struct send_request request = make_remote(&nodes[0], REQUEST_WRITE, 0, 8, 0);

	(void)state;
	request.rkey ^= 0x55;
	expect_refused(&request, STATUS_REMOTE_ACCESS);
	expect_responder_error(EVENT_QP_ACCESS_ERROR);
}

static void write_beyond_the_region_is_a_remote_access_error(void **state)
{
	struct send_request request =
		make_remote(&nodes[0], REQUEST_WRITE, 0, 300, MEMORY_BYTES - 299);

	(void)state;
	fill(nodes[0].memory, 300, 1);
	expect_refused(&request, STATUS_REMOTE_ACCESS);
	/* The first packet alone would have fitted. */
	assert_int_equal(nodes[1].memory[MEMORY_BYTES - 200], 0);
}

static void read_beyond_the_region_is_a_remote_access_error(void **state)
{
	struct send_request request =
		make_remote(&nodes[0], REQUEST_READ, 0, 300, MEMORY_BYTES - 299);

	(void)state;
	expect_refused(&request, STATUS_REMOTE_ACCESS);
	expect_responder_error(EVENT_QP_ACCESS_ERROR);
}

static void write_of_nothing_needs_no_key(void **state)
{
	struct send_request request = make_remote(&nodes[0], REQUEST_WRITE, 0, 0, 0);

	(void)state;
	request.rkey = 0;
	request.remote_address = 0;
	post_send(&nodes[0], &request);
	run();
	expect_success(&nodes[0].send_cq, 0);
}

static int open_without_access(void **state)
{
	struct pair_options options = usual;

	(void)state;
	options.access = ACCESS_LOCAL_WRITE;
	pair_open(&options);
	return 0;
}

static void operation_not_enabled_is_an_invalid_request(void **state)
{
	struct send_request request = make_remote(&nodes[0], REQUEST_WRITE, 0, 8, 0);

	(void)state;
	expect_refused(&request, STATUS_REMOTE_INVALID_REQUEST);
	expect_responder_error(EVENT_QP_REQUEST_ERROR);
}

static void read_not_enabled_is_an_invalid_request(void **state)
{
	struct send_request request = make_remote(&nodes[0], REQUEST_READ, 0, 8, 0);

	(void)state;
	expect_refused(&request, STATUS_REMOTE_INVALID_REQUEST);
}

static void unaligned_atomic_is_an_invalid_request(void **state)
{
	struct send_request request = make_remote(&nodes[0], REQUEST_FETCH_ADD, 0, 8, 4);

	(void)state;
	expect_refused(&request, STATUS_REMOTE_INVALID_REQUEST);
}

static void message_too_long_fails_both_ends(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, 600);

	(void)state;
	post_recv(&nodes[1], 0, 599);
	post_recv(&nodes[1], 0, 8);
	expect_refused(&request, STATUS_REMOTE_INVALID_REQUEST);
	expect_status(&nodes[1].recv_cq, 0, STATUS_LOCAL_LENGTH);
	expect_status(&nodes[1].recv_cq, 1, STATUS_FLUSHED);
	expect_nothing(&nodes[1].recv_cq);
	assert_int_equal(nodes[1].qp->attr.state, QP_ERR);
}

static void receive_into_foreign_memory_fails_both_ends(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, 8);

	(void)state;
	post_recv(&nodes[1], 0, 8);
	nodes[1].queue.recv[0].sge[0].lkey ^= 0x55;
	expect_refused(&request, STATUS_REMOTE_OPERATION);
	expect_status(&nodes[1].recv_cq, 0, STATUS_LOCAL_PROTECTION);
}

static void malformed_receive_fails_both_ends(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, 8);

	(void)state;
	post_recv(&nodes[1], 0, 8);
	nodes[1].queue.corrupt = true;
	expect_refused(&request, STATUS_REMOTE_OPERATION);
	expect_status(&nodes[1].recv_cq, 0, STATUS_LOCAL_QP_OPERATION);
}

static int open_shared(void **state)
{
	struct pair_options options = usual;

	(void)state;
	options.srq = true;
	options.second = true;
	pair_open(&options);
	return 0;
}

static void corrupt_shared_queue_completes_no_receive_twice(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, 8);

	(void)state;
	post_recv(&nodes[1], 0, 8);
	post_recv(&nodes[1], 0, 8);
	nodes[1].srq_queue.corrupt = true;
	post_send(&nodes[0], &request);
	run();
	expect_status(&nodes[0].send_cq, 0, STATUS_REMOTE_OPERATION);
	expect_status(&nodes[1].recv_cq, 0, STATUS_LOCAL_QP_OPERATION);
	assert_true(had_event(&nodes[1], EVENT_SRQ_ERROR));
	post_send_to(nodes[0].qp2, &nodes[0].queue2, &request);
	run();
	expect_status(&nodes[0].send_cq, 0, STATUS_REMOTE_OPERATION);
	expect_nothing(&nodes[1].recv_cq);
	assert_int_equal(nodes[1].qp2->attr.state, QP_ERR);
}

static void registered_memory_cannot_be_invalidated_from_afar(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND_INVALIDATE, 0, 8);

	(void)state;
	request.invalidate_rkey = nodes[1].mr->key;
	post_recv(&nodes[1], 0, 8);
	expect_refused(&request, STATUS_REMOTE_ACCESS);
	expect_status(&nodes[1].recv_cq, 0, STATUS_FLUSHED);
}

static void registered_memory_cannot_be_invalidated_by_a_request(void **state)
{
	struct send_request request = {
		.opcode = REQUEST_CHANGE_KEY,
		.flags = REQUEST_SIGNALED,
		.change = {.key = nodes[0].mr->key,
			   .properties = KEY_FREE,
			   .free = true,
			   .only_if_this_qp = true},
	};

	(void)state;
	expect_refused(&request, STATUS_MW_BIND);
	assert_int_equal(wire.logged, 0);
}

/* ---- failures at home ---- */

static void foreign_key_fails_the_send(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, 8);

	(void)state;
	request.sge[0].lkey ^= 0x55;
	expect_refused(&request, STATUS_LOCAL_PROTECTION);
	assert_int_equal(wire.logged, 0);
}

static void failure_waits_for_earlier_requests(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, 8);
	struct send_request bad = request;

	(void)state;
	bad.sge[0].lkey ^= 0x55;
	wire.asleep[1] = true;
	post_recv(&nodes[1], 0, 8);
	post_send(&nodes[0], &request);
	post_send(&nodes[0], &bad);
	post_send(&nodes[0], &request);
	run();
	expect_nothing(&nodes[0].send_cq);
	wire.asleep[1] = false;
	run();
	expect_success(&nodes[0].send_cq, 0);
	expect_status(&nodes[0].send_cq, 2, STATUS_LOCAL_PROTECTION);
	expect_status(&nodes[0].send_cq, 4, STATUS_FLUSHED);
}

static void malformed_request_fails_and_the_rest_is_flushed(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, 8);

	(void)state;
	nodes[0].queue.corrupt = true;
	expect_refused(&request, STATUS_LOCAL_QP_OPERATION);
}

static void read_into_foreign_memory_fails(void **state)
{
	struct send_request request = make_remote(&nodes[0], REQUEST_READ, 0, 8, 0);

	(void)state;
	request.sge[0].lkey ^= 0x55;
	expect_refused(&request, STATUS_LOCAL_PROTECTION);
}

static void message_beyond_the_longest_fails(void **state)
{
	struct send_request request =
		make_remote(&nodes[0], REQUEST_WRITE, 0, MAX_MESSAGE_BYTES + 1, 0);

	(void)state;
	expect_refused(&request, STATUS_LOCAL_LENGTH);
	assert_int_equal(wire.logged, 0);
}

static void atomic_of_another_size_fails(void **state)
{
	struct send_request request = make_remote(&nodes[0], REQUEST_FETCH_ADD, 0, 4, 0);

	(void)state;
	expect_refused(&request, STATUS_LOCAL_LENGTH);
}

static int open_without_reads(void **state)
{
	struct pair_options options = usual;

	(void)state;
	options.rd_atomic = 0;
	pair_open(&options);
	return 0;
}

static void read_on_a_connection_without_them_fails(void **state)
{
	struct send_request request = make_remote(&nodes[0], REQUEST_READ, 0, 8, 0);

	(void)state;
	expect_refused(&request, STATUS_LOCAL_QP_OPERATION);
}

/* ---- packets that nobody sends who behaves ---- */

static void inject_to_1(const uint8_t *bytes, uint32_t length)
{
	const struct packet head = {.source_hca = 0, .destination_hca = 1, .slid = 1, .dlid = 2};

	wire_inject(0, 1, &head, bytes, length);
	run();
}

#define INJECT(...)                                                                                \
	do {                                                                                       \
		const uint8_t bytes_[] = {__VA_ARGS__};                                            \
		inject_to_1(bytes_, (uint32_t)sizeof(bytes_));                                     \
	} while (0)

static uint8_t last_syndrome(void)
{
	assert_true(wire.logged > 0);
	return packet_bth(wire.log[wire.logged - 1])[12];
}

static void middle_without_first_is_an_invalid_request(void **state)
{
	(void)state;
	INJECT(0x02, 0x40, 0xff, 0xff, 0, 0, 0, 0x21, 0x80, 0, 1, 0, 1, 2, 3, 4);
	assert_int_equal(last_syndrome(), 0x61);
	expect_responder_error(EVENT_QP_REQUEST_ERROR);
}

static void first_packet_that_is_not_full_is_an_invalid_request(void **state)
{
	(void)state;
	post_recv(&nodes[1], 0, 1000);
	INJECT(0x00, 0x40, 0xff, 0xff, 0, 0, 0, 0x21, 0x80, 0, 1, 0, 1, 2, 3, 4);
	assert_int_equal(last_syndrome(), 0x61);
	expect_responder_error(EVENT_QP_REQUEST_ERROR);
}

static void reserved_operation_is_an_invalid_request(void **state)
{
	(void)state;
	INJECT(0x15, 0x40, 0xff, 0xff, 0, 0, 0, 0x21, 0x80, 0, 1, 0);
	assert_int_equal(last_syndrome(), 0x61);
}

static void write_without_its_header_is_an_invalid_request(void **state)
{
	(void)state;
	INJECT(0x0a, 0x40, 0xff, 0xff, 0, 0, 0, 0x21, 0x80, 0, 1, 0, 1, 2, 3, 4);
	assert_int_equal(last_syndrome(), 0x61);
}

static void write_with_a_wrong_length_is_an_invalid_request(void **state)
{
	uint8_t bytes[] = {0x0a, 0x40, 0xff, 0xff, 0, 0, 0, 0x21, 0x80, 0, 1, 0, 0, 0, 0, 0,
			   0,	 0,    0,    0,	   0, 0, 1, 0,	  0,	0, 0, 9, 1, 2, 3, 4};
	uint64_t address = htobe64((uintptr_t)nodes[1].memory);

	(void)state;
	memcpy(bytes + 12, &address, 8);
	inject_to_1(bytes, sizeof(bytes));
	assert_int_equal(last_syndrome(), 0x61);
	assert_int_equal(nodes[1].memory[0], 0);
}

static void write_beyond_the_longest_message_is_an_invalid_request(void **state)
{
	static uint8_t bytes[12 + 16 + 256] = {0x06, 0x40, 0xff, 0xff, 0, 0, 0, 0x21, 0x80, 0, 1};
	const uint32_t length = htobe32(MAX_MESSAGE_BYTES + 1);

	(void)state;
	memcpy(bytes + 24, &length, 4);
	inject_to_1(bytes, sizeof(bytes));
	assert_int_equal(last_syndrome(), 0x61);
}

static void read_beyond_the_longest_message_is_an_invalid_request(void **state)
{
	uint8_t bytes[12 + 16] = {0x0c, 0x40, 0xff, 0xff, 0, 0, 0, 0x21, 0x80, 0, 1};
	const uint32_t length = htobe32(MAX_MESSAGE_BYTES + 1);

	(void)state;
	memcpy(bytes + 24, &length, 4);
	inject_to_1(bytes, sizeof(bytes));
	assert_int_equal(last_syndrome(), 0x61);
}

static void garbage_is_dropped_in_silence(void **state)
{
	(void)state;
	INJECT(0x04);
	/* Version, odd length, pad beyond the payload, another transport, unknown QP. */
	INJECT(0x04, 0x41, 0xff, 0xff, 0, 0, 0, 0x21, 0x80, 0, 1, 0);
	INJECT(0x04, 0x40, 0xff, 0xff, 0, 0, 0, 0x21, 0x80, 0, 1, 0, 1);
	INJECT(0x04, 0x70, 0xff, 0xff, 0, 0, 0, 0x21, 0x80, 0, 1, 0);
	INJECT(0x24, 0x40, 0xff, 0xff, 0, 0, 0, 0x21, 0x80, 0, 1, 0);
	INJECT(0x64, 0x40, 0xff, 0xff, 0, 0, 0, 0x21, 0x80, 0, 1, 0);
	INJECT(0x04, 0x40, 0xff, 0xff, 0, 0, 0, 0x99, 0x80, 0, 1, 0);
	/* P_Key of another partition. */
	INJECT(0x04, 0x40, 0x81, 0x23, 0, 0, 0, 0x21, 0x80, 0, 1, 0);
	assert_int_equal(wire.logged, 0);
	assert_int_equal(nodes[1].qp->attr.state, QP_RTS);
}

static void packet_of_a_stranger_is_dropped(void **state)
{
	const struct packet head = {.source_hca = 2, .destination_hca = 1, .slid = 3, .dlid = 2};
	const uint8_t bytes[] = {0x02, 0x40, 0xff, 0xff, 0, 0, 0, 0x21, 0x80, 0, 1, 0, 1, 2, 3, 4};

	(void)state;
	wire_inject(2, 1, &head, bytes, sizeof(bytes));
	run();
	assert_int_equal(nodes[1].qp->attr.state, QP_RTS);
	assert_int_equal(wire.logged, 0);
}

static void response_that_does_not_fit_the_read_is_bad(void **state)
{
	struct send_request request = make_remote(&nodes[0], REQUEST_READ, 0, 8, 0);
	const struct packet head = {.source_hca = 1, .destination_hca = 0, .slid = 2, .dlid = 1};
	const uint8_t bytes[] = {0x10, 0x40, 0xff, 0xff, 0, 0, 0, 0x11, 0, 0,
				 1,    0,    0x1f, 0,	 0, 1, 1, 2,	3, 4};

	(void)state;
	wire.asleep[1] = true;
	post_send(&nodes[0], &request);
	wire_inject(1, 0, &head, bytes, sizeof(bytes));
	run();
	expect_status(&nodes[0].send_cq, 0, STATUS_BAD_RESPONSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_usual, unknown_key_is_a_remote_access_error),
		TEST(open_usual, write_beyond_the_region_is_a_remote_access_error),
		TEST(open_usual, read_beyond_the_region_is_a_remote_access_error),
		TEST(open_usual, write_of_nothing_needs_no_key),
		TEST(open_without_access, operation_not_enabled_is_an_invalid_request),
		TEST(open_without_access, read_not_enabled_is_an_invalid_request),
		TEST(open_usual, unaligned_atomic_is_an_invalid_request),
		TEST(open_usual, message_too_long_fails_both_ends),
		TEST(open_usual, receive_into_foreign_memory_fails_both_ends),
		TEST(open_usual, malformed_receive_fails_both_ends),
		TEST(open_shared, corrupt_shared_queue_completes_no_receive_twice),
		TEST(open_usual, registered_memory_cannot_be_invalidated_from_afar),
		TEST(open_usual, registered_memory_cannot_be_invalidated_by_a_request),
		TEST(open_usual, foreign_key_fails_the_send),
		TEST(open_usual, failure_waits_for_earlier_requests),
		TEST(open_usual, malformed_request_fails_and_the_rest_is_flushed),
		TEST(open_usual, read_into_foreign_memory_fails),
		TEST(open_usual, message_beyond_the_longest_fails),
		TEST(open_usual, atomic_of_another_size_fails),
		TEST(open_without_reads, read_on_a_connection_without_them_fails),
		TEST(open_usual, middle_without_first_is_an_invalid_request),
		TEST(open_usual, first_packet_that_is_not_full_is_an_invalid_request),
		TEST(open_usual, reserved_operation_is_an_invalid_request),
		TEST(open_usual, write_without_its_header_is_an_invalid_request),
		TEST(open_usual, write_with_a_wrong_length_is_an_invalid_request),
		TEST(open_usual, write_beyond_the_longest_message_is_an_invalid_request),
		TEST(open_usual, read_beyond_the_longest_message_is_an_invalid_request),
		TEST(open_usual, garbage_is_dropped_in_silence),
		TEST(open_usual, packet_of_a_stranger_is_dropped),
		TEST(open_usual, response_that_does_not_fit_the_read_is_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
