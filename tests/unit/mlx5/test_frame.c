/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Raw packet QPs: the bytes of requests that carry frames, typed from the manual's Ethernet
 * segment; which caps they need.
 */
#include <errno.h>

#include "frame.h"

static int try(struct ibv_send_wr *wr)
{
	struct ibv_send_wr *bad_wr = NULL;
	int err = ibv_post_send(bench.qp, wr, &bad_wr);

	assert_ptr_equal(bad_wr, err ? wr : NULL);
	return err;
}

/* The data segment of a piece at a place of the ring. */
static void expect_data(const uint8_t *segment, size_t at, uint32_t length)
{
	const struct mlx5_wqe_data_seg *seg = (const void *)segment;

	assert_int_equal(be32toh(seg->byte_count), length);
	assert_int_equal(be32toh(seg->lkey), 0xa1b2c3d4);
	assert_int_equal(be64toh(seg->addr), (uintptr_t)frame_bytes + at);
}

static void the_rings_lie_apart(void **state)
{
	(void)state;
	assert_int_not_equal(fake.qp_request.sq_buf_addr, 0);
	assert_int_not_equal(fake.qp_request.buf_addr, 0);
	assert_int_equal(fake.qp_request.rq_wqe_count, 4);
	/* 16 control + 32 Ethernet + 64 header + 48 data: three blocks each. */
	assert_int_equal(fake.qp_request.sq_wqe_count, 16);
}

static void a_frame_is_control_ethernet_and_data(void **state)
{
	struct ibv_sge sge = frame_piece(0, 60);
	struct ibv_send_wr wr = {.sg_list = &sge,
				 .num_sge = 1,
				 .opcode = IBV_WR_SEND,
				 .send_flags = IBV_SEND_SIGNALED};

	(void)state;
	assert_int_equal(try(&wr), 0);
	expect_bytes(fake_sq(), "0000000a 00aabb03 00000008 00000000"
				"00000000 00000000 00000000 00000000");
	expect_data(fake_sq() + 32, 0, 60);
	expect_bytes(&fake_qp_dbrec()[1], "00000001");
}

static void checksums_are_two_bits(void **state)
{
	struct ibv_sge sge = frame_piece(0, 60);
	struct ibv_send_wr wr = {.sg_list = &sge,
				 .num_sge = 1,
				 .opcode = IBV_WR_SEND,
				 .send_flags = IBV_SEND_IP_CSUM};

	(void)state;
	assert_int_equal(try(&wr), 0);
	expect_bytes(fake_sq() + 16, "00000000 c0000000 00000000 00000000");
}

static void the_start_of_a_frame_goes_inline(void **state)
{
	struct ibv_sge sge = frame_piece(0, 60);
	struct ibv_send_wr wr = {.sg_list = &sge, .num_sge = 1, .opcode = IBV_WR_SEND};

	(void)state;
	assert_int_equal(try(&wr), 0);
	expect_bytes(fake_sq(), "0000000a 00aabb04 00000000 00000000"
				"00000000 00000000 00000000 0012 0001"
				"02030405 06070809 0a0b0c0d 0e0f1011");
	expect_data(fake_sq() + 48, 18, 42);
}

static void the_start_is_gathered_from_pieces(void **state)
{
	struct ibv_sge pieces[] = {frame_piece(0, 14), frame_piece(14, 4), frame_piece(18, 30)};
	struct ibv_send_wr wr = {.sg_list = pieces, .num_sge = 3, .opcode = IBV_WR_SEND};

	(void)state;
	assert_int_equal(try(&wr), 0);
	expect_bytes(fake_sq() + 28, "0012 0001 02030405 06070809 0a0b0c0d 0e0f1011");
	assert_int_equal(fake_sq()[7], 4);
	expect_data(fake_sq() + 48, 18, 30);
}

