/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Opening a device of any age, replies that make no sense, register pages, records, numbers. */

#include <errno.h>
#include <stdlib.h>

#include "bench.h"

static int setup(void **state)
{
	(void)state;
	fake_reset();
	return 0;
}

static void a_current_kernel_is_asked_once(void **state)
{
	struct ibv_context *context = fake_open();

	(void)state;
	assert_non_null(context);
	assert_int_equal(fake.get_context_calls, 1);
	assert_int_equal(fake.ucontext_request.total_num_bfregs, 16);
	assert_int_equal(fake.ucontext_request.num_low_latency_bfregs, 4);
	assert_int_equal(fake.ucontext_request.flags, 1);
	assert_int_equal(fake.ucontext_request.max_cqe_version, 1);
	assert_int_equal(fake.ucontext_request.lib_caps, 3);
	fake_close(context);
}

static void an_old_kernel_is_asked_in_its_words(void **state)
{
	struct ibv_context *context;

	(void)state;
	fake.refuse_devx = true;
	fake.ucontext_max_request = 16;
	context = fake_open();
	assert_non_null(context);
	assert_int_equal(fake.get_context_calls, 6);
	assert_int_equal(fake.ucontext_request.flags, 0);
	assert_int_equal(fake.ucontext_request.max_cqe_version, 0);
	fake_close(context);
}

static void a_kernel_that_refuses_everything_is_an_error(void **state)
{
	(void)state;
	fake.ucontext_max_request = 0;
	assert_null(fake_open());
	assert_int_equal(errno, EINVAL);
}

static void replies_that_make_no_sense_are_refused(void **state)
{
	static const struct mlx5_ib_alloc_ucontext_resp broken[] = {
		{.tot_bfregs = 0xffffffff, .bf_reg_size = 512, .num_uars_per_page = 1},
		{.tot_bfregs = 16, .bf_reg_size = 8192, .num_uars_per_page = 1},
		{.tot_bfregs = 16, .bf_reg_size = 100, .num_uars_per_page = 1},
		{.tot_bfregs = 16, .bf_reg_size = 512, .num_uars_per_page = 77},
		{.tot_bfregs = 16, .bf_reg_size = 512, .num_uars_per_page = 1, .cqe_version = 2},
		{.tot_bfregs = 16, .bf_reg_size = 512, .num_uars_per_page = 1, .num_ports = 999},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		fake.ucontext = broken[i];
		assert_null(fake_open());
		assert_int_equal(errno, EPROTO);
	}
}

/* A ring that doorbell records cannot count is not made, whatever the kernel promises. */
static void limits_are_never_beyond_the_formats(void **state)
{
	struct ibv_srq_init_attr srq = {.attr = {.max_wr = 40000, .max_sge = 1}};
	struct ibv_qp_init_attr attr = {.cap = {.max_send_wr = 40000, .max_send_sge = 1},
					.qp_type = IBV_QPT_UD};

	(void)state;
	fake.ucontext.max_send_wqebb = UINT32_MAX;
	fake.ucontext.max_recv_wr = UINT32_MAX;
	fake.ucontext.max_srq_recv_wr = UINT32_MAX;
	fake.ucontext.max_sq_desc_sz = UINT16_MAX;
	bench_open();
	attr.send_cq = attr.recv_cq = bench.cq;
	assert_null(mlx5_create_qp(bench.pd, &attr));
	assert_int_equal(errno, EINVAL);
	attr.cap = (struct ibv_qp_cap){.max_send_wr = 1, .max_inline_data = 1000};
	assert_null(mlx5_create_qp(bench.pd, &attr));
	assert_int_equal(errno, EINVAL);
	assert_null(mlx5_create_srq(bench.pd, &srq));
	assert_int_equal(errno, EINVAL);
	bench_close();
}

static void a_register_of_no_page_fails_the_queue_pair(void **state)
{
	struct ibv_qp_init_attr attr = {.cap = {.max_send_wr = 1, .max_send_sge = 1},
					.qp_type = IBV_QPT_RC};

	(void)state;
	bench_open();
	attr.send_cq = attr.recv_cq = bench.cq;
	fake.bfreg_index = 16;
	assert_null(mlx5_create_qp(bench.pd, &attr));
	assert_int_equal(errno, EPROTO);
	bench_close();
}

static void dynamic_pages_are_asked_for_one_by_one(void **state)
{
	struct ibv_send_wr wr = {.opcode = IBV_WR_SEND}, *bad_wr;

	(void)state;
	fake.ucontext.tot_bfregs = 0;
	bench_open();
	assert_int_equal(fake.uars_allocated, 1);
	assert_int_equal(fake.cq_request.flags, 2);
	assert_int_equal(fake.cq_request.uar_page_index, FAKE_DYNAMIC_PAGE);
	bench_qp(IBV_QPT_RC, 0);
	assert_int_equal(fake.uars_allocated, 2);
	assert_int_equal(fake.qp_request.flags, 0x400);
	assert_int_equal(fake.qp_request.bfreg_index, FAKE_DYNAMIC_PAGE + 1);
	assert_int_equal(ibv_req_notify_cq(bench.cq, 0), 0);
	expect_bytes(fake_register(FAKE_DYNAMIC_PAGE, 0x20), "00000000 00000c05");
	assert_int_equal(ibv_post_send(bench.qp, &wr, &bad_wr), 0);
	expect_bytes(fake_register(FAKE_DYNAMIC_PAGE + 1, 0x800), "0000000a 00aabb01");
	bench_close();
}

