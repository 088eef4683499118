/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Values given to a modify are checked before anything changes, and what is applied is published.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "fakes.h"

static struct world world;
static struct fake_cq_record record;
static struct pd *pd;
static struct cq *cq;

static int setup(void **state)
{
	(void)state;
	memset(&record, 0, sizeof(record));
	world_create(&world);
	pd = make_pd(&world);
	cq = make_cq(&world, 16, &record);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_destroy(&world);
	return 0;
}

enum {
	RTR_RC = QP_STATE | QP_AV | QP_PATH_MTU | QP_DEST_QPN | QP_RQ_PSN | QP_MAX_DEST_RD_ATOMIC |
		 QP_MIN_RNR_TIMER,
	RTS_RC = QP_STATE | QP_SQ_PSN | QP_TIMEOUT | QP_RETRY_CNT | QP_RNR_RETRY |
		 QP_MAX_QP_RD_ATOMIC,
};

static struct qp_attr good_rtr(void)
{
	return (struct qp_attr){
		.state = QP_RTR,
		.path = {.port = 1, .dlid = 2},
		.path_mtu = 5,
		.dest_qpn = 0xabcdef,
		.rq_psn = 0x123456,
		.max_dest_rd_atomic = 16,
		.min_rnr_timer = 31,
	};
}

static struct qp_attr good_rts(void)
{
	return (struct qp_attr){
		.state = QP_RTS,
		.sq_psn = 0xfedcba,
		.timeout = 31,
		.retry_count = 7,
		.rnr_retry = 7,
		.max_rd_atomic = 8,
	};
}

static struct qp *init_rc(void)
{
	struct qp *qp = make_qp(&world, pd, cq, NULL, QP_TYPE_RC);

	bring_to(qp, QP_INIT, 0, 0);
	return qp;
}

/* The QP must be as it was after the refusal, and take the good values then. */
static void refuse_rtr(struct qp *qp, struct qp_attr bad)
{
	struct qp_attr before = qp->attr;

	assert_int_equal(qp_modify(qp, &bad, RTR_RC), EINVAL);
	assert_memory_equal(&qp->attr, &before, sizeof(before));
}

static void values_at_the_limits_are_taken_and_published(void **state)
{
	struct qp *qp = init_rc();
	struct qp_attr rtr = good_rtr(), rts = good_rts();

	(void)state;
	assert_int_equal(qp->shared->state, QP_INIT);
	assert_int_equal(qp->shared->remote_hca, 0xff);
	assert_int_equal(qp_modify(qp, &rtr, RTR_RC), 0);
	assert_int_equal(qp->shared->state, QP_RTR);
	assert_int_equal(qp->shared->remote_hca, 1);
	assert_int_equal(qp->shared->remote_qpn, 0xabcdef);
	assert_int_equal(qp->shared->pdn, pd->pdn);
	assert_int_equal(fake_transport.last_old, QP_INIT);
	assert_int_equal(fake_transport.last_mask, RTR_RC);
	assert_int_equal(qp_modify(qp, &rts, RTS_RC), 0);
	assert_int_equal(qp->attr.sq_psn, 0xfedcba);
	assert_int_equal(qp->attr.rq_psn, 0x123456);
	assert_int_equal(qp->shared->state, QP_RTS);
}

static void rtr_values_beyond_the_limits_are_refused(void **state)
{
	struct qp *qp = init_rc();
	struct qp_attr bad;

	(void)state;
	bad = good_rtr(), bad.path_mtu = 0, refuse_rtr(qp, bad);
	bad = good_rtr(), bad.path_mtu = 6, refuse_rtr(qp, bad);
	bad = good_rtr(), bad.dest_qpn = 0x1000000, refuse_rtr(qp, bad);
	bad = good_rtr(), bad.max_dest_rd_atomic = 17, refuse_rtr(qp, bad);
	bad = good_rtr(), bad.min_rnr_timer = 32, refuse_rtr(qp, bad);
	bad = good_rtr(), bad.path.port = 2, refuse_rtr(qp, bad);
	bad = good_rtr(), bad.path.dlid = 0, refuse_rtr(qp, bad);
	bad = good_rtr(), bad.path.dlid = 0xc000, refuse_rtr(qp, bad);
	bad = good_rtr(), bad.path.sl = 16, refuse_rtr(qp, bad);
	bad = good_rtr();
	assert_int_equal(qp_modify(qp, &bad, RTR_RC), 0);
}

