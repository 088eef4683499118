/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a guest does to its adapter at any moment: a function level reset, or a driver that loads
 * again. Whatever was alive ends without a trace, in the engine and in the fabric.
 */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"

enum { QPS = 48, CQS = 3, TIMES = 1000, WARM_UP = 20 };

/* All that one life of the driver makes. */
struct driver {
	struct guest_qp qps[QPS];
	unsigned int num_qps;
	struct guest_cq cqs[CQS];
	struct srq *srq;
	_Alignas(64) uint8_t srq_queue[1024], srq_record[8];
};

static struct driver driver;

static int open_rig(void **state)
{
	(void)state;
	rig_open();
	return 0;
}

static int close_rig(void **state)
{
	(void)state;
	rig_close();
	return 0;
}

static struct guest_qp *add_qp(enum qp_type type, unsigned int cq, struct srq *srq)
{
	struct guest_qp *qp = &driver.qps[driver.num_qps++];

	assert_true(driver.num_qps <= QPS);
	guest_qp_make(qp, type, driver.cqs[cq].cq, srq);
	return qp;
}

static uint16_t own_lid(void)
{
	return rig.hca->shared->lid;
}

static void make_srq(void)
{
	struct srq_params params = {
		.memory = {.linear = driver.srq_queue, .size = sizeof(driver.srq_queue)},
		.doorbell_record = driver.srq_record,
		.wqe_count = 16,
		.log_stride = 6,
		.max_wr = 15,
		.max_sge = 3,
	};

	memset(driver.srq_record, 0, sizeof(driver.srq_record));
	assert_int_equal(srq_create(rig.pd, &params, &driver.srq), 0);
}

/* Keys of the other two kinds; pages are the key's own. */
static void make_keys(void)
{
	struct mr_params linear = {
		.iova = 0x1000, .length = 5000, .linear = rig.memory, .key_byte = 1};
	struct mr_params paged = {.length = RIG_PAGE, .log_page_size = 12, .key_byte = 2};
	struct mr *mr;

	assert_int_equal(mr_create(rig.pd, &linear, &mr), 0);
	paged.pages = calloc(1, sizeof(*paged.pages));
	assert_non_null(paged.pages);
	paged.pages[0] = rig.memory;
	assert_int_equal(mr_create(rig.pd, &paged, &mr), 0);
}

static void make_qps_in_all_states(void)
{
	static const enum qp_type types[] = {QP_TYPE_RC, QP_TYPE_UC, QP_TYPE_UD};
	static const enum qp_state states[] = {QP_RESET, QP_INIT, QP_RTR, QP_RTS, QP_SQD, QP_ERR};

	for (unsigned int t = 0; t < 3; t++)
		for (unsigned int s = 0; s < 6; s++) {
			struct guest_qp *qp = add_qp(types[t], 0, s % 2 ? driver.srq : NULL);

			guest_post_recv(qp, 0, 4);
			guest_qp_bring_to(qp, states[s], 99, 77);
			guest_post_send(qp, 0, 100);
			qp_kick(qp->qp);
		}
	for (enum qp_type type = QP_TYPE_SMI; type <= QP_TYPE_GSI; type++) {
		struct guest_qp *qp = add_qp(type, 0, NULL);

		guest_post_recv(qp, 0, 2);
		guest_qp_bring_to(qp, QP_RTS, 0, 0);
		guest_post_send(qp, 0, 256);
		qp_kick(qp->qp);
	}
}

/* Two that talk to each other. */
static void make_pair(unsigned int cq, struct guest_qp *pair[2])
{
	for (int i = 0; i < 2; i++)
		pair[i] = add_qp(QP_TYPE_RC, cq, NULL);
	for (int i = 0; i < 2; i++)
		guest_qp_bring_to(pair[i], QP_RTS, own_lid(), pair[!i]->qp->qpn);
}

/* One waits for a receive that is not posted, one for an answer of many packets, one has work that
 * nobody has looked at, one is made of nonsense. */
static void make_traffic(void)
{
	static const uint8_t mgid[16] = {0xff, 0x12, [15] = 9};
	struct guest_qp *not_ready[2], *reader[2], *waiting[2], *crooked;

	make_pair(0, not_ready);
	guest_post_send(not_ready[0], 0, 3000);
	qp_kick(not_ready[0]->qp);
	make_pair(0, reader);
	guest_post_read(reader[0], 0, RIG_MEMORY / 2);
	qp_kick(reader[0]->qp);
	crooked = add_qp(QP_TYPE_UD, 0, NULL);
	guest_qp_bring_to(crooked, QP_RTS, 0, 0);
	assert_int_equal(qp_attach_multicast(crooked->qp, mgid, 0xc001), 0);
	guest_post_nonsense(crooked);
	qp_kick(crooked->qp);
	engine_round(rig.engine);
	engine_round(rig.engine);
	assert_int_equal(crooked->qp->attr.state, QP_SQE);
	make_pair(1, waiting);
	guest_post_recv(waiting[1], 0, 4);
	guest_post_send(waiting[0], 0, 3000);
	qp_kick(waiting[0]->qp);
	qp_watch(waiting[1]->qp);
}

