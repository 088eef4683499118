/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lost, doubled and reordered packets cost time and nothing else. IBTA vol. 1, 9.7.5, 9.7.6. */
#include <stdlib.h>

#include "node.h"

enum { LENGTH = 256 * 4 + 100, PACKETS = 5 };

static uint32_t send_message(uint32_t seed)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, LENGTH);

	fill(nodes[0].memory, LENGTH, seed);
	post_recv(&nodes[1], 0, LENGTH);
	return post_send(&nodes[0], &request);
}

static void expect_message(uint32_t index, uint32_t receive, uint32_t seed)
{
	expect_success(&nodes[0].send_cq, index);
	expect_nothing(&nodes[0].send_cq);
	expect_success(&nodes[1].recv_cq, receive);
	expect_nothing(&nodes[1].recv_cq);
	expect_pattern(nodes[1].memory, LENGTH, seed);
}

/* One message for each position, with that packet of `from` treated by `plan`. */
static void try_positions(unsigned int from, unsigned int positions, uint64_t *treated,
			  struct drop_plan *plan)
{
	use_plan(plan);
	for (unsigned int i = 0; i < positions; i++) {
		*plan = (struct drop_plan){.from = from};
		*treated = 1ull << i;
		send_message(i);
		run_for(100 * MS);
		assert_true(plan->seen > i);
		expect_message(i * UNITS, i, i);
	}
}

static void lost_request_packet_is_sent_again(void **state)
{
	struct drop_plan plan;

	(void)state;
	try_positions(0, PACKETS, &plan.drop, &plan);
}

static void lost_acknowledgement_is_sent_again(void **state)
{
	struct drop_plan plan;

	(void)state;
	try_positions(1, 1, &plan.drop, &plan);
}

static void doubled_packet_counts_once(void **state)
{
	struct drop_plan plan;

	(void)state;
	try_positions(0, PACKETS, &plan.duplicate, &plan);
}

static void doubled_acknowledgement_counts_once(void **state)
{
	struct drop_plan plan;

	(void)state;
	try_positions(1, 1, &plan.duplicate, &plan);
}

static void delayed_packet_finds_its_place(void **state)
{
	struct drop_plan plan;

	(void)state;
	try_positions(0, PACKETS - 1, &plan.delay, &plan);
}

static void several_losses_in_a_row_are_made_good(void **state)
{
	struct drop_plan plan = {.from = 0, .drop = 0x5a5};

	(void)state;
	use_plan(&plan);
	send_message(1);
	run_for(500 * MS);
	expect_message(0, 0, 1);
}

static void lost_nak_is_made_good_by_the_timer(void **state)
{
	struct drop_plan plan = {.from = 0, .drop = 1 << 2};

	(void)state;
	use_plan(&plan);
	send_message(1);
	/* The NAK lies on the wire once node 1 has seen the gap. */
	wire.asleep[0] = true;
	run();
	assert_int_equal(wire.waiting[0], 1);
	free(wire.first[0]);
	wire.first[0] = NULL;
	wire.last[0] = &wire.first[0];
	wire.waiting[0] = 0;
	wire.asleep[0] = false;
	run_for(100 * MS);
	expect_message(0, 0, 1);
}

/* Packets of that kind sent by `from`. */
static unsigned int count_opcode(unsigned int from, uint8_t opcode)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < wire.logged; i++)
		count += wire.log[i]->from == from && packet_opcode(wire.log[i]) == opcode;
	return count;
}

static void gap_is_answered_by_one_nak(void **state)
{
	struct drop_plan plan = {.from = 0, .drop = 1 << 0};
	unsigned int naks = 0;

	(void)state;
	use_plan(&plan);
	send_message(1);
	run_for(100 * MS);
	for (unsigned int i = 0; i < wire.logged; i++)
		naks += wire.log[i]->from == 1 && packet_bth(wire.log[i])[12] == 0x60;
	assert_int_equal(naks, 1);
	expect_message(0, 0, 1);
}

