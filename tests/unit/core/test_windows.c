/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory windows: who may bind them to what, what they grant then, and how they end. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "fakes.h"
#include "softhca/memory/access.h"

enum {
	BYTES = 4096,
	IOVA = 0x70000,
	START = 256,
	LENGTH = 128,
	ALL = ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ | ACCESS_REMOTE_ATOMIC |
	      ACCESS_MW_BIND,
	READ_WRITE = ACCESS_REMOTE_READ | ACCESS_REMOTE_WRITE,
};

static struct world world;
static struct fake_cq_record record;
static struct pd *pd, *other_pd;
static struct qp *qp, *second_qp, *foreign_qp;
static struct mr *region, *mw_1, *mw_2;
static uint8_t memory[BYTES] __attribute__((aligned(4096)));

static struct mr *make_region(struct pd *of, uint32_t access)
{
	struct mr_params params = {
		.iova = IOVA, .length = BYTES, .access = access, .linear = memory};
	struct mr *mr;

	assert_int_equal(mr_create(of, &params, &mr), 0);
	return mr;
}

static struct mr *make_window(struct pd *of, enum key_kind kind)
{
	struct mr *mw;

	assert_int_equal(mw_create(of, kind, 7, &mw), 0);
	assert_int_equal(mw->key & 0xff, 7);
	return mw;
}

static int setup(void **state)
{
	struct cq *cq;

	(void)state;
	world_create(&world);
	pd = make_pd(&world);
	other_pd = make_pd(&world);
	cq = make_cq(&world, 8, &record);
	qp = make_qp(&world, pd, cq, NULL, QP_TYPE_RC);
	second_qp = make_qp(&world, pd, cq, NULL, QP_TYPE_RC);
	foreign_qp = make_qp(&world, other_pd, cq, NULL, QP_TYPE_RC);
	region = make_region(pd, ALL);
	mw_1 = make_window(pd, KEY_WINDOW_1);
	mw_2 = make_window(pd, KEY_WINDOW_2);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_destroy(&world);
	return 0;
}

/* As families decode a bind: one piece, and three empty ones behind it. */
static struct send_request bind_request(const struct mr *mw, const struct qp *by)
{
	bool type_2 = mw->kind == KEY_WINDOW_2;

	return (struct send_request){
		.opcode = REQUEST_CHANGE_KEY,
		.change = {.key = mw->key,
			   .properties = KEY_LENGTH | KEY_START | KEY_VARIANT | KEY_FREE |
					 KEY_TRANSLATION | (type_2 ? KEY_QP : 0),
			   .access = READ_WRITE,
			   .access_mask = ALL & ~ACCESS_MW_BIND,
			   .start = IOVA + START,
			   .length = LENGTH,
			   .qpn = type_2 ? by->qpn : KEY_ANY_QP,
			   .variant = (uint8_t)(mw->key + 1),
			   .only_if_free = type_2},
		.num_sge = 4,
		.sge = {{.address = IOVA + START, .length = LENGTH, .lkey = region->key}},
	};
}

static void bind(struct mr *mw, struct qp *by)
{
	struct send_request request = bind_request(mw, by);

	assert_int_equal(key_change(by, &request), STATUS_SUCCESS);
}

static void refused(struct qp *by, const struct send_request *request)
{
	assert_int_equal(key_change(by, request), STATUS_MW_BIND);
}

static bool grants(struct qp *to, uint32_t key, uint64_t offset, uint64_t length, uint32_t access)
{
	return memory_remote(to, to->pd, key, IOVA + offset, length, access);
}

static void a_new_window_grants_nothing(void **state)
{
	(void)state;
	assert_false(grants(qp, mw_1->key, 0, 1, ACCESS_REMOTE_READ));
	assert_null(memory_remote(qp, pd, mw_2->key, 0, 1, ACCESS_REMOTE_READ));
	assert_int_equal(mw_1->shared->key, 0);
	assert_int_equal(world.hca->num_mw, 2);
}

static void type_1_grants_to_its_pd_under_the_new_key(void **state)
{
	uint32_t old = mw_1->key;

	(void)state;
	bind(mw_1, qp);
	assert_int_equal(mw_1->key, old + 1);
	assert_true(grants(qp, mw_1->key, START, LENGTH, ACCESS_REMOTE_WRITE));
	assert_true(grants(second_qp, mw_1->key, START, LENGTH, ACCESS_REMOTE_READ));
	assert_false(grants(foreign_qp, mw_1->key, START, 1, ACCESS_REMOTE_READ));
	assert_false(grants(qp, mw_1->key, START, 8, ACCESS_REMOTE_ATOMIC));
	assert_false(grants(qp, old, START, 1, ACCESS_REMOTE_READ));
	assert_false(grants(qp, mw_1->key, START - 1, 1, ACCESS_REMOTE_READ));
	assert_false(grants(qp, mw_1->key, START, LENGTH + 1, ACCESS_REMOTE_READ));
}

