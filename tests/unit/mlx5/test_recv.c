/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Receive and shared receive queues: entries, records, the chain of free entries. */

#include <errno.h>

#include "bench.h"

static int open_qp(void **state)
{
	(void)state;
	fake_reset();
	bench_open();
	bench_qp(IBV_QPT_RC, 0);
	return 0;
}

static int open_srq_version(uint8_t cqe_version)
{
	struct ibv_srq_init_attr attr = {.attr = {.max_wr = 3, .max_sge = 1}};

	fake_reset();
	fake.ucontext.cqe_version = cqe_version;
	bench_open();
	bench.srq = mlx5_create_srq(bench.pd, &attr);
	assert_non_null(bench.srq);
	assert_int_equal(attr.attr.max_wr, 3);
	assert_int_equal(attr.attr.max_sge, 1);
	bench_qp(IBV_QPT_RC, 0);
	return 0;
}

static int open_srq(void **state)
{
	(void)state;
	return open_srq_version(1);
}

static int open_srq_v0(void **state)
{
	(void)state;
	return open_srq_version(0);
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
};

static void a_short_list_ends_with_the_invalid_key(void **state)
{
	struct ibv_recv_wr full = {.sg_list = pieces, .num_sge = 2};
	struct ibv_recv_wr shorter = {.sg_list = pieces, .num_sge = 1, .next = &full};
	struct ibv_recv_wr *bad_wr;

	(void)state;
	assert_int_equal(ibv_post_recv(bench.qp, &shorter, &bad_wr), 0);
	expect_bytes(fake_rq(), "00000010 a1b2c3d4 1122334455667788"
				"00000000 00000100 0000000000000000"
				"00000010 a1b2c3d4 1122334455667788"
				"00000020 00000005 0000000000000099");
	expect_bytes(fake_qp_dbrec(), "00000002 00000000");
}

static void a_full_receive_queue_names_the_entry_that_did_not_fit(void **state)
{
	struct ibv_recv_wr wrs[5] = {};
	struct ibv_recv_wr *bad_wr;
	struct ibv_wc wc;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		wrs[i].wr_id = i;
		wrs[i].next = i < 4 ? &wrs[i + 1] : NULL;
	}
	assert_int_equal(ibv_post_recv(bench.qp, wrs, &bad_wr), ENOMEM);
	assert_ptr_equal(bad_wr, &wrs[4]);
	expect_bytes(fake_qp_dbrec(), "00000004");
	fake_cqe_simple(0, MLX5_CQE_RESP_SEND, 0, 1);
	assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 1);
	assert_int_equal(wc.wr_id, 0);
	assert_int_equal(ibv_post_recv(bench.qp, bad_wr, &bad_wr), 0);
	expect_bytes(fake_qp_dbrec(), "00000005");
}

static void too_many_pieces_are_refused(void **state)
{
	struct ibv_recv_wr wr = {.sg_list = pieces, .num_sge = 3};
	struct ibv_recv_wr *bad_wr = NULL;

	(void)state;
	assert_int_equal(ibv_post_recv(bench.qp, &wr, &bad_wr), EINVAL);
	assert_ptr_equal(bad_wr, &wr);
	expect_bytes(fake_qp_dbrec(), "00000000");
}

static void receiving_waits_for_the_state_init(void **state)
{
	struct ibv_recv_wr wr = {.sg_list = pieces, .num_sge = 1};
	struct ibv_recv_wr *bad_wr = NULL;

	(void)state;
	bench_qp_to(IBV_QPS_RESET);
	assert_int_equal(ibv_post_recv(bench.qp, &wr, &bad_wr), EINVAL);
	assert_ptr_equal(bad_wr, &wr);
	bench_qp_to(IBV_QPS_INIT);
	assert_int_equal(ibv_post_recv(bench.qp, &wr, &bad_wr), 0);
}