static int open_wrapping(void **state)
{
	struct pair_options options = usual;

	(void)state;
	options.psn[0] = 0xfffffe;
	options.psn[1] = 0xfffffe;
	pair_open(&options);
	return 0;
}

static void sequence_numbers_wrap_around(void **state)
{
	(void)state;
	send_message(0);
	run();
	expect_message(0, 0, 0);
	assert_int_equal(packet_psn(wire.log[0]), 0xfffffe);
	assert_int_equal(packet_psn(wire.log[2]), 0);
}

static void losses_around_the_wrap_are_made_good(void **state)
{
	struct drop_plan plan;

	(void)state;
	try_positions(0, PACKETS, &plan.drop, &plan);
}

/* ---- time-outs ---- */

static int open_impatient(void **state)
{
	struct pair_options options = usual;

	(void)state;
	options.timeout = 10; /* 4.19 ms */
	options.retry_count = 2;
	pair_open(&options);
	return 0;
}

static const uint64_t impatient_ns = 4096ull << 10;

static void dead_peer_ends_in_retry_exceeded_and_flushes(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, 8);

	(void)state;
	wire.dead[1] = true;
	for (unsigned int i = 0; i < 3; i++)
		post_send(&nodes[0], &request);
	run_for(3 * impatient_ns - MS);
	expect_nothing(&nodes[0].send_cq);
	run_for(2 * MS);
	expect_status(&nodes[0].send_cq, 0, STATUS_RETRY_EXCEEDED);
	expect_status(&nodes[0].send_cq, 2, STATUS_FLUSHED);
	expect_status(&nodes[0].send_cq, 4, STATUS_FLUSHED);
	expect_nothing(&nodes[0].send_cq);
	assert_int_equal(nodes[0].qp->attr.state, QP_ERR);
}

static void receiver_that_does_not_run_is_no_loss(void **state)
{
	(void)state;
	wire.asleep[1] = true;
	send_message(7);
	run_for(1000 * impatient_ns);
	expect_nothing(&nodes[0].send_cq);
	/* Nor is anything sent again meanwhile. */
	assert_int_equal(wire.logged, PACKETS);
	wire.asleep[1] = false;
	run();
	expect_message(0, 0, 7);
}

static int open_impatient_second(void **state)
{
	struct pair_options options = usual;

	(void)state;
	options.timeout = 10;
	options.retry_count = 2;
	options.second = true;
	pair_open(&options);
	return 0;
}

/* A packet for a queue pair that does not exist. */
static void disturb(unsigned int from, unsigned int to)
{
	const struct packet head = {
		.source_hca = (uint8_t)from,
		.destination_hca = (uint8_t)to,
		.slid = (uint16_t)(from + 1),
		.dlid = (uint16_t)(to + 1),
	};
	const uint8_t nothing[] = {4, 0x40, 0xff, 0xff, 0, 0xff, 0xff, 0xff, 0, 0, 0, 0};

	wire_inject(from, to, &head, nothing, sizeof(nothing));
}

/* Time passes with something in every ring at every look: more comes than a round takes. */
static void run_disturbed_for(uint64_t ns)
{
	for (uint64_t end = wire.now_ns + ns; wire.now_ns < end; wire.now_ns += MS / 4) {
		for (unsigned int i = 0; i < 2; i++) {
			struct engine *engine = nodes[i].engine;

			while (wire.waiting[i] < 100)
				disturb(!i, i);
			engine->clock_cycles = 0;
			engine_lock(engine);
			engine_round(engine);
			engine_unlock(engine);
			assert_true(wire.waiting[i]);
		}
	}
}

static void other_traffic_does_not_hide_a_dead_queue_pair(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, 8);

	(void)state;
	assert_int_equal(qp_destroy(nodes[1].qp), 0);
	post_send(&nodes[0], &request);
	run_disturbed_for(10 * impatient_ns);
	expect_status(&nodes[0].send_cq, 0, STATUS_RETRY_EXCEEDED);
}