static void type_2_grants_to_its_queue_pair_only(void **state)
{
	(void)state;
	bind(mw_2, qp);
	assert_true(grants(qp, mw_2->key, START, LENGTH, READ_WRITE));
	assert_false(grants(second_qp, mw_2->key, START, 1, ACCESS_REMOTE_READ));
	assert_int_equal(mw_2->shared->qpn, qp->qpn);
	assert_int_equal(mw_2->shared->pdn, pd->pdn);
}

static void the_directory_knows_bound_windows(void **state)
{
	(void)state;
	bind(mw_1, qp);
	assert_int_equal(mw_1->shared->key, mw_1->key);
	assert_int_equal(mw_1->shared->qpn, 0);
	assert_int_equal(mw_1->shared->access, READ_WRITE);
	assert_true(mw_1->shared->linear);
	assert_int_equal(mw_1->shared->iova, IOVA + START);
	assert_int_equal(mw_1->shared->length, LENGTH);
	assert_int_equal(mw_1->shared->address, (uintptr_t)memory + START);
}

static void a_window_is_no_local_memory(void **state)
{
	struct sge sge = {.address = IOVA + START, .length = 8};
	struct send_request request = bind_request(mw_1, qp);

	(void)state;
	request.change.access |= ACCESS_LOCAL_WRITE | ACCESS_LOCAL_READ;
	request.change.access_mask |= ACCESS_LOCAL_READ;
	assert_int_equal(key_change(qp, &request), STATUS_SUCCESS);
	sge.lkey = mw_1->key;
	assert_int_equal(memory_check(world.hca, pd, &sge, 1, false), STATUS_LOCAL_PROTECTION);
	assert_int_equal(memory_check(world.hca, pd, &sge, 1, true), STATUS_LOCAL_PROTECTION);
}

static void data_goes_through_a_window(void **state)
{
	uint64_t found;
	uint8_t byte;

	(void)state;
	bind(mw_1, qp);
	memory[START + 5] = 0x5a;
	assert_true(memory_read(mw_1, IOVA + START + 5, &byte, 1));
	assert_int_equal(byte, 0x5a);
	assert_true(memory_fetch_add(mw_1, IOVA + START + 8, 3, &found));
	assert_int_equal(memory[START + 8], 3);
}

static void a_window_may_begin_at_zero(void **state)
{
	struct send_request request = bind_request(mw_2, qp);
	uint8_t byte = 0x77;

	(void)state;
	request.change.start = 0;
	assert_int_equal(key_change(qp, &request), STATUS_SUCCESS);
	assert_ptr_equal(memory_remote(qp, pd, mw_2->key, 0, LENGTH, ACCESS_REMOTE_WRITE), mw_2);
	assert_null(memory_remote(qp, pd, mw_2->key, 0, LENGTH + 1, ACCESS_REMOTE_WRITE));
	assert_true(memory_write(mw_2, 3, &byte, 1));
	assert_int_equal(memory[START + 3], 0x77);
}

static uint8_t *scattered(void *arg, uint64_t address, bool writing, uint64_t *together)
{
	(void)writing;
	*together = 1;
	return (uint8_t *)arg + (address - IOVA);
}

static void regions_in_pieces_have_windows_as_well(void **state)
{
	struct mr_params params = {.iova = IOVA,
				   .length = BYTES,
				   .access = ALL,
				   .place = scattered,
				   .place_arg = memory};
	struct send_request request = bind_request(mw_1, qp);
	uint8_t bytes[2];
	struct mr *mr;

	(void)state;
	assert_int_equal(mr_create(pd, &params, &mr), 0);
	request.sge[0].lkey = mr->key;
	request.sge[0].address += 16;
	assert_int_equal(key_change(qp, &request), STATUS_SUCCESS);
	assert_false(mw_1->shared->linear);
	memory[START + 17] = 0x21;
	memory[START + 18] = 0x22;
	assert_true(memory_read(mw_1, IOVA + START + 1, bytes, 2));
	assert_int_equal(bytes[0], 0x21);
	assert_int_equal(bytes[1], 0x22);
}