static void rts_values_beyond_the_limits_are_refused(void **state)
{
	struct qp *qp = init_rc();
	struct qp_attr rtr = good_rtr(), bad;

	(void)state;
	assert_int_equal(qp_modify(qp, &rtr, RTR_RC), 0);
	bad = good_rts(), bad.timeout = 32;
	assert_int_equal(qp_modify(qp, &bad, RTS_RC), EINVAL);
	bad = good_rts(), bad.retry_count = 8;
	assert_int_equal(qp_modify(qp, &bad, RTS_RC), EINVAL);
	bad = good_rts(), bad.rnr_retry = 8;
	assert_int_equal(qp_modify(qp, &bad, RTS_RC), EINVAL);
	bad = good_rts(), bad.max_rd_atomic = 9;
	assert_int_equal(qp_modify(qp, &bad, RTS_RC), EINVAL);
	assert_int_equal(qp->attr.state, QP_RTR);
}

static void init_checks_port_pkey_index_and_access(void **state)
{
	struct qp *qp = make_qp(&world, pd, cq, NULL, QP_TYPE_RC);
	uint32_t mask = QP_STATE | QP_PORT | QP_PKEY_INDEX | QP_ACCESS_FLAGS;
	struct qp_attr attr = {.state = QP_INIT, .port = 2};

	(void)state;
	assert_int_equal(qp_modify(qp, &attr, mask), EINVAL);
	attr.port = 0;
	assert_int_equal(qp_modify(qp, &attr, mask), EINVAL);
	attr.port = 1;
	attr.pkey_index = FABRIC_PKEYS;
	assert_int_equal(qp_modify(qp, &attr, mask), EINVAL);
	attr.pkey_index = FABRIC_PKEYS - 1;
	attr.access = 1u << 31;
	assert_int_equal(qp_modify(qp, &attr, mask), EINVAL);
	attr.access = ACCESS_REMOTE_READ;
	assert_int_equal(qp_modify(qp, &attr, mask), 0);
}

static void psns_count_modulo_24_bits(void **state)
{
	struct qp *qp = init_rc();
	struct qp_attr rtr = good_rtr();

	(void)state;
	rtr.rq_psn = 0xff123456;
	assert_int_equal(qp_modify(qp, &rtr, RTR_RC), 0);
	assert_int_equal(qp->attr.rq_psn, 0x123456);
}

static void the_current_state_must_be_the_real_one(void **state)
{
	struct qp *qp = init_rc();
	struct qp_attr rtr = good_rtr(), rts = good_rts();

	(void)state;
	assert_int_equal(qp_modify(qp, &rtr, RTR_RC), 0);
	rts.current_state = QP_SQE;
	assert_int_equal(qp_modify(qp, &rts, RTS_RC | QP_CUR_STATE), EINVAL);
	rts.current_state = QP_RTR;
	assert_int_equal(qp_modify(qp, &rts, RTS_RC | QP_CUR_STATE), 0);
}

static void ethernet_ports_need_a_global_route(void **state)
{
	struct qp *qp;
	struct qp_attr rtr = good_rtr();

	(void)state;
	world.hca->shared->port_type = FABRIC_PORT_ETH;
	qp = init_rc();
	refuse_rtr(qp, rtr);
	rtr.path.grh = true;
	refuse_rtr(qp, rtr); /* the GID of nobody */
	rtr.path.dgid[0] = 0xff;
	rtr.path.dgid[15] = 2;
	refuse_rtr(qp, rtr);
	rtr.path.dgid[0] = 0;
	rtr.path.sgid_index = 1;
	refuse_rtr(qp, rtr); /* not in the table */
	rtr.path.sgid_index = FABRIC_GIDS;
	refuse_rtr(qp, rtr);
	rtr.path.sgid_index = 0;
	rtr.path.dlid = 0;
	assert_int_equal(qp_modify(qp, &rtr, RTR_RC), 0);
	assert_int_equal(qp->shared->remote_hca, 1);
}

static void alternate_paths_are_not_supported(void **state)
{
	struct qp *qp = init_rc();
	struct qp_attr rtr = good_rtr(), rts = good_rts();

	(void)state;
	assert_int_equal(qp_modify(qp, &rtr, RTR_RC | QP_ALT_PATH), EOPNOTSUPP);
	assert_int_equal(qp_modify(qp, &rtr, RTR_RC), 0);
	rts.migration = MIGRATION_REARM;
	assert_int_equal(qp_modify(qp, &rts, RTS_RC | QP_PATH_MIG_STATE), EOPNOTSUPP);
	rts.migration = MIGRATION_ARMED + 1;
	assert_int_equal(qp_modify(qp, &rts, RTS_RC | QP_PATH_MIG_STATE), EINVAL);
	rts.migration = MIGRATION_MIGRATED;
	assert_int_equal(qp_modify(qp, &rts, RTS_RC | QP_PATH_MIG_STATE), 0);
}

