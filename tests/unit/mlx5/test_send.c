/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Send work requests: the bytes in the ring, the doorbell record and the register after given verbs
 * calls. The expected bytes are typed from the layout in the manual, not taken from the code.
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

static int open_ud(void **state)
{
	(void)state;
	fake_reset();
	bench_open();
	bench_qp(IBV_QPT_UD, 0);
	return 0;
}

static int open_rc_with_bf(void **state)
{
	(void)state;
	fake_reset();
	fake.bfreg_index = 3;
	bench_open();
	bench_qp(IBV_QPT_RC, 0);
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

static int refused(struct ibv_send_wr *wr)
{
	struct ibv_send_wr *bad_wr = NULL;
	int err = ibv_post_send(bench.qp, wr, &bad_wr);

	assert_ptr_equal(bad_wr, wr);
	return err;
}

static void complete(uint32_t index, uint16_t wqe_counter)
{
	struct ibv_wc wc;

	fake_cqe_simple(index, MLX5_CQE_REQ, wqe_counter, 0);
	assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 1);
	assert_int_equal(wc.status, IBV_WC_SUCCESS);
}

static void sizes_follow_from_the_capabilities(void **state)
{
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;

	(void)state;
	/* 16 control + 48 UMR control + 64 key + 64 translation, 4 + 60 inline: four blocks each.
	 */
	assert_int_equal(fake.qp_request.sq_wqe_count, 16);
	assert_int_equal(fake.qp_request.rq_wqe_count, 4);
	assert_int_equal(fake.qp_request.rq_wqe_shift, 5);
	assert_int_equal(mlx5_query_qp(bench.qp, &attr, 0, &init), 0);
	assert_int_equal(attr.cap.max_send_wr, 4);
	assert_int_equal(attr.cap.max_recv_wr, 4);
	assert_int_equal(attr.cap.max_send_sge, 2);
	assert_int_equal(attr.cap.max_recv_sge, 2);
	assert_int_equal(attr.cap.max_inline_data, 60);
}

static void send_is_control_and_data(void **state)
{
	struct ibv_send_wr wr = {.sg_list = two_pieces,
				 .num_sge = 2,
				 .opcode = IBV_WR_SEND,
				 .send_flags = IBV_SEND_SIGNALED};

	(void)state;
	post(&wr);
	expect_bytes(fake_sq(), "0000000a 00aabb03 00000008 00000000"
				"00000010 a1b2c3d4 1122334455667788"
				"00020000 00000005 0000000000000099");
	expect_bytes(&fake_qp_dbrec()[1], "00000001");
	expect_bytes(fake_register(0, 0x800), "0000000a 00aabb03");
}

