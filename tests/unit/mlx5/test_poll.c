/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Completions: decoding, owner laps, errors, arming, resizing, extended polling. */

#include <errno.h>
#include <stdlib.h>

#include "bench.h"

static int open_version(uint8_t cqe_version)
{
	fake_reset();
	fake.ucontext.cqe_version = cqe_version;
	bench_open();
	bench_qp(IBV_QPT_RC, 0);
	return 0;
}

static int open_v1(void **state)
{
	(void)state;
	return open_version(1);
}

static int open_v0(void **state)
{
	(void)state;
	return open_version(0);
}

static int open_128(void **state)
{
	(void)state;
	setenv("MLX5_CQE_SIZE", "128", 1);
	open_version(1);
	unsetenv("MLX5_CQE_SIZE");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	bench_close();
	return 0;
}

static int poll_one(struct ibv_wc *wc)
{
	memset(wc, 0xee, sizeof(*wc));
	return ibv_poll_cq(bench.cq, 1, wc);
}

static void post_send(uint64_t wr_id, enum ibv_wr_opcode opcode)
{
	struct ibv_sge piece = {.addr = 0x1000, .length = 8, .lkey = 1};
	struct ibv_send_wr wr = {.wr_id = wr_id, .opcode = opcode, .sg_list = &piece, .num_sge = 1};
	struct ibv_send_wr *bad_wr;

	assert_int_equal(ibv_post_send(bench.qp, &wr, &bad_wr), 0);
}

static void post_recv(uint64_t wr_id)
{
	struct ibv_recv_wr wr = {.wr_id = wr_id}, *bad_wr;

	assert_int_equal(ibv_post_recv(bench.qp, &wr, &bad_wr), 0);
}

/* Byte by byte from the manual's CQE layout. */
static const uint8_t recv_cqe[64] = {
	[17] = 0x85,					      /* reserved bit 7, path bits 5 */
	[22] = 0x12,   [23] = 0x34,			      /* slid */
	[24] = 0x1d,   [25] = 0x65, [26] = 0x43, [27] = 0x21, /* GRH, SL 13, remote QPN */
	[36] = 0xca,   [37] = 0xfe, [38] = 0x00, [39] = 0x09, /* immediate */
	[44] = 0x00,   [45] = 0x01, [46] = 0x02, [47] = 0x03, /* byte count */
	[57] = 0x00,   [58] = 0xaa, [59] = 0xbb,	      /* QPN */
	[63] = 3 << 4,					      /* send with immediate */
};

static void a_receive_says_everything(void **state)
{
	struct ibv_wc wc;

	(void)state;
	post_recv(77);
	fake_cqe(0, recv_cqe);
	assert_int_equal(poll_one(&wc), 1);
	assert_int_equal(wc.wr_id, 77);
	assert_int_equal(wc.status, IBV_WC_SUCCESS);
	assert_int_equal(wc.opcode, IBV_WC_RECV);
	assert_int_equal(wc.byte_len, 0x00010203);
	assert_int_equal(wc.imm_data, htobe32(0xcafe0009));
	assert_int_equal(wc.qp_num, 0x00aabb);
	assert_int_equal(wc.src_qp, 0x654321);
	assert_int_equal(wc.wc_flags, IBV_WC_GRH | IBV_WC_WITH_IMM);
	assert_int_equal(wc.pkey_index, 9);
	assert_int_equal(wc.slid, 0x1234);
	assert_int_equal(wc.sl, 13);
	assert_int_equal(wc.dlid_path_bits, 5);
	expect_bytes(fake_cq_dbrec(), "00000001");
}