static void dynamic_without_blueflame_shares_one_page(void **state)
{
	struct ibv_send_wr wr = {.opcode = IBV_WR_SEND}, *bad_wr;

	(void)state;
	fake.ucontext.tot_bfregs = 0;
	fake.ucontext.bf_reg_size = 0;
	bench_open();
	bench_qp(IBV_QPT_RC, 0);
	assert_int_equal(fake.uars_allocated, 1);
	assert_int_equal(fake.qp_request.bfreg_index, FAKE_DYNAMIC_PAGE);
	assert_int_equal(ibv_post_send(bench.qp, &wr, &bad_wr), 0);
	expect_bytes(fake_register(FAKE_DYNAMIC_PAGE, 0x800), "0000000a 00aabb01");
	bench_close();
}

static void blueflame_can_be_shut_up(void **state)
{
	struct ibv_send_wr wr = {.opcode = IBV_WR_SEND, .send_flags = IBV_SEND_SIGNALED}, *bad_wr;

	(void)state;
	setenv("MLX5_SHUT_UP_BF", "1", 1);
	fake.bfreg_index = 2;
	bench_open();
	unsetenv("MLX5_SHUT_UP_BF");
	bench_qp(IBV_QPT_RC, 0);
	assert_int_equal(ibv_post_send(bench.qp, &wr, &bad_wr), 0);
	expect_bytes(fake_register(1, 0x800), "0000000a 00aabb01 00000000");
	bench_close();
}

static void a_wrong_cqe_size_is_an_error_of_the_queue(void **state)
{
	(void)state;
	setenv("MLX5_CQE_SIZE", "96", 1);
	bench.context = fake_open();
	assert_non_null(bench.context);
	unsetenv("MLX5_CQE_SIZE");
	assert_null(mlx5_create_cq(bench.context, 7, NULL, NULL, 0));
	assert_int_equal(errno, EINVAL);
	fake_close(bench.context);
}

static void a_thread_domain_takes_the_locks_away(void **state)
{
	struct ibv_td_init_attr td_attr = {};
	struct ibv_parent_domain_init_attr attr = {};
	struct ibv_td *td;
	struct ibv_pd *domain, *plain;

	(void)state;
	bench_open();
	td = mlx5_alloc_td(bench.context, &td_attr);
	assert_non_null(td);
	attr.pd = bench.pd;
	attr.td = td;
	domain = mlx5_alloc_parent_domain(bench.context, &attr);
	assert_non_null(domain);
	assert_int_equal(mlx5_dealloc_td(td), EBUSY);
	assert_int_equal(mlx5_dealloc_pd(bench.pd), EBUSY);
	plain = bench.pd;
	bench.pd = domain;
	bench_qp(IBV_QPT_RC, 0);
	assert_false(to_mlx5_qp(bench.qp)->sq.lock.needed);
	assert_int_equal(mlx5_destroy_qp(bench.qp), 0);
	bench.pd = plain;
	bench_qp(IBV_QPT_RC, 0);
	assert_true(to_mlx5_qp(bench.qp)->sq.lock.needed);
	assert_int_equal(mlx5_dealloc_pd(domain), 0);
	assert_int_equal(mlx5_dealloc_td(td), 0);
	bench_close();
}

/* A WQE has 63 units of 16 bytes, and its last basic block cannot be filled. */
static void no_more_inline_data_is_granted_than_may_be_asked_for(void **state)
{
	struct ibv_qp_init_attr attr = {.cap = {.max_send_wr = 1, .max_inline_data = 930},
					.qp_type = IBV_QPT_UD};
	struct ibv_qp *qp;

	(void)state;
	bench_open();
	attr.send_cq = bench.cq;
	attr.recv_cq = bench.cq;
	qp = mlx5_create_qp(bench.pd, &attr);
	assert_non_null(qp);
	/* 16 control, 48 address, 4 head: 1008 in all. */
	assert_int_equal(attr.cap.max_inline_data, 940);
	assert_int_equal(mlx5_destroy_qp(qp), 0);
	qp = mlx5_create_qp(bench.pd, &attr);
	assert_non_null(qp);
	assert_int_equal(mlx5_destroy_qp(qp), 0);
	bench_close();
}