static void flags_set_their_bits(void **state)
{
	static const struct {
		unsigned int flags;
		const char *dword;
	} cases[] = {
		{0, "00000000"},
		{IBV_SEND_FENCE, "00000080"},
		{IBV_SEND_SIGNALED, "00000008"},
		{IBV_SEND_SOLICITED, "00000002"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ibv_send_wr wr = {.opcode = IBV_WR_SEND, .send_flags = cases[i].flags};

		post(&wr);
		expect_bytes(fake_sq() + 64 * i + 8, cases[i].dword);
	}
}

static void immediate_goes_as_given_and_rkey_in_device_order(void **state)
{
	struct ibv_send_wr inval = {.opcode = IBV_WR_SEND_WITH_INV, .invalidate_rkey = 0x12345678};
	struct ibv_send_wr imm = {.opcode = IBV_WR_SEND_WITH_IMM, .imm_data = htobe32(0xcafe0102)};

	(void)state;
	imm.next = &inval;
	post(&imm);
	expect_bytes(fake_sq(), "0000000b 00aabb01 00000000 cafe0102");
	expect_bytes(fake_sq() + 64, "00000101 00aabb01 00000000 12345678");
	/* The doorbell is that of the last request of the list. */
	expect_bytes(fake_register(0, 0x800), "00000101 00aabb01");
	expect_bytes(&fake_qp_dbrec()[1], "00000002");
}

static void rdma_has_a_remote_address(void **state)
{
	struct ibv_send_wr wr = {
		.sg_list = two_pieces,
		.num_sge = 1,
		.opcode = IBV_WR_RDMA_WRITE,
		.wr.rdma = {.remote_addr = 0x0102030405060708, .rkey = 0xdeadbeef},
	};

	(void)state;
	post(&wr);
	wr.opcode = IBV_WR_RDMA_WRITE_WITH_IMM;
	wr.imm_data = htobe32(7);
	post(&wr);
	wr.opcode = IBV_WR_RDMA_READ;
	post(&wr);
	expect_bytes(fake_sq(), "00000008 00aabb03 00000000 00000000"
				"0102030405060708 deadbeef 00000000"
				"00000010 a1b2c3d4 1122334455667788");
	expect_bytes(fake_sq() + 64, "00000109 00aabb03 00000000 00000007"
				     "0102030405060708 deadbeef 00000000");
	expect_bytes(fake_sq() + 128, "00000210 00aabb03 00000000 00000000"
				      "0102030405060708 deadbeef 00000000"
				      "00000010 a1b2c3d4 1122334455667788");
}

static void atomics_have_their_operands(void **state)
{
	struct ibv_sge result = {.addr = 0x40, .length = 16, .lkey = 9};
	struct ibv_send_wr wr = {
		.sg_list = &result,
		.num_sge = 1,
		.opcode = IBV_WR_ATOMIC_CMP_AND_SWP,
		.wr.atomic = {.remote_addr = 0x1000,
			      .compare_add = 0x1111111122222222,
			      .swap = 0x3333333344444444,
			      .rkey = 3},
	};

	(void)state;
	post(&wr);
	wr.opcode = IBV_WR_ATOMIC_FETCH_AND_ADD;
	post(&wr);
	expect_bytes(fake_sq(), "00000011 00aabb04 00000000 00000000"
				"0000000000001000 00000003 00000000"
				"3333333344444444 1111111122222222"
				"00000008 00000009 0000000000000040");
	expect_bytes(fake_sq() + 64, "00000112 00aabb04 00000000 00000000"
				     "0000000000001000 00000003 00000000"
				     "1111111122222222 0000000000000000"
				     "00000008 00000009 0000000000000040");
}

static void empty_pieces_are_left_out(void **state)
{
	struct ibv_sge pieces[] = {{.addr = 1, .length = 0, .lkey = 1}, two_pieces[0]};
	struct ibv_send_wr wr = {.sg_list = pieces, .num_sge = 2, .opcode = IBV_WR_SEND};

	(void)state;
	post(&wr);
	expect_bytes(fake_sq(), "0000000a 00aabb02 00000000 00000000"
				"00000010 a1b2c3d4 1122334455667788");
}

static void inline_data_is_gathered(void **state)
{
	struct ibv_sge pieces[] = {
		{.addr = (uintptr_t) "abc", .length = 3},
		{.addr = (uintptr_t) "0123456789", .length = 10},
	};
	struct ibv_send_wr wr = {.sg_list = pieces,
				 .num_sge = 2,
				 .opcode = IBV_WR_SEND,
				 .send_flags = IBV_SEND_INLINE | IBV_SEND_SIGNALED};

	(void)state;
	post(&wr);
	/* 16 control, 4 + 13 inline padded to 32. */
	expect_bytes(fake_sq(), "0000000a 00aabb03 00000008 00000000"
				"8000000d 6162633031323334 3536373839");
}

static void too_much_inline_data_is_refused(void **state)
{
	char text[61] = {};
	struct ibv_sge piece = {.addr = (uintptr_t)text, .length = sizeof(text)};
	struct ibv_send_wr wr = {.sg_list = &piece,
				 .num_sge = 1,
				 .opcode = IBV_WR_SEND,
				 .send_flags = IBV_SEND_INLINE};

	(void)state;
	assert_int_equal(refused(&wr), ENOMEM);
	expect_bytes(&fake_qp_dbrec()[1], "00000000");
}

/* Sixteen blocks; 60 inline bytes and the control segment take two. */
static void inline_data_wraps_around_the_ring(void **state)
{
	char text[60];
	struct ibv_sge piece = {.addr = (uintptr_t)text, .length = sizeof(text)};
	struct ibv_send_wr big = {.sg_list = &piece,
				  .num_sge = 1,
				  .opcode = IBV_WR_SEND,
				  .send_flags = IBV_SEND_INLINE};
	struct ibv_send_wr small = {.opcode = IBV_WR_SEND};

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(0x40 + i);
	for (uint16_t i = 0; i < 7; i++) {
		post(&big);
		complete(i, (uint16_t)(2 * i));
	}
	post(&small);
	complete(7, 14);
	post(&big);
	expect_bytes(fake_sq() + 15 * 64, "00000f0a 00aabb05 00000000 00000000 8000003c"
					  "404142434445464748494a4b4c4d4e4f"
					  "505152535455565758595a5b5c5d5e5f"
					  "606162636465666768696a6b");
	expect_bytes(fake_sq(), "6c6d6e6f707172737475767778797a7b");
	expect_bytes(&fake_qp_dbrec()[1], "00000011");
	post(&small);
	expect_bytes(fake_sq() + 64, "0000110a 00aabb01 00000000 00000000");
}

static void the_record_counts_blocks_in_sixteen_bits(void **state)
{
	struct ibv_send_wr wr = {.opcode = IBV_WR_SEND};

	(void)state;
	for (uint32_t i = 0; i < 0x10003; i++) {
		post(&wr);
		complete(i, (uint16_t)i);
	}
	expect_bytes(&fake_qp_dbrec()[1], "00000003");
	expect_bytes(fake_register(0, 0x800), "0000020a 00aabb01");
}

static void a_full_queue_stops_the_list_at_the_request_that_did_not_fit(void **state)
{
	struct ibv_send_wr wrs[6] = {};
	struct ibv_send_wr *bad_wr;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		wrs[i].opcode = IBV_WR_SEND;
		wrs[i].next = i < 5 ? &wrs[i + 1] : NULL;
	}
	assert_int_equal(ibv_post_send(bench.qp, wrs, &bad_wr), ENOMEM);
	assert_ptr_equal(bad_wr, &wrs[4]);
	expect_bytes(&fake_qp_dbrec()[1], "00000004");
	complete(0, 1);
	assert_int_equal(ibv_post_send(bench.qp, bad_wr, &bad_wr), 0);
	expect_bytes(&fake_qp_dbrec()[1], "00000006");
}

