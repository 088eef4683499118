/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lifetimes and limits of the objects: who keeps whom, and what closing an adapter leaves. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fakes.h"

static struct world world;
static struct fake_cq_record record;
static uint8_t memory[4096];

static int setup(void **state)
{
	(void)state;
	memset(&record, 0, sizeof(record));
	world_create(&world);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_destroy(&world);
	return 0;
}

static struct mr_params good_mr(void)
{
	return (struct mr_params){
		.iova = 0x10000,
		.length = sizeof(memory),
		.access = ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE,
		.linear = memory,
		.key_byte = 0x7f,
	};
}

static void a_key_is_published_last_and_withdrawn_first(void **state)
{
	struct pd *pd = make_pd(&world);
	struct mr_params params = good_mr();
	struct fabric_key *shared;
	struct mr *mr;
	uint32_t key;

	(void)state;
	assert_int_equal(mr_create(pd, &params, &mr), 0);
	shared = mr->shared;
	key = mr->key;
	assert_int_equal(key & 0xff, 0x7f);
	assert_int_equal(shared->key, key);
	assert_int_equal(shared->pdn, pd->pdn);
	assert_int_equal(shared->access, params.access | ACCESS_LOCAL_READ);
	assert_int_equal(shared->iova, 0x10000);
	assert_int_equal(shared->length, sizeof(memory));
	assert_int_equal(shared->address, (uintptr_t)memory);
	assert_int_equal(shared->linear, 1);
	assert_ptr_equal(world.hca->mrs[key >> 8], mr);
	assert_int_equal(mr_destroy(mr), 0);
	assert_int_equal(shared->key, 0);
	assert_null(world.hca->mrs[key >> 8]);
}

static void refuse_mr(struct pd *pd, struct mr_params params)
{
	struct mr *mr;

	assert_int_equal(mr_create(pd, &params, &mr), EINVAL);
	assert_int_equal(pd->users, 0);
}

static void impossible_memory_is_refused(void **state)
{
	struct pd *pd = make_pd(&world);
	struct mr_params bad;

	(void)state;
	bad = good_mr(), bad.length = 0, refuse_mr(pd, bad);
	bad = good_mr(), bad.length = (1ull << 40) + 1, refuse_mr(pd, bad);
	bad = good_mr(), bad.iova = UINT64_MAX - 100, refuse_mr(pd, bad);
	bad = good_mr(), bad.linear = (uint8_t *)(UINTPTR_MAX - 100), refuse_mr(pd, bad);
	bad = good_mr(), bad.linear = NULL, refuse_mr(pd, bad);
	bad = good_mr(), bad.access = ACCESS_REMOTE_WRITE, refuse_mr(pd, bad);
	bad = good_mr(), bad.access = ACCESS_REMOTE_ATOMIC, refuse_mr(pd, bad);
}

static uint8_t *place_nowhere(void *arg, uint64_t address, bool writing, uint64_t *together)
{
	(void)arg;
	(void)address;
	(void)writing;
	*together = 1;
	return NULL;
}

static void memory_is_in_one_kind_of_place(void **state)
{
	struct pd *pd = make_pd(&world);
	uint8_t *pages[1] = {memory};
	struct mr_params bad;

	(void)state;
	bad = good_mr(), bad.pages = pages, refuse_mr(pd, bad);
	bad = good_mr(), bad.place = place_nowhere, refuse_mr(pd, bad);
	bad = good_mr(), bad.linear = NULL, bad.pages = pages, bad.log_page_size = 12;
	bad.page_offset = 4096, refuse_mr(pd, bad);
	bad.page_offset = 0, bad.log_page_size = 64, refuse_mr(pd, bad);
	bad.log_page_size = 12, bad.place = place_nowhere, refuse_mr(pd, bad);
}

static void only_a_key_with_a_callback_covers_all_addresses(void **state)
{
	struct pd *pd = make_pd(&world);
	struct mr_params params = {
		.length = MR_WHOLE_SPACE, .access = ACCESS_LOCAL_WRITE, .place = place_nowhere};
	struct mr *mr;

	(void)state;
	assert_int_equal(mr_create(pd, &params, &mr), 0);
	/* No shortcut leads to it. */
	assert_int_equal(mr->shared->linear, 0);
	assert_int_equal(mr_destroy(mr), 0);
	params.iova = 2;
	refuse_mr(pd, params);
	params = good_mr(), params.length = MR_WHOLE_SPACE, params.iova = 0;
	refuse_mr(pd, params);
}

