/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Dynamic connections: initiators on node 0, targets with a shared receive queue on node 1. The
 * protocol is of our own making (docs/softhca.md, "Dynamic connections"), so what is held against
 * something outside is what requests and completions promise, and the header by its literal bytes.
 */
#include "node.h"

#include "hw/wire/bth.h"
#include "hw/wire/opcode.h"

enum {
	INITIATORS = 2,
	TARGETS = 3, /* the last one never gets to RTR */
	LENGTH = 256 * 3 + 17,
};

#define KEY 0x1122334455667788ull

static struct {
	struct qp *dci[INITIATORS], *dct[TARGETS];
	struct test_queue queues[INITIATORS], none;
} bed;

static const struct qp_attr attributes = {
	.path_mtu = 1,
	.port = 1,
	.path = {.port = 1},
	.access = ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ | ACCESS_REMOTE_ATOMIC,
	.max_rd_atomic = 4,
	.min_rnr_timer = 12,
	.timeout = 14,
	.retry_count = 7,
	.rnr_retry = 7,
	.sq_psn = 0xfffffe,
};

static void enter(struct qp *qp, enum qp_state state, uint32_t mask)
{
	struct qp_attr attr = attributes;

	attr.state = state;
	assert_int_equal(qp_modify(qp, &attr, QP_STATE | mask), 0);
}

static void start_dci(struct qp *qp)
{
	enter(qp, QP_INIT, QP_PKEY_INDEX | QP_PORT);
	enter(qp, QP_RTR, QP_PATH_MTU);
	enter(qp, QP_RTS,
	      QP_TIMEOUT | QP_RETRY_CNT | QP_RNR_RETRY | QP_SQ_PSN | QP_MAX_QP_RD_ATOMIC);
}

static void start_dct(struct qp *qp)
{
	enter(qp, QP_INIT, QP_PKEY_INDEX | QP_PORT | QP_ACCESS_FLAGS);
	enter(qp, QP_RTR, QP_MIN_RNR_TIMER | QP_AV | QP_PATH_MTU);
}

static struct qp *make_dci(struct test_queue *queue)
{
	struct qp_params params = {
		.type = QP_TYPE_DCI,
		.pd = nodes[0].pd,
		.send_cq = nodes[0].send_cq.cq,
		.sq_units = QUEUE_DEPTH * UNITS,
		.max_send_wr = QUEUE_DEPTH,
		.front = queue,
	};
	struct qp *qp;

	assert_int_equal(qp_create(nodes[0].hca, &params, &qp), 0);
	return qp;
}

static struct qp *make_dct(uint64_t key)
{
	struct qp_params params = {
		.type = QP_TYPE_DCT,
		.pd = nodes[1].pd,
		.recv_cq = nodes[1].recv_cq.cq,
		.srq = nodes[1].srq,
		.access_key = key,
		.front = &bed.none,
	};
	struct qp *qp;

	assert_int_equal(qp_create(nodes[1].hca, &params, &qp), 0);
	return qp;
}

static int open_bed(void **state)
{
	struct pair_options options = usual;

	(void)state;
	options.srq = true;
	pair_open(&options);
	memset(&bed, 0, sizeof(bed));
	for (unsigned int i = 0; i < INITIATORS; i++) {
		bed.dci[i] = make_dci(&bed.queues[i]);
		start_dci(bed.dci[i]);
	}
	for (unsigned int i = 0; i < TARGETS; i++) {
		bed.dct[i] = make_dct(KEY + i);
		if (i < TARGETS - 1)
			start_dct(bed.dct[i]);
	}
	wire.logged = 0;
	return 0;
}

static struct send_request to_target(struct send_request request, unsigned int target)
{
	request.ud.dlid = 2;
	request.ud.qpn = bed.dct[target]->qpn;
	request.access_key = KEY + target;
	return request;
}

static uint32_t post(unsigned int initiator, const struct send_request *request)
{
	return post_send_to(bed.dci[initiator], &bed.queues[initiator], request);
}

static struct send_request message(unsigned int target, uint32_t offset, uint32_t length)
{
	return to_target(make_request(&nodes[0], REQUEST_SEND, offset, length), target);
}

static void post_shared(uint32_t offset, uint32_t length)
{
	struct test_queue *queue = &nodes[1].srq_queue;

	queue->recv[queue->recv_posted++ % QUEUE_DEPTH] = (struct recv_request){
		.length = length,
		.num_sge = 1,
		.sge[0] = {.address = (uintptr_t)nodes[1].memory + offset,
			   .length = length,
			   .lkey = nodes[1].mr->key},
	};
}

/* ---- what arrives ---- */