static void one_completion_frees_the_unsignaled_requests_before_it(void **state)
{
	struct ibv_send_wr wr = {.opcode = IBV_WR_SEND, .wr_id = 1};
	struct ibv_wc wc;

	(void)state;
	for (uint64_t i = 0; i < 4; i++) {
		wr.wr_id = 101 + i;
		post(&wr);
	}
	assert_int_equal(refused(&wr), ENOMEM);
	fake_cqe_simple(0, MLX5_CQE_REQ, 3, 0);
	assert_int_equal(ibv_poll_cq(bench.cq, 4, &wc), 1);
	assert_int_equal(wc.wr_id, 104);
	for (int i = 0; i < 4; i++)
		post(&wr);
	assert_int_equal(refused(&wr), ENOMEM);
}

static void sending_waits_for_the_state_ready_to_send(void **state)
{
	static const enum ibv_qp_state not_yet[] = {IBV_QPS_RESET, IBV_QPS_INIT, IBV_QPS_RTR};
	struct ibv_send_wr wr = {.opcode = IBV_WR_SEND};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		bench_qp_to(not_yet[i]);
		assert_int_equal(refused(&wr), EINVAL);
	}
	bench_qp_to(IBV_QPS_ERR);
	post(&wr);
}

static void bad_requests_are_named_and_leave_no_trace(void **state)
{
	struct ibv_send_wr too_many = {.sg_list = two_pieces, .num_sge = 3, .opcode = IBV_WR_SEND};
	struct ibv_send_wr negative = {.num_sge = -1, .opcode = IBV_WR_SEND};
	struct ibv_send_wr tso = {.opcode = IBV_WR_TSO};
	struct ibv_send_wr bind = {.opcode = IBV_WR_BIND_MW};
	struct ibv_send_wr unknown = {.opcode = (enum ibv_wr_opcode)77};
	struct ibv_send_wr read = {.opcode = IBV_WR_RDMA_READ, .send_flags = IBV_SEND_INLINE};
	struct ibv_send_wr good = {.opcode = IBV_WR_SEND};

	(void)state;
	assert_int_equal(refused(&too_many), EINVAL);
	assert_int_equal(refused(&negative), EINVAL);
	assert_int_equal(refused(&tso), EOPNOTSUPP);
	assert_int_equal(refused(&bind), EINVAL);
	assert_int_equal(refused(&unknown), EINVAL);
	assert_int_equal(refused(&read), EINVAL);
	expect_bytes(&fake_qp_dbrec()[1], "00000000");
	post(&good);
	expect_bytes(fake_sq(), "0000000a 00aabb01");
}

