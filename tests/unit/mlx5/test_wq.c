/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Work queues, their completions, indirection tables, and QPs that spread over one. */

#include <errno.h>

#include "bench.h"

#include "providers/mlx5/wq.h"

static struct ibv_wq *wq;

static int change(enum ibv_wq_state to)
{
	struct ibv_wq_attr attr = {.attr_mask = IBV_WQ_ATTR_STATE, .wq_state = to};

	return mlx5_modify_wq(wq, &attr);
}

static struct ibv_wq_init_attr wanted(void)
{
	return (struct ibv_wq_init_attr){
		.wq_type = IBV_WQT_RQ, .max_wr = 3, .max_sge = 2, .pd = bench.pd, .cq = bench.cq};
}

static int open_wq(void **state)
{
	struct ibv_wq_init_attr attr;

	(void)state;
	fake_reset();
	bench_open();
	attr = wanted();
	wq = mlx5_create_wq(bench.context, &attr);
	assert_non_null(wq);
	assert_int_equal(attr.max_wr, 4);
	assert_int_equal(attr.max_sge, 2);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (wq)
		assert_int_equal(mlx5_destroy_wq(wq), 0);
	wq = NULL;
	bench_close();
	return 0;
}

static int post(uint64_t wr_id)
{
	struct ibv_sge sges[] = {{.addr = 0x1122334455667788, .length = 0x10, .lkey = 0xa1b2c3d4},
				 {.addr = 0x99, .length = 0x20, .lkey = 5}};
	struct ibv_recv_wr wr = {.wr_id = wr_id, .sg_list = sges, .num_sge = wr_id & 1 ? 2 : 1};
	struct ibv_recv_wr *bad_wr = NULL;
	int err = ibv_post_wq_recv(wq, &wr, &bad_wr);

	assert_ptr_equal(bad_wr, err ? &wr : NULL);
	return err;
}

static void the_command_names_ring_and_index(void **state)
{
	(void)state;
	assert_int_equal(fake.wq_request.rq_wqe_count, 4);
	assert_int_equal(fake.wq_request.rq_wqe_shift, 5);
	assert_int_equal(fake.wq_request.user_index, to_mlx5_wq(wq)->resource.number);
	assert_int_equal(fake.wq_request.flags, 0);
	assert_int_equal(fake.wq_request.comp_mask, 0);
}

static void receives_are_written_in_every_state(void **state)
{
	(void)state;
	assert_int_equal(post(1), 0);
	assert_int_equal(change(IBV_WQS_RDY), 0);
	assert_int_equal(fake.wq_change.wq_state, IBV_WQS_RDY);
	assert_int_equal(post(2), 0);
	expect_bytes(fake_wq(), "00000010 a1b2c3d4 1122334455667788"
				"00000020 00000005 0000000000000099"
				"00000010 a1b2c3d4 1122334455667788"
				"00000000 00000100 0000000000000000");
	expect_bytes(fake_wq_dbrec(), "00000002");
	assert_int_equal(post(3), 0);
	assert_int_equal(post(4), 0);
	assert_int_equal(post(5), ENOMEM);
	expect_bytes(fake_wq_dbrec(), "00000004");
}

static void receive(uint32_t index, uint8_t op_own)
{
	uint32_t uidx = to_mlx5_wq(wq)->resource.number;
	uint8_t cqe[64] = {
		[28] = 0x06,
		[29] = 0x08,
		[33] = (uint8_t)(uidx >> 16),
		[34] = (uint8_t)(uidx >> 8),
		[35] = (uint8_t)uidx,
		[47] = 99,
		[55] = op_own == MLX5_CQE_RESP_ERR << 4 ? 0x05 : 0,
		[63] = op_own,
	};

	fake_cqe(index, cqe);
}

