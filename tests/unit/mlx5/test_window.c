/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory windows and the null region: both ways to bind a window, and whose business the key is. */

#include <errno.h>

#include "bench.h"

static struct verbs_mr region = {.mr = {.lkey = 0x0a0b0c0d}, .type = VERBS_MR_TYPE_MR};

static int open_rc(void **state)
{
	(void)state;
	fake_reset();
	fake.ucontext.comp_mask |= MLX5_IB_ALLOC_UCONTEXT_RESP_MASK_DUMP_FILL_MKEY;
	fake.ucontext.dump_fill_mkey = 0x00f1f200;
	bench_open();
	bench_qp(IBV_QPT_RC, IBV_QP_EX_WITH_BIND_MW | IBV_QP_EX_WITH_SEND);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	bench_close();
	return 0;
}

static const struct ibv_mw_bind_info info = {
	.mr = &region.mr,
	.addr = 0x1122334455667788,
	.length = 0x1000,
	.mw_access_flags = IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ,
};

/* The piece behind a window, and the three that fill up its block. */
static void expect_piece(void)
{
	expect_bytes(fake_sq() + 128, "00001000 0a0b0c0d 11223344 55667788"
				      "00000000 00000000 00000000 00000000"
				      "00000000 00000000 00000000 00000000"
				      "00000000 00000000 00000000 00000000");
}

static void binding_type_1_gives_the_window_its_next_key(void **state)
{
	struct ibv_mw *mw = ibv_alloc_mw(bench.pd, IBV_MW_TYPE_1);
	struct ibv_mw_bind bind = {.wr_id = 5, .send_flags = IBV_SEND_SIGNALED, .bind_info = info};
	struct ibv_wc wc;

	(void)state;
	assert_int_equal(ibv_bind_mw(bench.qp, mw, &bind), 0);
	assert_int_equal(mw->rkey, 0x00ab1200);
	expect_bytes(fake_sq(), "00000025 00aabb0c 00000008 00ab12ff");
	expect_bytes(fake_sq() + 16, "90000000 00040000 00000000 203c2041");
	expect_bytes(fake_sq() + 64, "00003000 ffffff00 00000000 00000000"
				     "11223344 55667788 00000000 00001000");
	expect_piece();
	expect_bytes(&fake_qp_dbrec()[1], "00000003");
	fake_cqe_simple(0, MLX5_CQE_REQ, 0, 0);
	assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 1);
	assert_int_equal(wc.opcode, IBV_WC_BIND_MW);
	assert_int_equal(wc.wr_id, 5);
	assert_int_equal(ibv_dealloc_mw(mw), 0);
}

static void a_binding_that_was_not_posted_keeps_the_key(void **state)
{
	struct verbs_mr null_region = {.type = VERBS_MR_TYPE_NULL};
	struct ibv_mw *mw = ibv_alloc_mw(bench.pd, IBV_MW_TYPE_1);
	struct ibv_mw_bind bind = {.bind_info = info};

	(void)state;
	bind.bind_info.mw_access_flags = IBV_ACCESS_LOCAL_WRITE;
	assert_int_equal(ibv_bind_mw(bench.qp, mw, &bind), EINVAL);
	bind.bind_info.mw_access_flags = IBV_ACCESS_REMOTE_READ | IBV_ACCESS_ZERO_BASED;
	assert_int_equal(ibv_bind_mw(bench.qp, mw, &bind), EINVAL);
	bind.bind_info = info;
	bind.bind_info.mr = NULL;
	assert_int_equal(ibv_bind_mw(bench.qp, mw, &bind), EINVAL);
	bind.bind_info.mr = &null_region.mr;
	assert_int_equal(ibv_bind_mw(bench.qp, mw, &bind), EOPNOTSUPP);
	bind.bind_info = info;
	bind.bind_info.length = (1ull << 31) + 1;
	assert_int_equal(ibv_bind_mw(bench.qp, mw, &bind), EOPNOTSUPP);
	bench_qp_to(IBV_QPS_RESET);
	bind.bind_info = info;
	assert_int_equal(ibv_bind_mw(bench.qp, mw, &bind), EINVAL);
	assert_int_equal(mw->rkey, FAKE_MW_RKEY);
	expect_bytes(&fake_qp_dbrec()[1], "00000000");
	assert_int_equal(ibv_dealloc_mw(mw), 0);
}

