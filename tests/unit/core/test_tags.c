/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lists of tags: what is added, found and removed in which order, and who may have one. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "fakes.h"
#include "softhca/core/tag_list.h"

enum { PLACES = 4 };

static struct tag_list *list;
static uint16_t next;

static int setup(void **state)
{
	(void)state;
	next = 0;
	list = tag_list_create(PLACES);
	return list ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(list);
	return 0;
}

static bool change(const struct tag_change *tags, unsigned int num_sge,
		   enum completion_status expected)
{
	const struct send_request request = {
		.opcode = REQUEST_CHANGE_TAGS,
		.tags = *tags,
		.length = 100,
		.num_sge = num_sge,
		.sge = {{.address = 0x1000, .length = 100, .lkey = 5}},
	};
	enum completion_status status;
	bool done = tag_list_change(list, &request, &status);

	assert_int_equal(status, expected);
	return done;
}

static void add(uint64_t value, uint64_t mask)
{
	const struct tag_change tags = {
		.operation = TAGS_ADD, .index = ++next % PLACES, .value = value, .mask = mask};

	assert_true(change(&tags, 1, STATUS_SUCCESS));
}

static bool remove_at(uint16_t index, enum completion_status expected)
{
	return change(&(struct tag_change){.operation = TAGS_REMOVE, .index = index}, 0, expected);
}

static void report(uint16_t handled)
{
	const struct tag_change tags = {
		.operation = TAGS_SYNC, .reports = true, .handled = handled};

	assert_true(change(&tags, 0, STATUS_SUCCESS));
}

static void expect_match(uint64_t value, uint16_t place)
{
	struct tag *tag = tag_list_match(list, value);

	assert_non_null(tag);
	assert_int_equal(tag_index(list, tag), place);
	assert_int_equal(tag->length, 100);
	assert_int_equal(tag->sge[0].lkey, 5);
	tag_list_release(list, place);
}

static void the_oldest_of_those_that_fit_is_taken(void **state)
{
	(void)state;
	add(7, UINT64_MAX);
	add(0x100, 0xff00);
	add(0x123, UINT64_MAX);
	expect_match(0x123, 1);
	expect_match(0x123, 2);
	expect_match(7, 0);
	assert_null(tag_list_match(list, 7));
}

static void bits_beyond_the_mask_do_not_count(void **state)
{
	(void)state;
	add(0x1ff, 0xff);
	assert_null(tag_list_match(list, 0x1fe));
	expect_match(0xff, 0);
	add(0, 0);
	expect_match(UINT64_MAX, 1);
}

static void places_come_round(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < 3 * PLACES; i++) {
		add(i, UINT64_MAX);
		expect_match(i, i % PLACES);
	}
}

static void a_place_in_use_is_refused(void **state)
{
	const struct tag_change again = {.operation = TAGS_ADD, .index = 1};

	(void)state;
	for (unsigned int i = 0; i < PLACES; i++)
		add(i, UINT64_MAX);
	change(&again, 1, STATUS_LOCAL_QP_OPERATION);
	assert_non_null(tag_list_match(list, 0));
	/* Its message is not complete. */
	change(&again, 1, STATUS_LOCAL_QP_OPERATION);
	tag_list_release(list, 0);
	assert_true(change(&again, 1, STATUS_SUCCESS));
}

static void removal_tells_whether_the_tag_was_there(void **state)
{
	(void)state;
	add(1, UINT64_MAX);
	add(2, UINT64_MAX);
	assert_true(remove_at(0, STATUS_SUCCESS));
	assert_false(remove_at(0, STATUS_SUCCESS));
	assert_null(tag_list_match(list, 1));
	expect_match(2, 1);
	assert_false(remove_at(1, STATUS_SUCCESS));
	assert_false(remove_at(PLACES - 1, STATUS_SUCCESS));
	assert_false(remove_at(PLACES, STATUS_LOCAL_QP_OPERATION));
}

static void what_no_driver_asks_for_fails(void **state)
{
	const struct tag_change beyond = {.operation = TAGS_ADD, .index = PLACES};
	const struct tag_change two = {.operation = TAGS_ADD, .index = 1};

	(void)state;
	assert_false(change(&beyond, 1, STATUS_LOCAL_QP_OPERATION));
	assert_false(change(&two, TAGS_MAX_SGE + 1, STATUS_LOCAL_QP_OPERATION));
	assert_null(tag_list_match(list, 0));
}

static void tags_are_armed_once_the_program_has_caught_up(void **state)
{
	(void)state;
	add(1, UINT64_MAX);
	list->unexpected = 1;
	add(2, UINT64_MAX);
	/* What was armed stays so. */
	expect_match(1, 0);
	assert_null(tag_list_match(list, 2));
	report(0);
	assert_null(tag_list_match(list, 2));
	report(1);
	expect_match(2, 1);
}

static void counts_are_compared_around_their_end(void **state)
{
	(void)state;
	list->unexpected = UINT16_MAX;
	report(UINT16_MAX);
	list->unexpected++;
	add(1, UINT64_MAX);
	assert_null(tag_list_match(list, 1));
	report(0);
	expect_match(1, 0);
}

/* ---- whose list it is ---- */

static struct world world;
static struct fake_cq_record record;

static void only_reliable_connections_have_one(void **state)
{
	struct hca_limits limits = fake_limits;
	struct srq_params params = {.wqe_count = 8, .max_wr = 8, .max_tags = 3};
	struct qp_params qp = {.type = QP_TYPE_UC};
	struct qp *created;

	(void)state;
	world_create(&world);
	limits.max_tags = 3;
	world.hca->limits = limits;
	qp.pd = make_pd(&world);
	assert_int_equal(srq_create(qp.pd, &params, &qp.srq), EINVAL);
	params.cq = qp.send_cq = qp.recv_cq = make_cq(&world, 8, &record);
	params.max_tags = 4;
	assert_int_equal(srq_create(qp.pd, &params, &qp.srq), EINVAL);
	params.max_tags = 3;
	assert_int_equal(srq_create(qp.pd, &params, &qp.srq), 0);
	assert_int_equal(qp.srq->tags->count, 4);
	assert_int_equal(cq_destroy(params.cq), EBUSY);
	assert_int_equal(qp_create(world.hca, &qp, &created), EOPNOTSUPP);
	assert_int_equal(srq_destroy(qp.srq), 0);
	assert_int_equal(cq_destroy(params.cq), 0);
	world_destroy(&world);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_oldest_of_those_that_fit_is_taken),
		TEST(bits_beyond_the_mask_do_not_count),
		TEST(places_come_round),
		TEST(a_place_in_use_is_refused),
		TEST(removal_tells_whether_the_tag_was_there),
		TEST(what_no_driver_asks_for_fails),
		TEST(tags_are_armed_once_the_program_has_caught_up),
		TEST(counts_are_compared_around_their_end),
		cmocka_unit_test(only_reliable_connections_have_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