static void post_srq(uint64_t wr_id, int expected)
{
	struct ibv_recv_wr wr = {.wr_id = wr_id, .sg_list = pieces, .num_sge = 1};
	struct ibv_recv_wr *bad_wr = NULL;

	assert_int_equal(ibv_post_srq_recv(bench.srq, &wr, &bad_wr), expected);
	assert_ptr_equal(bad_wr, expected ? &wr : NULL);
}

static void free_entries_are_chained_by_index(void **state)
{
	(void)state;
	expect_bytes(fake_srq(), "0000 0001");
	expect_bytes(fake_srq() + 32, "0000 0002");
	expect_bytes(fake_srq() + 64, "0000 0003");
	expect_bytes(fake_srq() + 96, "0000 0000");
	post_srq(1, 0);
	expect_bytes(fake_srq(), "0000 0001 00000000 0000000000000000"
				 "00000010 a1b2c3d4 1122334455667788");
	expect_bytes(fake_srq_dbrec(), "00000001");
}

static void one_entry_stays_behind_as_the_end_of_the_chain(void **state)
{
	(void)state;
	post_srq(1, 0);
	post_srq(2, 0);
	post_srq(3, 0);
	post_srq(4, ENOMEM);
	expect_bytes(fake_srq_dbrec(), "00000003");
}

static void receive(uint32_t index, uint16_t entry, uint64_t wr_id)
{
	struct ibv_wc wc;

	fake_cqe_simple(index, MLX5_CQE_RESP_SEND, entry, 4);
	assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 1);
	assert_int_equal(wc.wr_id, wr_id);
	assert_int_equal(wc.qp_num, FAKE_QPN);
}

static void entries_come_back_in_the_order_of_their_completions(void **state)
{
	(void)state;
	post_srq(10, 0);
	post_srq(11, 0);
	post_srq(12, 0);
	receive(0, 2, 12);
	receive(1, 0, 10);
	/* The end of the chain was entry 3; 2 and 0 follow it. */
	expect_bytes(fake_srq() + 96, "0000 0002");
	expect_bytes(fake_srq() + 64, "0000 0000");
	post_srq(13, 0);
	post_srq(14, 0);
	post_srq(15, ENOMEM);
	receive(2, 3, 13);
	receive(3, 2, 14);
	receive(4, 1, 11);
}

static void destroying_a_queue_pair_gives_its_entries_back(void **state)
{
	(void)state;
	post_srq(10, 0);
	post_srq(11, 0);
	post_srq(12, 0);
	fake_cqe_simple(0, MLX5_CQE_RESP_SEND, 0, 4);
	fake_cqe_simple(1, MLX5_CQE_RESP_SEND, 1, 4);
	assert_int_equal(mlx5_destroy_qp(bench.qp), 0);
	bench.qp = NULL;
	post_srq(13, 0);
	post_srq(14, 0);
	post_srq(15, ENOMEM);
}

static void sizes_beyond_the_device_are_refused(void **state)
{
	struct ibv_srq_init_attr attr = {.attr = {.max_wr = 40000, .max_sge = 1}};

	(void)state;
	assert_null(mlx5_create_srq(bench.pd, &attr));
	assert_int_equal(errno, EINVAL);
	attr.attr.max_wr = 1;
	attr.attr.max_sge = 33;
	assert_null(mlx5_create_srq(bench.pd, &attr));
	assert_int_equal(errno, EINVAL);
	attr.attr.max_sge = 1;
	fake.fail_create = EPERM;
	assert_null(mlx5_create_srq(bench.pd, &attr));
	assert_int_equal(errno, EPERM);
}

static void the_kernel_learns_ring_and_record(void **state)
{
	uint32_t number;

	(void)state;
	assert_int_equal(fake.srq_request.buf_addr % 4096, 0);
	assert_int_equal(fake.srq_request.db_addr % 8, 0);
	assert_int_equal(fake.srq_request.uidx, fake.ucontext.cqe_version ? 0 : 0xffffff);
	assert_int_equal(mlx5_get_srq_num(bench.srq, &number), 0);
	assert_int_equal(number, FAKE_SRQN);
}

