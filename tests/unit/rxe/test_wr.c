/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The ibv_wr_ functions: the bytes they write, and batches that fail or are given up. */

#include <errno.h>

#include "bench.h"

enum {
	ALL_OF_RC = IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_SEND_WITH_IMM |
		    IBV_QP_EX_WITH_SEND_WITH_INV | IBV_QP_EX_WITH_RDMA_WRITE |
		    IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM | IBV_QP_EX_WITH_RDMA_READ |
		    IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP | IBV_QP_EX_WITH_ATOMIC_FETCH_AND_ADD |
		    IBV_QP_EX_WITH_LOCAL_INV | IBV_QP_EX_WITH_BIND_MW | IBV_QP_EX_WITH_FLUSH |
		    IBV_QP_EX_WITH_ATOMIC_WRITE,
};

static struct ibv_qp_ex *qp;

static int open_rc(void **state)
{
	(void)state;
	fake_reset();
	bench_open();
	bench_qp(IBV_QPT_RC, ALL_OF_RC);
	qp = (struct ibv_qp_ex *)bench.qp;
	return 0;
}

static int open_ud(void **state)
{
	(void)state;
	fake_reset();
	bench_open();
	bench_qp(IBV_QPT_UD, IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_SEND_WITH_IMM);
	qp = (struct ibv_qp_ex *)bench.qp;
	return 0;
}

static int open_only(void **state)
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

static void a_batch_is_shown_when_complete(void **state)
{
	(void)state;
	ibv_wr_start(qp);
	qp->wr_id = 0x0102030405060708;
	qp->wr_flags = IBV_SEND_SIGNALED;
	ibv_wr_rdma_write(qp, 0x44556677, 0xaabbccdd00112233);
	ibv_wr_set_sge(qp, 0xa1b2c3d4, 0x1122334455667788, 0x10);
	qp->wr_id = 2;
	qp->wr_flags = 0;
	ibv_wr_send_imm(qp, htobe32(0xc0ffee01));
	assert_int_equal(fake_producer(FAKE_SQ), 0);
	assert_int_equal(ibv_wr_complete(qp), 0);
	assert_int_equal(fake_producer(FAKE_SQ), 2);
	assert_int_equal(fake.send_rings, 1);

	expect_bytes(fake_elem(FAKE_SQ, 0), "0807060504030201 00000000 00000000 02000000 00000000"
					    "33221100ddccbbaa 77665544");
	expect_bytes(fake_elem(FAKE_SQ, 0) + 152, "33221100ddccbbaa");
	expect_bytes(fake_elem(FAKE_SQ, 0) + 176, "00000000");
	expect_bytes(fake_elem(FAKE_SQ, 0) + 184,
		     "10000000 10000000 00000000 01000000 00000000 00000000"
		     "8877665544332211 10000000 d4c3b2a1");
	expect_bytes(fake_elem(FAKE_SQ, 1), "0200000000000000 00000000 03000000 00000000 c0ffee01");
	expect_bytes(fake_elem(FAKE_SQ, 1) + 176, "01000000");
}

static void every_request_has_its_opcode(void **state)
{
	const uint64_t data = 0;
	struct ibv_mw mw = {};
	const struct ibv_mw_bind_info info = {};
	uint32_t opcodes[12], index = 0;

	(void)state;
	for (unsigned int i = 0; i < 12; i++) {
		ibv_wr_start(qp);
		switch (i) {
		case 0:
			ibv_wr_rdma_write(qp, 0, 0);
			break;
		case 1:
			ibv_wr_rdma_write_imm(qp, 0, 0, 0);
			break;
		case 2:
			ibv_wr_send(qp);
			break;
		case 3:
			ibv_wr_send_imm(qp, 0);
			break;
		case 4:
			ibv_wr_rdma_read(qp, 0, 0);
			break;
		case 5:
			ibv_wr_atomic_cmp_swp(qp, 0, 0, 0, 0);
			break;
		case 6:
			ibv_wr_atomic_fetch_add(qp, 0, 0, 0);
			break;
		case 7:
			ibv_wr_local_inv(qp, 0);
			break;
		case 8:
			ibv_wr_bind_mw(qp, &mw, 0, &info);
			break;
		case 9:
			ibv_wr_send_inv(qp, 0);
			break;
		case 10:
			ibv_wr_flush(qp, 0, 0, 0, 0, 0);
			break;
		default:
			ibv_wr_atomic_write(qp, 0, 0, &data);
			break;
		}
		assert_int_equal(ibv_wr_complete(qp), 0);
		memcpy(&opcodes[i], fake_elem(FAKE_SQ, index) + 12, sizeof(opcodes[i]));
		index = fake_producer(FAKE_SQ);
		fake_set_consumer(FAKE_SQ, index);
	}
	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(opcodes[i], i);
	assert_int_equal(opcodes[10], 14);
	assert_int_equal(opcodes[11], 15);
}