static void memory_may_end_at_the_very_top_of_its_addresses(void **state)
{
	struct pd *pd = make_pd(&world);
	struct mr_params params = good_mr();
	struct mr *mr;

	(void)state;
	params.iova = UINT64_MAX - sizeof(memory) + 1;
	assert_int_equal(mr_create(pd, &params, &mr), 0);
	assert_int_equal(mr_destroy(mr), 0);
}

/* Of a process that shares its context: the same number, and nothing else in common. */
static void a_pd_of_another_process_has_its_number(void **state)
{
	struct pd *own = make_pd(&world), *adopted;

	(void)state;
	assert_int_equal(pd_adopt(world.hca, 0, &adopted), EINVAL);
	assert_int_equal(pd_adopt(world.hca, own->pdn + 100, &adopted), 0);
	assert_int_equal(adopted->pdn, own->pdn + 100);
	assert_int_equal(pd_destroy(adopted), 0);
}

static void a_pd_stays_while_it_is_used(void **state)
{
	struct pd *pd = make_pd(&world);
	struct mr_params params = good_mr();
	struct cq *cq = make_cq(&world, 16, &record);
	struct mr *mr;
	struct qp *qp;

	(void)state;
	assert_int_equal(mr_create(pd, &params, &mr), 0);
	assert_int_equal(pd_destroy(pd), EBUSY);
	qp = make_qp(&world, pd, cq, NULL, QP_TYPE_RC);
	assert_int_equal(mr_destroy(mr), 0);
	assert_int_equal(pd_destroy(pd), EBUSY);
	assert_int_equal(qp_destroy(qp), 0);
	assert_int_equal(pd_destroy(pd), 0);
}

static void queues_stay_while_a_qp_uses_them(void **state)
{
	static struct fake_srq_record srq_record;
	struct srq_params params = {.doorbell_record = &srq_record, .wqe_count = 16, .max_wr = 15};
	struct pd *pd = make_pd(&world);
	struct cq *cq = make_cq(&world, 16, &record);
	struct srq *srq;
	struct qp *qp;

	(void)state;
	assert_int_equal(srq_create(pd, &params, &srq), 0);
	qp = make_qp(&world, pd, cq, srq, QP_TYPE_RC);
	assert_int_equal(srq_destroy(srq), EBUSY);
	assert_int_equal(cq_destroy(cq), EBUSY);
	assert_int_equal(qp_destroy(qp), 0);
	assert_int_equal(srq_destroy(srq), 0);
	assert_int_equal(cq_destroy(cq), 0);
	assert_int_equal(pd_destroy(pd), 0);
}

/* The halves of an extended reliable connection, and what each may be made of. */
static void halves_are_made_of_what_they_use(void **state)
{
	static struct fake_srq_record srq_record;
	struct srq_params shared = {.doorbell_record = &srq_record, .wqe_count = 16, .max_wr = 15};
	struct qp_params half = {.type = QP_TYPE_XRC_RECV};
	struct pd *pd = make_pd(&world);
	struct cq *cq = make_cq(&world, 16, &record);
	struct xrcd *xrcd;
	struct srq *srq;
	struct qp *qp;

	(void)state;
	assert_int_equal(xrcd_open(world.hca, 0, 0, 1, &xrcd), 0);
	assert_int_equal(qp_create(world.hca, &half, &qp), EINVAL); /* no domain */
	half.xrcd = xrcd;
	half.pd = pd;
	assert_int_equal(qp_create(world.hca, &half, &qp), EINVAL);
	half.pd = NULL;
	half.sq_units = 4;
	assert_int_equal(qp_create(world.hca, &half, &qp), EINVAL);
	half.sq_units = 0;
	assert_int_equal(qp_create(world.hca, &half, &qp), 0);
	assert_non_null(qp->doorbell_record);
	assert_int_equal(xrcd_close(xrcd), EBUSY);
	assert_int_equal(qp_destroy(qp), 0);
	half = (struct qp_params){.type = QP_TYPE_XRC_SEND, .pd = pd, .send_cq = cq, .recv_cq = cq};
	assert_int_equal(qp_create(world.hca, &half, &qp), EINVAL);
	half.recv_cq = NULL;
	assert_int_equal(qp_create(world.hca, &half, &qp), 0);
	assert_int_equal(qp_destroy(qp), 0);

	shared.xrcd = xrcd;
	assert_int_equal(srq_create(pd, &shared, &srq), EINVAL); /* no CQ */
	shared.cq = cq;
	assert_int_equal(srq_create(pd, &shared, &srq), 0);
	assert_ptr_equal(hca_find_srq(world.hca, srq->srqn), srq);
	assert_int_equal(cq_destroy(cq), EBUSY);
	assert_int_equal(xrcd_close(xrcd), EBUSY);
	assert_int_equal(srq_destroy(srq), 0);
	assert_ptr_equal(fake_transport.forgotten, srq);
	assert_int_equal(cq_destroy(cq), 0);
	assert_int_equal(xrcd_close(xrcd), 0);
}