/* Its queue pairs would go into error at the end of the round that does not come. */
static void overrun_a_queue(void)
{
	struct guest_qp *qp = add_qp(QP_TYPE_RC, 2, NULL);

	guest_qp_bring_to(qp, QP_INIT, 0, 0);
	guest_post_recv(qp, 0, 8);
	qp_set_error(qp->qp, -1);
	assert_true(driver.cqs[2].cq->overrun);
	assert_false(list_empty(&rig.engine->failed_cqs));
}

static void *kick(void *qp)
{
	engine_kick(rig.engine, qp);
	return NULL;
}

/* The lock is taken, so another thread's kick is a note. */
static void leave_note(struct qp *qp)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, kick, qp), 0);
	pthread_join(thread, NULL);
}

static void live(void)
{
	rig_power_on();
	engine_lock(rig.engine);
	driver.num_qps = 0;
	guest_cq_make(&driver.cqs[0], 64);
	guest_cq_make(&driver.cqs[1], 64);
	guest_cq_make(&driver.cqs[2], 2);
	make_srq();
	make_keys();
	make_qps_in_all_states();
	make_traffic();
	overrun_a_queue();
	leave_note(driver.qps[0].qp);
	assert_non_null(rig.engine->kicked);
	assert_false(list_empty(&rig.engine->pending));
	assert_false(list_empty(&rig.engine->watched));
	assert_false(list_empty(&rig.engine->timers));
}

static void die(void)
{
	rig_reset();
	for (unsigned int i = 0; i < driver.num_qps; i++)
		guest_qp_forget(&driver.qps[i]);
	for (unsigned int i = 0; i < CQS; i++)
		guest_cq_forget(&driver.cqs[i]);
	/* Nobody touches what the driver has taken back. */
	engine_round(rig.engine);
	engine_unlock(rig.engine);
}

static void count_member(void *arg, unsigned int hca, uint32_t qpn, unsigned int process)
{
	(void)hca;
	(void)qpn;
	(void)process;
	++*(unsigned int *)arg;
}

static void expect_nothing_left(struct fabric_hca *shared)
{
	struct engine *engine = rig.engine;
	unsigned int members = 0;

	assert_int_equal(engine->num_hcas, 0);
	assert_null(engine->kicked);
	assert_true(list_empty(&engine->pending));
	assert_true(list_empty(&engine->acks));
	assert_true(list_empty(&engine->watched));
	assert_true(list_empty(&engine->failed_cqs));
	assert_true(list_empty(&engine->timers));
	for (uint32_t i = 0; i < shared->qps_used; i++)
		assert_int_equal(shared->qps[i].owner, 0);
	for (uint32_t i = 0; i < shared->keys_used; i++) {
		assert_int_equal(shared->keys[i].owner, 0);
		assert_int_equal(shared->keys[i].key, 0);
	}
	fabric_group_for_each(rig.fabric, NULL, 0xc001, count_member, &members);
	assert_int_equal(members, 0);
}

static void an_adapter_ends_with_everything_alive(void **state)
{
	struct fabric_hca *shared;

	(void)state;
	live();
	shared = rig.hca->shared;
	die();
	expect_nothing_left(shared);
}

/* Every life looks like the first: what comes in late for the one before finds nobody. */
static void lives_do_not_add_up(void **state)
{
	struct fabric_hca *shared = NULL;
	size_t before = 0;

	(void)state;
	for (unsigned int i = 0; i < TIMES; i++) {
		if (i == WARM_UP)
			before = mallinfo2().uordblks;
		live();
		shared = rig.hca->shared;
		die();
	}
	expect_nothing_left(shared);
	assert_int_equal(mallinfo2().uordblks, before);
}

static void an_adapter_is_opened_once_at_a_time(void **state)
{
	struct hca *second;

	(void)state;
	rig_power_on();
	assert_int_equal(
		hca_open(rig.engine, rig.hca->family, rig.hca->front, &rig.hca->limits, &second),
		EBUSY);
	rig_reset();
	rig_power_on();
	rig_reset();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_rig, close_rig)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_adapter_ends_with_everything_alive),
		TEST(lives_do_not_add_up),
		TEST(an_adapter_is_opened_once_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