static void receive_opcodes_map_to_the_verbs(void **state)
{
	static const struct {
		uint8_t cqe;
		enum ibv_wc_opcode opcode;
		unsigned int flags;
	} cases[] = {
		{1, IBV_WC_RECV_RDMA_WITH_IMM, IBV_WC_WITH_IMM},
		{2, IBV_WC_RECV, 0},
		{3, IBV_WC_RECV, IBV_WC_WITH_IMM},
		{4, IBV_WC_RECV, IBV_WC_WITH_INV},
	};
	struct ibv_wc wc;

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		uint8_t cqe[64];

		memcpy(cqe, recv_cqe, sizeof(cqe));
		cqe[24] &= 0x0f;
		cqe[63] = (uint8_t)(cases[i].cqe << 4);
		post_recv(i);
		fake_cqe(i, cqe);
		assert_int_equal(poll_one(&wc), 1);
		assert_int_equal(wc.opcode, cases[i].opcode);
		assert_int_equal(wc.wc_flags, cases[i].flags);
		if (cases[i].flags == IBV_WC_WITH_INV)
			assert_int_equal(wc.invalidated_rkey, 0xcafe0009);
	}
}

static void send_opcodes_come_from_the_request(void **state)
{
	static const struct {
		enum ibv_wr_opcode wr;
		enum ibv_wc_opcode wc;
	} cases[] = {
		{IBV_WR_SEND, IBV_WC_SEND},
		{IBV_WR_SEND_WITH_IMM, IBV_WC_SEND},
		{IBV_WR_SEND_WITH_INV, IBV_WC_SEND},
		{IBV_WR_RDMA_WRITE, IBV_WC_RDMA_WRITE},
		{IBV_WR_RDMA_WRITE_WITH_IMM, IBV_WC_RDMA_WRITE},
		{IBV_WR_RDMA_READ, IBV_WC_RDMA_READ},
		{IBV_WR_ATOMIC_CMP_AND_SWP, IBV_WC_COMP_SWAP},
		{IBV_WR_ATOMIC_FETCH_AND_ADD, IBV_WC_FETCH_ADD},
	};
	struct ibv_wc wc;

	(void)state;
	for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		post_send(1000 + i, cases[i].wr);
		fake_cqe_simple(i, MLX5_CQE_REQ, (uint16_t)i, 0x30);
		assert_int_equal(poll_one(&wc), 1);
		assert_int_equal(wc.wr_id, 1000 + i);
		assert_int_equal(wc.status, IBV_WC_SUCCESS);
		assert_int_equal(wc.opcode, cases[i].wc);
		assert_int_equal(wc.wc_flags, 0);
		if (wc.opcode == IBV_WC_RDMA_READ)
			assert_int_equal(wc.byte_len, 0x30);
		if (wc.opcode == IBV_WC_COMP_SWAP || wc.opcode == IBV_WC_FETCH_ADD)
			assert_int_equal(wc.byte_len, 8);
	}
}

static void an_empty_queue_gives_nothing_lap_after_lap(void **state)
{
	struct ibv_wc wc;

	(void)state;
	assert_int_equal(bench.cq->cqe, 7);
	for (uint32_t i = 0; i < 35; i++) {
		assert_int_equal(poll_one(&wc), 0);
		post_send(i, IBV_WR_SEND);
		fake_cqe_simple(i, MLX5_CQE_REQ, (uint16_t)i, 0);
		assert_int_equal(poll_one(&wc), 1);
		assert_int_equal(wc.wr_id, i);
	}
	expect_bytes(fake_cq_dbrec(), "00000023");
}

static void several_are_taken_at_once_up_to_the_number_asked_for(void **state)
{
	struct ibv_wc wc[4];

	(void)state;
	for (uint16_t i = 0; i < 3; i++) {
		post_send(i, IBV_WR_SEND);
		fake_cqe_simple(i, MLX5_CQE_REQ, i, 0);
	}
	assert_int_equal(ibv_poll_cq(bench.cq, 2, wc), 2);
	assert_int_equal(ibv_poll_cq(bench.cq, 4, wc), 1);
	assert_int_equal(wc[0].wr_id, 2);
	assert_int_equal(ibv_poll_cq(bench.cq, 0, wc), 0);
}

