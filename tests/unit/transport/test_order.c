/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What completes when: signaling, fences, flushing, draining, shortcuts, events.
 * IBTA vol. 1, 10.3.1, 10.8.3, 10.8.5.
 */
#include "node.h"

static struct send_request small_send(void)
{
	return make_request(&nodes[0], REQUEST_SEND, 0, 8);
}

static void post_small_sends(unsigned int count)
{
	struct send_request request = small_send();

	for (unsigned int i = 0; i < count; i++)
		post_send(&nodes[0], &request);
}

static void set_state(struct qp *qp, enum qp_state state, uint32_t mask)
{
	struct qp_attr attr = {.state = state, .sqd_async_notify = true};

	assert_int_equal(qp_modify(qp, &attr, QP_STATE | mask), 0);
}

static void unsignaled_requests_retire_in_silence(void **state)
{
	struct send_request request = small_send();

	(void)state;
	for (unsigned int i = 0; i < 8; i++) {
		request.flags = i % 4 == 3 ? REQUEST_SIGNALED : 0;
		post_recv(&nodes[1], 0, 8);
		post_send(&nodes[0], &request);
	}
	run();
	expect_success(&nodes[0].send_cq, 3 * UNITS);
	expect_success(&nodes[0].send_cq, 7 * UNITS);
	expect_nothing(&nodes[0].send_cq);
	assert_int_equal(nodes[0].qp->sq_consumer, 8 * UNITS);
}

static void completion_tells_about_the_request(void **state)
{
	struct send_request request = make_remote(&nodes[0], REQUEST_WRITE_IMM, 0, 77, 0);
	const struct completion *completion;

	(void)state;
	request.immediate = htobe32(0x01020304);
	request.flags |= REQUEST_SOLICITED;
	post_recv(&nodes[1], 0, 0);
	post_send(&nodes[0], &request);
	run();
	completion = take(&nodes[0].send_cq);
	assert_non_null(completion);
	assert_int_equal(completion->opcode, REQUEST_WRITE_IMM);
	assert_int_equal(completion->flags, COMPLETION_SEND);
	completion = take(&nodes[1].recv_cq);
	assert_non_null(completion);
	assert_int_equal(completion->flags, COMPLETION_IMMEDIATE | COMPLETION_SOLICITED);
	assert_int_equal(be32toh(completion->immediate), 0x01020304);
	assert_int_equal(completion->remote_qpn, nodes[0].qp->qpn);
	assert_int_equal(completion->slid, 1);
	assert_int_equal(completion->length, 77);
}

static void scatter_and_gather_lists_are_followed(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, 700);
	struct recv_request *recv;

	(void)state;
	fill(nodes[0].memory + 100, 700, 1);
	request.num_sge = 3;
	for (unsigned int i = 0; i < 3; i++)
		request.sge[i].lkey = nodes[0].mr->key;
	request.sge[0].address = (uintptr_t)nodes[0].memory + 100;
	request.sge[0].length = 1;
	request.sge[1].inline_data = nodes[0].memory + 101;
	request.sge[1].length = 299;
	request.sge[2].address = (uintptr_t)nodes[0].memory + 400;
	request.sge[2].length = 400;
	post_recv(&nodes[1], 0, 300);
	recv = &nodes[1].queue.recv[0];
	recv->length = 1300;
	recv->num_sge = 2;
	recv->sge[1] = recv->sge[0];
	recv->sge[1].address += 300;
	recv->sge[1].length = 1000;
	post_send(&nodes[0], &request);
	run();
	expect_success(&nodes[1].recv_cq, 0);
	expect_pattern(nodes[1].memory, 700, 1);
}

static void fence_waits_for_reads_before_it(void **state)
{
	struct send_request read = make_remote(&nodes[0], REQUEST_READ, 0, 64, 4096);
	struct send_request fenced = make_remote(&nodes[0], REQUEST_WRITE, 0, 64, 8192);

	(void)state;
	/* The write sends on what the read has brought. */
	fill(nodes[1].memory + 4096, 64, 6);
	fenced.flags |= REQUEST_FENCE;
	wire.asleep[1] = true;
	post_send(&nodes[0], &read);
	post_send(&nodes[0], &fenced);
	run();
	assert_int_equal(wire.logged, 1);
	wire.asleep[1] = false;
	run();
	expect_success(&nodes[0].send_cq, 0);
	expect_success(&nodes[0].send_cq, 2);
	expect_pattern(nodes[1].memory + 8192, 64, 6);
}