static void a_frame_shorter_than_its_start_is_refused(void **state)
{
	struct ibv_sge pieces[] = {frame_piece(0, 14), frame_piece(14, 3)};
	struct ibv_send_wr wr = {.sg_list = pieces, .num_sge = 2, .opcode = IBV_WR_SEND};

	(void)state;
	assert_int_equal(try(&wr), EINVAL);
	wr.num_sge = 0;
	assert_int_equal(try(&wr), EINVAL);
	expect_bytes(&fake_qp_dbrec()[1], "00000000");
}

static void inline_data_follows_the_start(void **state)
{
	struct ibv_sge pieces[] = {frame_piece(0, 16), frame_piece(16, 10)};
	struct ibv_send_wr wr = {.sg_list = pieces,
				 .num_sge = 2,
				 .opcode = IBV_WR_SEND,
				 .send_flags = IBV_SEND_INLINE};

	(void)state;
	assert_int_equal(try(&wr), 0);
	expect_bytes(fake_sq() + 4, "00aabb04");
	expect_bytes(fake_sq() + 28, "0012 0001 02030405 06070809 0a0b0c0d 0e0f1011"
				     "80000008 12131415 16171819");
}

static void inline_data_has_its_limit(void **state)
{
	struct ibv_qp_init_attr init;
	struct ibv_sge sge = frame_piece(0, 0);
	struct ibv_send_wr wr = {.sg_list = &sge,
				 .num_sge = 1,
				 .opcode = IBV_WR_SEND,
				 .send_flags = IBV_SEND_INLINE};
	struct ibv_qp_attr attr;

	(void)state;
	assert_int_equal(mlx5_query_qp(bench.qp, &attr, 0, &init), 0);
	sge.length = attr.cap.max_inline_data + 1;
	assert_int_equal(try(&wr), ENOMEM);
	sge.length--;
	assert_int_equal(try(&wr), 0);
}

static void a_long_payload_has_its_header_in_the_request(void **state)
{
	struct ibv_sge sge = frame_piece(100, 120);
	struct ibv_send_wr wr = {.sg_list = &sge,
				 .num_sge = 1,
				 .opcode = IBV_WR_TSO,
				 .send_flags = IBV_SEND_IP_CSUM,
				 .tso = {.hdr = frame_bytes, .hdr_sz = 54, .mss = 0x102}};
	struct ibv_wc wc;

	(void)state;
	assert_int_equal(try(&wr), 0);
	/* 14 + 54 bytes of segment and header are five units. */
	expect_bytes(fake_sq(), "0000000e 00aabb07 00000000 00000000"
				"00000000 c0000102 00000000 0036 0001"
				"02030405 06070809 0a0b0c0d 0e0f1011"
				"12131415 16171819 1a1b1c1d 1e1f2021"
				"22232425 26272829 2a2b2c2d 2e2f3031"
				"32333435 00000000 00000000 00000000");
	expect_data(fake_sq() + 96, 100, 120);
	expect_bytes(&fake_qp_dbrec()[1], "00000002");
	fake_cqe_simple(0, MLX5_CQE_REQ, 0, 0);
	assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 1);
	assert_int_equal(wc.opcode, IBV_WC_TSO);
}

