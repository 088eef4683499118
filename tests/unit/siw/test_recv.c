/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Receive requests, in queues of their own and shared ones. */

#include <errno.h>

#include "bench.h"

static int open_qp(void **state)
{
	(void)state;
	fake_reset();
	bench_open();
	bench_qp(0, 0);
	return 0;
}

static int open_srq(void **state)
{
	struct ibv_srq_init_attr attr = {.attr = {.max_wr = 3, .max_sge = 2}};

	(void)state;
	fake_reset();
	bench_open();
	bench.srq = siw_create_srq(bench.pd, &attr);
	assert_non_null(bench.srq);
	assert_int_equal(attr.attr.max_wr, 4);
	bench_qp(0, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	bench_close();
	return 0;
}

static struct ibv_sge pieces[] = {
	{.addr = 0x1122334455667788, .length = 0x10, .lkey = 0xa1b2c3d4},
	{.addr = 0x99, .length = 0x20, .lkey = 5},
	{.addr = 0x77, .length = 0x30, .lkey = 6},
};

static void a_request_is_written_and_handed_over(void **state)
{
	struct ibv_recv_wr wr = {.wr_id = 0x0102030405060708, .sg_list = pieces, .num_sge = 2};
	struct ibv_recv_wr *bad_wr;

	(void)state;
	assert_int_equal(ibv_post_recv(bench.qp, &wr, &bad_wr), 0);
	expect_bytes(fake_rqe(0), "0807060504030201 0100 02");
	expect_bytes(fake_rqe(0) + 16, "8877665544332211 10000000 d4c3b2a1"
				       "9900000000000000 20000000 05000000");
	assert_int_equal(fake.rings, 0);
}

static void a_ring_is_full_while_the_kernel_has_the_element(void **state)
{
	struct ibv_recv_wr wrs[5] = {};
	struct ibv_recv_wr *bad_wr;

	(void)state;
	for (int i = 0; i < 5; i++) {
		wrs[i].wr_id = (uint64_t)i;
		wrs[i].next = i < 4 ? &wrs[i + 1] : NULL;
	}
	assert_int_equal(ibv_post_recv(bench.qp, wrs, &bad_wr), ENOMEM);
	assert_ptr_equal(bad_wr, &wrs[4]);
	expect_bytes(fake_rqe(3), "0300000000000000 0100");
	memset(fake_rqe(0) + 8, 0, 2);
	assert_int_equal(ibv_post_recv(bench.qp, &wrs[4], &bad_wr), 0);
	expect_bytes(fake_rqe(0), "0400000000000000 0100");
}

static void a_list_longer_than_agreed_is_refused(void **state)
{
	struct ibv_recv_wr wr = {.sg_list = pieces, .num_sge = 3};
	struct ibv_recv_wr *bad_wr;

	(void)state;
	assert_int_equal(ibv_post_recv(bench.qp, &wr, &bad_wr), EINVAL);
	assert_ptr_equal(bad_wr, &wr);
	wr.num_sge = -1;
	assert_int_equal(ibv_post_recv(bench.qp, &wr, &bad_wr), EINVAL);
	expect_bytes(fake_rqe(0) + 8, "0000");
}

static void a_shared_queue_takes_the_same_requests(void **state)
{
	struct ibv_recv_wr wr = {.wr_id = 7, .sg_list = pieces, .num_sge = 2};
	struct ibv_recv_wr *bad_wr;

	(void)state;
	assert_int_equal(ibv_post_srq_recv(bench.srq, &wr, &bad_wr), 0);
	expect_bytes(fake_srqe(0), "0700000000000000 0100 02");
	expect_bytes(fake_srqe(0) + 16, "8877665544332211 10000000 d4c3b2a1"
					"9900000000000000 20000000 05000000");
}

static void a_qp_with_a_shared_queue_has_none_of_its_own(void **state)
{
	struct ibv_recv_wr wr = {};
	struct ibv_recv_wr *bad_wr;

	(void)state;
	assert_int_equal(ibv_post_recv(bench.qp, &wr, &bad_wr), ENOMEM);
	assert_ptr_equal(bad_wr, &wr);
}

static void a_shared_queue_keeps_its_size(void **state)
{
	struct ibv_srq_attr attr = {.max_wr = 8, .srq_limit = 2};

	(void)state;
	assert_int_equal(siw_modify_srq(bench.srq, &attr, IBV_SRQ_MAX_WR), EOPNOTSUPP);
	assert_int_equal(siw_modify_srq(bench.srq, &attr, IBV_SRQ_LIMIT), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_request_is_written_and_handed_over, open_qp,
						teardown),
		cmocka_unit_test_setup_teardown(a_ring_is_full_while_the_kernel_has_the_element,
						open_qp, teardown),
		cmocka_unit_test_setup_teardown(a_list_longer_than_agreed_is_refused, open_qp,
						teardown),
		cmocka_unit_test_setup_teardown(a_shared_queue_takes_the_same_requests, open_srq,
						teardown),
		cmocka_unit_test_setup_teardown(a_qp_with_a_shared_queue_has_none_of_its_own,
						open_srq, teardown),
		cmocka_unit_test_setup_teardown(a_shared_queue_keeps_its_size, open_srq, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