static void request_without_fence_does_not_wait(void **state)
{
	struct send_request read = make_remote(&nodes[0], REQUEST_READ, 0, 64, 4096);
	struct send_request write = make_remote(&nodes[0], REQUEST_WRITE, 64, 64, 8192);

	(void)state;
	wire.asleep[1] = true;
	post_send(&nodes[0], &read);
	post_send(&nodes[0], &write);
	assert_int_equal(wire.logged, 2);
}

static void nop_completes_in_its_turn(void **state)
{
	struct send_request nop = {.opcode = REQUEST_NOP, .flags = REQUEST_SIGNALED};

	(void)state;
	wire.asleep[1] = true;
	post_recv(&nodes[1], 0, 8);
	post_small_sends(1);
	post_send(&nodes[0], &nop);
	run();
	expect_nothing(&nodes[0].send_cq);
	wire.asleep[1] = false;
	run();
	expect_success(&nodes[0].send_cq, 0);
	expect_success(&nodes[0].send_cq, 2);
	post_send(&nodes[0], &nop);
	expect_success(&nodes[0].send_cq, 4);
}

/* ---- errors ---- */

static void error_flushes_both_queues_in_order(void **state)
{
	struct send_request quiet = small_send();

	(void)state;
	quiet.flags = 0;
	wire.asleep[1] = true;
	for (unsigned int i = 0; i < 3; i++)
		post_recv(&nodes[0], 0, 8);
	post_small_sends(2);
	post_send(&nodes[0], &quiet);
	set_state(nodes[0].qp, QP_ERR, 0);
	for (unsigned int i = 0; i < 3; i++)
		expect_status(&nodes[0].send_cq, i * UNITS, STATUS_FLUSHED);
	for (unsigned int i = 0; i < 3; i++)
		expect_status(&nodes[0].recv_cq, i, STATUS_FLUSHED);
	expect_nothing(&nodes[0].send_cq);
	expect_nothing(&nodes[0].recv_cq);
}

static void what_is_posted_in_error_is_flushed_as_well(void **state)
{
	(void)state;
	set_state(nodes[0].qp, QP_ERR, 0);
	post_small_sends(2);
	post_recv(&nodes[0], 0, 8);
	run();
	expect_status(&nodes[0].send_cq, 0, STATUS_FLUSHED);
	expect_status(&nodes[0].send_cq, 2, STATUS_FLUSHED);
	expect_status(&nodes[0].recv_cq, 0, STATUS_FLUSHED);
	assert_int_equal(wire.logged, 0);
}

static void message_in_progress_is_flushed_first(void **state)
{
	struct send_request request = make_request(&nodes[0], REQUEST_SEND, 0, 1000);
	struct drop_plan plan = {.from = 0, .drop = 1 << 3};

	(void)state;
	use_plan(&plan);
	post_recv(&nodes[1], 0, 1000);
	post_recv(&nodes[1], 0, 1000);
	post_send(&nodes[0], &request);
	run();
	set_state(nodes[1].qp, QP_ERR, 0);
	expect_status(&nodes[1].recv_cq, 0, STATUS_FLUSHED);
	expect_status(&nodes[1].recv_cq, 1, STATUS_FLUSHED);
	expect_nothing(&nodes[1].recv_cq);
}

static void reset_forgets_what_was_posted(void **state)
{
	struct qp_attr attr = {.state = QP_RESET};

	(void)state;
	wire.asleep[1] = true;
	post_small_sends(3);
	assert_int_equal(qp_modify(nodes[0].qp, &attr, QP_STATE), 0);
	wire.asleep[1] = false;
	run_for(1000 * MS);
	expect_nothing(&nodes[0].send_cq);
	assert_int_equal(nodes[0].qp->sq_consumer, 0);
}

/* ---- draining ---- */

static void drained_queue_finishes_what_it_began(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		post_recv(&nodes[1], 0, 8);
	wire.asleep[1] = true;
	post_small_sends(2);
	set_state(nodes[0].qp, QP_SQD, QP_EN_SQD_ASYNC_NOTIFY);
	post_small_sends(1);
	run();
	assert_false(had_event(&nodes[0], EVENT_SQ_DRAINED));
	assert_true(transport_is_draining(nodes[0].qp));
	wire.asleep[1] = false;
	run();
	assert_false(transport_is_draining(nodes[0].qp));
	assert_true(had_event(&nodes[0], EVENT_SQ_DRAINED));
	assert_int_equal(nodes[0].num_events, 1);
	expect_success(&nodes[0].send_cq, 0);
	expect_success(&nodes[0].send_cq, 2);
	expect_nothing(&nodes[0].send_cq);
	set_state(nodes[0].qp, QP_RTS, 0);
	run();
	expect_success(&nodes[0].send_cq, 4);
}