static void other_traffic_does_not_hide_a_loss(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, 8);
	struct drop_plan plan = {.from = 0, .drop = 1};

	(void)state;
	use_plan(&plan);
	post_recv(&nodes[1], 0, 8);
	post_send(&nodes[0], &request);
	run_disturbed_for(5 * MS);
	expect_success(&nodes[0].send_cq, 0);
	expect_success(&nodes[1].recv_cq, 0);
}

static void progress_renews_the_retries(void **state)
{
	struct drop_plan plan = {.from = 0};

	(void)state;
	use_plan(&plan);
	/* Every message loses its packets for a time that takes all retries but one. */
	for (unsigned int i = 0; i < 4; i++) {
		wire.dead[1] = true;
		send_message(i);
		run_for(2 * impatient_ns + MS);
		wire.dead[1] = false;
		run_for(impatient_ns);
		expect_message(i * UNITS, i, i);
	}
}

static int open_endless(void **state)
{
	struct pair_options options = usual;

	(void)state;
	options.timeout = 0;
	options.retry_count = 0;
	pair_open(&options);
	return 0;
}

static void timeout_of_zero_waits_for_ever(void **state)
{
	(void)state;
	wire.dead[1] = true;
	send_message(1);
	run_for(3600ull * 1000 * MS);
	expect_nothing(&nodes[0].send_cq);
	assert_int_equal(nodes[0].qp->attr.state, QP_RTS);
}

static int open_without_retries(void **state)
{
	struct pair_options options = usual;

	(void)state;
	options.retry_count = 0;
	pair_open(&options);
	return 0;
}

static void early_probe_makes_a_loss_good_without_a_retry(void **state)
{
	/* The only packet, so that nobody can miss it. */
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, 8);
	struct drop_plan plan = {.from = 0, .drop = 1};

	(void)state;
	use_plan(&plan);
	post_recv(&nodes[1], 0, 8);
	post_send(&nodes[0], &request);
	run_for(2 * MS);
	expect_success(&nodes[0].send_cq, 0);
	expect_success(&nodes[1].recv_cq, 0);
}

static int open_unknown(void **state)
{
	struct pair_options options = usual;

	(void)state;
	options.unknown = true;
	pair_open(&options);
	return 0;
}

static void peer_may_appear_later(void **state)
{
	(void)state;
	send_message(1);
	run_for(MS);
	wire.unknown[1] = false;
	run_for(100 * MS);
	expect_message(0, 0, 1);
}

/* ---- windows and rings ---- */

static void unacknowledged_packets_are_limited(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, 256 * 1000);

	(void)state;
	wire.asleep[1] = true;
	post_recv(&nodes[1], 0, 256 * 1000);
	fill(nodes[0].memory, 256 * 1000, 3);
	post_send(&nodes[0], &request);
	run();
	assert_int_equal(wire.waiting[1], 128);
	wire.asleep[1] = false;
	run();
	expect_success(&nodes[0].send_cq, 0);
	expect_pattern(nodes[1].memory, 256 * 1000, 3);
	assert_int_equal(wire.logged - count_opcode(1, 0x11), 1000);
}

static void full_ring_delays_and_loses_nothing(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, 256 * 50);

	(void)state;
	wire.room = 3;
	post_recv(&nodes[1], 0, 256 * 50);
	fill(nodes[0].memory, 256 * 50, 3);
	post_send(&nodes[0], &request);
	run();
	expect_success(&nodes[0].send_cq, 0);
	expect_pattern(nodes[1].memory, 256 * 50, 3);
}

static void acknowledgements_are_asked_for_through_a_small_ring(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, 256 * 500);

	(void)state;
	/* Every fourth attempt meets a full ring: always the one that would ask. */
	wire.room = 3;
	post_recv(&nodes[1], 0, 256 * 500);
	post_send(&nodes[0], &request);
	run();
	expect_success(&nodes[0].send_cq, 0);
	/* No timer had to help. */
	assert_int_equal(wire.logged - count_opcode(1, 0x11), 500);
}

