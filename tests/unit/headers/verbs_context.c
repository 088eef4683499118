/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How programs find the calls behind a context, also when the library is older or newer than the
 * header they were compiled with.
 */
#include "fake_context.h"

static int close_xrcd(struct ibv_xrcd *xrcd)
{
	(void)xrcd;
	return 0;
}

static void free_buf(struct ibv_buf *buf)
{
	(void)buf;
}

static void plain_context_has_no_extended_calls(void **state)
{
	struct verbs_context vctx;
	struct ibv_context *context = fake_plain_context_reset(&vctx);

	(void)state;
	vctx.close_xrcd = close_xrcd;
	assert_null(verbs_get_ctx(context));
	assert_null(verbs_get_ctx_op(context, close_xrcd));
}

static void extended_context_is_found_around_the_plain_one(void **state)
{
	struct verbs_context vctx;

	(void)state;
	assert_ptr_equal(verbs_get_ctx(fake_context_reset(&vctx)), &vctx);
}

static void call_that_is_set_is_found(void **state)
{
	struct verbs_context vctx;
	struct ibv_context *context = fake_context_reset(&vctx);

	(void)state;
	vctx.close_xrcd = close_xrcd;
	assert_ptr_equal(verbs_get_ctx_op(context, close_xrcd), &vctx);
}

static void call_left_empty_is_absent(void **state)
{
	struct verbs_context vctx;
	struct ibv_context *context = fake_context_reset(&vctx);

	(void)state;
	assert_null(verbs_get_ctx_op(context, close_xrcd));
}

/* The front of the structure belongs to somebody else then: what lies there must not be read. */
static void call_newer_than_the_library_is_absent(void **state)
{
	struct verbs_context vctx;
	struct ibv_context *context = fake_context_reset(&vctx);
	size_t distance = sizeof(vctx) - offsetof(struct verbs_context, close_xrcd);

	(void)state;
	vctx.free_buf = free_buf;
	vctx.close_xrcd = close_xrcd;
	vctx.sz = distance;
	assert_ptr_equal(verbs_get_ctx_op(context, close_xrcd), &vctx);
	assert_null(verbs_get_ctx_op(context, free_buf));
	vctx.sz = distance - 1;
	assert_null(verbs_get_ctx_op(context, close_xrcd));
}

static void call_of_a_larger_newer_library_is_found(void **state)
{
	struct verbs_context vctx;
	struct ibv_context *context = fake_context_reset(&vctx);

	(void)state;
	vctx.free_buf = free_buf;
	vctx.sz = sizeof(vctx) + 5 * sizeof(void *);
	assert_ptr_equal(verbs_get_ctx_op(context, free_buf), &vctx);
}

/* Compiled programs of every release since these calls exist have the numbers built in. */
static void calls_keep_their_distance_from_the_end(void **state)
{
	const size_t end = sizeof(struct verbs_context);

	(void)state;
	assert_int_equal(end - offsetof(struct verbs_context, context), 328);
	assert_int_equal(end - offsetof(struct verbs_context, sz), 336);
	assert_int_equal(end - offsetof(struct verbs_context, close_xrcd), 352);
	assert_int_equal(end - offsetof(struct verbs_context, create_qp_ex), 384);
	assert_int_equal(end - offsetof(struct verbs_context, query_device_ex), 432);
	assert_int_equal(end - offsetof(struct verbs_context, create_cq_ex), 448);
	assert_int_equal(end - offsetof(struct verbs_context, query_port), 648);
	assert_int_equal(end - offsetof(struct verbs_context, free_buf), 696);
}

static void field_is_available_when_the_size_reaches_into_it(void **state)
{
	size_t start = offsetof(struct ibv_port_attr, active_speed_ex);

	(void)state;
	assert_false(vext_field_avail(struct ibv_port_attr, active_speed_ex, start));
	assert_true(vext_field_avail(struct ibv_port_attr, active_speed_ex, start + 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_context_has_no_extended_calls),
		cmocka_unit_test(extended_context_is_found_around_the_plain_one),
		cmocka_unit_test(call_that_is_set_is_found),
		cmocka_unit_test(call_left_empty_is_absent),
		cmocka_unit_test(call_newer_than_the_library_is_absent),
		cmocka_unit_test(call_of_a_larger_newer_library_is_found),
		cmocka_unit_test(calls_keep_their_distance_from_the_end),
		cmocka_unit_test(field_is_available_when_the_size_reaches_into_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
