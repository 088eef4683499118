/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Creation of objects: what is answered, and what fails without leaving anything. */

#include <errno.h>

#include "bench.h"

static int open_bench(void **state)
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
		.cap = {.max_send_wr = 2,
			.max_recv_wr = 2,
			.max_send_sge = 2,
			.max_recv_sge = 2,
			.max_inline_data = 60},
		.qp_type = IBV_QPT_RC,
	};
}

static void not_made(int expected)
{
	struct ibv_qp_init_attr attr = plain_attr();
	unsigned int before = fake.objects;

	errno = 0;
	assert_null(rxe_create_qp(bench.pd, &attr));
	assert_int_equal(errno, expected);
	assert_int_equal(fake.objects, before);
}

static void an_open_fails_with_the_kernels_reason(void **state)
{
	(void)state;
	fake_reset();
	fake.fail = EACCES;
	assert_null(fake_open());
	assert_int_equal(errno, EACCES);
}

static void a_firmware_version_has_three_parts(void **state)
{
	struct ibv_device_attr_ex attr = {};

	(void)state;
	assert_int_equal(rxe_query_device_ex(bench.context, NULL, &attr), 0);
	assert_string_equal(attr.orig_attr.fw_ver, "1.2.3");
}

static void capabilities_are_those_of_the_rings(void **state)
{
	struct ibv_qp_init_attr attr = plain_attr(), queried;
	struct ibv_qp_attr qp_attr;

	(void)state;
	fake.rings[FAKE_RQ].index_mask = 15;
	bench.qp = rxe_create_qp(bench.pd, &attr);
	assert_non_null(bench.qp);
	assert_int_equal(attr.cap.max_send_wr, 3);
	assert_int_equal(attr.cap.max_recv_wr, 15);
	assert_int_equal(attr.cap.max_send_sge, 2);
	assert_int_equal(attr.cap.max_recv_sge, 2);
	assert_int_equal(attr.cap.max_inline_data, 60);
	assert_int_equal(rxe_query_qp(bench.qp, &qp_attr, IBV_QP_CAP, &queried), 0);
	assert_memory_equal(&queried.cap, &attr.cap, sizeof(attr.cap));
	assert_memory_equal(&qp_attr.cap, &attr.cap, sizeof(attr.cap));
}

static void a_qp_with_an_srq_has_no_receive_ring(void **state)
{
	struct ibv_srq_init_attr srq_attr = {.attr = {.max_wr = 3, .max_sge = 2}};
	struct ibv_qp_init_attr attr = plain_attr();

	(void)state;
	bench.srq = rxe_create_srq(bench.pd, &srq_attr);
	assert_non_null(bench.srq);
	attr.srq = bench.srq;
	bench.qp = rxe_create_qp(bench.pd, &attr);
	assert_non_null(bench.qp);
	assert_int_equal(attr.cap.max_recv_wr, 0);
	bench_qp_to(IBV_QPS_RESET);
}

