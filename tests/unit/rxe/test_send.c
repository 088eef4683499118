/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ibv_post_send(): the bytes in the ring, who is told, and what is refused. The expected bytes are
 * typed from rdma_user_rxe.h, not taken from the code.
 */

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

static int open_uc(void **state)
{
	(void)state;
	fake_reset();
	bench_open();
	bench_qp(IBV_QPT_UC, 0);
	return 0;
}

static int open_ud(void **state)
{
	(void)state;
	fake_reset();
	bench_open();
	bench_qp(IBV_QPT_UD, 0);
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

static void post(struct ibv_send_wr *wr)
{
	struct ibv_send_wr *bad_wr = NULL;

	assert_int_equal(ibv_post_send(bench.qp, wr, &bad_wr), 0);
	assert_null(bad_wr);
}

static void refused(int expected, struct ibv_send_wr *wr)
{
	struct ibv_send_wr *bad_wr = NULL;

	assert_int_equal(ibv_post_send(bench.qp, wr, &bad_wr), expected);
	assert_ptr_equal(bad_wr, wr);
	assert_int_equal(fake_producer(FAKE_SQ), 0);
	assert_int_equal(fake.send_rings, 0);
}

static void a_send_lists_its_data(void **state)
{
	struct ibv_send_wr wr = {
		.wr_id = 0x0102030405060708,
		.opcode = IBV_WR_SEND,
		.send_flags = IBV_SEND_SIGNALED | IBV_SEND_SOLICITED,
		.sg_list = two_pieces,
		.num_sge = 2,
	};
	const uint8_t *wqe = fake_elem(FAKE_SQ, 0);

	(void)state;
	memset(fake_elem(FAKE_SQ, 0), 0xee, 208);
	post(&wr);
	expect_bytes(wqe, "0807060504030201 00000000 02000000 06000000 00000000");
	expect_zeros(wqe + 24, 184 - 24);
	expect_bytes(wqe + 184, "10000200 10000200 00000000 02000000 00000000 00000000"
				"8877665544332211 10000000 d4c3b2a1"
				"9900000000000000 00000200 05000000");
	assert_int_equal(fake_producer(FAKE_SQ), 1);
	assert_int_equal(fake.send_rings, 1);
}

static void requests_are_numbered(void **state)
{
	struct ibv_send_wr second = {.opcode = IBV_WR_SEND};
	struct ibv_send_wr first = {.opcode = IBV_WR_SEND, .next = &second};

	(void)state;
	post(&first);
	expect_bytes(fake_elem(FAKE_SQ, 0) + 176, "00000000");
	expect_bytes(fake_elem(FAKE_SQ, 1) + 176, "01000000");
	assert_int_equal(fake_producer(FAKE_SQ), 2);
	/* One command for the list. */
	assert_int_equal(fake.send_rings, 1);
}

static void immediate_data_keeps_its_bytes(void **state)
{
	struct ibv_send_wr wr = {.opcode = IBV_WR_SEND_WITH_IMM, .imm_data = htobe32(0xc0ffee01)};

	(void)state;
	post(&wr);
	expect_bytes(fake_elem(FAKE_SQ, 0) + 12, "03000000 00000000 c0ffee01");
}

static void keys_to_invalidate_are_numbers(void **state)
{
	struct ibv_send_wr local = {
		.opcode = IBV_WR_LOCAL_INV,
		.invalidate_rkey = 0x11223344,
		.send_flags = IBV_SEND_FENCE,
	};
	struct ibv_send_wr send = {
		.opcode = IBV_WR_SEND_WITH_INV, .invalidate_rkey = 0x55667788, .next = &local};

	(void)state;
	post(&send);
	expect_bytes(fake_elem(FAKE_SQ, 0) + 12, "09000000 00000000 88776655");
	expect_bytes(fake_elem(FAKE_SQ, 1) + 12, "07000000 01000000 44332211");
	expect_zeros(fake_elem(FAKE_SQ, 1) + 184, 24);
}

static void rdma_requests_carry_the_remote_address_twice(void **state)
{
	struct ibv_send_wr wr = {
		.opcode = IBV_WR_RDMA_WRITE_WITH_IMM,
		.imm_data = htobe32(1),
		.wr.rdma = {.remote_addr = 0xaabbccdd00112233, .rkey = 0x44556677},
		.sg_list = two_pieces,
		.num_sge = 1,
	};
	const uint8_t *wqe = fake_elem(FAKE_SQ, 0);

	(void)state;
	post(&wr);
	expect_bytes(wqe + 12, "01000000 00000000 00000001 33221100ddccbbaa 77665544");
	expect_bytes(wqe + 152, "33221100ddccbbaa");
	expect_bytes(wqe + 184, "10000000 10000000 00000000 01000000");
}

static void a_read_is_an_rdma_request(void **state)
{
	struct ibv_send_wr wr = {
		.opcode = IBV_WR_RDMA_READ,
		.wr.rdma = {.remote_addr = 0x10, .rkey = 0x20},
		.sg_list = two_pieces,
		.num_sge = 2,
	};

	(void)state;
	post(&wr);
	expect_bytes(fake_elem(FAKE_SQ, 0) + 12,
		     "04000000 00000000 00000000 1000000000000000 20000000");
	assert_int_equal(fake_producer(FAKE_SQ), 1);
}

static void atomics_have_operands(void **state)
{
	struct ibv_sge result = {.addr = 0x1000, .length = 8, .lkey = 3};
	struct ibv_send_wr add = {
		.opcode = IBV_WR_ATOMIC_FETCH_AND_ADD,
		.wr.atomic = {.remote_addr = 8, .compare_add = 9, .rkey = 10},
		.sg_list = &result,
		.num_sge = 1,
	};
	struct ibv_send_wr swap = {
		.opcode = IBV_WR_ATOMIC_CMP_AND_SWP,
		.wr.atomic = {.remote_addr = 0x0101010101010101,
			      .compare_add = 0x0202020202020203,
			      .swap = 0x0303030303030304,
			      .rkey = 0x05060708},
		.sg_list = &result,
		.num_sge = 1,
		.next = &add,
	};

	(void)state;
	post(&swap);
	expect_bytes(fake_elem(FAKE_SQ, 0) + 12, "05000000 00000000 00000000 0101010101010101"
						 "0302020202020202 0403030303030303 08070605");
	expect_bytes(fake_elem(FAKE_SQ, 0) + 152, "0101010101010101");
	expect_bytes(fake_elem(FAKE_SQ, 0) + 184, "08000000 08000000 00000000 01000000");
	expect_bytes(fake_elem(FAKE_SQ, 1) + 12, "06000000 00000000 00000000 0800000000000000"
						 "0900000000000000 0000000000000000 0a000000");
}

static void inline_data_is_in_the_request(void **state)
{
	char first[] = "inline ", second[] = "data";
	struct ibv_sge pieces[] = {
		{.addr = (uintptr_t)first, .length = 7},
		{.addr = (uintptr_t)second, .length = 4},
	};
	struct ibv_send_wr wr = {
		.opcode = IBV_WR_SEND,
		.send_flags = IBV_SEND_INLINE,
		.sg_list = pieces,
		.num_sge = 2,
	};
	const uint8_t *wqe = fake_elem(FAKE_SQ, 0);

	(void)state;
	post(&wr);
	expect_bytes(wqe + 16, "08000000");
	expect_bytes(wqe + 184, "0b000000 0b000000 00000000 00000000 00000000 00000000");
	assert_memory_equal(wqe + 208, "inline data", 11);
}

static void inline_data_has_its_limit(void **state)
{
	char data[61] = {};
	struct ibv_sge piece = {.addr = (uintptr_t)data, .length = 61};
	struct ibv_send_wr wr = {
		.opcode = IBV_WR_RDMA_WRITE,
		.send_flags = IBV_SEND_INLINE,
		.sg_list = &piece,
		.num_sge = 1,
	};

	(void)state;
	refused(ENOMEM, &wr);
	wr.opcode = IBV_WR_RDMA_READ;
	piece.length = 4;
	refused(EINVAL, &wr);
	wr.opcode = IBV_WR_ATOMIC_FETCH_AND_ADD;
	refused(EINVAL, &wr);
	wr.opcode = IBV_WR_RDMA_WRITE;
	piece.length = 60;
	post(&wr);
}

static void a_datagram_names_its_address_handle(void **state)
{
	struct rxe_ah ah = {.ah_num = 0x1234, .av.port_num = 9};
	struct ibv_send_wr wr = {
		.opcode = IBV_WR_SEND,
		.wr.ud = {.ah = &ah.ibv_ah, .remote_qpn = 0x11, .remote_qkey = 0x11111111},
	};
	const uint8_t *wqe = fake_elem(FAKE_SQ, 0);

	(void)state;
	post(&wr);
	expect_bytes(wqe + 24, "11000000 11111111 0000 0000 34120000");
	expect_zeros(wqe + 40, 184 - 40);
}

static void an_older_kernel_gets_the_whole_address(void **state)
{
	struct rxe_ah ah = {.av.port_num = 1, .av.network_type = 1};
	struct ibv_send_wr wr = {
		.opcode = IBV_WR_SEND_WITH_IMM,
		.wr.ud = {.ah = &ah.ibv_ah, .remote_qpn = 0x11, .remote_qkey = 2},
	};

	(void)state;
	memset(&ah.av.dgid_addr, 0x77, sizeof(ah.av.dgid_addr));
	post(&wr);
	expect_bytes(fake_elem(FAKE_SQ, 0) + 36, "00000000");
	expect_bytes(fake_elem(FAKE_SQ, 0) + 56, "01 01");
	expect_bytes(fake_elem(FAKE_SQ, 0) + 116, "77777777");
	expect_bytes(fake_elem(FAKE_SQ, 0) + 140, "77777777 00000000");
}

static void a_full_queue_takes_no_more(void **state)
{
	struct ibv_send_wr list[4] = {}, *bad_wr = NULL;

	(void)state;
	for (int i = 0; i < 4; i++) {
		list[i].opcode = IBV_WR_SEND;
		list[i].next = i < 3 ? &list[i + 1] : NULL;
	}
	assert_int_equal(ibv_post_send(bench.qp, list, &bad_wr), ENOMEM);
	assert_ptr_equal(bad_wr, &list[3]);
	/* What came before the bad one is on its way. */
	assert_int_equal(fake_producer(FAKE_SQ), 3);
	assert_int_equal(fake.send_rings, 1);
	fake_set_consumer(FAKE_SQ, 1);
	post(&list[3]);
	assert_int_equal(fake_producer(FAKE_SQ), 0);
	expect_bytes(fake_elem(FAKE_SQ, 3) + 176, "03000000");
}

static void impossible_requests_are_refused(void **state)
{
	struct ibv_sge huge[2] = {{.length = UINT32_MAX}, {.length = 1}};
	struct ibv_send_wr wr = {.opcode = IBV_WR_SEND, .sg_list = huge, .num_sge = 3};

	(void)state;
	refused(EINVAL, &wr);
	wr.num_sge = -1;
	refused(EINVAL, &wr);
	wr.num_sge = 2;
	refused(EINVAL, &wr);
	wr.num_sge = 0;
	wr.opcode = IBV_WR_TSO;
	refused(EOPNOTSUPP, &wr);
	/* The structure has no place for the operands of these. */
	wr.opcode = IBV_WR_ATOMIC_WRITE;
	refused(EOPNOTSUPP, &wr);
	wr.opcode = IBV_WR_FLUSH;
	refused(EOPNOTSUPP, &wr);
	wr.opcode = IBV_WR_DRIVER1;
	refused(EINVAL, &wr);
	wr.opcode = (enum ibv_wr_opcode)0x7fffffff;
	refused(EINVAL, &wr);
}

static void a_transport_takes_only_its_requests(void **state)
{
	static const enum ibv_wr_opcode reliable[] = {
		IBV_WR_RDMA_READ,     IBV_WR_ATOMIC_CMP_AND_SWP, IBV_WR_ATOMIC_FETCH_AND_ADD,
		IBV_WR_SEND_WITH_INV, IBV_WR_LOCAL_INV,
	};
	struct ibv_send_wr wr = {};

	(void)state;
	for (size_t i = 0; i < sizeof(reliable) / sizeof(reliable[0]); i++) {
		wr.opcode = reliable[i];
		refused(EINVAL, &wr);
	}
	if (bench.qp->qp_type == IBV_QPT_UC)
		return;
	wr.opcode = IBV_WR_RDMA_WRITE;
	refused(EINVAL, &wr);
	wr.opcode = IBV_WR_BIND_MW;
	refused(EINVAL, &wr);
}

static void states_before_rts_take_no_sends(void **state)
{
	struct ibv_send_wr wr = {.opcode = IBV_WR_SEND};

	(void)state;
	bench_qp_to(IBV_QPS_RESET);
	refused(EINVAL, &wr);
	bench_qp_to(IBV_QPS_RTR);
	refused(EINVAL, &wr);
	bench_qp_to(IBV_QPS_ERR);
	post(&wr);
	assert_int_equal(fake.send_rings, 1);
}

static void reset_empties_the_queue(void **state)
{
	struct ibv_send_wr wr = {.opcode = IBV_WR_SEND};

	(void)state;
	post(&wr);
	post(&wr);
	fake_set_consumer(FAKE_SQ, 1);
	bench_qp_to(IBV_QPS_RESET);
	assert_int_equal(fake_producer(FAKE_SQ), 1);
	bench_qp_to(IBV_QPS_RTS);
	post(&wr);
	assert_int_equal(fake_producer(FAKE_SQ), 2);
	expect_bytes(fake_elem(FAKE_SQ, 1) + 176, "00000000");
}

static void a_kernel_that_cannot_be_rung_is_told_of(void **state)
{
	struct ibv_send_wr wr = {.opcode = IBV_WR_SEND}, *bad_wr = NULL;

	(void)state;
	fake.fail_ring = EIO;
	assert_int_equal(ibv_post_send(bench.qp, &wr, &bad_wr), EIO);
	assert_ptr_equal(bad_wr, &wr);
}

#define RC_TEST(name) cmocka_unit_test_setup_teardown(name, open_rc, teardown)
#define UC_TEST(name) cmocka_unit_test_setup_teardown(name, open_uc, teardown)
#define UD_TEST(name) cmocka_unit_test_setup_teardown(name, open_ud, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RC_TEST(a_send_lists_its_data),
		RC_TEST(requests_are_numbered),
		RC_TEST(immediate_data_keeps_its_bytes),
		RC_TEST(keys_to_invalidate_are_numbers),
		RC_TEST(rdma_requests_carry_the_remote_address_twice),
		RC_TEST(a_read_is_an_rdma_request),
		RC_TEST(atomics_have_operands),
		RC_TEST(inline_data_is_in_the_request),
		RC_TEST(inline_data_has_its_limit),
		UD_TEST(a_datagram_names_its_address_handle),
		UD_TEST(an_older_kernel_gets_the_whole_address),
		RC_TEST(a_full_queue_takes_no_more),
		RC_TEST(impossible_requests_are_refused),
		UC_TEST(a_transport_takes_only_its_requests),
		UD_TEST(a_transport_takes_only_its_requests),
		RC_TEST(states_before_rts_take_no_sends),
		RC_TEST(reset_empties_the_queue),
		RC_TEST(a_kernel_that_cannot_be_rung_is_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