static void a_header_goes_on_at_the_start_of_the_ring(void **state)
{
	struct ibv_sge sge = frame_piece(100, 120), small = frame_piece(0, 60);
	struct ibv_send_wr tso = {.sg_list = &sge,
				  .num_sge = 1,
				  .opcode = IBV_WR_TSO,
				  .tso = {.hdr = frame_bytes, .hdr_sz = 64, .mss = 500}};
	struct ibv_send_wr wr = {.sg_list = &small, .num_sge = 1, .opcode = IBV_WR_SEND};
	uint32_t blocks = fake.qp_request.sq_wqe_count;
	struct ibv_wc wc;

	(void)state;
	for (uint32_t at = 0; at < blocks - 1; at++) {
		assert_int_equal(try(&wr), 0);
		fake_cqe_simple(at, MLX5_CQE_REQ, (uint16_t)at, 0);
		assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 1);
	}
	memset(fake_sq(), 0, (size_t)blocks * 64);
	assert_int_equal(try(&tso), 0);
	/* Two bytes in the segment and 32 up to the end of the ring, 30 and two free behind it. */
	expect_bytes(fake_sq() + (blocks - 1) * (size_t)64 + 28,
		     "0040 0001 02030405 06070809 0a0b0c0d 0e0f1011"
		     "12131415 16171819 1a1b1c1d 1e1f2021");
	expect_bytes(fake_sq(), "22232425 26272829 2a2b2c2d 2e2f3031"
				"32333435 36373839 3a3b3c3d 3e3f0000");
	expect_data(fake_sq() + 32, 100, 120);
}

static void headers_have_bounds(void **state)
{
	struct ibv_sge sge = frame_piece(100, 120);
	struct ibv_send_wr wr = {.sg_list = &sge,
				 .num_sge = 1,
				 .opcode = IBV_WR_TSO,
				 .tso = {.hdr = frame_bytes, .hdr_sz = 13, .mss = 500}};

	(void)state;
	assert_int_equal(try(&wr), EINVAL);
	wr.tso.hdr_sz = TSO_HEADER + 1;
	assert_int_equal(try(&wr), EINVAL);
	wr.tso.hdr_sz = TSO_HEADER;
	assert_int_equal(try(&wr), 0);
}

/* What a header takes is missing for inline data. */
static void a_long_payload_inline(void **state)
{
	struct ibv_sge sge = frame_piece(100, 12);
	struct ibv_send_wr wr = {.sg_list = &sge,
				 .num_sge = 1,
				 .opcode = IBV_WR_TSO,
				 .send_flags = IBV_SEND_INLINE,
				 .tso = {.hdr = frame_bytes, .hdr_sz = 54, .mss = 500}};
	uint32_t max = to_mlx5_qp(bench.qp)->sq.max_inline;

	(void)state;
	assert_int_equal(max, 192 - 48 - 4);
	assert_int_equal(try(&wr), 0);
	expect_bytes(fake_sq() + 96, "8000000c 6465666768696a6b6c6d6e6f");
	/* 68 bytes with the segment's own are five units, three beyond the usual two. */
	sge.length = max - 48 + 1;
	assert_int_equal(try(&wr), ENOMEM);
	sge.length--;
	assert_int_equal(try(&wr), 0);
}

static void other_opcodes_are_refused(void **state)
{
	static const enum ibv_wr_opcode opcodes[] = {IBV_WR_SEND_WITH_IMM, IBV_WR_RDMA_WRITE,
						     IBV_WR_LOCAL_INV, IBV_WR_RDMA_READ,
						     IBV_WR_BIND_MW};

	(void)state;
	for (size_t i = 0; i < sizeof(opcodes) / sizeof(opcodes[0]); i++) {
		struct ibv_send_wr wr = {.opcode = opcodes[i]};

		assert_int_equal(try(&wr), EINVAL);
	}
}

static void checksums_and_long_payloads_are_the_devices_to_offer(void **state)
{
	struct ibv_sge sge = frame_piece(0, 60);
	struct ibv_send_wr wr = {.sg_list = &sge,
				 .num_sge = 1,
				 .opcode = IBV_WR_SEND,
				 .send_flags = IBV_SEND_IP_CSUM};

	(void)state;
	fake.device.raw_packet_caps = 0;
	fake.device_udata.tso_caps.supported_qpts = 1 << IBV_QPT_UD;
	assert_int_equal(frame_create(IBV_QP_INIT_ATTR_MAX_TSO_HEADER, TSO_HEADER), EOPNOTSUPP);
	assert_int_equal(frame_create(0, 0), 0);
	bench_qp_to(IBV_QPS_RTS);
	assert_int_equal(try(&wr), EINVAL);
	wr.send_flags = 0;
	assert_int_equal(try(&wr), 0);
}