static void syndromes_become_statuses(void **state)
{
	static const struct {
		uint8_t syndrome;
		enum ibv_wc_status status;
	} cases[] = {
		{0x01, IBV_WC_LOC_LEN_ERR},    {0x02, IBV_WC_LOC_QP_OP_ERR},
		{0x04, IBV_WC_LOC_PROT_ERR},   {0x05, IBV_WC_WR_FLUSH_ERR},
		{0x06, IBV_WC_MW_BIND_ERR},    {0x10, IBV_WC_BAD_RESP_ERR},
		{0x11, IBV_WC_LOC_ACCESS_ERR}, {0x12, IBV_WC_REM_INV_REQ_ERR},
		{0x13, IBV_WC_REM_ACCESS_ERR}, {0x14, IBV_WC_REM_OP_ERR},
		{0x15, IBV_WC_RETRY_EXC_ERR},  {0x16, IBV_WC_RNR_RETRY_EXC_ERR},
		{0x22, IBV_WC_REM_ABORT_ERR},  {0x77, IBV_WC_GENERAL_ERR},
	};
	struct ibv_wc wc;

	(void)state;
	for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t cqe[64] = {
			[54] = 0x99, [55] = cases[i].syndrome, [56] = 0x0a,   [58] = 0xaa,
			[59] = 0xbb, [61] = (uint8_t)i,	       [63] = 13 << 4};

		post_send(i, IBV_WR_SEND);
		fake_cqe(i, cqe);
		assert_int_equal(poll_one(&wc), 1);
		assert_int_equal(wc.wr_id, i);
		assert_int_equal(wc.status, cases[i].status);
		assert_int_equal(wc.vendor_err, 0x99);
		assert_int_equal(wc.qp_num, FAKE_QPN);
		assert_int_equal(wc.opcode, IBV_WC_SEND);
	}
}

static void a_flushed_receive_frees_its_entry(void **state)
{
	const uint8_t cqe[64] = {[55] = 0x05, [58] = 0xaa, [59] = 0xbb, [63] = 14 << 4};
	struct ibv_wc wc;

	(void)state;
	for (uint32_t i = 0; i < 9; i++) {
		post_recv(i);
		fake_cqe(i, cqe);
		assert_int_equal(poll_one(&wc), 1);
		assert_int_equal(wc.wr_id, i);
		assert_int_equal(wc.status, IBV_WC_WR_FLUSH_ERR);
		assert_int_equal(wc.opcode, IBV_WC_RECV);
	}
}

static void a_cqe_of_no_queue_is_an_error_and_is_consumed(void **state)
{
	uint8_t cqe[64] = {[33] = 0x77, [57] = 0x77, [63] = 0};
	struct ibv_wc wc;

	(void)state;
	fake_cqe(0, cqe);
	assert_true(poll_one(&wc) < 0);
	assert_int_equal(poll_one(&wc), 0);
	cqe[33] = cqe[57] = 0;
	cqe[63] = 9 << 4; /* an opcode nobody has given a meaning */
	fake_cqe(1, cqe);
	assert_true(poll_one(&wc) < 0);
	assert_int_equal(poll_one(&wc), 0);
}

static void arming_writes_record_and_register(void **state)
{
	struct ibv_wc wc;

	(void)state;
	assert_int_equal(ibv_req_notify_cq(bench.cq, 0), 0);
	expect_bytes(fake_cq_dbrec(), "00000000 00000000");
	expect_bytes(fake_register(0, 0x20), "00000000 00000c05");
	post_send(1, IBV_WR_SEND);
	fake_cqe_simple(0, MLX5_CQE_REQ, 0, 0);
	assert_int_equal(poll_one(&wc), 1);
	mlx5_cq_event(bench.cq);
	assert_int_equal(ibv_req_notify_cq(bench.cq, 1), 0);
	expect_bytes(fake_cq_dbrec(), "00000001 11000001");
	expect_bytes(fake_register(0, 0x20), "11000001 00000c05");
	for (int i = 0; i < 4; i++)
		mlx5_cq_event(bench.cq);
	assert_int_equal(ibv_req_notify_cq(bench.cq, 0), 0);
	expect_bytes(fake_register(0, 0x20), "10000001 00000c05");
}

