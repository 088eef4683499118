/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The ibv_wr_ functions: the same bytes as ibv_post_send() writes, and the rules of a batch. */

#include <errno.h>

#include "bench.h"

static const uint64_t rc_ops = IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_SEND_WITH_IMM |
			       IBV_QP_EX_WITH_SEND_WITH_INV | IBV_QP_EX_WITH_RDMA_WRITE |
			       IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM | IBV_QP_EX_WITH_RDMA_READ |
			       IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP |
			       IBV_QP_EX_WITH_ATOMIC_FETCH_AND_ADD | IBV_QP_EX_WITH_LOCAL_INV;

static struct ibv_qp_ex *ex(void)
{
	return (struct ibv_qp_ex *)bench.qp;
}

static int open_rc(void **state)
{
	(void)state;
	fake_reset();
	bench_open();
	bench_qp(IBV_QPT_RC, rc_ops);
	return 0;
}

static int open_ud(void **state)
{
	(void)state;
	fake_reset();
	bench_open();
	bench_qp(IBV_QPT_UD, IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_SEND_WITH_IMM);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	bench_close();
	return 0;
}

static void a_batch_is_rung_once_at_its_end(void **state)
{
	(void)state;
	ibv_wr_start(ex());
	ex()->wr_id = 41;
	ex()->wr_flags = 0;
	ibv_wr_rdma_write_imm(ex(), 0xdeadbeef, 0x0102030405060708, htobe32(6));
	ibv_wr_set_sge(ex(), 0xa1b2c3d4, 0x1122334455667788, 0x10);
	ex()->wr_id = 42;
	ex()->wr_flags = IBV_SEND_SIGNALED | IBV_SEND_SOLICITED;
	ibv_wr_send_inv(ex(), 0x77);
	ibv_wr_set_inline_data(ex(), "0123456789abc", 13);
	expect_bytes(&fake_qp_dbrec()[1], "00000000");
	expect_bytes(fake_register(0, 0x800), "00000000");
	assert_int_equal(ibv_wr_complete(ex()), 0);

	expect_bytes(fake_sq(), "00000009 00aabb03 00000000 00000006"
				"0102030405060708 deadbeef 00000000"
				"00000010 a1b2c3d4 1122334455667788");
	expect_bytes(fake_sq() + 64, "00000101 00aabb03 0000000a 00000077"
				     "8000000d 303132333435363738396162 63");
	expect_bytes(&fake_qp_dbrec()[1], "00000002");
	expect_bytes(fake_register(0, 0x800), "00000101 00aabb03");
}

static void each_call_has_its_opcode(void **state)
{
	(void)state;
	ibv_wr_start(ex());
	ex()->wr_flags = 0;
	ibv_wr_send(ex());
	ibv_wr_send_imm(ex(), htobe32(9));
	ibv_wr_rdma_write(ex(), 1, 2);
	ibv_wr_rdma_read(ex(), 3, 4);
	assert_int_equal(ibv_wr_complete(ex()), 0);
	expect_bytes(fake_sq(), "0000000a 00aabb01 00000000 00000000");
	expect_bytes(fake_sq() + 64, "0000010b 00aabb01 00000000 00000009");
	expect_bytes(fake_sq() + 128, "00000208 00aabb02 00000000 00000000"
				      "0000000000000002 00000001 00000000");
	expect_bytes(fake_sq() + 192, "00000310 00aabb02 00000000 00000000"
				      "0000000000000004 00000003 00000000");
}