static void completions_come_from_the_queue(void **state)
{
	struct ibv_wc wc;

	(void)state;
	assert_int_equal(change(IBV_WQS_RDY), 0);
	for (uint32_t i = 0; i < 9; i++) {
		bool flushed = i == 8;

		assert_int_equal(post(70 + i), 0);
		receive(i, (uint8_t)((flushed ? MLX5_CQE_RESP_ERR : MLX5_CQE_RESP_SEND) << 4));
		memset(&wc, 0xee, sizeof(wc));
		assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 1);
		assert_int_equal(wc.wr_id, 70 + i);
		assert_int_equal(wc.opcode, IBV_WC_RECV);
		assert_int_equal(wc.qp_num, FAKE_WQN);
		assert_int_equal(wc.status, flushed ? IBV_WC_WR_FLUSH_ERR : IBV_WC_SUCCESS);
		assert_int_equal(wc.byte_len, flushed ? 0 : 99);
		assert_int_equal(wc.wc_flags, flushed ? 0 : IBV_WC_IP_CSUM_OK);
	}
}

static void reset_starts_over(void **state)
{
	struct ibv_wc wc;

	(void)state;
	assert_int_equal(change(IBV_WQS_RDY), 0);
	assert_int_equal(post(1), 0);
	assert_int_equal(post(2), 0);
	receive(0, MLX5_CQE_RESP_SEND << 4);
	assert_int_equal(change(IBV_WQS_RESET), 0);
	assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 0);
	expect_bytes(fake_wq_dbrec(), "00000000");
	assert_int_equal(post(3), 0);
	assert_int_equal(change(IBV_WQS_RDY), 0);
	expect_bytes(fake_wq_dbrec(), "00000001");
	assert_int_equal(to_mlx5_wq(wq)->rq.wr_ids[0], 3);
}

static void flags_alone_change_no_state(void **state)
{
	struct ibv_wq_attr attr = {.attr_mask = IBV_WQ_ATTR_FLAGS,
				   .flags = IBV_WQ_FLAGS_CVLAN_STRIPPING,
				   .flags_mask = IBV_WQ_FLAGS_CVLAN_STRIPPING};

	(void)state;
	assert_int_equal(change(IBV_WQS_RDY), 0);
	assert_int_equal(post(1), 0);
	assert_int_equal(mlx5_modify_wq(wq, &attr), 0);
	assert_int_equal(fake.wq_change.flags, IBV_WQ_FLAGS_CVLAN_STRIPPING);
	expect_bytes(fake_wq_dbrec(), "00000001");
}

static void limits_are_the_devices(void **state)
{
	struct ibv_wq_init_attr attr = wanted();

	(void)state;
	attr.max_wr = 0;
	assert_null(mlx5_create_wq(bench.context, &attr));
	assert_int_equal(errno, EINVAL);
	attr.max_wr = 32769;
	assert_null(mlx5_create_wq(bench.context, &attr));
	assert_int_equal(errno, EINVAL);
	attr = wanted();
	attr.max_sge = 33;
	assert_null(mlx5_create_wq(bench.context, &attr));
	assert_int_equal(errno, EINVAL);
	attr = wanted();
	fake.fail_create = ENFILE;
	assert_null(mlx5_create_wq(bench.context, &attr));
	assert_int_equal(errno, ENFILE);
	assert_int_equal(attr.max_wr, 3);
}

static struct ibv_qp_init_attr_ex spreading(struct ibv_rwq_ind_table *table, uint8_t *key)
{
	return (struct ibv_qp_init_attr_ex){
		.qp_type = IBV_QPT_RAW_PACKET,
		.comp_mask =
			IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_IND_TABLE | IBV_QP_INIT_ATTR_RX_HASH,
		.pd = bench.pd,
		.rwq_ind_tbl = table,
		.rx_hash_conf = {.rx_hash_function = IBV_RX_HASH_FUNC_TOEPLITZ,
				 .rx_hash_key_len = 40,
				 .rx_hash_key = key,
				 .rx_hash_fields_mask =
					 IBV_RX_HASH_SRC_IPV4 | IBV_RX_HASH_DST_IPV4},
	};
}

static struct ibv_rwq_ind_table *make_table(void)
{
	struct ibv_rwq_ind_table_init_attr attr = {.log_ind_tbl_size = 0, .ind_tbl = &wq};
	struct ibv_rwq_ind_table *table = mlx5_create_rwq_ind_table(bench.context, &attr);

	assert_non_null(table);
	return table;
}