/* The extended calls write what ibv_post_send() writes. */

static struct ibv_qp_ex *ex(void)
{
	struct ibv_qp_ex *qp = &to_mlx5_qp(bench.qp)->verbs.qp_ex;

	qp->wr_id = 7;
	qp->wr_flags = 0;
	return qp;
}

static void setters_take_the_start_of_the_frame(void **state)
{
	struct ibv_sge pieces[] = {frame_piece(0, 17), frame_piece(17, 21)};
	struct ibv_data_buf bufs[] = {{.addr = frame_bytes, .length = 5},
				      {.addr = frame_bytes + 5, .length = 20}};
	struct ibv_qp_ex *qp = ex();

	(void)state;
	ibv_wr_start(qp);
	qp->wr_flags = IBV_SEND_SIGNALED | IBV_SEND_IP_CSUM;
	ibv_wr_send(qp);
	ibv_wr_set_sge_list(qp, 2, pieces);
	qp->wr_flags = 0;
	ibv_wr_send(qp);
	ibv_wr_set_sge(qp, 0xa1b2c3d4, (uintptr_t)frame_bytes, 60);
	ibv_wr_send(qp);
	ibv_wr_set_inline_data_list(qp, 2, bufs);
	assert_int_equal(ibv_wr_complete(qp), 0);

	expect_bytes(fake_sq(), "0000000a 00aabb04 00000008 00000000"
				"00000000 c0000000 00000000 0012 0001"
				"02030405 06070809 0a0b0c0d 0e0f1011");
	expect_data(fake_sq() + 48, 18, 20);
	expect_data(fake_sq() + 64 + 48, 18, 42);
	expect_bytes(fake_sq() + 128, "0000020a 00aabb04 00000000 00000000"
				      "00000000 00000000 00000000 0012 0001"
				      "02030405 06070809 0a0b0c0d 0e0f1011"
				      "80000007 12131415 161718");
}

static void without_a_start_the_data_is_the_frame(void **state)
{
	struct ibv_qp_ex *qp = ex();

	(void)state;
	ibv_wr_start(qp);
	ibv_wr_send(qp);
	ibv_wr_set_sge(qp, 0xa1b2c3d4, (uintptr_t)frame_bytes, 60);
	ibv_wr_send_tso(qp, frame_bytes, 20, 0x33);
	ibv_wr_set_sge(qp, 0xa1b2c3d4, (uintptr_t)frame_bytes + 20, 90);
	assert_int_equal(ibv_wr_complete(qp), 0);
	expect_bytes(fake_sq(), "0000000a 00aabb03 00000000 00000000"
				"00000000 00000000 00000000 00000000");
	expect_data(fake_sq() + 32, 0, 60);
	expect_bytes(fake_sq() + 64, "0000010e 00aabb05 00000000 00000000"
				     "00000000 00000033 00000000 0014 0001"
				     "02030405 06070809 0a0b0c0d 0e0f1011"
				     "1213");
	expect_data(fake_sq() + 128, 20, 90);
}

static void faults_of_a_batch(void **state)
{
	struct ibv_qp_ex *qp = ex();

	(void)state;
	ibv_wr_start(qp);
	ibv_wr_send(qp);
	assert_int_equal(ibv_wr_complete(qp), EINVAL);
	ibv_wr_start(qp);
	ibv_wr_send(qp);
	ibv_wr_set_sge(qp, 1, (uintptr_t)frame_bytes, 17);
	assert_int_equal(ibv_wr_complete(qp), EINVAL);
	ibv_wr_start(qp);
	ibv_wr_send(qp);
	ibv_wr_set_inline_data(qp, frame_bytes, 17);
	assert_int_equal(ibv_wr_complete(qp), EINVAL);
	ibv_wr_start(qp);
	ibv_wr_send(qp);
	ibv_wr_set_inline_data(qp, frame_bytes, sizeof(frame_bytes));
	assert_int_equal(ibv_wr_complete(qp), ENOMEM);
	ibv_wr_start(qp);
	ibv_wr_send_tso(qp, frame_bytes, TSO_HEADER + 1, 100);
	ibv_wr_set_sge(qp, 1, 2, 3);
	assert_int_equal(ibv_wr_complete(qp), EINVAL);
	expect_bytes(&fake_qp_dbrec()[1], "00000000");
}