static void atomics_keep_their_operands_apart(void **state)
{
	(void)state;
	ibv_wr_start(ex());
	ex()->wr_flags = 0;
	ibv_wr_atomic_cmp_swp(ex(), 1, 0x10, 0xc0, 0x5a);
	ibv_wr_set_sge(ex(), 2, 3, 8);
	ibv_wr_atomic_fetch_add(ex(), 1, 0x10, 0xadd);
	ibv_wr_set_sge(ex(), 2, 3, 8);
	assert_int_equal(ibv_wr_complete(ex()), 0);
	expect_bytes(fake_sq(), "00000011 00aabb04 00000000 00000000"
				"0000000000000010 00000001 00000000"
				"000000000000005a 00000000000000c0"
				"00000008 00000002 0000000000000003");
	expect_bytes(fake_sq() + 64, "00000112 00aabb04 00000000 00000000"
				     "0000000000000010 00000001 00000000"
				     "0000000000000add 0000000000000000"
				     "00000008 00000002 0000000000000003");
}

static void lists_of_pieces_and_of_inline_buffers(void **state)
{
	const struct ibv_sge pieces[] = {{.addr = 1, .length = 2, .lkey = 3},
					 {.addr = 4, .length = 5, .lkey = 6}};
	const struct ibv_data_buf bufs[] = {{.addr = (void *)(uintptr_t) "ab", .length = 2},
					    {.addr = (void *)(uintptr_t) "cd", .length = 2}};

	(void)state;
	ibv_wr_start(ex());
	ex()->wr_flags = 0;
	ibv_wr_send(ex());
	ibv_wr_set_sge_list(ex(), 2, pieces);
	ibv_wr_send(ex());
	ibv_wr_set_inline_data_list(ex(), 2, bufs);
	assert_int_equal(ibv_wr_complete(ex()), 0);
	expect_bytes(fake_sq(), "0000000a 00aabb03 00000000 00000000"
				"00000002 00000003 0000000000000001"
				"00000005 00000006 0000000000000004");
	expect_bytes(fake_sq() + 64, "0000010a 00aabb02 00000000 00000000 80000004 61626364");
}

static void an_aborted_batch_never_was(void **state)
{
	(void)state;
	ibv_wr_start(ex());
	ibv_wr_send(ex());
	ibv_wr_send(ex());
	ibv_wr_abort(ex());
	expect_bytes(&fake_qp_dbrec()[1], "00000000");
	ibv_wr_start(ex());
	ex()->wr_flags = 0;
	ibv_wr_send(ex());
	assert_int_equal(ibv_wr_complete(ex()), 0);
	expect_bytes(fake_sq(), "0000000a 00aabb01");
	expect_bytes(&fake_qp_dbrec()[1], "00000001");
}

static void the_first_fault_is_told_and_takes_the_batch_back(void **state)
{
	char text[61] = {};

	(void)state;
	ibv_wr_start(ex());
	ibv_wr_send(ex());
	ibv_wr_send(ex());
	ibv_wr_set_inline_data(ex(), text, sizeof(text));
	ibv_wr_rdma_read(ex(), 1, 2);
	ibv_wr_set_inline_data(ex(), text, 1);
	assert_int_equal(ibv_wr_complete(ex()), ENOMEM);
	expect_bytes(&fake_qp_dbrec()[1], "00000000");

	ibv_wr_start(ex());
	ibv_wr_rdma_read(ex(), 1, 2);
	ibv_wr_set_inline_data(ex(), text, 1);
	assert_int_equal(ibv_wr_complete(ex()), EINVAL);

	ibv_wr_start(ex());
	ibv_wr_set_sge(ex(), 1, 2, 3);
	assert_int_equal(ibv_wr_complete(ex()), EINVAL);

	ibv_wr_start(ex());
	ibv_wr_send(ex());
	ibv_wr_set_sge(ex(), 1, 2, 3);
	ibv_wr_set_sge(ex(), 1, 2, 3);
	assert_int_equal(ibv_wr_complete(ex()), EINVAL);

	ibv_wr_start(ex());
	for (int i = 0; i < 6; i++)
		ibv_wr_send(ex());
	assert_int_equal(ibv_wr_complete(ex()), ENOMEM);
	expect_bytes(&fake_qp_dbrec()[1], "00000000");
	ibv_wr_start(ex());
	assert_int_equal(ibv_wr_complete(ex()), 0);
}