static void idle_queue_drains_at_once(void **state)
{
	(void)state;
	set_state(nodes[0].qp, QP_SQD, QP_EN_SQD_ASYNC_NOTIFY);
	assert_true(had_event(&nodes[0], EVENT_SQ_DRAINED));
}

static void drained_event_is_asked_for_each_time(void **state)
{
	(void)state;
	set_state(nodes[0].qp, QP_SQD, QP_EN_SQD_ASYNC_NOTIFY);
	set_state(nodes[0].qp, QP_RTS, 0);
	set_state(nodes[0].qp, QP_SQD, 0);
	assert_int_equal(nodes[0].num_events, 1);
}

/* ---- events ---- */

static int open_half(void **state)
{
	struct pair_options options = usual;

	(void)state;
	options.stop_at_rtr = true;
	pair_open(&options);
	return 0;
}

static void first_packet_in_rtr_tells_that_the_connection_stands(void **state)
{
	(void)state;
	post_recv(&nodes[1], 0, 8);
	post_recv(&nodes[1], 0, 8);
	post_small_sends(2);
	run();
	assert_int_equal(nodes[1].num_events, 1);
	assert_int_equal(nodes[1].events[0], EVENT_COMM_ESTABLISHED);
	expect_success(&nodes[0].send_cq, 0);
	expect_success(&nodes[0].send_cq, 2);
}

static int open_shared(void **state)
{
	struct pair_options options = usual;

	(void)state;
	options.srq = true;
	pair_open(&options);
	return 0;
}

static void error_with_a_shared_queue_tells_the_last_receive(void **state)
{
	(void)state;
	post_recv(&nodes[1], 0, 8);
	set_state(nodes[1].qp, QP_ERR, 0);
	assert_true(had_event(&nodes[1], EVENT_QP_LAST_WQE_REACHED));
	/* The receive stays in the shared queue. */
	expect_nothing(&nodes[1].recv_cq);
	assert_int_equal(nodes[1].srq->taken, 0);
}

/* ---- shortcuts ---- */

static void one_sided_requests_need_no_packets(void **state)
{
	struct send_request write = make_remote(&nodes[0], REQUEST_WRITE, 0, 5000, 8192);
	struct send_request read = make_remote(&nodes[0], REQUEST_READ, 16384, 5000, 8192);

	(void)state;
	fill(nodes[0].memory, 5000, 1);
	wire.direct = true;
	post_send(&nodes[0], &write);
	post_send(&nodes[0], &read);
	expect_success(&nodes[0].send_cq, 0);
	expect_success(&nodes[0].send_cq, 2);
	expect_pattern(nodes[1].memory + 8192, 5000, 1);
	expect_pattern(nodes[0].memory + 16384, 5000, 1);
	assert_int_equal(wire.logged, 0);
}

static void shortcut_does_not_overtake_packets(void **state)
{
	struct send_request write = make_remote(&nodes[0], REQUEST_WRITE, 0, 64, 8192);

	(void)state;
	wire.direct = true;
	wire.asleep[1] = true;
	post_recv(&nodes[1], 0, 8);
	post_small_sends(1);
	fill(nodes[0].memory, 64, 1);
	post_send(&nodes[0], &write);
	assert_int_equal(nodes[1].memory[8192 + 1], 0);
	assert_int_equal(wire.logged, 2);
	wire.asleep[1] = false;
	run();
	expect_success(&nodes[0].send_cq, 0);
	expect_success(&nodes[0].send_cq, 2);
	expect_pattern(nodes[1].memory + 8192, 64, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_usual, unsignaled_requests_retire_in_silence),
		TEST(open_usual, completion_tells_about_the_request),
		TEST(open_usual, scatter_and_gather_lists_are_followed),
		TEST(open_usual, fence_waits_for_reads_before_it),
		TEST(open_usual, request_without_fence_does_not_wait),
		TEST(open_usual, nop_completes_in_its_turn),
		TEST(open_usual, error_flushes_both_queues_in_order),
		TEST(open_usual, what_is_posted_in_error_is_flushed_as_well),
		TEST(open_usual, message_in_progress_is_flushed_first),
		TEST(open_usual, reset_forgets_what_was_posted),
		TEST(open_usual, drained_queue_finishes_what_it_began),
		TEST(open_usual, idle_queue_drains_at_once),
		TEST(open_usual, drained_event_is_asked_for_each_time),
		TEST(open_half, first_packet_in_rtr_tells_that_the_connection_stands),
		TEST(open_shared, error_with_a_shared_queue_tells_the_last_receive),
		TEST(open_usual, one_sided_requests_need_no_packets),
		TEST(open_usual, shortcut_does_not_overtake_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