static void message_tells_its_initiator(void **state)
{
	struct send_request request = message(0, 0, LENGTH);
	const struct completion *got;
	uint32_t index;

	(void)state;
	fill(nodes[0].memory, LENGTH, 1);
	post_shared(0, LENGTH);
	request.opcode = REQUEST_SEND_IMM;
	request.immediate = htobe32(0xabcd);
	index = post(0, &request);
	run();
	expect_success(&nodes[0].send_cq, index);
	got = take(&nodes[1].recv_cq);
	assert_non_null(got);
	assert_int_equal(got->status, STATUS_SUCCESS);
	assert_int_equal(got->length, LENGTH);
	assert_int_equal(got->remote_qpn, bed.dci[0]->qpn);
	assert_true(got->flags & COMPLETION_IMMEDIATE);
	assert_int_equal(be32toh(got->immediate), 0xabcd);
	assert_ptr_equal(got->srq, nodes[1].srq);
	assert_int_equal(nodes[1].recv_cq.qpn[0], bed.dct[0]->qpn);
	expect_pattern(nodes[1].memory, LENGTH, 1);
}

/* BTH with one of the manufacturers' operation codes, then the header of our own. */
static void first_packet_has_these_bytes(void **state)
{
	struct send_request request = message(1, 0, 4);
	uint8_t bytes[36];

	(void)state;
	post_shared(0, 4);
	post(0, &request);
	run();
	memcpy(bytes, packet_bth(wire.log[0]), sizeof(bytes));
	assert_int_equal(bytes[0], 0xc4);
	assert_int_equal(bytes[5] << 16 | bytes[6] << 8 | bytes[7], bed.dct[1]->qpn);
	assert_memory_equal(bytes + 8, "\x80\xff\xff\xfe", 4);
	assert_memory_equal(bytes + 12, "\x11\x22\x33\x44\x55\x66\x77\x89", 8);
	assert_int_equal(bytes[28], 0);
	assert_int_equal(bytes[29] << 16 | bytes[30] << 8 | bytes[31], bed.dci[0]->qpn);
	assert_memory_equal(bytes + 32, "\x00\xff\xff\xfe", 4);
	assert_int_equal(wire.log[0]->length, 12 + 24 + 4);
}

static void each_operation_works(void **state)
{
	static const enum request_opcode opcodes[] = {REQUEST_WRITE, REQUEST_WRITE_IMM,
						      REQUEST_READ, REQUEST_COMPARE_SWAP,
						      REQUEST_FETCH_ADD};
	uint64_t *word = (uint64_t *)(void *)(nodes[1].memory + 8192);

	(void)state;
	*word = 5;
	fill(nodes[0].memory, LENGTH, 7);
	for (unsigned int i = 0; i < sizeof(opcodes) / sizeof(opcodes[0]); i++) {
		bool atomic = i >= 3;
		struct send_request request =
			to_target(make_remote(&nodes[0], opcodes[i], i == 2 ? 16384 : 0,
					      atomic ? 8 : LENGTH, atomic ? 8192 : 0),
				  0);

		request.compare = 5;
		request.swap_or_add = 100;
		if (opcodes[i] == REQUEST_WRITE_IMM)
			post_shared(32768, 0);
		expect_success(&nodes[0].send_cq, (post(0, &request), run(), i * UNITS));
	}
	expect_pattern(nodes[1].memory, LENGTH, 7);
	expect_pattern(nodes[0].memory + 16384, LENGTH, 7);
	assert_int_equal(*word, 200);
	expect_success(&nodes[1].recv_cq, 0);
	expect_nothing(&nodes[1].recv_cq);
}

/* ---- many ---- */

static void requests_in_turn_reach_their_targets_in_order(void **state)
{
	enum { ROUNDS = 12 };

	(void)state;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		struct send_request request = message(i / 2 % 2, 0, 4 + i);

		post_shared(4096 * i, 64);
		post(0, &request);
	}
	run();
	for (unsigned int i = 0; i < ROUNDS; i++) {
		const struct completion *got;

		expect_success(&nodes[0].send_cq, i * UNITS);
		got = take(&nodes[1].recv_cq);
		assert_non_null(got);
		assert_int_equal(got->length, 4 + i);
		assert_int_equal(nodes[1].recv_cq.qpn[i], bed.dct[i / 2 % 2]->qpn);
	}
}

/* Both begin at the same sequence number, and neither disturbs the other. */
static void initiators_share_a_target(void **state)
{
	uint32_t next[INITIATORS] = {0};

	(void)state;
	for (unsigned int i = 0; i < 8; i++) {
		struct send_request request = message(0, 0, LENGTH);

		post_shared(4096 * i, LENGTH);
		post(i % INITIATORS, &request);
	}
	run();
	for (unsigned int i = 0; i < 8; i++) {
		unsigned int who = nodes[0].send_cq.qpn[i] == bed.dci[1]->qpn;

		expect_success(&nodes[0].send_cq, next[who]);
		next[who] += UNITS;
		expect_success(&nodes[1].recv_cq, i);
	}
	assert_int_equal(next[0], next[1]);
}