static void queue_sizes_stay_what_they_are(void **state)
{
	struct qp *qp = init_rc();
	struct qp_attr rtr = good_rtr();

	(void)state;
	assert_int_equal(qp_modify(qp, &rtr, RTR_RC | QP_CAP), EOPNOTSUPP);
	/* A pace is for who can send. */
	assert_int_equal(qp_modify(qp, &rtr, RTR_RC | QP_RATE_LIMIT), EINVAL);
	assert_int_equal(qp_modify(qp, &rtr, RTR_RC | 1 << 30), EINVAL);
	assert_int_equal(qp->attr.state, QP_INIT);
}

static void reset_forgets_all_attributes(void **state)
{
	struct qp *qp = make_qp(&world, pd, cq, NULL, QP_TYPE_RC);
	struct qp_attr reset = {.state = QP_RESET}, zero = {0};

	(void)state;
	bring_to(qp, QP_RTS, 2, 77);
	qp->sq_consumer = 9;
	qp->rq_consumer = 9;
	assert_int_equal(qp_modify(qp, &reset, QP_STATE), 0);
	assert_memory_equal(&qp->attr, &zero, sizeof(zero));
	assert_int_equal(qp->sq_consumer, 0);
	assert_int_equal(qp->rq_consumer, 0);
	assert_int_equal(qp->shared->state, QP_RESET);
	assert_int_equal(qp->shared->remote_hca, 0xff);
}

static void an_error_of_our_own_raises_its_event_once(void **state)
{
	struct qp *qp = make_qp(&world, pd, cq, NULL, QP_TYPE_RC);

	(void)state;
	qp_set_error(qp, EVENT_QP_FATAL); /* nothing to end yet */
	assert_int_equal(fake_front.num_events, 0);
	bring_to(qp, QP_RTS, 2, 77);
	qp_set_error(qp, EVENT_QP_ACCESS_ERROR);
	qp_set_error(qp, EVENT_QP_FATAL);
	assert_int_equal(qp->attr.state, QP_ERR);
	assert_int_equal(fake_front.num_events, 1);
	assert_int_equal(fake_front.events[0].type, EVENT_QP_ACCESS_ERROR);
	assert_ptr_equal(fake_front.events[0].object, qp);
}

static void a_send_error_leaves_the_receive_side_and_can_be_left(void **state)
{
	struct qp *qp = make_qp(&world, pd, cq, NULL, QP_TYPE_UD);
	struct qp_attr rts = {.state = QP_RTS};

	(void)state;
	bring_to(qp, QP_RTS, 0, 0);
	qp_set_send_error(qp);
	assert_int_equal(qp->attr.state, QP_SQE);
	assert_int_equal(qp->shared->state, QP_SQE);
	assert_int_equal(qp_modify(qp, &rts, QP_STATE), 0);
	assert_int_equal(qp->attr.state, QP_RTS);
}

static void shortcuts_to_it_have_ended_when_a_state_is_left(void **state)
{
	static const enum qp_state states[] = {QP_ERR, QP_RESET};

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct qp *qp = make_qp(&world, pd, cq, NULL, QP_TYPE_RC);
		struct qp_attr attr = {.state = states[i]};

		bring_to(qp, QP_RTS, 2, 5);
		fake_fabric.last_settled = NULL;
		fake_fabric.settled_state = QP_RTS;
		assert_int_equal(qp_modify(qp, &attr, QP_STATE), 0);
		assert_ptr_equal(fake_fabric.last_settled, qp->shared);
		/* Closed first, then waited. */
		assert_int_equal(fake_fabric.settled_state, states[i]);
		assert_int_equal(qp_destroy(qp), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(values_at_the_limits_are_taken_and_published, setup,
						teardown),
		cmocka_unit_test_setup_teardown(rtr_values_beyond_the_limits_are_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(rts_values_beyond_the_limits_are_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(init_checks_port_pkey_index_and_access, setup,
						teardown),
		cmocka_unit_test_setup_teardown(psns_count_modulo_24_bits, setup, teardown),
		cmocka_unit_test_setup_teardown(the_current_state_must_be_the_real_one, setup,
						teardown),
		cmocka_unit_test_setup_teardown(ethernet_ports_need_a_global_route, setup,
						teardown),
		cmocka_unit_test_setup_teardown(alternate_paths_are_not_supported, setup, teardown),
		cmocka_unit_test_setup_teardown(queue_sizes_stay_what_they_are, setup,
						teardown),
		cmocka_unit_test_setup_teardown(shortcuts_to_it_have_ended_when_a_state_is_left,
						setup, teardown),
		cmocka_unit_test_setup_teardown(reset_forgets_all_attributes, setup, teardown),
		cmocka_unit_test_setup_teardown(an_error_of_our_own_raises_its_event_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			a_send_error_leaves_the_receive_side_and_can_be_left, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
