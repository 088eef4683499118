/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory windows: both ways to bind one, and whose business the key is. */

#include <errno.h>

#include "bench.h"

static struct ibv_mr region = {.lkey = 0x0a0b0c0d};

static int open_rc(void **state)
{
	(void)state;
	fake_reset();
	bench_open();
	bench_qp(IBV_QPT_RC, IBV_QP_EX_WITH_BIND_MW);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	bench_close();
	return 0;
}

static const struct ibv_mw_bind_info info = {
	.mr = &region,
	.addr = 0x1122334455667788,
	.length = 0x1000,
	.mw_access_flags = IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ,
};

/* The key of a window is 0x00ab12ff, so the next one is 0x00ab1200. */
static const char bound_bytes[] = "8877665544332211 0010000000000000 0d0c0b0a ff12ab00"
				  "0012ab00 06000000";

static void binding_type_1_gives_the_window_its_next_key(void **state)
{
	struct ibv_mw *mw = ibv_alloc_mw(bench.pd, IBV_MW_TYPE_1);
	struct ibv_mw_bind bind = {.wr_id = 5, .send_flags = IBV_SEND_SIGNALED, .bind_info = info};

	(void)state;
	assert_non_null(mw);
	assert_int_equal(ibv_bind_mw(bench.qp, mw, &bind), 0);
	assert_int_equal(mw->rkey, 0x00ab1200);
	expect_bytes(fake_elem(FAKE_SQ, 0), "0500000000000000 00000000 08000000 02000000 00000000");
	expect_bytes(fake_elem(FAKE_SQ, 0) + 24, bound_bytes);
	assert_int_equal(fake.send_rings, 1);
	assert_int_equal(ibv_dealloc_mw(mw), 0);
}

static void a_binding_that_was_not_posted_keeps_the_key(void **state)
{
	struct ibv_mw *mw = ibv_alloc_mw(bench.pd, IBV_MW_TYPE_1);
	struct ibv_mw_bind bind = {.bind_info = info};

	(void)state;
	bind.bind_info.mw_access_flags = IBV_ACCESS_LOCAL_WRITE;
	assert_int_equal(ibv_bind_mw(bench.qp, mw, &bind), EINVAL);
	bind.bind_info = info;
	bind.bind_info.mr = NULL;
	assert_int_equal(ibv_bind_mw(bench.qp, mw, &bind), EINVAL);
	bench_qp_to(IBV_QPS_RESET);
	bind.bind_info = info;
	assert_int_equal(ibv_bind_mw(bench.qp, mw, &bind), EINVAL);
	assert_int_equal(mw->rkey, FAKE_MW_RKEY);
	assert_int_equal(fake.send_rings, 0);
	assert_int_equal(ibv_dealloc_mw(mw), 0);
}

static void type_2_is_bound_by_a_request_with_the_key_in_it(void **state)
{
	struct ibv_mw *mw = ibv_alloc_mw(bench.pd, IBV_MW_TYPE_2);
	struct ibv_send_wr *bad_wr = NULL,
			   wr = {
				   .opcode = IBV_WR_BIND_MW,
				   .send_flags = IBV_SEND_FENCE,
				   .bind_mw = {.mw = mw, .rkey = 0x00ab1200, .bind_info = info},
			   };

	(void)state;
	assert_int_equal(ibv_post_send(bench.qp, &wr, &bad_wr), 0);
	expect_bytes(fake_elem(FAKE_SQ, 0) + 12, "08000000 01000000 00000000");
	expect_bytes(fake_elem(FAKE_SQ, 0) + 24, bound_bytes);
	/* The key is the application's to keep. */
	assert_int_equal(mw->rkey, FAKE_MW_RKEY);
	assert_int_equal(ibv_dealloc_mw(mw), 0);
}

static void an_extended_qp_binds_the_same_way(void **state)
{
	struct ibv_mw *mw = ibv_alloc_mw(bench.pd, IBV_MW_TYPE_2);
	struct ibv_qp_ex *qp = (struct ibv_qp_ex *)bench.qp;
	const struct ibv_mw_bind_info wrong = {.mw_access_flags = IBV_ACCESS_LOCAL_WRITE};

	(void)state;
	ibv_wr_start(qp);
	ibv_wr_bind_mw(qp, mw, 0x00ab1200, &info);
	assert_int_equal(ibv_wr_complete(qp), 0);
	expect_bytes(fake_elem(FAKE_SQ, 0) + 24, bound_bytes);
	ibv_wr_start(qp);
	ibv_wr_bind_mw(qp, mw, 0x00ab1200, &wrong);
	assert_int_equal(ibv_wr_complete(qp), EINVAL);
	assert_int_equal(ibv_dealloc_mw(mw), 0);
}

static void a_window_without_length_needs_no_region(void **state)
{
	struct ibv_mw *mw = ibv_alloc_mw(bench.pd, IBV_MW_TYPE_1);
	struct ibv_mw_bind bind = {};

	(void)state;
	assert_int_equal(ibv_bind_mw(bench.qp, mw, &bind), 0);
	expect_zeros(fake_elem(FAKE_SQ, 0) + 24, 20);
	assert_int_equal(ibv_dealloc_mw(mw), 0);
}

static void a_refusal_of_the_kernel_is_passed_on(void **state)
{
	(void)state;
	fake.fail = ENOSPC;
	assert_null(ibv_alloc_mw(bench.pd, IBV_MW_TYPE_2));
	assert_int_equal(errno, ENOSPC);
}

#define WINDOW_TEST(name) cmocka_unit_test_setup_teardown(name, open_rc, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WINDOW_TEST(binding_type_1_gives_the_window_its_next_key),
		WINDOW_TEST(a_binding_that_was_not_posted_keeps_the_key),
		WINDOW_TEST(type_2_is_bound_by_a_request_with_the_key_in_it),
		WINDOW_TEST(an_extended_qp_binds_the_same_way),
		WINDOW_TEST(a_window_without_length_needs_no_region),
		WINDOW_TEST(a_refusal_of_the_kernel_is_passed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
