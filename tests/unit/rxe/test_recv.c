/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Receives: the bytes in the rings of a QP and of an SRQ, and who is told. */

#include <errno.h>

#include "bench.h"

static int open_rc(void **state)
{
	(void)state;
	fake_reset();
	bench_open();
	bench_qp(IBV_QPT_RC, 0);
	return 0;
}

static int open_srq(void **state)
{
	struct ibv_srq_init_attr attr = {.attr = {.max_wr = 3, .max_sge = 2}};

	(void)state;
	fake_reset();
	bench_open();
	bench.srq = rxe_create_srq(bench.pd, &attr);
	assert_non_null(bench.srq);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	bench_close();
	return 0;
}

static struct ibv_sge two_pieces[] = {
	{.addr = 0x1122334455667788, .length = 0x10, .lkey = 0xa1b2c3d4},
	{.addr = 0x99, .length = 0x20000, .lkey = 5},
};

static const char two_pieces_bytes[] = "0807060504030201 00000000 00000000"
				       "10000200 10000200 00000000 02000000 00000000 00000000"
				       "8877665544332211 10000000 d4c3b2a1"
				       "9900000000000000 00000200 05000000";

static void a_receive_lists_its_memory(void **state)
{
	struct ibv_recv_wr wr = {.wr_id = 0x0102030405060708, .sg_list = two_pieces, .num_sge = 2};
	struct ibv_recv_wr *bad_wr = NULL;

	(void)state;
	memset(fake_elem(FAKE_RQ, 0), 0xee, 128);
	assert_int_equal(ibv_post_recv(bench.qp, &wr, &bad_wr), 0);
	assert_null(bad_wr);
	expect_bytes(fake_elem(FAKE_RQ, 0), two_pieces_bytes);
	assert_int_equal(fake_producer(FAKE_RQ), 1);
	/* A packet will find it. */
	assert_int_equal(fake.error_orders, 0);
}

static void a_full_queue_takes_no_more(void **state)
{
	struct ibv_recv_wr list[4] = {}, *bad_wr = NULL;

	(void)state;
	for (int i = 0; i < 3; i++)
		list[i].next = &list[i + 1];
	assert_int_equal(ibv_post_recv(bench.qp, list, &bad_wr), ENOMEM);
	assert_ptr_equal(bad_wr, &list[3]);
	assert_int_equal(fake_producer(FAKE_RQ), 3);
	fake_set_consumer(FAKE_RQ, 2);
	assert_int_equal(ibv_post_recv(bench.qp, &list[3], &bad_wr), 0);
	assert_int_equal(fake_producer(FAKE_RQ), 0);
}

static void impossible_receives_are_refused(void **state)
{
	struct ibv_sge huge[2] = {{.length = UINT32_MAX}, {.length = 1}};
	struct ibv_recv_wr wr = {.sg_list = huge, .num_sge = 3}, *bad_wr = NULL;

	(void)state;
	assert_int_equal(ibv_post_recv(bench.qp, &wr, &bad_wr), EINVAL);
	assert_ptr_equal(bad_wr, &wr);
	wr.num_sge = -1;
	assert_int_equal(ibv_post_recv(bench.qp, &wr, &bad_wr), EINVAL);
	wr.num_sge = 2;
	assert_int_equal(ibv_post_recv(bench.qp, &wr, &bad_wr), EINVAL);
	assert_int_equal(fake_producer(FAKE_RQ), 0);
}

static void only_reset_takes_no_receives(void **state)
{
	struct ibv_recv_wr wr = {}, *bad_wr = NULL;

	(void)state;
	bench_qp_to(IBV_QPS_RESET);
	assert_int_equal(ibv_post_recv(bench.qp, &wr, &bad_wr), EINVAL);
	assert_ptr_equal(bad_wr, &wr);
	bench_qp_to(IBV_QPS_INIT);
	assert_int_equal(ibv_post_recv(bench.qp, &wr, &bad_wr), 0);
	assert_int_equal(fake_producer(FAKE_RQ), 1);
}

static void reset_empties_the_queue(void **state)
{
	struct ibv_recv_wr wr = {}, *bad_wr = NULL;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(ibv_post_recv(bench.qp, &wr, &bad_wr), 0);
	fake_set_consumer(FAKE_RQ, 1);
	bench_qp_to(IBV_QPS_RESET);
	assert_int_equal(fake_producer(FAKE_RQ), 1);
	bench_qp_to(IBV_QPS_INIT);
	assert_int_equal(ibv_post_recv(bench.qp, &wr, &bad_wr), 0);
	assert_int_equal(fake_producer(FAKE_RQ), 2);
}