static void atomics_have_operands(void **state)
{
	(void)state;
	ibv_wr_start(qp);
	ibv_wr_atomic_cmp_swp(qp, 0x05060708, 0x0101010101010101, 0x0202020202020203,
			      0x0303030303030304);
	ibv_wr_set_sge(qp, 3, 0x1000, 8);
	ibv_wr_atomic_fetch_add(qp, 10, 8, 9);
	ibv_wr_set_sge(qp, 3, 0x1000, 8);
	assert_int_equal(ibv_wr_complete(qp), 0);
	expect_bytes(fake_elem(FAKE_SQ, 0) + 24,
		     "0101010101010101 0302020202020202 0403030303030303 08070605");
	expect_bytes(fake_elem(FAKE_SQ, 1) + 24,
		     "0800000000000000 0900000000000000 0000000000000000 0a000000");
}

static void an_atomic_write_carries_its_eight_bytes(void **state)
{
	const char data[9] = "8 bytes!";

	(void)state;
	ibv_wr_start(qp);
	ibv_wr_atomic_write(qp, 0x44556677, 0xaabbccdd00112233, data);
	assert_int_equal(ibv_wr_complete(qp), 0);
	expect_bytes(fake_elem(FAKE_SQ, 0) + 24, "33221100ddccbbaa 77665544");
	expect_bytes(fake_elem(FAKE_SQ, 0) + 152, "33221100ddccbbaa");
	expect_bytes(fake_elem(FAKE_SQ, 0) + 184, "08000000 08000000 00000000 00000000");
	assert_memory_equal(fake_elem(FAKE_SQ, 0) + 208, data, 8);
}

static void a_flush_names_a_range(void **state)
{
	(void)state;
	ibv_wr_start(qp);
	ibv_wr_flush(qp, 0x44556677, 0xaabbccdd00112233, 0x1000, IBV_FLUSH_GLOBAL, IBV_FLUSH_RANGE);
	assert_int_equal(ibv_wr_complete(qp), 0);
	expect_bytes(fake_elem(FAKE_SQ, 0) + 24, "33221100ddccbbaa 00100000 77665544 01 00");
	expect_bytes(fake_elem(FAKE_SQ, 0) + 152, "33221100ddccbbaa");
	expect_bytes(fake_elem(FAKE_SQ, 0) + 184, "00100000 00100000 00000000 00000000");
	ibv_wr_start(qp);
	ibv_wr_flush(qp, 1, 0, (size_t)1 << 32, IBV_FLUSH_GLOBAL, IBV_FLUSH_RANGE);
	assert_int_equal(ibv_wr_complete(qp), EINVAL);
}

static void inline_data_of_several_buffers_is_joined(void **state)
{
	struct ibv_data_buf buffers[] = {
		{.addr = (void *)(uintptr_t) "inline ", .length = 7},
		{.addr = (void *)(uintptr_t) "data", .length = 4},
	};

	(void)state;
	ibv_wr_start(qp);
	ibv_wr_send(qp);
	ibv_wr_set_inline_data_list(qp, 2, buffers);
	assert_int_equal(ibv_wr_complete(qp), 0);
	expect_bytes(fake_elem(FAKE_SQ, 0) + 16, "08000000");
	expect_bytes(fake_elem(FAKE_SQ, 0) + 184, "0b000000 0b000000");
	assert_memory_equal(fake_elem(FAKE_SQ, 0) + 208, "inline data", 11);
}

static void inline_data_has_its_limit(void **state)
{
	char data[61] = {};

	(void)state;
	ibv_wr_start(qp);
	ibv_wr_send(qp);
	ibv_wr_set_inline_data(qp, data, 61);
	assert_int_equal(ibv_wr_complete(qp), ENOMEM);
	ibv_wr_start(qp);
	ibv_wr_send(qp);
	ibv_wr_set_inline_data(qp, data, SIZE_MAX);
	assert_int_equal(ibv_wr_complete(qp), ENOMEM);
	ibv_wr_start(qp);
	ibv_wr_rdma_read(qp, 0, 0);
	ibv_wr_set_inline_data(qp, data, 1);
	assert_int_equal(ibv_wr_complete(qp), EINVAL);
	ibv_wr_start(qp);
	ibv_wr_send(qp);
	ibv_wr_set_inline_data(qp, data, 60);
	assert_int_equal(ibv_wr_complete(qp), 0);
	assert_int_equal(fake_producer(FAKE_SQ), 1);
}

static void a_datagram_needs_an_address(void **state)
{
	struct rxe_ah ah = {.ah_num = 0x1234};

	(void)state;
	ibv_wr_start(qp);
	ibv_wr_send(qp);
	assert_int_equal(ibv_wr_complete(qp), EINVAL);
	ibv_wr_start(qp);
	ibv_wr_send(qp);
	ibv_wr_set_ud_addr(qp, &ah.ibv_ah, 0x11, 0x11111111);
	assert_int_equal(ibv_wr_complete(qp), 0);
	expect_bytes(fake_elem(FAKE_SQ, 0) + 24, "11000000 11111111 0000 0000 34120000");
	assert_int_equal(fake_producer(FAKE_SQ), 1);
}

