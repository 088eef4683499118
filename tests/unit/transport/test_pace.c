/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rate limits: when the next request is taken, to the microsecond. */
#include <errno.h>

#include "node.h"

/* A byte a microsecond. */
enum { RATE_KBPS = 8000, BURST_US = 16384, MESSAGE = 20000 };
#define US 1000ull

static void set_rate(uint32_t kbps)
{
	struct qp_attr attr = {.rate_limit = kbps};

	assert_int_equal(qp_modify(nodes[0].qp, &attr, QP_RATE_LIMIT), 0);
}

static uint32_t write_some(uint32_t length)
{
	struct send_request request = make_remote(&nodes[0], REQUEST_WRITE, 0, length, 65536);

	return post_send(&nodes[0], &request);
}

static void requests_wait_for_their_turn(void **state)
{
	uint32_t index[3];

	(void)state;
	set_rate(RATE_KBPS);
	for (unsigned int i = 0; i < 3; i++)
		index[i] = write_some(MESSAGE);
	run();
	expect_success(&nodes[0].send_cq, index[0]);
	expect_nothing(&nodes[0].send_cq);
	/* The line is busy for 20 ms, and a burst may come before that is over. */
	run_for((MESSAGE - BURST_US) * US - 10 * US);
	expect_nothing(&nodes[0].send_cq);
	run_for(20 * US);
	expect_success(&nodes[0].send_cq, index[1]);
	run_for(MESSAGE * US - 20 * US);
	expect_nothing(&nodes[0].send_cq);
	run_for(20 * US);
	expect_success(&nodes[0].send_cq, index[2]);
	expect_nothing(&nodes[0].send_cq);
}

/* A line that has been idle owes nothing, and has saved nothing up either. */
static void idle_time_is_not_saved_up(void **state)
{
	uint32_t index[3];

	(void)state;
	set_rate(RATE_KBPS);
	run_for(500 * MS);
	for (unsigned int i = 0; i < 3; i++)
		index[i] = write_some(MESSAGE);
	run_for(10 * MS);
	expect_success(&nodes[0].send_cq, index[0]);
	expect_success(&nodes[0].send_cq, index[1]);
	expect_nothing(&nodes[0].send_cq);
	run_for(20 * MS);
	expect_success(&nodes[0].send_cq, index[2]);
}

static void small_requests_go_as_a_burst(void **state)
{
	uint32_t index[8];

	(void)state;
	set_rate(RATE_KBPS);
	for (unsigned int i = 0; i < 8; i++)
		index[i] = write_some(1000);
	run();
	for (unsigned int i = 0; i < 8; i++)
		expect_success(&nodes[0].send_cq, index[i]);
}

static void lifting_the_limit_lets_go(void **state)
{
	uint32_t index[2];

	(void)state;
	set_rate(1);
	for (unsigned int i = 0; i < 2; i++)
		index[i] = write_some(MESSAGE);
	run_for(100 * MS);
	expect_success(&nodes[0].send_cq, index[0]);
	expect_nothing(&nodes[0].send_cq);
	set_rate(0);
	run();
	expect_success(&nodes[0].send_cq, index[1]);
}

/* It is forgotten with the connection. */
static void reset_ends_it(void **state)
{
	struct qp_attr attr = {.state = QP_RESET};

	(void)state;
	set_rate(1);
	write_some(MESSAGE);
	write_some(MESSAGE);
	run();
	assert_int_equal(qp_modify(nodes[0].qp, &attr, QP_STATE), 0);
	assert_int_equal(nodes[0].qp->attr.rate_limit, 0);
	assert_true(list_empty(&nodes[0].engine->paced));
	assert_int_equal(qp_modify(nodes[0].qp, &attr, QP_RATE_LIMIT), EINVAL);
}

static void rates_that_cannot_be(void **state)
{
	struct qp_attr attr = {.rate_limit = QP_MAX_RATE_LIMIT + 1};

	(void)state;
	assert_int_equal(qp_modify(nodes[0].qp, &attr, QP_RATE_LIMIT), EINVAL);
	assert_int_equal(nodes[0].qp->attr.rate_limit, 0);
	set_rate(QP_MAX_RATE_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_usual, requests_wait_for_their_turn),
		TEST(open_usual, idle_time_is_not_saved_up),
		TEST(open_usual, small_requests_go_as_a_burst),
		TEST(open_usual, lifting_the_limit_lets_go),
		TEST(open_usual, reset_ends_it),
		TEST(open_usual, rates_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
