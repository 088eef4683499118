/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Creation of objects: what is asked, what is answered, and what fails without leaving anything. */

#include <errno.h>

#include "bench.h"

static int open_device(void **state)
{
	(void)state;
	fake_reset();
	bench_open();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	bench_close();
	return 0;
}

static struct ibv_qp_init_attr plain_attr(void)
{
	return (struct ibv_qp_init_attr){
		.send_cq = bench.cq,
		.recv_cq = bench.cq,
		.cap = {.max_send_wr = 3, .max_recv_wr = 2, .max_send_sge = 1, .max_recv_sge = 2},
		.qp_type = IBV_QPT_RC,
	};
}

static void sizes_are_those_of_the_rings(void **state)
{
	struct ibv_qp_init_attr attr = plain_attr();

	(void)state;
	assert_int_equal(fake.cq_cqes, 3);
	assert_int_equal(bench.cq->cqe, 4);
	bench.qp = siw_create_qp(bench.pd, &attr);
	assert_non_null(bench.qp);
	assert_int_equal(attr.cap.max_send_wr, 4);
	assert_int_equal(attr.cap.max_recv_wr, 4);
	assert_int_equal(attr.cap.max_send_sge, 1);
	assert_int_equal(attr.cap.max_recv_sge, 2);
	assert_int_equal(attr.cap.max_inline_data, 80);
}

static void a_qp_may_do_without_receives(void **state)
{
	struct ibv_qp_init_attr attr = plain_attr();

	(void)state;
	attr.cap.max_recv_wr = 0;
	fake.num_rqe = 0;
	bench.qp = siw_create_qp(bench.pd, &attr);
	assert_non_null(bench.qp);
	assert_int_equal(attr.cap.max_recv_wr, 0);
}

static void expect_no_qp(struct ibv_qp_init_attr *attr, int err)
{
	unsigned int objects = fake.objects;

	errno = 0;
	assert_null(siw_create_qp(bench.pd, attr));
	assert_int_equal(errno, err);
	assert_int_equal(fake.objects, objects);
}

static void what_a_qp_cannot_be_is_refused(void **state)
{
	struct ibv_qp_init_attr attr = plain_attr();

	(void)state;
	attr.qp_type = IBV_QPT_UD;
	expect_no_qp(&attr, EOPNOTSUPP);
	attr = plain_attr();
	attr.cap.max_send_sge = 7;
	expect_no_qp(&attr, EINVAL);
	attr = plain_attr();
	attr.cap.max_recv_sge = 7;
	expect_no_qp(&attr, EINVAL);
	attr = plain_attr();
	attr.cap.max_inline_data = 81;
	expect_no_qp(&attr, EINVAL);
}

static void failures_leave_nothing(void **state)
{
	struct ibv_srq_init_attr srq_attr = {.attr = {.max_wr = 1, .max_sge = 1}};
	struct ibv_qp_init_attr attr = plain_attr();
	unsigned int objects = fake.objects;

	(void)state;
	fake.fail_create = ENOSPC;
	expect_no_qp(&attr, ENOSPC);
	fake.num_sqe = 3;
	expect_no_qp(&attr, EPROTO);
	fake.num_sqe = 4;
	fake.num_rqe = 5;
	expect_no_qp(&attr, EPROTO);

	fake.fail_create = ENOSPC;
	assert_null(siw_create_srq(bench.pd, &srq_attr));
	assert_int_equal(errno, ENOSPC);
	fake.num_srqe = 0;
	assert_null(siw_create_srq(bench.pd, &srq_attr));
	assert_int_equal(errno, EPROTO);
	srq_attr.attr.max_sge = 7;
	assert_null(siw_create_srq(bench.pd, &srq_attr));
	assert_int_equal(errno, EINVAL);

	fake.num_cqe = 6;
	assert_null(siw_create_cq(bench.context, 5, NULL, NULL, 0));
	assert_int_equal(errno, EPROTO);
	fake.fail_create = ENOMEM;
	assert_null(siw_create_cq(bench.context, 5, NULL, NULL, 0));
	assert_int_equal(errno, ENOMEM);
	assert_int_equal(fake.objects, objects);
}

static void each_region_has_another_key(void **state)
{
	uint8_t keys[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct ibv_mr *mr = siw_reg_mr(bench.pd, keys, 1, 0, 0);

		assert_non_null(mr);
		keys[i] = fake.mr_request.stag_key;
		assert_int_equal(siw_dereg_mr(mr), 0);
	}
	assert_int_not_equal(keys[0], keys[1]);
}

static void the_version_is_three_numbers(void **state)
{
	struct ibv_device_attr_ex attr = {};

	(void)state;
	assert_int_equal(siw_query_device_ex(bench.context, NULL, &attr), 0);
	assert_string_equal(attr.orig_attr.fw_ver, "1.2.3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sizes_are_those_of_the_rings, open_device,
						teardown),
		cmocka_unit_test_setup_teardown(a_qp_may_do_without_receives, open_device,
						teardown),
		cmocka_unit_test_setup_teardown(what_a_qp_cannot_be_is_refused, open_device,
						teardown),
		cmocka_unit_test_setup_teardown(failures_leave_nothing, open_device, teardown),
		cmocka_unit_test_setup_teardown(each_region_has_another_key, open_device, teardown),
		cmocka_unit_test_setup_teardown(the_version_is_three_numbers, open_device,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
