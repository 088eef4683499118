/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Send requests: bytes, ownership, waking the kernel, both ways of posting. */

#include <errno.h>

#include "bench.h"

static const uint64_t all_ops = IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_SEND_WITH_INV |
				IBV_QP_EX_WITH_RDMA_WRITE | IBV_QP_EX_WITH_RDMA_READ;

static int open_qp(void **state)
{
	(void)state;
	fake_reset();
	bench_open();
	bench_qp(all_ops, 0);
	return 0;
}

static int open_signalling_qp(void **state)
{
	(void)state;
	fake_reset();
	bench_open();
	bench_qp(0, 1);
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

static int post(struct ibv_send_wr *wr)
{
	struct ibv_send_wr *bad_wr = NULL;
	int err = ibv_post_send(bench.qp, wr, &bad_wr);

	assert_ptr_equal(bad_wr, err ? wr : NULL);
	return err;
}

static int post_simple(uint64_t wr_id)
{
	struct ibv_send_wr wr = {.wr_id = wr_id, .opcode = IBV_WR_SEND};

	return post(&wr);
}

static void a_write_has_its_remote_address_and_its_list(void **state)
{
	struct ibv_send_wr wr = {
		.wr_id = 0x0102030405060708,
		.opcode = IBV_WR_RDMA_WRITE,
		.send_flags = IBV_SEND_SIGNALED,
		.sg_list = pieces,
		.num_sge = 2,
		.wr.rdma = {.remote_addr = 0xf1f2f3f4f5f6f7f8, .rkey = 0xc1c2c3c4},
	};

	(void)state;
	assert_int_equal(post(&wr), 0);
	expect_bytes(fake_sqe(0), "0807060504030201 0500 02 00 c4c3c2c1 f8f7f6f5f4f3f2f1"
				  "8877665544332211 10000000 d4c3b2a1"
				  "9900000000000000 20000000 05000000");
}

static void flags_say_what_the_request_wants(void **state)
{
	struct ibv_send_wr wr = {.opcode = IBV_WR_SEND,
				 .send_flags = IBV_SEND_SOLICITED | IBV_SEND_FENCE};

	(void)state;
	assert_int_equal(post(&wr), 0);
	expect_bytes(fake_sqe(0) + 8, "1900 00 03 00000000");
}

static void signal_all_makes_every_request_signalled(void **state)
{
	(void)state;
	assert_int_equal(post_simple(1), 0);
	expect_bytes(fake_sqe(0) + 8, "0500");
}

static void a_read_has_one_sink(void **state)
{
	struct ibv_send_wr wr = {.opcode = IBV_WR_RDMA_READ,
				 .sg_list = pieces,
				 .num_sge = 1,
				 .wr.rdma = {.remote_addr = 0x10, .rkey = 0x20}};

	(void)state;
	assert_int_equal(post(&wr), 0);
	expect_bytes(fake_sqe(0) + 8, "0100 01 01 20000000 1000000000000000 8877665544332211");
	wr.num_sge = 2;
	assert_int_equal(post(&wr), EINVAL);
	wr.num_sge = 0;
	assert_int_equal(post(&wr), EINVAL);
	wr.send_flags = IBV_SEND_INLINE;
	assert_int_equal(post(&wr), EINVAL);
	wr.num_sge = 1;
	assert_int_equal(post(&wr), EINVAL);
}

static void a_send_with_invalidate_carries_the_stag(void **state)
{
	struct ibv_send_wr wr = {.opcode = IBV_WR_SEND_WITH_INV, .invalidate_rkey = 0x01020304};

	(void)state;
	assert_int_equal(post(&wr), 0);
	expect_bytes(fake_sqe(0) + 8, "0100 00 05 04030201");
}

static void inline_data_follow_the_first_list_element(void **state)
{
	char first[] = {1, 2, 3}, second[] = {4, 5};
	struct ibv_sge list[] = {{.addr = (uintptr_t)first, .length = 3},
				 {.addr = (uintptr_t)second, .length = 2}};
	struct ibv_send_wr wr = {.opcode = IBV_WR_SEND,
				 .send_flags = IBV_SEND_INLINE,
				 .sg_list = list,
				 .num_sge = 2};

	(void)state;
	assert_int_equal(post(&wr), 0);
	expect_bytes(fake_sqe(0) + 8, "0300 01 03");
	expect_bytes(fake_sqe(0) + 32, "05000000 00000000 0102030405");
}

static void inline_data_end_with_the_request(void **state)
{
	static char data[81];
	struct ibv_sge list = {.addr = (uintptr_t)data, .length = 81};
	struct ibv_send_wr wr = {.opcode = IBV_WR_SEND,
				 .send_flags = IBV_SEND_INLINE,
				 .sg_list = &list,
				 .num_sge = 1};

	(void)state;
	assert_int_equal(post(&wr), ENOMEM);
	assert_int_equal(fake.rings, 0);
	list.length = 80;
	assert_int_equal(post(&wr), 0);
	expect_bytes(fake_sqe(0) + 32, "50000000");
}

static void what_iwarp_has_not_is_refused(void **state)
{
	static const enum ibv_wr_opcode opcodes[] = {
		IBV_WR_SEND_WITH_IMM,	     IBV_WR_RDMA_WRITE_WITH_IMM, IBV_WR_ATOMIC_CMP_AND_SWP,
		IBV_WR_ATOMIC_FETCH_AND_ADD, IBV_WR_LOCAL_INV,		 IBV_WR_BIND_MW,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(opcodes) / sizeof(opcodes[0]); i++) {
		struct ibv_send_wr wr = {.opcode = opcodes[i]};

		assert_int_equal(post(&wr), EOPNOTSUPP);
	}
	assert_int_equal(fake.rings, 0);
}

static void a_list_longer_than_agreed_is_refused(void **state)
{
	struct ibv_send_wr wr = {.opcode = IBV_WR_SEND, .sg_list = pieces, .num_sge = 3};

	(void)state;
	assert_int_equal(post(&wr), EINVAL);
	wr.num_sge = -1;
	assert_int_equal(post(&wr), EINVAL);
}

static void the_kernel_is_woken_only_when_it_sleeps(void **state)
{
	(void)state;
	assert_int_equal(post_simple(1), 0);
	assert_int_equal(fake.rings, 1);
	/* The element before is still the kernel's: it will come to this one by itself. */
	assert_int_equal(post_simple(2), 0);
	assert_int_equal(fake.rings, 1);
	fake_take_sqe(0);
	fake_take_sqe(1);
	assert_int_equal(post_simple(3), 0);
	assert_int_equal(fake.rings, 2);
}

static void a_batch_wakes_the_kernel_once(void **state)
{
	struct ibv_send_wr second = {.wr_id = 2, .opcode = IBV_WR_SEND};
	struct ibv_send_wr first = {.wr_id = 1, .opcode = IBV_WR_SEND, .next = &second};

	(void)state;
	assert_int_equal(post(&first), 0);
	assert_int_equal(fake.rings, 1);
	expect_bytes(fake_sqe(0), "0100000000000000 0100");
	expect_bytes(fake_sqe(1), "0200000000000000 0100");
}

static void a_batch_that_fills_the_ring_wakes_the_kernel(void **state)
{
	struct ibv_send_wr wrs[4] = {};

	(void)state;
	for (int i = 0; i < 4; i++) {
		wrs[i].opcode = IBV_WR_SEND;
		wrs[i].next = i < 3 ? &wrs[i + 1] : NULL;
	}
	assert_int_equal(post(wrs), 0);
	assert_int_equal(fake.rings, 1);
	assert_int_equal(post_simple(5), ENOMEM);
	fake_take_sqe(0);
	assert_int_equal(post_simple(6), 0);
	expect_bytes(fake_sqe(0), "0600000000000000 0100");
}

static void what_comes_before_a_bad_request_is_posted(void **state)
{
	struct ibv_send_wr bad = {.wr_id = 2, .opcode = IBV_WR_BIND_MW};
	struct ibv_send_wr good = {.wr_id = 1, .opcode = IBV_WR_SEND, .next = &bad};
	struct ibv_send_wr *bad_wr = NULL;

	(void)state;
	assert_int_equal(ibv_post_send(bench.qp, &good, &bad_wr), EOPNOTSUPP);
	assert_ptr_equal(bad_wr, &bad);
	assert_int_equal(fake.rings, 1);
	expect_bytes(fake_sqe(0), "0100000000000000 0100");
	expect_bytes(fake_sqe(1), "0000000000000000 0000");
}

static void requests_the_kernel_refuses_are_taken_back(void **state)
{
	(void)state;
	fake.fail_ring = ENOTCONN;
	assert_int_equal(post_simple(1), ENOTCONN);
	expect_bytes(fake_sqe(0) + 8, "0000");
	fake.fail_ring = 0;
	assert_int_equal(post_simple(2), 0);
	expect_bytes(fake_sqe(0), "0200000000000000 0100");
}

static void take_first(void)
{
	fake_take_sqe(0);
}

static void requests_the_kernel_was_just_taking_stay_posted(void **state)
{
	(void)state;
	fake.fail_ring = ENOTCONN;
	fake.on_ring = take_first;
	assert_int_equal(post_simple(1), 0);
	fake.fail_ring = 0;
	fake.on_ring = NULL;
	assert_int_equal(post_simple(2), 0);
	expect_bytes(fake_sqe(1), "0200000000000000 0100");
}

static void nothing_is_posted_behind_the_error_state(void **state)
{
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_ERR};
	struct ibv_recv_wr recv = {}, *bad_recv;

	(void)state;
	assert_int_equal(siw_modify_qp(bench.qp, &attr, IBV_QP_STATE), 0);
	assert_int_equal(post_simple(1), ENOTCONN);
	assert_int_equal(ibv_post_recv(bench.qp, &recv, &bad_recv), ENOTCONN);
	assert_ptr_equal(bad_recv, &recv);
	assert_int_equal(fake.rings, 0);
	expect_bytes(fake_sqe(0) + 8, "0000");
	expect_bytes(fake_rqe(0) + 8, "0000");
	attr.qp_state = IBV_QPS_RESET;
	assert_int_equal(siw_modify_qp(bench.qp, &attr, IBV_QP_STATE), 0);
	assert_int_equal(post_simple(2), 0);
	expect_bytes(fake_sqe(0), "0200000000000000 0100");
}