static void binds_that_are_refused(void **state)
{
	struct send_request good = bind_request(mw_1, qp), bad;
	struct mr *other;

	(void)state;
	refused(foreign_qp, &good);
	bad = good;
	bad.change.key ^= 0x400000;
	refused(qp, &bad);
	bad = good;
	bad.change.key = HCA_NULL_KEY;
	refused(qp, &bad);
	bad = good;
	bad.change.key = region->key;
	refused(qp, &bad);
	bad = good;
	bad.sge[0].address = IOVA + BYTES - LENGTH + 1;
	refused(qp, &bad);
	bad = good;
	bad.sge[0].address = IOVA - 1;
	refused(qp, &bad);
	bad = good;
	bad.sge[0].length--;
	refused(qp, &bad);
	bad = good;
	bad.sge[1] = bad.sge[0];
	refused(qp, &bad);
	bad = good;
	bad.change.list_elsewhere = true;
	refused(qp, &bad);
	bad = good;
	bad.num_sge = 0;
	refused(qp, &bad);
	bad = good;
	bad.change.length = 0;
	refused(qp, &bad);
	bad = good;
	bad.change.properties &= ~(uint32_t)KEY_START;
	refused(qp, &bad);
	bad = good;
	bad.change.properties |= KEY_PD;
	bad.change.pdn = other_pd->pdn;
	refused(qp, &bad);
	bad = good;
	bad.change.properties |= KEY_QP;
	bad.change.qpn = qp->qpn;
	refused(qp, &bad);
	bad = good;
	bad.sge[0].lkey ^= 1;
	refused(qp, &bad);
	bad = good;
	bad.sge[0].lkey = HCA_NULL_KEY;
	refused(qp, &bad);
	other = make_region(other_pd, ALL);
	bad.sge[0].lkey = other->key;
	refused(qp, &bad);
	other = make_region(pd, ALL & ~ACCESS_MW_BIND);
	bad.sge[0].lkey = other->key;
	refused(qp, &bad);
	assert_true(list_empty(&region->windows));
	assert_int_equal(mw_1->shared->key, 0);
	assert_int_equal(key_change(qp, &good), STATUS_SUCCESS);
}

static void writing_takes_a_region_that_may_be_written(void **state)
{
	struct mr *read_only = make_region(pd, ACCESS_MW_BIND);
	struct send_request request = bind_request(mw_1, qp);

	(void)state;
	request.sge[0].lkey = read_only->key;
	refused(qp, &request);
	request.change.access = ACCESS_REMOTE_ATOMIC;
	refused(qp, &request);
	/* The region's remote rights are its own affair. */
	request.change.access = ACCESS_REMOTE_READ;
	assert_int_equal(key_change(qp, &request), STATUS_SUCCESS);
}

static void type_1_moves_type_2_does_not(void **state)
{
	struct send_request request;
	uint32_t old;

	(void)state;
	bind(mw_1, qp);
	old = mw_1->key;
	bind(mw_1, second_qp);
	assert_false(grants(qp, old, START, 1, ACCESS_REMOTE_READ));
	bind(mw_2, qp);
	request = bind_request(mw_2, qp);
	refused(qp, &request);
	request.change.only_if_free = false;
	refused(qp, &request);
	assert_true(grants(qp, mw_2->key, START, 1, ACCESS_REMOTE_READ));
}

static struct send_request free_request(uint32_t key, bool type_2)
{
	return (struct send_request){
		.opcode = REQUEST_CHANGE_KEY,
		.change = {.key = key,
			   .properties = KEY_FREE | KEY_VARIANT | (type_2 ? KEY_QP : 0),
			   .free = true,
			   .qpn = KEY_ANY_QP,
			   .variant = 0x33,
			   .only_if_this_qp = type_2},
	};
}

static void type_2_is_freed_by_its_user_only(void **state)
{
	struct send_request request;

	(void)state;
	bind(mw_2, qp);
	request = free_request(mw_2->key, true);
	refused(second_qp, &request);
	request.change.key ^= 1;
	refused(qp, &request);
	request = free_request(mw_2->key, false);
	refused(qp, &request);
	request = free_request(mw_2->key, true);
	assert_int_equal(key_change(qp, &request), STATUS_SUCCESS);
	assert_int_equal(mw_2->key & 0xff, 0x33);
	assert_int_equal(mw_2->shared->key, 0);
	assert_true(list_empty(&region->windows));
	request = free_request(mw_2->key, true);
	refused(qp, &request);
	bind(mw_2, second_qp);
}

static void type_1_is_freed_and_not_invalidated(void **state)
{
	struct send_request request;

	(void)state;
	bind(mw_1, qp);
	request = free_request(mw_1->key, true);
	refused(qp, &request);
	request = free_request(mw_1->key, false);
	refused(foreign_qp, &request);
	assert_int_equal(key_change(second_qp, &request), STATUS_SUCCESS);
	assert_false(grants(qp, mw_1->key, START, 1, ACCESS_REMOTE_READ));
	/* Nothing to free is not an error. */
	assert_int_equal(key_change(qp, &request), STATUS_SUCCESS);
}