static void messages_of_one_round_share_an_acknowledgement(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, 8);

	(void)state;
	for (unsigned int i = 0; i < 20; i++) {
		post_recv(&nodes[1], 0, 8);
		post_send(&nodes[0], &request);
	}
	run();
	assert_int_equal(count_opcode(1, 0x11), 1);
	assert_int_equal(nodes[0].qp->shared->packets_sent, 20);
	assert_int_equal(nodes[0].qp->shared->outstanding, 0);
	assert_int_equal(nodes[1].qp->shared->packets_received, 20);
	for (unsigned int i = 0; i < 20; i++)
		expect_success(&nodes[0].send_cq, i * UNITS);
}

static void stray_acknowledgements_are_ignored(void **state)
{
	static const uint8_t psns[][3] = {{0, 0, 0xff}, {0, 1, 0x05}, {0x80, 0, 0}, {0, 2, 0}};
	const struct packet head = {.source_hca = 1, .destination_hca = 0, .slid = 2, .dlid = 1};

	(void)state;
	wire.asleep[1] = true;
	send_message(1);
	for (unsigned int i = 0; i < 4; i++) {
		uint8_t ack[] = {0x11, 0x40, 0xff, 0xff, 0, 0, 0, 0x11, 0, 0, 0, 0, 0x1f, 0, 0, 1};

		memcpy(ack + 9, psns[i], 3);
		wire_inject(1, 0, &head, ack, sizeof(ack));
	}
	run();
	expect_nothing(&nodes[0].send_cq);
	wire.asleep[1] = false;
	run();
	expect_message(0, 0, 1);
}

static void acknowledgement_of_what_was_not_sent_is_ignored(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, 8);
	const struct packet head = {.source_hca = 1, .destination_hca = 0, .slid = 2, .dlid = 1};
	const uint8_t ack[] = {0x11, 0x40, 0xff, 0xff, 0, 0, 0, 0x11, 0, 0, 1, 0, 0x1f, 0, 0, 1};

	(void)state;
	/* The ring is full, so the request waits. */
	wire.room = 0;
	post_send(&nodes[0], &request);
	wire_inject(1, 0, &head, ack, sizeof(ack));
	run();
	expect_nothing(&nodes[0].send_cq);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_usual, lost_request_packet_is_sent_again),
		TEST(open_usual, lost_acknowledgement_is_sent_again),
		TEST(open_usual, doubled_packet_counts_once),
		TEST(open_usual, doubled_acknowledgement_counts_once),
		TEST(open_usual, delayed_packet_finds_its_place),
		TEST(open_usual, several_losses_in_a_row_are_made_good),
		TEST(open_usual, lost_nak_is_made_good_by_the_timer),
		TEST(open_usual, gap_is_answered_by_one_nak),
		TEST(open_wrapping, sequence_numbers_wrap_around),
		TEST(open_wrapping, losses_around_the_wrap_are_made_good),
		TEST(open_impatient, dead_peer_ends_in_retry_exceeded_and_flushes),
		TEST(open_impatient, receiver_that_does_not_run_is_no_loss),
		TEST(open_impatient_second, other_traffic_does_not_hide_a_dead_queue_pair),
		TEST(open_impatient_second, other_traffic_does_not_hide_a_loss),
		TEST(open_impatient, progress_renews_the_retries),
		TEST(open_endless, timeout_of_zero_waits_for_ever),
		TEST(open_without_retries, early_probe_makes_a_loss_good_without_a_retry),
		TEST(open_unknown, peer_may_appear_later),
		TEST(open_usual, unacknowledged_packets_are_limited),
		TEST(open_usual, full_ring_delays_and_loses_nothing),
		TEST(open_usual, acknowledgements_are_asked_for_through_a_small_ring),
		TEST(open_usual, messages_of_one_round_share_an_acknowledgement),
		TEST(open_usual, stray_acknowledgements_are_ignored),
		TEST(open_usual, acknowledgement_of_what_was_not_sent_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