static void a_spreading_pair_has_a_hash_and_no_queues(void **state)
{
	struct ibv_rwq_ind_table *table = make_table();
	uint8_t key[40];
	struct ibv_qp_init_attr_ex attr = spreading(table, key);
	struct ibv_send_wr send = {.opcode = IBV_WR_SEND}, *bad_send;
	struct ibv_recv_wr recv = {.wr_id = 1}, *bad_recv;
	struct ibv_qp_attr change_attr = {.qp_state = IBV_QPS_INIT};
	struct ibv_qp_init_attr init;

	(void)state;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i + 1);
	bench.qp = mlx5_create_qp_ex(bench.context, &attr);
	assert_non_null(bench.qp);
	assert_int_equal(fake.rss_request.rx_hash_fields_mask, 3);
	assert_int_equal(fake.rss_request.rx_hash_function, 1);
	assert_int_equal(fake.rss_request.rx_key_len, 40);
	assert_memory_equal(fake.rss_request.rx_hash_key, key, 40);
	assert_int_equal(fake.rss_request.rx_hash_key[40], 0);
	assert_int_equal(ibv_post_send(bench.qp, &send, &bad_send), ENOMEM);
	assert_int_equal(ibv_post_recv(bench.qp, &recv, &bad_recv), ENOMEM);
	assert_int_equal(mlx5_modify_qp(bench.qp, &change_attr, IBV_QP_STATE), EOPNOTSUPP);
	assert_int_equal(mlx5_query_qp(bench.qp, &change_attr, IBV_QP_STATE, &init), EOPNOTSUPP);
	assert_int_equal(mlx5_destroy_qp(bench.qp), 0);
	bench.qp = NULL;
	assert_int_equal(mlx5_destroy_rwq_ind_table(table), 0);
}

static int spreading_error(const struct ibv_qp_init_attr_ex *attr)
{
	struct ibv_qp_init_attr_ex copy = *attr;

	errno = 0;
	assert_null(mlx5_create_qp_ex(bench.context, &copy));
	return errno;
}

static void half_a_spreading_pair_is_refused(void **state)
{
	struct ibv_rwq_ind_table *table = make_table();
	uint8_t key[255] = {};
	const struct ibv_qp_init_attr_ex good = spreading(table, key);
	struct ibv_qp_init_attr_ex attr = good;

	(void)state;
	attr.comp_mask &= ~(uint32_t)IBV_QP_INIT_ATTR_RX_HASH;
	assert_int_equal(spreading_error(&attr), EINVAL);
	attr = good;
	attr.comp_mask &= ~(uint32_t)IBV_QP_INIT_ATTR_IND_TABLE;
	assert_int_equal(spreading_error(&attr), EINVAL);
	attr = good;
	attr.cap.max_recv_wr = 1;
	assert_int_equal(spreading_error(&attr), EINVAL);
	attr = good;
	attr.cap.max_send_wr = 1;
	assert_int_equal(spreading_error(&attr), EINVAL);
	attr = good;
	attr.rx_hash_conf.rx_hash_key_len = 129;
	assert_int_equal(spreading_error(&attr), EINVAL);
	attr = good;
	attr.comp_mask |= IBV_QP_INIT_ATTR_SEND_OPS_FLAGS;
	assert_int_equal(spreading_error(&attr), EINVAL);
	fake.fail_create = ENFILE;
	assert_int_equal(spreading_error(&good), ENFILE);
	fake.fail_create = ENOSPC;
	assert_null(mlx5_create_rwq_ind_table(bench.context, NULL));
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(mlx5_destroy_rwq_ind_table(table), 0);
}

static void without_user_indexes_there_are_none(void **state)
{
	struct ibv_wq_init_attr attr;

	(void)state;
	fake_reset();
	fake.ucontext.cqe_version = 0;
	bench_open();
	attr = wanted();
	assert_null(mlx5_create_wq(bench.context, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
	bench_close();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_wq, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_command_names_ring_and_index),
		TEST(receives_are_written_in_every_state),
		TEST(completions_come_from_the_queue),
		TEST(reset_starts_over),
		TEST(flags_alone_change_no_state),
		TEST(limits_are_the_devices),
		TEST(a_spreading_pair_has_a_hash_and_no_queues),
		TEST(half_a_spreading_pair_is_refused),
		cmocka_unit_test(without_user_indexes_there_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