static void a_peer_invalidates_what_is_bound_for_its_queue_pair(void **state)
{
	(void)state;
	bind(mw_1, qp);
	bind(mw_2, qp);
	assert_false(mw_invalidate(qp, mw_1->key));
	assert_false(mw_invalidate(qp, region->key));
	assert_false(mw_invalidate(second_qp, mw_2->key));
	assert_false(mw_invalidate(qp, mw_2->key + 1));
	assert_false(mw_invalidate(qp, UINT32_MAX));
	assert_true(mw_invalidate(qp, mw_2->key));
	assert_false(mw_invalidate(qp, mw_2->key));
	assert_null(memory_remote(qp, pd, mw_2->key, IOVA + START, 1, ACCESS_REMOTE_READ));
}

static void a_region_waits_for_its_windows(void **state)
{
	(void)state;
	bind(mw_1, qp);
	bind(mw_2, qp);
	assert_int_equal(mr_destroy(region), EBUSY);
	mw_destroy(mw_1);
	assert_int_equal(mr_destroy(region), EBUSY);
	assert_true(mw_invalidate(qp, mw_2->key));
	assert_int_equal(mr_destroy(region), 0);
	assert_int_equal(world.hca->num_mw, 1);
}

static void windows_of_type_2_end_with_their_queue_pair(void **state)
{
	(void)state;
	bind(mw_1, qp);
	bind(mw_2, qp);
	assert_int_equal(qp_destroy(qp), 0);
	assert_int_equal(mw_2->shared->key, 0);
	assert_true(grants(second_qp, mw_1->key, START, 1, ACCESS_REMOTE_READ));
	bind(mw_2, second_qp);
}

static void windows_hold_their_pd_and_have_a_limit(void **state)
{
	struct mr *mw, *one_too_many;

	(void)state;
	mw = make_window(other_pd, KEY_WINDOW_1);
	assert_int_equal(qp_destroy(foreign_qp), 0);
	assert_int_equal(pd_destroy(other_pd), EBUSY);
	mw_destroy(mw);
	assert_int_equal(pd_destroy(other_pd), 0);
	world.hca->limits.max_mw = 2;
	assert_int_equal(mw_create(pd, KEY_WINDOW_1, 0, &one_too_many), ENOMEM);
}

static void the_null_region_is_there_for_all(void **state)
{
	struct sge sge = {.address = UINT64_MAX - 6000, .length = 5000, .lkey = HCA_NULL_KEY};
	uint8_t bytes[5000];

	(void)state;
	memset(bytes, 0xee, sizeof(bytes));
	assert_int_equal(memory_check(world.hca, pd, &sge, 1, true), STATUS_SUCCESS);
	assert_int_equal(memory_scatter(world.hca, other_pd, &sge, 1, 0, bytes, 5000),
			 STATUS_SUCCESS);
	assert_int_equal(memory_gather(world.hca, pd, &sge, 1, 0, bytes, 5000), STATUS_SUCCESS);
	for (unsigned int i = 0; i < sizeof(bytes); i++)
		assert_int_equal(bytes[i], 0);
	assert_null(memory_remote(qp, pd, HCA_NULL_KEY, 0, 1, ACCESS_REMOTE_READ));
	assert_null(memory_remote(qp, pd, HCA_NULL_KEY, 0, 1, ACCESS_REMOTE_WRITE));
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_new_window_grants_nothing),
		CASE(type_1_grants_to_its_pd_under_the_new_key),
		CASE(type_2_grants_to_its_queue_pair_only),
		CASE(the_directory_knows_bound_windows),
		CASE(a_window_is_no_local_memory),
		CASE(data_goes_through_a_window),
		CASE(a_window_may_begin_at_zero),
		CASE(regions_in_pieces_have_windows_as_well),
		CASE(binds_that_are_refused),
		CASE(writing_takes_a_region_that_may_be_written),
		CASE(type_1_moves_type_2_does_not),
		CASE(type_2_is_freed_by_its_user_only),
		CASE(type_1_is_freed_and_not_invalidated),
		CASE(a_peer_invalidates_what_is_bound_for_its_queue_pair),
		CASE(a_region_waits_for_its_windows),
		CASE(windows_of_type_2_end_with_their_queue_pair),
		CASE(windows_hold_their_pd_and_have_a_limit),
		CASE(the_null_region_is_there_for_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