static void a_cqe_of_128_bytes_means_its_second_half(void **state)
{
	struct ibv_wc wc;

	(void)state;
	assert_int_equal(fake.cq_request.cqe_size, 128);
	for (uint32_t i = 0; i < 20; i++) {
		post_send(i, IBV_WR_SEND);
		assert_int_equal(poll_one(&wc), 0);
		fake_cqe_simple(i, MLX5_CQE_REQ, (uint16_t)i, 0);
		assert_int_equal(poll_one(&wc), 1);
		assert_int_equal(wc.wr_id, i);
	}
}

/* Two CQEs of another queue between those of the one that goes. */
static void a_destroyed_queue_leaves_the_completions_of_others(void **state)
{
	struct ibv_qp *first = bench.qp;
	struct mlx5_ib_create_qp first_request = fake.qp_request;
	uint8_t other[64] = {[57] = 0x00, [58] = 0xaa, [59] = 0xbc, [63] = 0};
	struct ibv_wc wc;

	(void)state;
	/* Move into the ring so that the cleaning crosses its end. */
	for (uint32_t i = 0; i < 6; i++) {
		post_send(i, IBV_WR_SEND);
		fake_cqe_simple(i, MLX5_CQE_REQ, (uint16_t)i, 0);
		assert_int_equal(poll_one(&wc), 1);
	}
	bench_qp(IBV_QPT_RC, 0);
	bench.qp->qp_num = 0xaabc;
	post_send(500, IBV_WR_SEND);
	post_send(501, IBV_WR_SEND);
	other[35] = (uint8_t)fake.qp_request.uidx;
	fake.qp_request = first_request;
	fake_cqe_simple(6, MLX5_CQE_REQ, 6, 0);
	fake_cqe(7, other);
	fake_cqe_simple(8, MLX5_CQE_REQ, 7, 0);
	other[61] = 1;
	fake_cqe(9, other);
	fake_cqe_simple(10, MLX5_CQE_REQ, 8, 0);
	assert_int_equal(mlx5_destroy_qp(first), 0);

	expect_bytes(fake_cq_dbrec(), "00000009");
	assert_int_equal(poll_one(&wc), 1);
	assert_int_equal(wc.wr_id, 500);
	assert_int_equal(poll_one(&wc), 1);
	assert_int_equal(wc.wr_id, 501);
	assert_int_equal(poll_one(&wc), 0);
}

/* The device ends the old ring at index 4 and goes on at 5 in the new one. */
static void device_moves_to_the_new_ring(void)
{
	const uint8_t resize[64] = {[63] = MLX5_CQE_RESIZE_CQ << 4};

	fake_cqe(4, resize);
}

static void resizing_keeps_what_was_not_polled(void **state)
{
	struct ibv_wc wc;

	(void)state;
	for (uint16_t i = 0; i < 4; i++) {
		post_send(i, IBV_WR_SEND);
		fake_cqe_simple(i, MLX5_CQE_REQ, i, 0);
	}
	assert_int_equal(poll_one(&wc), 1);
	assert_int_equal(poll_one(&wc), 1);
	fake.on_resize = device_moves_to_the_new_ring;
	assert_int_equal(mlx5_resize_cq(bench.cq, 3), 0);
	assert_int_equal(bench.cq->cqe, 3);
	assert_int_equal(fake.resize_request.cqe_size, 64);
	post_send(4, IBV_WR_SEND);
	fake_cqe_simple(5, MLX5_CQE_REQ, 4, 0);
	for (uint64_t i = 2; i < 5; i++) {
		assert_int_equal(poll_one(&wc), 1);
		assert_int_equal(wc.wr_id, i);
	}
	assert_int_equal(poll_one(&wc), 0);
	expect_bytes(fake_cq_dbrec(), "00000006");
}

static void resizing_below_what_was_not_polled_is_refused(void **state)
{
	struct ibv_wc wc;

	(void)state;
	for (uint16_t i = 0; i < 4; i++) {
		post_send(i, IBV_WR_SEND);
		fake_cqe_simple(i, MLX5_CQE_REQ, i, 0);
	}
	assert_int_equal(mlx5_resize_cq(bench.cq, 3), EINVAL);
	assert_int_equal(mlx5_resize_cq(bench.cq, 1 << 24), EINVAL);
	assert_int_equal(mlx5_resize_cq(bench.cq, 0), EINVAL);
	assert_int_equal(bench.cq->cqe, 7);
	assert_int_equal(poll_one(&wc), 1);
}

