/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Thousands of objects in one process, as a guest's kernel and its programs together have them. */
#include <stdlib.h>
#include <string.h>

#include "rig.h"

enum { QPS = 4000, CQS = 4000, SRQS = 2000, KEYS = 50000 };

static int open_rig(void **state)
{
	(void)state;
	rig_open();
	rig_power_on();
	return 0;
}

static int close_rig(void **state)
{
	(void)state;
	rig_reset();
	rig_close();
	return 0;
}

/* All at once, and no number twice. */
static void thousands_of_queues(void **state)
{
	struct guest_qp *qps = calloc(QPS, sizeof(*qps));
	struct guest_cq *cqs = calloc(CQS, sizeof(*cqs));
	static uint8_t seen[1 << 24];

	(void)state;
	assert_true(qps && cqs);
	memset(seen, 0, sizeof(seen));
	for (unsigned int i = 0; i < CQS; i++) {
		guest_cq_make(&cqs[i], 64);
		assert_int_equal(seen[cqs[i].cq->cqn]++, 0);
	}
	memset(seen, 0, sizeof(seen));
	for (unsigned int i = 0; i < QPS; i++) {
		guest_qp_make(&qps[i], QP_TYPE_RC, cqs[i % CQS].cq, NULL);
		assert_int_equal(seen[qps[i].qp->qpn]++, 0);
	}
	/* Each one's neighbour is its peer; the last message comes as well as the first. */
	for (unsigned int i = 0; i < QPS; i++) {
		guest_post_recv(&qps[i], 0, 1);
		guest_qp_bring_to(&qps[i], QP_RTS, rig.hca->shared->lid, qps[i ^ 1].qp->qpn);
	}
	engine_lock(rig.engine);
	for (unsigned int i = 0; i < QPS; i++) {
		guest_post_send(&qps[i], 0, 600);
		qp_kick(qps[i].qp);
	}
	while (engine_round(rig.engine))
		;
	engine_unlock(rig.engine);
	for (unsigned int i = 0; i < QPS; i++) {
		assert_int_equal(qps[i].qp->rq_consumer, 1);
		assert_int_equal(cqs[i].cq->producer, 2);
		assert_int_equal(qp_destroy(qps[i].qp), 0);
		guest_qp_forget(&qps[i]);
	}
	for (unsigned int i = 0; i < CQS; i++) {
		assert_int_equal(cq_destroy(cqs[i].cq), 0);
		guest_cq_forget(&cqs[i]);
	}
	free(qps);
	free(cqs);
}

static void thousands_of_keys_of_all_variants(void **state)
{
	struct mr **mrs = calloc(KEYS, sizeof(*mrs));
	struct mr_params params = {.length = 64, .linear = rig.memory};

	(void)state;
	assert_non_null(mrs);
	for (uint32_t i = 0; i < KEYS; i++) {
		params.key_byte = (uint8_t)i;
		assert_int_equal(mr_create(rig.pd, &params, &mrs[i]), 0);
		assert_int_equal(mrs[i]->key & 0xff, (uint8_t)i);
		assert_true(mrs[i]->key >> 8 < FABRIC_KEYS);
		assert_ptr_equal(fabric_key_find(rig.hca->shared, mrs[i]->key), mrs[i]->shared);
	}
	for (uint32_t i = 0; i < KEYS; i++)
		assert_int_equal(mr_destroy(mrs[i]), 0);
	free(mrs);
}

static void thousands_of_shared_queues(void **state)
{
	static _Alignas(64) uint8_t queue[1024], record[8];
	struct srq_params params = {.memory = {.linear = queue, .size = sizeof(queue)},
				    .doorbell_record = record,
				    .wqe_count = 16,
				    .log_stride = 6,
				    .max_wr = 15,
				    .max_sge = 3};
	static uint8_t seen[1 << 24];
	struct srq *srq;

	(void)state;
	memset(seen, 0, sizeof(seen));
	for (unsigned int i = 0; i < SRQS; i++) {
		assert_int_equal(srq_create(rig.pd, &params, &srq), 0);
		assert_int_equal(seen[srq->srqn]++, 0);
	}
}

/* Numbers have 24 bits and come round; who lives longer keeps the own one. */
static void numbers_that_come_round_pass_by_those_in_use(void **state)
{
	struct guest_cq old, cqs[2];

	(void)state;
	guest_cq_make(&old, 64);
	assert_int_equal(old.cq->cqn, 1);
	rig.hca->next_cqn = 0xfffffe;
	for (int i = 0; i < 2; i++)
		guest_cq_make(&cqs[i], 64);
	assert_int_equal(cqs[0].cq->cqn, 0xffffff);
	assert_int_equal(cqs[1].cq->cqn, 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(cq_destroy(cqs[i].cq), 0);
		guest_cq_forget(&cqs[i]);
	}
	assert_int_equal(cq_destroy(old.cq), 0);
	guest_cq_forget(&old);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_rig, close_rig)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(thousands_of_queues),
		TEST(thousands_of_keys_of_all_variants),
		TEST(thousands_of_shared_queues),
		TEST(numbers_that_come_round_pass_by_those_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
