/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Traffic under a key for all of a guest's addresses, and what becomes of requests whose addresses
 * lead nowhere: each ends as IBTA vol. 1, 11.6.2 has it, and nothing outside is touched.
 */
#include <string.h>

#include "rig.h"

enum { CQES = 64, NOWHERE = RIG_MEMORY, SYNDROME = 55, OPCODE = 63 };
/* Of completion entries. */
enum { REQUESTER = 0, SENT_TO = 2, REQUESTER_ERROR = 0xd, RESPONDER_ERROR = 0xe };
enum { LOCAL_PROTECTION = 0x04, REMOTE_ACCESS = 0x13, REMOTE_OPERATION = 0x14 };

static struct guest_cq cqs[2];
static struct guest_qp qps[2];
static unsigned int polled[2];

static int open_pair(void **state)
{
	(void)state;
	memset(polled, 0, sizeof(polled));
	rig_open();
	rig_power_on();
	for (int i = 0; i < 2; i++) {
		guest_cq_make(&cqs[i], CQES);
		guest_qp_make(&qps[i], QP_TYPE_RC, cqs[i].cq, NULL);
	}
	for (int i = 0; i < 2; i++)
		guest_qp_bring_to(&qps[i], QP_RTS, rig.hca->shared->lid, qps[!i].qp->qpn);
	for (int i = 0; i < RIG_MEMORY; i++)
		rig.memory[i] = (uint8_t)(i * 7 + i / 4096);
	return 0;
}

static int close_pair(void **state)
{
	(void)state;
	rig_reset();
	for (int i = 0; i < 2; i++) {
		guest_qp_forget(&qps[i]);
		guest_cq_forget(&cqs[i]);
	}
	rig_close();
	return 0;
}

static void run(struct guest_qp *qp)
{
	engine_lock(rig.engine);
	qp_kick(qp->qp);
	while (engine_round(rig.engine))
		;
	engine_unlock(rig.engine);
}

static void expect(unsigned int cq, unsigned int opcode, unsigned int syndrome)
{
	const uint8_t *cqe = cqs[cq].pages[0] + polled[cq]++ * 64u;

	assert_true(cqs[cq].cq->producer >= polled[cq]);
	assert_int_equal(cqe[OPCODE] >> 4, opcode);
	if (opcode >= REQUESTER_ERROR)
		assert_int_equal(cqe[SYNDROME], syndrome);
}

static void messages_go_from_address_to_address(void **state)
{
	(void)state;
	guest_post_recv(&qps[1], RIG_MEMORY - 4096, 1);
	guest_post_send(&qps[0], 4096 - 10, 3000);
	run(&qps[0]);
	expect(0, REQUESTER, 0);
	expect(1, SENT_TO, 0);
	assert_memory_equal(rig.memory + RIG_MEMORY - 4096, rig.memory + 4096 - 10, 3000);
	guest_post_read(&qps[0], 100, 50000);
	run(&qps[0]);
	expect(0, REQUESTER, 0);
	assert_memory_equal(rig.memory + RIG_MEMORY / 2, rig.memory + 100, 50000);
}

static void a_message_from_nowhere_fails_here(void **state)
{
	(void)state;
	guest_post_recv(&qps[1], 0, 1);
	guest_post_send(&qps[0], NOWHERE - 8, 9);
	run(&qps[0]);
	expect(0, REQUESTER_ERROR, LOCAL_PROTECTION);
	assert_int_equal(qps[0].qp->attr.state, QP_ERR);
	assert_int_equal(qps[1].qp->attr.state, QP_RTS);
}

static void a_read_of_nowhere_is_refused(void **state)
{
	(void)state;
	guest_post_read(&qps[0], NOWHERE, 8);
	run(&qps[0]);
	expect(0, REQUESTER_ERROR, REMOTE_ACCESS);
	assert_int_equal(qps[1].qp->attr.state, QP_ERR);
}

static void a_read_that_runs_out_of_memory_is_refused(void **state)
{
	(void)state;
	guest_post_read(&qps[0], NOWHERE - 5000, 10000);
	run(&qps[0]);
	expect(0, REQUESTER_ERROR, REMOTE_ACCESS);
}

static void a_message_to_nowhere_fails_there_and_here(void **state)
{
	(void)state;
	guest_post_recv(&qps[1], 1ull << 40, 1);
	guest_post_send(&qps[0], 0, 100);
	run(&qps[0]);
	expect(0, REQUESTER_ERROR, REMOTE_OPERATION);
	expect(1, RESPONDER_ERROR, LOCAL_PROTECTION);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_pair, close_pair)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(messages_go_from_address_to_address),
		TEST(a_message_from_nowhere_fails_here),
		TEST(a_read_of_nowhere_is_refused),
		TEST(a_read_that_runs_out_of_memory_is_refused),
		TEST(a_message_to_nowhere_fails_there_and_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