static void a_qp_stays_while_it_is_in_a_group(void **state)
{
	static const uint8_t mgid[16] = {0xff, 0x12, [15] = 1}, unicast[16] = {0xfe, 0x80};
	struct pd *pd = make_pd(&world);
	struct cq *cq = make_cq(&world, 16, &record);
	struct qp *qp = make_qp(&world, pd, cq, NULL, QP_TYPE_UD);
	struct qp *connected = make_qp(&world, pd, cq, NULL, QP_TYPE_RC);

	(void)state;
	assert_int_equal(qp_attach_multicast(connected, mgid, 0xc001), EINVAL);
	assert_int_equal(qp_attach_multicast(qp, unicast, 0xc001), EINVAL);
	assert_int_equal(qp_attach_multicast(qp, mgid, 0x1), EINVAL);
	assert_int_equal(qp_attach_multicast(qp, mgid, 0xffff), EINVAL);
	assert_int_equal(qp_attach_multicast(qp, mgid, 0xc001), 0);
	assert_int_equal(qp_attach_multicast(qp, mgid, 0xc001), 0);
	assert_int_equal(fake_fabric.group_members, 1);
	assert_int_equal(qp_destroy(qp), EBUSY);
	assert_int_equal(qp_detach_multicast(qp, mgid, 0xc002), EINVAL);
	assert_int_equal(qp_detach_multicast(qp, mgid, 0xc001), 0);
	assert_int_equal(fake_fabric.group_members, 0);
	assert_int_equal(qp_destroy(qp), 0);
}

static void a_qp_number_is_free_after_destroy(void **state)
{
	struct pd *pd = make_pd(&world);
	struct cq *cq = make_cq(&world, 16, &record);
	struct qp *qp = make_qp(&world, pd, cq, NULL, QP_TYPE_RC);
	uint32_t qpn = qp->qpn;

	(void)state;
	assert_ptr_equal(hca_find_qp(world.hca, qpn), qp);
	assert_null(hca_find_qp(world.hca, qpn + FABRIC_QPS));
	assert_non_null(fabric_qp_find(world.hca->shared, qpn));
	assert_int_equal(qp_destroy(qp), 0);
	assert_null(hca_find_qp(world.hca, qpn));
	assert_null(fabric_qp_find(world.hca->shared, qpn));
}

static int try_to_make(enum qp_type type, struct pd *pd, struct cq *cq, struct qp **qp)
{
	struct qp_params params = {.type = type, .pd = pd, .send_cq = cq, .recv_cq = cq};

	return qp_create(world.hca, &params, qp);
}

static void management_qps_are_one_of_each_and_numbered_0_and_1(void **state)
{
	struct pd *pd = make_pd(&world);
	struct cq *cq = make_cq(&world, 16, &record);
	struct qp *smi, *gsi, *other;

	(void)state;
	assert_int_equal(try_to_make(QP_TYPE_SMI, pd, cq, &smi), 0);
	assert_int_equal(try_to_make(QP_TYPE_GSI, pd, cq, &gsi), 0);
	assert_int_equal(smi->qpn, 0);
	assert_int_equal(gsi->qpn, 1);
	assert_ptr_equal(hca_find_qp(world.hca, 0), smi);
	assert_ptr_equal(hca_find_qp(world.hca, 1), gsi);
	assert_int_equal(try_to_make(QP_TYPE_SMI, pd, cq, &other), EBUSY);
	assert_int_equal(try_to_make(QP_TYPE_GSI, pd, cq, &other), EBUSY);
	assert_int_equal(world.hca->num_qp, 2);
	assert_int_equal(qp_destroy(smi), 0);
	assert_null(hca_find_qp(world.hca, 0));
	assert_int_equal(try_to_make(QP_TYPE_SMI, pd, cq, &smi), 0);
	/* Only InfiniBand has subnet management. */
	assert_int_equal(qp_destroy(smi), 0);
	world.hca->shared->port_type = FABRIC_PORT_ETH;
	assert_int_equal(try_to_make(QP_TYPE_SMI, pd, cq, &smi), EOPNOTSUPP);
	bring_to(gsi, QP_RTS, 0, 0);
	assert_int_equal(gsi->attr.state, QP_RTS);
}