static void builders_make_the_same_requests(void **state)
{
	struct ibv_qp_ex *ex = (struct ibv_qp_ex *)bench.qp;
	char data[] = {7, 8};

	(void)state;
	ibv_wr_start(ex);
	ex->wr_id = 1;
	ex->wr_flags = IBV_SEND_SIGNALED;
	ibv_wr_rdma_write(ex, 0x20, 0x10);
	ibv_wr_set_sge_list(ex, 2, pieces);
	ex->wr_id = 2;
	ex->wr_flags = 0;
	ibv_wr_send_inv(ex, 0x30);
	ibv_wr_set_inline_data(ex, data, sizeof(data));
	ex->wr_id = 3;
	ibv_wr_rdma_read(ex, 0x40, 0x50);
	ibv_wr_set_sge(ex, 5, 0x99, 0x20);
	expect_bytes(fake_sqe(0) + 8, "0400"); /* still ours */
	assert_int_equal(ibv_wr_complete(ex), 0);
	assert_int_equal(fake.rings, 1);
	expect_bytes(fake_sqe(0), "0100000000000000 0500 02 00 20000000 1000000000000000"
				  "8877665544332211 10000000 d4c3b2a1 9900000000000000");
	expect_bytes(fake_sqe(1), "0200000000000000 0300 01 05 30000000");
	expect_bytes(fake_sqe(1) + 32, "02000000 00000000 0708");
	expect_bytes(fake_sqe(2), "0300000000000000 0100 01 01 40000000 5000000000000000"
				  "9900000000000000 20000000 05000000");
}