static int open_extended(void **state)
{
	struct ibv_cq_init_attr_ex attr = {
		.cqe = 7,
		.wc_flags = (uint64_t)IBV_CREATE_CQ_SUP_WC_FLAGS &
			    ~(uint64_t)IBV_WC_EX_WITH_COMPLETION_TIMESTAMP_WALLCLOCK,
	};

	(void)state;
	fake_reset();
	bench_open();
	assert_int_equal(mlx5_destroy_cq(bench.cq), 0);
	bench.cq = ibv_cq_ex_to_cq(mlx5_create_cq_ex(bench.context, &attr));
	assert_non_null(bench.cq);
	bench_qp(IBV_QPT_RC, 0);
	return 0;
}

static void extended_polling_reads_the_current_cqe(void **state)
{
	struct ibv_cq_ex *cq = (struct ibv_cq_ex *)bench.cq;
	struct ibv_poll_cq_attr attr = {};
	uint8_t cqe[64];

	(void)state;
	assert_int_equal(ibv_start_poll(cq, &attr), ENOENT);
	memcpy(cqe, recv_cqe, sizeof(cqe));
	cqe[55] = 0x2a;
	post_recv(77);
	post_send(78, IBV_WR_RDMA_READ);
	fake_cqe(0, cqe);
	fake_cqe_simple(1, MLX5_CQE_REQ, 0, 99);

	assert_int_equal(ibv_start_poll(cq, &attr), 0);
	assert_int_equal(cq->wr_id, 77);
	assert_int_equal(cq->status, IBV_WC_SUCCESS);
	assert_int_equal(ibv_wc_read_opcode(cq), IBV_WC_RECV);
	assert_int_equal(ibv_wc_read_byte_len(cq), 0x00010203);
	assert_int_equal(ibv_wc_read_imm_data(cq), htobe32(0xcafe0009));
	assert_int_equal(ibv_wc_read_qp_num(cq), FAKE_QPN);
	assert_int_equal(ibv_wc_read_src_qp(cq), 0x654321);
	assert_int_equal(ibv_wc_read_wc_flags(cq), IBV_WC_GRH | IBV_WC_WITH_IMM);
	assert_int_equal(ibv_wc_read_slid(cq), 0x1234);
	assert_int_equal(ibv_wc_read_sl(cq), 13);
	assert_int_equal(ibv_wc_read_dlid_path_bits(cq), 5);
	assert_int_equal(ibv_wc_read_completion_ts(cq), 0x2a);
	assert_int_equal(ibv_next_poll(cq), 0);
	assert_int_equal(cq->wr_id, 78);
	assert_int_equal(ibv_wc_read_opcode(cq), IBV_WC_RDMA_READ);
	assert_int_equal(ibv_wc_read_byte_len(cq), 99);
	assert_int_equal(ibv_wc_read_wc_flags(cq), 0);
	assert_int_equal(ibv_next_poll(cq), ENOENT);
	expect_bytes(fake_cq_dbrec(), "00000000");
	ibv_end_poll(cq);
	expect_bytes(fake_cq_dbrec(), "00000002");
}

/* A packet with a VLAN tag that a flow rule has marked, and a message for a tag list. */
static void extended_polling_reads_what_packets_and_tags_add(void **state)
{
	struct ibv_cq_ex *cq = (struct ibv_cq_ex *)bench.cq;
	struct ibv_poll_cq_attr attr = {};
	struct ibv_wc_tm_info info;
	uint8_t cqe[64];

	(void)state;
	memcpy(cqe, recv_cqe, sizeof(cqe));
	memcpy(cqe + 30, "\xa0\x64", 2);
	memcpy(cqe + 56, "\x99\x12\x34\x56", 4);
	post_recv(1);
	post_recv(2);
	fake_cqe(0, cqe);
	memcpy(cqe, "\x03\0\0\0\x01\x02\x03\x04\x11\x12\x13\x14\x15\x16\x17\x18", 16);
	fake_cqe(1, cqe);
	assert_int_equal(ibv_start_poll(cq, &attr), 0);
	assert_int_equal(ibv_wc_read_cvlan(cq), 0xa064);
	assert_int_equal(ibv_wc_read_flow_tag(cq), 0x123456);
	assert_int_equal(ibv_next_poll(cq), 0);
	ibv_wc_read_tm_info(cq, &info);
	assert_true(info.tag == 0x1112131415161718);
	assert_int_equal(info.priv, 0x01020304);
	ibv_end_poll(cq);
}