/* ---- what is lost or late ---- */

static void lost_and_doubled_packets_count_once(void **state)
{
	static const unsigned int froms[] = {0, 0, 1, 1, 0};
	struct drop_plan plan;
	uint32_t sent = 0;

	(void)state;
	use_plan(&plan);
	for (unsigned int kind = 0; kind < 5; kind++) {
		for (unsigned int i = 0; i < (froms[kind] ? 1 : 4); i++) {
			struct send_request request = message(sent & 1, 0, LENGTH);

			plan = (struct drop_plan){.from = froms[kind]};
			*(kind % 2    ? &plan.duplicate
			  : kind == 4 ? &plan.delay
				      : &plan.drop) = 1ull << i;
			post_shared(0, LENGTH);
			fill(nodes[0].memory, LENGTH, sent);
			post(0, &request);
			run_for(100 * MS);
			expect_success(&nodes[0].send_cq, sent * UNITS);
			expect_success(&nodes[1].recv_cq, sent);
			expect_nothing(&nodes[1].recv_cq);
			expect_pattern(nodes[1].memory, LENGTH, sent++);
		}
	}
}

/* A copy from a connection that is over must not be carried out in the next one. */
static void late_copy_of_an_old_connection_is_dropped(void **state)
{
	struct send_request add =
		to_target(make_remote(&nodes[0], REQUEST_FETCH_ADD, 0, 8, 8192), 0);
	struct send_request elsewhere = message(1, 0, 4);
	uint64_t *word = (uint64_t *)(void *)(nodes[1].memory + 8192);
	struct sent_packet old;

	(void)state;
	add.swap_or_add = 1;
	post(0, &add);
	run();
	old = *wire.log[0];
	post_shared(0, 4);
	post(0, &elsewhere);
	run();
	post(0, &add);
	run();
	assert_int_equal(*word, 2);
	wire_inject(0, 1, &old.head, old.bytes, old.length);
	run();
	assert_int_equal(*word, 2);
	for (unsigned int i = 0; i < 3; i++)
		expect_success(&nodes[0].send_cq, i * UNITS);
}

static void waits_for_receives(void **state)
{
	struct send_request request = message(0, 0, LENGTH);

	(void)state;
	post(0, &request);
	run();
	expect_nothing(&nodes[0].send_cq);
	post_shared(0, LENGTH);
	run_for(10 * MS);
	expect_success(&nodes[0].send_cq, 0);
	expect_success(&nodes[1].recv_cq, 0);
}

/* ---- errors ---- */

/* The initiator ends, its later requests are flushed; the target goes on for others. */
static void expect_failure(const struct send_request *request, enum completion_status status)
{
	struct send_request good = message(0, 0, 4);

	post(0, request);
	post(0, &good);
	run_for(3000 * MS);
	expect_status(&nodes[0].send_cq, 0, status);
	expect_status(&nodes[0].send_cq, UNITS, STATUS_FLUSHED);
	assert_int_equal(bed.dci[0]->attr.state, QP_ERR);
	assert_int_equal(bed.dct[0]->attr.state, QP_RTR);
	assert_int_equal(nodes[1].num_events, 0);
	post_shared(0, 64);
	post(1, &good);
	run();
	expect_success(&nodes[0].send_cq, 0);
}

/* From reset it starts again, at the number that it had first. */
static void expect_recovery(void)
{
	struct send_request good = message(0, 0, 4);

	enter(bed.dci[0], QP_RESET, 0);
	bed.queues[0].send_posted = 0;
	start_dci(bed.dci[0]);
	post_shared(0, 64);
	post(0, &good);
	run();
	expect_success(&nodes[0].send_cq, 0);
}

static void wrong_access_key_is_refused(void **state)
{
	struct send_request request = message(0, 0, 4);

	(void)state;
	request.access_key ^= 1;
	expect_failure(&request, STATUS_REMOTE_ACCESS);
	expect_recovery();
}

static void target_that_is_not_there_never_answers(void **state)
{
	struct send_request request = message(0, 0, 4);

	(void)state;
	request.ud.qpn ^= 0x555;
	expect_failure(&request, STATUS_RETRY_EXCEEDED);
	expect_recovery();
}

static void target_that_is_not_ready_never_answers(void **state)
{
	struct send_request request = message(TARGETS - 1, 0, 4);

	(void)state;
	expect_failure(&request, STATUS_RETRY_EXCEEDED);
}