static void the_extended_call_makes_basic_queues(void **state)
{
	struct ibv_srq_init_attr_ex attr = {
		.attr = {.max_wr = 5, .max_sge = 2},
		.comp_mask = IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_PD,
		.srq_type = IBV_SRQT_BASIC,
		.pd = bench.pd,
	};
	struct ibv_srq *srq = mlx5_create_srq_ex(bench.context, &attr);

	(void)state;
	assert_non_null(srq);
	assert_int_equal(attr.attr.max_wr, 7);
	assert_int_equal(attr.attr.max_sge, 3);
	assert_int_equal(mlx5_destroy_srq(srq), 0);
	attr.srq_type = IBV_SRQT_TM + 1;
	assert_null(mlx5_create_srq_ex(bench.context, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
}

/* CQE version 0: the receive CQE names the SRQ by its number. */
static void version_0_finds_the_srq_by_number(void **state)
{
	const uint8_t cqe[64] = {
		[34] = 0x01, [35] = 0x23, [47] = 4, [57] = 0x00,
		[58] = 0xaa, [59] = 0xbb, [61] = 1, [63] = MLX5_CQE_RESP_SEND << 4};
	struct ibv_wc wc;

	(void)state;
	post_srq(20, 0);
	post_srq(21, 0);
	fake_cqe(0, cqe);
	assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 1);
	assert_int_equal(wc.wr_id, 21);
	assert_int_equal(wc.qp_num, FAKE_QPN);
}

static void version_0_follows_an_srqn_to_its_new_owner(void **state)
{
	struct ibv_srq_init_attr attr = {.attr = {.max_wr = 3, .max_sge = 1}};
	uint8_t cqe[64] = {
		[34] = 0x01, [35] = 0x23, [58] = 0xaa, [59] = 0xbb, [63] = MLX5_CQE_RESP_SEND << 4};
	struct ibv_wc wc;

	(void)state;
	post_srq(30, 0);
	fake_cqe(0, cqe);
	assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 1);
	assert_int_equal(wc.wr_id, 30);
	assert_int_equal(mlx5_destroy_qp(bench.qp), 0);
	bench.qp = NULL;
	assert_int_equal(mlx5_destroy_srq(bench.srq), 0);

	/* The same number, another SRQ. */
	bench.srq = mlx5_create_srq(bench.pd, &attr);
	assert_non_null(bench.srq);
	bench_qp(IBV_QPT_RC, 0);
	post_srq(31, 0);
	fake_cqe(1, cqe);
	assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 1);
	assert_int_equal(wc.wr_id, 31);
}

int main(void)
{
#define RQ(name)     cmocka_unit_test_setup_teardown(name, open_qp, teardown)
#define SRQ(name)    cmocka_unit_test_setup_teardown(name, open_srq, teardown)
#define SRQ_V0(name) cmocka_unit_test_setup_teardown(name, open_srq_v0, teardown)
	const struct CMUnitTest tests[] = {
		RQ(a_short_list_ends_with_the_invalid_key),
		RQ(a_full_receive_queue_names_the_entry_that_did_not_fit),
		RQ(too_many_pieces_are_refused),
		RQ(receiving_waits_for_the_state_init),
		SRQ(free_entries_are_chained_by_index),
		SRQ(one_entry_stays_behind_as_the_end_of_the_chain),
		SRQ(entries_come_back_in_the_order_of_their_completions),
		SRQ(destroying_a_queue_pair_gives_its_entries_back),
		SRQ(sizes_beyond_the_device_are_refused),
		SRQ(the_kernel_learns_ring_and_record),
		SRQ(the_extended_call_makes_basic_queues),
		SRQ_V0(the_kernel_learns_ring_and_record),
		SRQ_V0(version_0_finds_the_srq_by_number),
		SRQ_V0(version_0_follows_an_srqn_to_its_new_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