static void type_2_is_bound_by_a_request_with_the_key_in_it(void **state)
{
	struct ibv_mw *mw = ibv_alloc_mw(bench.pd, IBV_MW_TYPE_2);
	struct ibv_send_wr send = {.opcode = IBV_WR_SEND};
	struct ibv_send_wr wr = {
		.opcode = IBV_WR_BIND_MW,
		.send_flags = IBV_SEND_FENCE,
		.bind_mw = {.mw = mw, .rkey = 0x00ab1233, .bind_info = info},
		.next = &send,
	};
	struct ibv_send_wr *bad_wr = NULL;

	(void)state;
	assert_int_equal(ibv_post_send(bench.qp, &wr, &bad_wr), 0);
	expect_bytes(fake_sq(), "00000025 00aabb0c 00000080 00ab12ff");
	expect_bytes(fake_sq() + 16, "b0000000 00040000 00000000 203c6041");
	expect_bytes(fake_sq() + 64, "00003000 00aabb33 00000000 00000000"
				     "11223344 55667788 00000000 00001000");
	expect_piece();
	/* What comes behind waits for it. */
	expect_bytes(fake_sq() + 192, "0000030a 00aabb01 00000020 00000000");
	/* The key is the application's to keep. */
	assert_int_equal(mw->rkey, FAKE_MW_RKEY);
	assert_int_equal(ibv_dealloc_mw(mw), 0);
}

static void zero_based_windows_begin_at_zero(void **state)
{
	struct ibv_mw *mw = ibv_alloc_mw(bench.pd, IBV_MW_TYPE_2);
	struct ibv_send_wr *bad_wr = NULL,
			   wr = {
				   .opcode = IBV_WR_BIND_MW,
				   .bind_mw = {.mw = mw, .rkey = 0x00ab1233, .bind_info = info},
			   };

	(void)state;
	wr.bind_mw.bind_info.mw_access_flags = IBV_ACCESS_ZERO_BASED | IBV_ACCESS_REMOTE_ATOMIC;
	assert_int_equal(ibv_post_send(bench.qp, &wr, &bad_wr), 0);
	expect_bytes(fake_sq() + 64, "00004000 00aabb33 00000000 00000000"
				     "00000000 00000000 00000000 00001000");
	expect_piece();
	assert_int_equal(ibv_dealloc_mw(mw), 0);
}

static void a_window_without_length_is_freed(void **state)
{
	struct ibv_mw *mw_1 = ibv_alloc_mw(bench.pd, IBV_MW_TYPE_1);
	struct ibv_mw *mw_2 = ibv_alloc_mw(bench.pd, IBV_MW_TYPE_2);
	struct ibv_mw_bind bind = {};
	struct ibv_send_wr *bad_wr = NULL,
			   wr = {.opcode = IBV_WR_BIND_MW, .bind_mw = {.mw = mw_2, .rkey = 0x55}};

	(void)state;
	assert_int_equal(ibv_bind_mw(bench.qp, mw_1, &bind), 0);
	expect_bytes(fake_sq() + 4, "00aabb08");
	expect_bytes(fake_sq() + 16, "90000000 00000000 00000000 20002000");
	expect_bytes(fake_sq() + 64, "40000000 ffffff00 00000000 00000000");
	assert_int_equal(ibv_post_send(bench.qp, &wr, &bad_wr), 0);
	expect_bytes(fake_sq() + 128 + 16, "98000000 00000000 00000000 20006000");
	expect_bytes(fake_sq() + 128 + 64, "40000000 ffffff55 00000000 00000000");
	assert_int_equal(ibv_dealloc_mw(mw_1), 0);
	assert_int_equal(ibv_dealloc_mw(mw_2), 0);
}