static void the_kernel_is_made_to_flush(void **state)
{
	struct ibv_recv_wr wr = {}, *bad_wr = NULL;

	(void)state;
	bench_qp_to(IBV_QPS_ERR);
	assert_int_equal(fake.error_orders, 1);
	assert_int_equal(ibv_post_recv(bench.qp, &wr, &bad_wr), 0);
	assert_int_equal(fake_producer(FAKE_RQ), 1);
	assert_int_equal(fake.error_orders, 2);
	fake.fail = EIO;
	assert_int_equal(ibv_post_recv(bench.qp, &wr, &bad_wr), EIO);
	assert_ptr_equal(bad_wr, &wr);
}

static void a_qp_with_an_srq_has_no_receives_of_its_own(void **state)
{
	struct ibv_recv_wr wr = {}, *bad_wr = NULL;

	(void)state;
	bench_qp(IBV_QPT_RC, 0);
	assert_int_equal(ibv_post_recv(bench.qp, &wr, &bad_wr), EINVAL);
	assert_ptr_equal(bad_wr, &wr);
}

static void a_shared_queue_is_filled_the_same_way(void **state)
{
	struct ibv_recv_wr wr = {.wr_id = 0x0102030405060708, .sg_list = two_pieces, .num_sge = 2};
	struct ibv_recv_wr *bad_wr = NULL;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(ibv_post_srq_recv(bench.srq, &wr, &bad_wr), 0);
	expect_bytes(fake_elem(FAKE_SRQ, 2), two_pieces_bytes);
	assert_int_equal(fake_producer(FAKE_SRQ), 3);
	assert_int_equal(ibv_post_srq_recv(bench.srq, &wr, &bad_wr), ENOMEM);
	assert_ptr_equal(bad_wr, &wr);
}

static void a_resized_queue_goes_on_where_the_kernel_says(void **state)
{
	struct ibv_srq_attr attr = {.max_wr = 7};
	struct ibv_recv_wr wr = {}, *bad_wr = NULL;

	(void)state;
	assert_int_equal(ibv_post_srq_recv(bench.srq, &wr, &bad_wr), 0);
	fake.rings[FAKE_RESIZED].index_mask = 7;
	fake.rings[FAKE_RESIZED].start = 1;
	assert_int_equal(rxe_modify_srq(bench.srq, &attr, IBV_SRQ_MAX_WR), 0);
	for (int i = 0; i < 7; i++)
		assert_int_equal(ibv_post_srq_recv(bench.srq, &wr, &bad_wr), 0);
	assert_int_equal(ibv_post_srq_recv(bench.srq, &wr, &bad_wr), ENOMEM);
	assert_int_equal(fake_producer(FAKE_RESIZED), 0);
	assert_int_equal(fake_producer(FAKE_SRQ), 1);
}

static void a_refused_resize_leaves_the_queue(void **state)
{
	struct ibv_srq_attr attr = {.max_wr = 7};
	struct ibv_recv_wr wr = {}, *bad_wr = NULL;

	(void)state;
	fake.fail = ENOMEM;
	assert_int_equal(rxe_modify_srq(bench.srq, &attr, IBV_SRQ_MAX_WR), ENOMEM);
	assert_int_equal(ibv_post_srq_recv(bench.srq, &wr, &bad_wr), 0);
	assert_int_equal(fake_producer(FAKE_SRQ), 1);
	fake.rings[FAKE_RESIZED].size = 0;
	assert_int_equal(rxe_modify_srq(bench.srq, &attr, IBV_SRQ_MAX_WR), EPROTO);
	attr.srq_limit = 2;
	assert_int_equal(rxe_modify_srq(bench.srq, &attr, IBV_SRQ_LIMIT), 0);
}

#define RC_TEST(name)  cmocka_unit_test_setup_teardown(name, open_rc, teardown)
#define SRQ_TEST(name) cmocka_unit_test_setup_teardown(name, open_srq, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RC_TEST(a_receive_lists_its_memory),
		RC_TEST(a_full_queue_takes_no_more),
		RC_TEST(impossible_receives_are_refused),
		RC_TEST(only_reset_takes_no_receives),
		RC_TEST(reset_empties_the_queue),
		RC_TEST(the_kernel_is_made_to_flush),
		SRQ_TEST(a_qp_with_an_srq_has_no_receives_of_its_own),
		SRQ_TEST(a_shared_queue_is_filled_the_same_way),
		SRQ_TEST(a_resized_queue_goes_on_where_the_kernel_says),
		SRQ_TEST(a_refused_resize_leaves_the_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