static void local_invalidate_frees_the_key_and_fences_what_follows(void **state)
{
	struct ibv_send_wr send = {.opcode = IBV_WR_SEND};
	struct ibv_send_wr inval = {
		.opcode = IBV_WR_LOCAL_INV, .invalidate_rkey = 0x00112233, .next = &send};
	struct ibv_wc wc;

	(void)state;
	post(&inval);
	expect_bytes(fake_sq(), "00000025 00aabb08 00000000 00112233");
	expect_bytes(fake_sq() + 16, "98000000 00000000 00000000 20006000");
	expect_bytes(fake_sq() + 64, "40000000 ffffff00 00000000 00000000");
	expect_bytes(fake_sq() + 128, "0000020a 00aabb01 00000020 00000000");
	fake_cqe_simple(0, MLX5_CQE_REQ, 0, 0);
	assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 1);
	assert_int_equal(wc.opcode, IBV_WC_LOCAL_INV);
}

static void a_refused_request_does_not_use_up_the_fence(void **state)
{
	struct ibv_send_wr inval = {.opcode = IBV_WR_LOCAL_INV};
	struct ibv_send_wr bad = {.opcode = IBV_WR_RDMA_READ, .send_flags = IBV_SEND_INLINE};
	struct ibv_send_wr send = {.opcode = IBV_WR_SEND};

	(void)state;
	post(&inval);
	assert_int_equal(refused(&bad), EINVAL);
	post(&send);
	expect_bytes(fake_sq() + 128, "0000020a 00aabb01 00000020 00000000");
	post(&send);
	expect_bytes(fake_sq() + 192, "0000030a 00aabb01 00000000 00000000");
}

static void reset_starts_over_at_the_first_block(void **state)
{
	struct ibv_send_wr wr = {.opcode = IBV_WR_SEND};
	struct ibv_wc wc;

	(void)state;
	for (int i = 0; i < 4; i++)
		post(&wr);
	fake_cqe_simple(0, MLX5_CQE_REQ, 0, 0);
	fake_cqe_simple(1, MLX5_CQE_REQ, 1, 0);
	bench_qp_to(IBV_QPS_RESET);
	assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 0);
	expect_bytes(fake_qp_dbrec(), "00000000 00000000");
	expect_bytes(&fake_cq_dbrec()[0], "00000002");
	bench_qp_to(IBV_QPS_RTS);
	post(&wr);
	expect_bytes(fake_sq(), "0000000a 00aabb01");
	expect_bytes(&fake_qp_dbrec()[1], "00000001");
}