static void extended_polling_tells_errors(void **state)
{
	const uint8_t cqe[64] = {
		[54] = 0x81, [55] = 0x05, [58] = 0xaa, [59] = 0xbb, [63] = 14 << 4};
	struct ibv_cq_ex *cq = (struct ibv_cq_ex *)bench.cq;
	struct ibv_poll_cq_attr attr = {.comp_mask = 1};

	(void)state;
	assert_int_equal(ibv_start_poll(cq, &attr), EINVAL);
	attr.comp_mask = 0;
	post_recv(5);
	fake_cqe(0, cqe);
	assert_int_equal(ibv_start_poll(cq, &attr), 0);
	assert_int_equal(cq->wr_id, 5);
	assert_int_equal(cq->status, IBV_WC_WR_FLUSH_ERR);
	assert_int_equal(ibv_wc_read_vendor_err(cq), 0x81);
	ibv_end_poll(cq);
	/* Not locked any more. */
	assert_int_equal(ibv_start_poll(cq, &attr), ENOENT);
}

static void unknown_completion_fields_are_refused(void **state)
{
	struct ibv_cq_init_attr_ex attr = {.cqe = 7, .wc_flags = 1 << 12};

	(void)state;
	assert_null(mlx5_create_cq_ex(bench.context, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
	attr.wc_flags = 0;
	attr.cqe = 0;
	assert_null(mlx5_create_cq_ex(bench.context, &attr));
	assert_int_equal(errno, EINVAL);
	attr.cqe = 1 << 24;
	assert_null(mlx5_create_cq_ex(bench.context, &attr));
	assert_int_equal(errno, EINVAL);
	attr.cqe = 1;
	fake.fail_create = ENOSPC;
	assert_null(mlx5_create_cq_ex(bench.context, &attr));
	assert_int_equal(errno, ENOSPC);
}

int main(void)
{
#define V1(name)  cmocka_unit_test_setup_teardown(name, open_v1, teardown)
#define V0(name)  cmocka_unit_test_setup_teardown(name, open_v0, teardown)
#define EXT(name) cmocka_unit_test_setup_teardown(name, open_extended, teardown)
	const struct CMUnitTest tests[] = {
		V1(a_receive_says_everything),
		V0(a_receive_says_everything),
		V1(receive_opcodes_map_to_the_verbs),
		V1(send_opcodes_come_from_the_request),
		V0(send_opcodes_come_from_the_request),
		V1(an_empty_queue_gives_nothing_lap_after_lap),
		V1(several_are_taken_at_once_up_to_the_number_asked_for),
		V1(syndromes_become_statuses),
		V0(syndromes_become_statuses),
		V1(a_flushed_receive_frees_its_entry),
		V1(a_cqe_of_no_queue_is_an_error_and_is_consumed),
		V0(a_cqe_of_no_queue_is_an_error_and_is_consumed),
		V1(arming_writes_record_and_register),
		V1(a_destroyed_queue_leaves_the_completions_of_others),
		V1(resizing_keeps_what_was_not_polled),
		V1(resizing_below_what_was_not_polled_is_refused),
		V1(unknown_completion_fields_are_refused),
		EXT(extended_polling_reads_the_current_cqe),
		EXT(extended_polling_reads_what_packets_and_tags_add),
		EXT(extended_polling_tells_errors),
		cmocka_unit_test_setup_teardown(a_cqe_of_128_bytes_means_its_second_half, open_128,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