static void a_qp_that_cannot_be_made_leaves_nothing(void **state)
{
	struct pd *pd = make_pd(&world);
	struct cq *cq = make_cq(&world, 16, &record);
	struct qp_params params = {
		.type = QP_TYPE_RC, .pd = pd, .send_cq = cq, .recv_cq = cq, .sq_units = 3};
	struct qp *qp;

	(void)state;
	assert_int_equal(qp_create(world.hca, &params, &qp), EINVAL); /* the family's refusal */
	params.sq_units = 0;
	params.type = (enum qp_type)5;
	assert_int_equal(qp_create(world.hca, &params, &qp), EOPNOTSUPP);
	params.type = QP_TYPE_RC;
	params.max_send_wr = 129;
	assert_int_equal(qp_create(world.hca, &params, &qp), EINVAL);
	params.max_send_wr = 128;
	params.max_inline = 101;
	assert_int_equal(qp_create(world.hca, &params, &qp), EINVAL);
	params.max_inline = 100;
	params.recv_cq = NULL;
	assert_int_equal(qp_create(world.hca, &params, &qp), EINVAL);
	params.recv_cq = cq;
	fake_transport.create_rc = ENOMEM;
	assert_int_equal(qp_create(world.hca, &params, &qp), ENOMEM);
	assert_int_equal(world.hca->num_qp, 0);
	assert_int_equal(pd->users, 0);
	assert_int_equal(cq->users, 0);
	for (uint32_t i = 0; i < FABRIC_QPS; i++)
		assert_int_equal(world.hca->shared->qps[i].owner, 0);
}

static void limits_on_counts_hold_and_are_given_back(void **state)
{
	struct pd *pds[4];

	(void)state;
	for (int i = 0; i < 3; i++)
		pds[i] = make_pd(&world);
	assert_int_equal(pd_create(world.hca, &pds[3]), ENOMEM);
	assert_int_equal(pd_destroy(pds[1]), 0);
	assert_int_equal(pd_create(world.hca, &pds[3]), 0);
	assert_int_not_equal(pds[3]->pdn, pds[0]->pdn);
}

static void closing_ends_everything(void **state)
{
	static const uint8_t mgid[16] = {0xff, 0x12, [15] = 1};
	static struct fake_srq_record srq_record;
	struct srq_params srq_params = {.doorbell_record = &srq_record, .wqe_count = 16};
	struct world local;
	struct mr_params params = good_mr();
	struct fabric_key *key;
	struct pd *pd;
	struct cq *cq;
	struct srq *srq;
	struct qp *qp;
	struct mr *mr;

	(void)state;
	world_create(&local);
	pd = make_pd(&local);
	cq = make_cq(&local, 16, &record);
	assert_int_equal(srq_create(pd, &srq_params, &srq), 0);
	qp = make_qp(&local, pd, cq, srq, QP_TYPE_UD);
	assert_int_equal(qp_attach_multicast(qp, mgid, 0xc001), 0);
	assert_int_equal(mr_create(pd, &params, &mr), 0);
	key = mr->shared;
	pd->users++; /* an address handle of the front end */
	engine_kick(local.engine, qp);
	hca_close(local.hca);
	assert_int_equal(fake_fabric.group_members, 0);
	assert_int_equal(key->owner, 0);
	for (uint32_t i = 0; i < FABRIC_QPS; i++)
		assert_int_equal(local.fabric->hcas[0].qps[i].owner, 0);
	assert_int_equal(local.engine->num_hcas, 0);
	engine_destroy(local.engine);
	fake_fabric_destroy(local.fabric);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_key_is_published_last_and_withdrawn_first, setup,
						teardown),
		cmocka_unit_test_setup_teardown(impossible_memory_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_is_in_one_kind_of_place, setup, teardown),
		cmocka_unit_test_setup_teardown(only_a_key_with_a_callback_covers_all_addresses,
						setup, teardown),
		cmocka_unit_test_setup_teardown(memory_may_end_at_the_very_top_of_its_addresses,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_pd_of_another_process_has_its_number, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_pd_stays_while_it_is_used, setup, teardown),
		cmocka_unit_test_setup_teardown(queues_stay_while_a_qp_uses_them, setup, teardown),
		cmocka_unit_test_setup_teardown(halves_are_made_of_what_they_use, setup, teardown),
		cmocka_unit_test_setup_teardown(a_qp_stays_while_it_is_in_a_group, setup, teardown),
		cmocka_unit_test_setup_teardown(a_qp_number_is_free_after_destroy, setup, teardown),
		cmocka_unit_test_setup_teardown(management_qps_are_one_of_each_and_numbered_0_and_1,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_qp_that_cannot_be_made_leaves_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(limits_on_counts_hold_and_are_given_back, setup,
						teardown),
		cmocka_unit_test(closing_ends_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