static void a_single_request_is_copied_to_its_register(void **state)
{
	struct ibv_send_wr wr = {
		.sg_list = two_pieces,
		.num_sge = 2,
		.opcode = IBV_WR_RDMA_WRITE,
		.wr.rdma = {.remote_addr = 0x1000, .rkey = 1},
	};

	(void)state;
	/* Register 3 is the second one of UAR page 1; its two buffers take turns. */
	post(&wr);
	expect_bytes(fake_register(1, 0xa00), "00000008 00aabb04 00000000 00000000"
					      "0000000000001000 00000001 00000000"
					      "00000010 a1b2c3d4 1122334455667788"
					      "00020000 00000005 0000000000000099");
	post(&wr);
	expect_bytes(fake_register(1, 0xb00), "00000108 00aabb04 00000000 00000000");
	post(&wr);
	expect_bytes(fake_register(1, 0xa00), "00000208 00aabb04 00000000 00000000");
}

static void of_a_list_only_the_doorbell_goes_to_the_register(void **state)
{
	struct ibv_send_wr second = {.opcode = IBV_WR_SEND_WITH_IMM, .imm_data = 0x55555555};
	struct ibv_send_wr first = {.opcode = IBV_WR_SEND, .next = &second};

	(void)state;
	post(&first);
	expect_bytes(fake_register(1, 0xa00), "0000010b 00aabb01 00000000 00000000");
}

static struct ibv_ah *create_ah(uint8_t port, uint8_t static_rate, uint8_t sgid_index)
{
	struct ibv_ah_attr attr = {
		.dlid = 0x1234,
		.sl = 5,
		.src_path_bits = 3,
		.static_rate = static_rate,
		.port_num = port,
		.is_global = 1,
		.grh = {.flow_label = 0xabcdd,
			.sgid_index = sgid_index,
			.hop_limit = 0x40,
			.traffic_class = 0x70},
	};
	struct ibv_ah *ah;

	for (uint8_t i = 0; i < 16; i++)
		attr.grh.dgid.raw[i] = (uint8_t)(0xf0 + i);
	ah = mlx5_create_ah(bench.pd, &attr);
	assert_non_null(ah);
	return ah;
}

static void ud_send_carries_the_extended_address(void **state)
{
	struct ibv_ah *ah = create_ah(FAKE_LID_PORT, IBV_RATE_2_5_GBPS, 4);
	struct ibv_send_wr wr = {
		.sg_list = two_pieces,
		.num_sge = 1,
		.opcode = IBV_WR_SEND,
		.wr.ud = {.ah = ah, .remote_qpn = 0x123456, .remote_qkey = 0x11111111},
	};

	(void)state;
	post(&wr);
	expect_bytes(fake_sq(), "0000000a 00aabb05 00000000 00000000"
				"11111111 00000000 80123456 75031234"
				"00000000 000000000000 70 40 404abcdd"
				"f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
				"00000010 a1b2c3d4 1122334455667788");
	expect_bytes(&fake_qp_dbrec()[1], "00000002");
	assert_int_equal(mlx5_destroy_ah(ah), 0);
}

static void local_address_has_no_route(void **state)
{
	struct ibv_ah_attr attr = {.dlid = 7, .port_num = FAKE_LID_PORT};
	struct ibv_ah *ah = mlx5_create_ah(bench.pd, &attr);

	(void)state;
	assert_non_null(ah);
	expect_bytes(&to_mlx5_ah(ah)->av, "00000000 00000000 00000000 00000007"
					  "00000000 000000000000 0000 00000000");
	assert_int_equal(mlx5_destroy_ah(ah), 0);
}