static void a_faulty_batch_gives_back_the_fence(void **state)
{
	(void)state;
	ibv_wr_start(ex());
	ex()->wr_flags = 0;
	ibv_wr_local_inv(ex(), 0x100);
	assert_int_equal(ibv_wr_complete(ex()), 0);

	ibv_wr_start(ex());
	for (int i = 0; i < 6; i++)
		ibv_wr_send(ex());
	assert_int_equal(ibv_wr_complete(ex()), ENOMEM);

	ibv_wr_start(ex());
	ibv_wr_send(ex());
	assert_int_equal(ibv_wr_complete(ex()), 0);
	expect_bytes(fake_sq() + 128, "0000020a 00aabb01 00000020");
}

static void datagrams_take_their_address_before_or_after_the_data(void **state)
{
	struct ibv_ah_attr attr = {.dlid = 0x1234, .port_num = FAKE_LID_PORT};
	struct ibv_ah *ah = mlx5_create_ah(bench.pd, &attr);

	(void)state;
	ibv_wr_start(ex());
	ex()->wr_flags = 0;
	ibv_wr_send(ex());
	ibv_wr_set_ud_addr(ex(), ah, 0x123456, 0x11111111);
	ibv_wr_set_sge(ex(), 1, 2, 3);
	ibv_wr_send_imm(ex(), htobe32(8));
	ibv_wr_set_sge(ex(), 1, 2, 3);
	ibv_wr_set_ud_addr(ex(), ah, 0x123456, 0x11111111);
	assert_int_equal(ibv_wr_complete(ex()), 0);
	expect_bytes(fake_sq(), "0000000a 00aabb05 00000000 00000000"
				"11111111 00000000 80123456 00001234");
	expect_bytes(fake_sq() + 64, "00000003 00000001 0000000000000002");
	expect_bytes(fake_sq() + 128, "0000020b 00aabb05 00000000 00000008"
				      "11111111 00000000 80123456 00001234");
	expect_bytes(fake_sq() + 192, "00000003 00000001 0000000000000002");
	assert_int_equal(mlx5_destroy_ah(ah), 0);
}

static void a_datagram_without_address_is_a_fault(void **state)
{
	(void)state;
	ibv_wr_start(ex());
	ibv_wr_send(ex());
	ibv_wr_set_sge(ex(), 1, 2, 3);
	assert_int_equal(ibv_wr_complete(ex()), EINVAL);
}

static void operations_of_other_transports_are_refused_at_creation(void **state)
{
	struct ibv_qp_init_attr_ex attr = {
		.send_cq = bench.cq,
		.recv_cq = bench.cq,
		.qp_type = IBV_QPT_UC,
		.comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_SEND_OPS_FLAGS,
		.pd = bench.pd,
		.send_ops_flags = IBV_QP_EX_WITH_RDMA_READ,
	};

	(void)state;
	assert_null(mlx5_create_qp_ex(bench.context, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
	attr.qp_type = IBV_QPT_RC;
	attr.send_ops_flags = IBV_QP_EX_WITH_TSO;
	assert_null(mlx5_create_qp_ex(bench.context, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
}

int main(void)
{
#define RC(name) cmocka_unit_test_setup_teardown(name, open_rc, teardown)
#define UD(name) cmocka_unit_test_setup_teardown(name, open_ud, teardown)
	const struct CMUnitTest tests[] = {
		RC(a_batch_is_rung_once_at_its_end),
		RC(each_call_has_its_opcode),
		RC(atomics_keep_their_operands_apart),
		RC(lists_of_pieces_and_of_inline_buffers),
		RC(an_aborted_batch_never_was),
		RC(the_first_fault_is_told_and_takes_the_batch_back),
		RC(a_faulty_batch_gives_back_the_fence),
		RC(operations_of_other_transports_are_refused_at_creation),
		UD(datagrams_take_their_address_before_or_after_the_data),
		UD(a_datagram_without_address_is_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