static void types_and_attributes_beyond_the_device_are_refused(void **state)
{
	struct ibv_qp_init_attr_ex attr = {
		.send_cq = bench.cq,
		.recv_cq = bench.cq,
		.qp_type = IBV_QPT_RAW_PACKET,
		.comp_mask = IBV_QP_INIT_ATTR_PD,
		.pd = bench.pd,
	};

	(void)state;
	assert_null(rxe_create_qp_ex(bench.context, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
	attr.qp_type = IBV_QPT_RC;
	attr.comp_mask = 0;
	assert_null(rxe_create_qp_ex(bench.context, &attr));
	assert_int_equal(errno, EINVAL);
	attr.comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_RX_HASH;
	assert_null(rxe_create_qp_ex(bench.context, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
	attr.comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_CREATE_FLAGS;
	attr.create_flags = IBV_QP_CREATE_BLOCK_SELF_MCAST_LB;
	assert_null(rxe_create_qp_ex(bench.context, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
}

static void a_qp_the_kernel_refuses_leaves_nothing(void **state)
{
	(void)state;
	fake.fail = ENOMEM;
	not_made(ENOMEM);
}

static void rings_too_small_for_what_was_asked_are_refused(void **state)
{
	(void)state;
	fake.rings[FAKE_SQ].log2_elem_size = 8; /* 208 and 60 bytes do not fit */
	not_made(EPROTO);
	fake.rings[FAKE_SQ].log2_elem_size = 9;
	fake.rings[FAKE_RQ].log2_elem_size = 6; /* 40 and 32 bytes do not fit */
	not_made(EPROTO);
	fake.rings[FAKE_RQ].log2_elem_size = 7;
	fake.rings[FAKE_RQ].size = 0;
	not_made(EPROTO);
	fake.rings[FAKE_SQ].index_mask = 5;
	not_made(EPROTO);
}

static void other_rings_are_looked_at_as_well(void **state)
{
	struct ibv_srq_init_attr attr = {.attr = {.max_wr = 3, .max_sge = 2}};
	unsigned int before = fake.objects;

	(void)state;
	fake.rings[FAKE_CQ].log2_elem_size = 5;
	assert_null(rxe_create_cq(bench.context, 3, NULL, NULL, 0));
	assert_int_equal(errno, EPROTO);
	fake.rings[FAKE_CQ].log2_elem_size = 7;
	fake.rings[FAKE_CQ].offset = 1;
	assert_null(rxe_create_cq(bench.context, 3, NULL, NULL, 0));
	assert_int_equal(errno, EINVAL);
	fake.rings[FAKE_SRQ].index_mask = 1 << 20;
	assert_null(rxe_create_srq(bench.pd, &attr));
	assert_int_equal(errno, EPROTO);
	assert_int_equal(fake.objects, before);
}

static void only_basic_srqs_exist(void **state)
{
	struct ibv_srq_init_attr_ex attr = {
		.attr = {.max_wr = 3, .max_sge = 1},
		.comp_mask = IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_PD,
		.srq_type = IBV_SRQT_XRC,
		.pd = bench.pd,
	};
	uint32_t number = 0;

	(void)state;
	assert_null(rxe_create_srq_ex(bench.context, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
	attr.srq_type = IBV_SRQT_BASIC;
	bench.srq = rxe_create_srq_ex(bench.context, &attr);
	assert_non_null(bench.srq);
	assert_int_equal(rxe_get_srq_num(bench.srq, &number), 0);
	assert_int_equal(number, FAKE_SRQN);
}

static void memory_is_the_kernels_affair(void **state)
{
	struct ibv_mr *mr = rxe_reg_mr(bench.pd, NULL, 4096, 0, IBV_ACCESS_LOCAL_WRITE);

	(void)state;
	assert_non_null(mr);
	assert_int_equal(rxe_rereg_mr(mr, IBV_REREG_MR_CHANGE_ACCESS, NULL, NULL, 0, 0), 0);
	assert_int_equal(rxe_dereg_mr(mr), 0);
	fake.fail = ENOMEM;
	assert_null(rxe_reg_mr(bench.pd, NULL, 4096, 0, 0));
	assert_int_equal(errno, ENOMEM);
	fake.fail = EOPNOTSUPP;
	assert_null(rxe_reg_dmabuf_mr(bench.pd, 0, 4096, 0, 3, 0));
	assert_int_equal(errno, EOPNOTSUPP);
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_open_fails_with_the_kernels_reason),
		BENCH_TEST(a_firmware_version_has_three_parts),
		BENCH_TEST(capabilities_are_those_of_the_rings),
		BENCH_TEST(a_qp_with_an_srq_has_no_receive_ring),
		BENCH_TEST(types_and_attributes_beyond_the_device_are_refused),
		BENCH_TEST(a_qp_the_kernel_refuses_leaves_nothing),
		BENCH_TEST(rings_too_small_for_what_was_asked_are_refused),
		BENCH_TEST(other_rings_are_looked_at_as_well),
		BENCH_TEST(only_basic_srqs_exist),
		BENCH_TEST(memory_is_the_kernels_affair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