static void capabilities_beyond_the_device_are_refused(void **state)
{
	static const struct ibv_qp_cap caps[] = {
		{.max_send_wr = 40000, .max_send_sge = 1},
		{.max_send_wr = 32768, .max_send_sge = 1},
		{.max_send_wr = 1, .max_send_sge = 60},
		{.max_send_wr = 1, .max_inline_data = 900},
		{.max_send_wr = 0xffffffff, .max_send_sge = 0xffffffff},
		{.max_recv_wr = 40000, .max_recv_sge = 1},
		{.max_recv_wr = 1, .max_recv_sge = 33},
		{.max_recv_wr = 0xffffffff, .max_recv_sge = 0xffffffff},
	};

	(void)state;
	bench_open();
	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
		struct ibv_qp_init_attr attr = {.send_cq = bench.cq,
						.recv_cq = bench.cq,
						.cap = caps[i],
						.qp_type = IBV_QPT_RC};

		errno = 0;
		assert_null(mlx5_create_qp(bench.pd, &attr));
		assert_int_equal(errno, EINVAL);
	}
	bench_close();
}

static void other_queue_pair_types_are_refused(void **state)
{
	struct ibv_qp_init_attr attr = {.cap = {.max_send_wr = 1, .max_send_sge = 1},
					.qp_type = IBV_QPT_DRIVER};

	(void)state;
	bench_open();
	attr.send_cq = attr.recv_cq = bench.cq;
	assert_null(mlx5_create_qp(bench.pd, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
	attr.qp_type = IBV_QPT_RC;
	attr.recv_cq = NULL;
	assert_null(mlx5_create_qp(bench.pd, &attr));
	assert_int_equal(errno, EINVAL);
	bench_close();
}

static void records_lie_apart_and_are_used_again(void **state)
{
	struct mlx5_dbrec_pool pool;
	__be32 *records[200];

	(void)state;
	mlx5_dbrec_pool_init(&pool, 64);
	for (size_t i = 0; i < 200; i++) {
		records[i] = mlx5_dbrec_alloc(&pool);
		assert_non_null(records[i]);
		assert_int_equal((uintptr_t)records[i] % 64, 0);
		expect_bytes(records[i], "00000000 00000000");
		records[i][0] = records[i][1] = (uint32_t)i + 1;
	}
	for (size_t i = 0; i < 200; i++)
		assert_int_equal(records[i][1], i + 1);
	mlx5_dbrec_free(&pool, records[70]);
	records[70] = mlx5_dbrec_alloc(&pool);
	expect_bytes(records[70], "00000000 00000000");
	for (size_t i = 0; i < 200; i++)
		mlx5_dbrec_free(&pool, records[i]);
	mlx5_dbrec_pool_destroy(&pool);
}

static void numbers_lead_to_their_queue_and_nowhere_else(void **state)
{
	static struct mlx5_resource_table table;
	struct mlx5_resource first = {}, second = {.number = 0xfffffe},
			     third = {.number = 0xfffffe};
	struct mlx5_resource beyond = {.number = 1 << 24};

	(void)state;
	mlx5_resource_table_init(&table);
	assert_int_equal(mlx5_resource_assign(&table, &first), 0);
	assert_int_equal(mlx5_resource_insert(&table, &second), 0);
	assert_int_equal(mlx5_resource_insert(&table, &beyond), EINVAL);
	assert_ptr_equal(mlx5_resource_find(&table, first.number), &first);
	assert_ptr_equal(mlx5_resource_find(&table, 0xfffffe), &second);
	assert_null(mlx5_resource_find(&table, 0xffffff));
	assert_null(mlx5_resource_find(&table, 0x500000));
	/* The device has given the number to a new queue before the old one has left. */
	assert_int_equal(mlx5_resource_insert(&table, &third), 0);
	mlx5_resource_remove(&table, &second);
	assert_ptr_equal(mlx5_resource_find(&table, 0xfffffe), &third);
	mlx5_resource_remove(&table, &third);
	assert_null(mlx5_resource_find(&table, 0xfffffe));
	mlx5_resource_remove(&table, &first);
	mlx5_resource_table_destroy(&table);
}

static void the_firmware_version_has_three_parts(void **state)
{
	struct ibv_device_attr_ex attr = {};

	(void)state;
	bench_open();
	assert_int_equal(mlx5_query_device_ex(bench.context, NULL, &attr), 0);
	assert_string_equal(attr.orig_attr.fw_ver, "16.28.4512");
	bench_close();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		TEST(a_current_kernel_is_asked_once),
		TEST(an_old_kernel_is_asked_in_its_words),
		TEST(a_kernel_that_refuses_everything_is_an_error),
		TEST(replies_that_make_no_sense_are_refused),
		TEST(limits_are_never_beyond_the_formats),
		TEST(a_register_of_no_page_fails_the_queue_pair),
		TEST(dynamic_pages_are_asked_for_one_by_one),
		TEST(dynamic_without_blueflame_shares_one_page),
		TEST(blueflame_can_be_shut_up),
		TEST(a_wrong_cqe_size_is_an_error_of_the_queue),
		TEST(a_thread_domain_takes_the_locks_away),
		TEST(capabilities_beyond_the_device_are_refused),
		TEST(no_more_inline_data_is_granted_than_may_be_asked_for),
		TEST(other_queue_pair_types_are_refused),
		TEST(records_lie_apart_and_are_used_again),
		TEST(numbers_lead_to_their_queue_and_nowhere_else),
		TEST(the_firmware_version_has_three_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