static void bad_key_ends_that_connection(void **state)
{
	struct send_request request = to_target(make_remote(&nodes[0], REQUEST_WRITE, 0, 8, 0), 0);

	(void)state;
	request.rkey ^= 0x100;
	expect_failure(&request, STATUS_REMOTE_ACCESS);
	expect_recovery();
}

static void receive_too_short_is_told_to_both(void **state)
{
	struct send_request request = message(0, 0, LENGTH);

	(void)state;
	post_shared(0, 16);
	expect_failure(&request, STATUS_REMOTE_INVALID_REQUEST);
	expect_status(&nodes[1].recv_cq, 0, STATUS_LOCAL_LENGTH);
	expect_success(&nodes[1].recv_cq, 1);
}

/* A message that stays unfinished keeps its receive for the initiator's next one. */
static void broken_message_loses_no_receive(void **state)
{
	struct send_request request = message(0, 0, LENGTH);
	struct drop_plan plan = {.from = 0, .drop = ~1ull};

	(void)state;
	use_plan(&plan);
	post_shared(0, LENGTH);
	post(0, &request);
	run();
	expect_nothing(&nodes[1].recv_cq);
	plan.drop = 0;
	enter(bed.dci[0], QP_ERR, 0);
	enter(bed.dci[0], QP_RESET, 0);
	bed.queues[0].send_posted = 0;
	expect_status(&nodes[0].send_cq, 0, STATUS_FLUSHED);
	start_dci(bed.dci[0]);
	fill(nodes[0].memory, LENGTH, 3);
	post(0, &request);
	run();
	expect_success(&nodes[0].send_cq, 0);
	expect_success(&nodes[1].recv_cq, 0);
	expect_nothing(&nodes[1].recv_cq);
	expect_pattern(nodes[1].memory, LENGTH, 3);
}

/* The target goes while a message is on its way: its receive completes all the same. */
static void target_ends_in_the_middle_of_a_message(void **state)
{
	struct send_request request = message(0, 0, LENGTH);
	struct drop_plan plan = {.from = 0, .drop = ~1ull};

	(void)state;
	use_plan(&plan);
	post_shared(0, LENGTH);
	post(0, &request);
	run();
	assert_int_equal(qp_destroy(bed.dct[0]), 0);
	expect_status(&nodes[1].recv_cq, 0, STATUS_FLUSHED);
	run_for(3000 * MS);
	expect_status(&nodes[0].send_cq, 0, STATUS_RETRY_EXCEEDED);
}

/* ---- making them ---- */

static void objects_and_states_are_checked(void **state)
{
	struct qp_params params = {.type = QP_TYPE_DCT, .pd = nodes[1].pd, .front = &bed.none};
	struct qp_attr attr = attributes;
	struct qp *qp;

	(void)state;
	params.recv_cq = nodes[1].recv_cq.cq;
	assert_int_equal(qp_create(nodes[1].hca, &params, &qp), 22);
	params.srq = nodes[1].srq;
	params.send_cq = nodes[1].send_cq.cq;
	assert_int_equal(qp_create(nodes[1].hca, &params, &qp), 22);
	attr.state = QP_RTS;
	assert_int_equal(qp_modify(bed.dct[0], &attr, QP_STATE | QP_SQ_PSN), 22);
	attr.state = QP_RESET;
	assert_int_equal(qp_modify(bed.dct[0], &attr, QP_STATE), 22);
	attr.state = QP_SQD;
	assert_int_equal(qp_modify(bed.dci[0], &attr, QP_STATE), 22);
	attr.state = QP_RTS;
	assert_int_equal(qp_modify(bed.dci[0], &attr, QP_STATE | QP_MIN_RNR_TIMER), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_bed, message_tells_its_initiator),
		TEST(open_bed, first_packet_has_these_bytes),
		TEST(open_bed, each_operation_works),
		TEST(open_bed, requests_in_turn_reach_their_targets_in_order),
		TEST(open_bed, initiators_share_a_target),
		TEST(open_bed, lost_and_doubled_packets_count_once),
		TEST(open_bed, late_copy_of_an_old_connection_is_dropped),
		TEST(open_bed, waits_for_receives),
		TEST(open_bed, wrong_access_key_is_refused),
		TEST(open_bed, target_that_is_not_there_never_answers),
		TEST(open_bed, target_that_is_not_ready_never_answers),
		TEST(open_bed, bad_key_ends_that_connection),
		TEST(open_bed, receive_too_short_is_told_to_both),
		TEST(open_bed, broken_message_loses_no_receive),
		TEST(open_bed, target_ends_in_the_middle_of_a_message),
		TEST(open_bed, objects_and_states_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