static void static_rates_have_codes_of_their_own(void **state)
{
	static const struct {
		enum ibv_rate rate;
		const char *code;
	} cases[] = {
		{IBV_RATE_MAX, "05"},	   {IBV_RATE_2_5_GBPS, "75"}, {IBV_RATE_10_GBPS, "85"},
		{IBV_RATE_14_GBPS, "b5"},  {IBV_RATE_120_GBPS, "f5"}, {IBV_RATE_200_GBPS, "05"},
		{(enum ibv_rate)77, "05"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ibv_ah *ah = create_ah(FAKE_LID_PORT, (uint8_t)cases[i].rate, 0);

		expect_bytes(&to_mlx5_ah(ah)->av.stat_rate_sl, cases[i].code);
		assert_int_equal(mlx5_destroy_ah(ah), 0);
	}
}

/* The same bytes stock libmlx5 was seen to make of these attributes. */
static void ethernet_address_has_the_resolved_mac_and_a_source_port(void **state)
{
	static const uint8_t mac[6] = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};
	struct ibv_ah *v1, *v2;

	(void)state;
	memcpy(fake.dmac, mac, sizeof(mac));
	v1 = create_ah(FAKE_ROCE_PORT, IBV_RATE_MAX, 0);
	expect_bytes(&to_mlx5_ah(v1)->av, "00000000 00000000 00000000 0a000000"
					  "00000000 021122334455 70 40 000abcdd"
					  "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
	v2 = create_ah(FAKE_ROCE_PORT, IBV_RATE_MAX, 1);
	expect_bytes(&to_mlx5_ah(v2)->av, "00000000 00000000 00000000 0a00fcf7"
					  "00000000 021122334455 70 40 001abcdd");
	assert_int_equal(mlx5_destroy_ah(v1), 0);
	assert_int_equal(mlx5_destroy_ah(v2), 0);
}

static void ethernet_address_without_a_gid_is_refused(void **state)
{
	struct ibv_ah_attr attr = {.dlid = 7, .port_num = FAKE_ROCE_PORT};

	(void)state;
	assert_null(mlx5_create_ah(bench.pd, &attr));
	assert_int_equal(errno, EINVAL);
	attr.port_num = 9;
	assert_null(mlx5_create_ah(bench.pd, &attr));
	assert_int_equal(errno, EINVAL);
}

static void ud_takes_no_rdma(void **state)
{
	struct ibv_send_wr wr = {.opcode = IBV_WR_RDMA_WRITE};

	(void)state;
	assert_int_equal(refused(&wr), EINVAL);
	wr.opcode = IBV_WR_LOCAL_INV;
	assert_int_equal(refused(&wr), EINVAL);
}

int main(void)
{
#define RC(name)    cmocka_unit_test_setup_teardown(name, open_rc, teardown)
#define RC_BF(name) cmocka_unit_test_setup_teardown(name, open_rc_with_bf, teardown)
#define UD(name)    cmocka_unit_test_setup_teardown(name, open_ud, teardown)
	const struct CMUnitTest tests[] = {
		RC(sizes_follow_from_the_capabilities),
		RC(send_is_control_and_data),
		RC(flags_set_their_bits),
		RC(immediate_goes_as_given_and_rkey_in_device_order),
		RC(rdma_has_a_remote_address),
		RC(atomics_have_their_operands),
		RC(empty_pieces_are_left_out),
		RC(inline_data_is_gathered),
		RC(too_much_inline_data_is_refused),
		RC(inline_data_wraps_around_the_ring),
		RC(the_record_counts_blocks_in_sixteen_bits),
		RC(a_full_queue_stops_the_list_at_the_request_that_did_not_fit),
		RC(one_completion_frees_the_unsignaled_requests_before_it),
		RC(bad_requests_are_named_and_leave_no_trace),
		RC(local_invalidate_frees_the_key_and_fences_what_follows),
		RC(a_refused_request_does_not_use_up_the_fence),
		RC(reset_starts_over_at_the_first_block),
		RC(sending_waits_for_the_state_ready_to_send),
		RC_BF(a_single_request_is_copied_to_its_register),
		RC_BF(of_a_list_only_the_doorbell_goes_to_the_register),
		UD(ud_send_carries_the_extended_address),
		UD(local_address_has_no_route),
		UD(static_rates_have_codes_of_their_own),
		UD(ethernet_address_has_the_resolved_mac_and_a_source_port),
		UD(ethernet_address_without_a_gid_is_refused),
		UD(ud_takes_no_rdma),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