static void a_faulty_batch_is_taken_back_whole(void **state)
{
	struct ibv_qp_ex *ex = (struct ibv_qp_ex *)bench.qp;

	(void)state;
	ibv_wr_start(ex);
	ibv_wr_send(ex);
	ibv_wr_send(ex);
	ibv_wr_set_sge_list(ex, 3, pieces);
	ibv_wr_send(ex);
	assert_int_equal(ibv_wr_complete(ex), EINVAL);
	assert_int_equal(fake.rings, 0);
	for (uint32_t i = 0; i < 4; i++)
		expect_bytes(fake_sqe(i) + 8, "0000");

	ibv_wr_start(ex);
	ibv_wr_rdma_read(ex, 1, 2);
	assert_int_equal(ibv_wr_complete(ex), EINVAL);
	ibv_wr_start(ex);
	ibv_wr_rdma_read(ex, 1, 2);
	ibv_wr_set_inline_data_list(ex, 0, NULL);
	assert_int_equal(ibv_wr_complete(ex), EINVAL);
	ibv_wr_start(ex);
	for (int i = 0; i < 5; i++)
		ibv_wr_send(ex);
	assert_int_equal(ibv_wr_complete(ex), ENOMEM);
	ibv_wr_start(ex);
	ibv_wr_set_sge(ex, 1, 2, 3);
	assert_int_equal(ibv_wr_complete(ex), EINVAL);
	assert_int_equal(fake.rings, 0);
}