static void what_makes_no_sense_is_refused(void **state)
{
	struct ibv_qp_init_attr_ex good = {
		.send_cq = bench.cq,
		.recv_cq = bench.cq,
		.cap = {.max_send_wr = 1, .max_send_sge = 1},
		.qp_type = IBV_QPT_RAW_PACKET,
		.comp_mask = IBV_QP_INIT_ATTR_PD,
		.pd = bench.pd,
	};
	struct ibv_qp_init_attr_ex attr = good;

	(void)state;
	attr.recv_cq = NULL;
	assert_null(mlx5_create_qp_ex(bench.context, &attr));
	assert_int_equal(errno, EINVAL);
	attr = good;
	attr.comp_mask |= IBV_QP_INIT_ATTR_XRCD;
	assert_null(mlx5_create_qp_ex(bench.context, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
	attr = good;
	attr.comp_mask |= IBV_QP_INIT_ATTR_CREATE_FLAGS;
	attr.create_flags = IBV_QP_CREATE_SOURCE_QPN;
	assert_null(mlx5_create_qp_ex(bench.context, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
	attr = good;
	attr.comp_mask |= IBV_QP_INIT_ATTR_SEND_OPS_FLAGS;
	attr.send_ops_flags = IBV_QP_EX_WITH_RDMA_WRITE;
	assert_null(mlx5_create_qp_ex(bench.context, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
	assert_int_equal(fake.objects, 2);
}

static void without_user_indexes_there_are_none(void **state)
{
	(void)state;
	fake_reset();
	fake.ucontext.cqe_version = 0;
	bench_open();
	assert_int_equal(frame_create(0, 0), EOPNOTSUPP);
	bench_close();
}

#define TEST(open, name) cmocka_unit_test_setup_teardown(name, open, frame_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(frame_open_free, the_rings_lie_apart),
		TEST(frame_open_free, a_frame_is_control_ethernet_and_data),
		TEST(frame_open_free, checksums_are_two_bits),
		TEST(frame_open_l2, the_start_of_a_frame_goes_inline),
		TEST(frame_open_old, the_start_of_a_frame_goes_inline),
		TEST(frame_open_l2, the_start_is_gathered_from_pieces),
		TEST(frame_open_l2, a_frame_shorter_than_its_start_is_refused),
		TEST(frame_open_l2, inline_data_follows_the_start),
		TEST(frame_open_free, inline_data_has_its_limit),
		TEST(frame_open_free, a_long_payload_has_its_header_in_the_request),
		TEST(frame_open_l2, a_long_payload_has_its_header_in_the_request),
		TEST(frame_open_free, a_header_goes_on_at_the_start_of_the_ring),
		TEST(frame_open_free, headers_have_bounds),
		TEST(frame_open_free, a_long_payload_inline),
		TEST(frame_open_free, other_opcodes_are_refused),
		TEST(frame_open_none, checksums_and_long_payloads_are_the_devices_to_offer),
		TEST(frame_open_l2, setters_take_the_start_of_the_frame),
		TEST(frame_open_free, without_a_start_the_data_is_the_frame),
		TEST(frame_open_l2, faults_of_a_batch),
		TEST(frame_open_none, what_makes_no_sense_is_refused),
		cmocka_unit_test(without_user_indexes_there_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