static void an_extended_qp_binds_the_same_way(void **state)
{
	struct ibv_mw *mw = ibv_alloc_mw(bench.pd, IBV_MW_TYPE_2);
	struct ibv_qp_ex *qp = (struct ibv_qp_ex *)bench.qp;
	const struct ibv_mw_bind_info wrong = {.mw_access_flags = IBV_ACCESS_LOCAL_WRITE};

	(void)state;
	ibv_wr_start(qp);
	qp->wr_flags = IBV_SEND_SIGNALED;
	ibv_wr_bind_mw(qp, mw, 0x00ab1233, &info);
	qp->wr_flags = 0;
	ibv_wr_send(qp);
	assert_int_equal(ibv_wr_complete(qp), 0);
	expect_bytes(fake_sq(), "00000025 00aabb0c 00000008 00ab12ff");
	expect_bytes(fake_sq() + 16, "b0000000 00040000 00000000 203c6041");
	expect_piece();
	expect_bytes(fake_sq() + 192, "0000030a 00aabb01 00000020 00000000");
	ibv_wr_start(qp);
	ibv_wr_bind_mw(qp, mw, 0x00ab1233, &wrong);
	assert_int_equal(ibv_wr_complete(qp), EINVAL);
	mw->type = IBV_MW_TYPE_1;
	ibv_wr_start(qp);
	ibv_wr_bind_mw(qp, mw, 0x00ab1233, &info);
	assert_int_equal(ibv_wr_complete(qp), EINVAL);
	expect_bytes(&fake_qp_dbrec()[1], "00000004");
	assert_int_equal(ibv_dealloc_mw(mw), 0);
}

static void a_bind_wraps_at_the_end_of_the_ring(void **state)
{
	struct ibv_mw *mw = ibv_alloc_mw(bench.pd, IBV_MW_TYPE_1);
	struct mlx5_qp *qp = to_mlx5_qp(bench.qp);
	struct ibv_mw_bind bind = {.bind_info = info};

	(void)state;
	qp->sq.pi = qp->sq.mask; /* one block is left */
	assert_int_equal(ibv_bind_mw(bench.qp, mw, &bind), 0);
	expect_bytes(fake_sq() + qp->sq.mask * 64 + 16, "90000000 00040000 00000000 203c2041");
	expect_bytes(fake_sq(), "00003000 ffffff00 00000000 00000000");
	expect_bytes(fake_sq() + 64, "00001000 0a0b0c0d 11223344 55667788");
	assert_int_equal(ibv_dealloc_mw(mw), 0);
}

static void a_refusal_of_the_kernel_is_passed_on(void **state)
{
	(void)state;
	fake.fail_create = ENOSPC;
	assert_null(ibv_alloc_mw(bench.pd, IBV_MW_TYPE_2));
	assert_int_equal(errno, ENOSPC);
}

static void the_null_region_has_the_key_that_the_kernel_told(void **state)
{
	unsigned int objects = fake.objects;
	struct ibv_mr *mr = mlx5_alloc_null_mr(bench.pd);

	(void)state;
	assert_non_null(mr);
	assert_int_equal(mr->lkey, 0x00f1f200);
	assert_int_equal(mr->rkey, 0);
	assert_ptr_equal(mr->pd, bench.pd);
	assert_ptr_equal(mr->context, bench.context);
	assert_int_equal(fake.objects, objects);
	assert_int_equal(mlx5_dereg_mr(mr), 0);
	assert_int_equal(fake.objects, objects);
}

static void without_such_a_key_there_is_no_null_region(void **state)
{
	(void)state;
	to_mlx5_context(bench.context)->null_key = 0;
	assert_null(mlx5_alloc_null_mr(bench.pd));
	assert_int_equal(errno, EOPNOTSUPP);
}

#define WINDOW_TEST(name) cmocka_unit_test_setup_teardown(name, open_rc, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WINDOW_TEST(binding_type_1_gives_the_window_its_next_key),
		WINDOW_TEST(a_binding_that_was_not_posted_keeps_the_key),
		WINDOW_TEST(type_2_is_bound_by_a_request_with_the_key_in_it),
		WINDOW_TEST(zero_based_windows_begin_at_zero),
		WINDOW_TEST(a_window_without_length_is_freed),
		WINDOW_TEST(an_extended_qp_binds_the_same_way),
		WINDOW_TEST(a_bind_wraps_at_the_end_of_the_ring),
		WINDOW_TEST(a_refusal_of_the_kernel_is_passed_on),
		WINDOW_TEST(the_null_region_has_the_key_that_the_kernel_told),
		WINDOW_TEST(without_such_a_key_there_is_no_null_region),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