static void an_aborted_batch_never_was(void **state)
{
	struct ibv_qp_ex *ex = (struct ibv_qp_ex *)bench.qp;

	(void)state;
	ibv_wr_start(ex);
	ibv_wr_send(ex);
	ibv_wr_abort(ex);
	assert_int_equal(fake.rings, 0);
	assert_int_equal(post_simple(9), 0);
	expect_bytes(fake_sqe(0), "0900000000000000 0100");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_write_has_its_remote_address_and_its_list,
						open_qp, teardown),
		cmocka_unit_test_setup_teardown(flags_say_what_the_request_wants, open_qp,
						teardown),
		cmocka_unit_test_setup_teardown(signal_all_makes_every_request_signalled,
						open_signalling_qp, teardown),
		cmocka_unit_test_setup_teardown(a_read_has_one_sink, open_qp, teardown),
		cmocka_unit_test_setup_teardown(a_send_with_invalidate_carries_the_stag, open_qp,
						teardown),
		cmocka_unit_test_setup_teardown(inline_data_follow_the_first_list_element, open_qp,
						teardown),
		cmocka_unit_test_setup_teardown(inline_data_end_with_the_request, open_qp,
						teardown),
		cmocka_unit_test_setup_teardown(what_iwarp_has_not_is_refused, open_qp, teardown),
		cmocka_unit_test_setup_teardown(a_list_longer_than_agreed_is_refused, open_qp,
						teardown),
		cmocka_unit_test_setup_teardown(the_kernel_is_woken_only_when_it_sleeps, open_qp,
						teardown),
		cmocka_unit_test_setup_teardown(a_batch_wakes_the_kernel_once, open_qp, teardown),
		cmocka_unit_test_setup_teardown(a_batch_that_fills_the_ring_wakes_the_kernel,
						open_qp, teardown),
		cmocka_unit_test_setup_teardown(what_comes_before_a_bad_request_is_posted, open_qp,
						teardown),
		cmocka_unit_test_setup_teardown(requests_the_kernel_refuses_are_taken_back, open_qp,
						teardown),
		cmocka_unit_test_setup_teardown(requests_the_kernel_was_just_taking_stay_posted,
						open_qp, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_posted_behind_the_error_state, open_qp,
						teardown),
		cmocka_unit_test_setup_teardown(builders_make_the_same_requests, open_qp, teardown),
		cmocka_unit_test_setup_teardown(a_faulty_batch_is_taken_back_whole, open_qp,
						teardown),
		cmocka_unit_test_setup_teardown(an_aborted_batch_never_was, open_qp, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