static void the_first_fault_takes_the_batch_back(void **state)
{
	const struct ibv_sge three[3] = {};

	(void)state;
	ibv_wr_start(qp);
	ibv_wr_send(qp);
	ibv_wr_set_sge_list(qp, 3, three);
	for (int i = 0; i < 8; i++)
		ibv_wr_send(qp);
	assert_int_equal(ibv_wr_complete(qp), EINVAL);
	assert_int_equal(fake_producer(FAKE_SQ), 0);
	assert_int_equal(fake.send_rings, 0);

	ibv_wr_start(qp);
	for (int i = 0; i < 4; i++)
		ibv_wr_send(qp);
	assert_int_equal(ibv_wr_complete(qp), ENOMEM);
	assert_int_equal(fake_producer(FAKE_SQ), 0);

	ibv_wr_start(qp);
	ibv_wr_send(qp);
	assert_int_equal(ibv_wr_complete(qp), 0);
	assert_int_equal(fake_producer(FAKE_SQ), 1);
	expect_bytes(fake_elem(FAKE_SQ, 0) + 176, "00000000");
}

static void data_is_set_once_and_only_where_it_belongs(void **state)
{
	(void)state;
	ibv_wr_start(qp);
	ibv_wr_set_sge(qp, 1, 2, 3);
	assert_int_equal(ibv_wr_complete(qp), EINVAL);
	ibv_wr_start(qp);
	ibv_wr_send(qp);
	ibv_wr_set_sge(qp, 1, 2, 3);
	ibv_wr_set_sge(qp, 1, 2, 3);
	assert_int_equal(ibv_wr_complete(qp), EINVAL);
	ibv_wr_start(qp);
	ibv_wr_local_inv(qp, 1);
	ibv_wr_set_sge(qp, 1, 2, 3);
	assert_int_equal(ibv_wr_complete(qp), EINVAL);
	assert_int_equal(fake_producer(FAKE_SQ), 0);
}

static void an_aborted_batch_leaves_nothing(void **state)
{
	(void)state;
	ibv_wr_start(qp);
	ibv_wr_send(qp);
	ibv_wr_send(qp);
	ibv_wr_abort(qp);
	assert_int_equal(fake_producer(FAKE_SQ), 0);
	ibv_wr_start(qp);
	assert_int_equal(ibv_wr_complete(qp), 0);
	assert_int_equal(fake.send_rings, 0);
}

static void states_before_rts_take_no_sends(void **state)
{
	(void)state;
	bench_qp_to(IBV_QPS_RESET);
	ibv_wr_start(qp);
	ibv_wr_send(qp);
	assert_int_equal(ibv_wr_complete(qp), EINVAL);
	assert_int_equal(fake_producer(FAKE_SQ), 0);
}

static void more_than_a_transport_can_is_refused(void **state)
{
	struct ibv_qp_init_attr_ex attr = {
		.send_cq = bench.cq,
		.recv_cq = bench.cq,
		.qp_type = IBV_QPT_UD,
		.comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_SEND_OPS_FLAGS,
		.pd = bench.pd,
		.send_ops_flags = IBV_QP_EX_WITH_RDMA_WRITE,
	};

	(void)state;
	assert_null(rxe_create_qp_ex(bench.context, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
	attr.qp_type = IBV_QPT_UC;
	attr.send_ops_flags = IBV_QP_EX_WITH_FLUSH;
	assert_null(rxe_create_qp_ex(bench.context, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
	attr.qp_type = IBV_QPT_RC;
	attr.send_ops_flags = IBV_QP_EX_WITH_TSO;
	assert_null(rxe_create_qp_ex(bench.context, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
}

#define RC_TEST(name)	cmocka_unit_test_setup_teardown(name, open_rc, teardown)
#define UD_TEST(name)	cmocka_unit_test_setup_teardown(name, open_ud, teardown)
#define BARE_TEST(name) cmocka_unit_test_setup_teardown(name, open_only, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RC_TEST(a_batch_is_shown_when_complete),
		RC_TEST(every_request_has_its_opcode),
		RC_TEST(atomics_have_operands),
		RC_TEST(an_atomic_write_carries_its_eight_bytes),
		RC_TEST(a_flush_names_a_range),
		RC_TEST(inline_data_of_several_buffers_is_joined),
		RC_TEST(inline_data_has_its_limit),
		UD_TEST(a_datagram_needs_an_address),
		RC_TEST(the_first_fault_takes_the_batch_back),
		RC_TEST(data_is_set_once_and_only_where_it_belongs),
		RC_TEST(an_aborted_batch_leaves_nothing),
		RC_TEST(states_before_rts_take_no_sends),
		BARE_TEST(more_than_a_transport_can_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
