/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Raw packet QPs: when receives become visible, and what receive CQEs of frames say. */
#include "frame.h"

static void post_receive(uint64_t wr_id)
{
	struct ibv_sge sge = frame_piece(0, sizeof(frame_bytes));
	struct ibv_recv_wr wr = {.wr_id = wr_id, .sg_list = &sge, .num_sge = 1};
	struct ibv_recv_wr *bad_wr;

	assert_int_equal(ibv_post_recv(bench.qp, &wr, &bad_wr), 0);
}

static void receives_are_shown_from_rtr_on(void **state)
{
	(void)state;
	assert_int_equal(frame_create(0, 0), 0);
	bench_qp_to(IBV_QPS_INIT);
	post_receive(1);
	expect_bytes(&fake_qp_dbrec()[0], "00000000");
	bench_qp_to(IBV_QPS_RTR);
	expect_bytes(&fake_qp_dbrec()[0], "00000001");
	post_receive(2);
	expect_bytes(&fake_qp_dbrec()[0], "00000002");
	bench_qp_to(IBV_QPS_RESET);
	expect_bytes(&fake_qp_dbrec()[0], "00000000");
	bench_qp_to(IBV_QPS_INIT);
	post_receive(3);
	expect_bytes(&fake_qp_dbrec()[0], "00000000");
	bench_qp_to(IBV_QPS_ERR);
	expect_bytes(&fake_qp_dbrec()[0], "00000001");
}

/* L3 and L4 good, IPv4; VLAN 0x0123 taken out; flow tag 0x445566 in the place of the QPN. */
static void write_frame_cqe(uint32_t index, uint32_t uidx, uint8_t checks, uint8_t kind)
{
	uint8_t cqe[64] = {
		[28] = checks,
		[29] = kind,
		[30] = 0x01,
		[31] = 0x23,
		[33] = (uint8_t)(uidx >> 16),
		[34] = (uint8_t)(uidx >> 8),
		[35] = (uint8_t)uidx,
		[47] = 60,
		[57] = 0x44,
		[58] = 0x55,
		[59] = 0x66,
		[63] = MLX5_CQE_RESP_SEND << 4,
	};

	fake_cqe(index, cqe);
}

static void a_frame_says_what_its_checksums_were(void **state)
{
	static const struct {
		uint8_t checks, kind;
		unsigned int flags;
	} cases[] = {
		{0x07, 0x09, IBV_WC_IP_CSUM_OK},
		{0x06, 0x08, IBV_WC_IP_CSUM_OK},
		{0x02, 0x08, 0},
		{0x04, 0x08, 0},
		{0x06, 0x04, 0},
		{0x06, 0x00, 0},
	};

	(void)state;
	for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ibv_wc wc;

		memset(&wc, 0xee, sizeof(wc));
		post_receive(100 + i);
		write_frame_cqe(i, fake.qp_request.uidx, cases[i].checks, cases[i].kind);
		assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 1);
		assert_int_equal(wc.wr_id, 100 + i);
		assert_int_equal(wc.status, IBV_WC_SUCCESS);
		assert_int_equal(wc.opcode, IBV_WC_RECV);
		assert_int_equal(wc.byte_len, 60);
		assert_int_equal(wc.qp_num, FAKE_QPN);
		assert_int_equal(wc.wc_flags, cases[i].flags);
	}
}

static void the_extended_queue_reads_tag_and_vlan(void **state)
{
	struct ibv_cq_init_attr_ex attr = {.cqe = 7,
					   .wc_flags =
						   IBV_WC_EX_WITH_FLOW_TAG | IBV_WC_EX_WITH_CVLAN |
						   IBV_WC_EX_WITH_QP_NUM | IBV_WC_EX_WITH_BYTE_LEN};
	uint8_t failed[64] = {[28] = 0x06, [55] = 0x05, [63] = MLX5_CQE_RESP_ERR << 4};
	struct ibv_poll_cq_attr poll = {};
	struct ibv_cq *plain = bench.cq;
	struct ibv_cq_ex *cq;

	(void)state;
	cq = mlx5_create_cq_ex(bench.context, &attr);
	assert_non_null(cq);
	bench.cq = ibv_cq_ex_to_cq(cq);
	assert_int_equal(frame_create(0, 0), 0);
	bench_qp_to(IBV_QPS_RTS);
	post_receive(5);
	write_frame_cqe(0, fake.qp_request.uidx, 0x06, 0x09);
	assert_int_equal(ibv_start_poll(cq, &poll), 0);
	assert_int_equal(cq->wr_id, 5);
	assert_int_equal(cq->status, IBV_WC_SUCCESS);
	assert_int_equal(ibv_wc_read_opcode(cq), IBV_WC_RECV);
	assert_int_equal(ibv_wc_read_byte_len(cq), 60);
	assert_int_equal(ibv_wc_read_qp_num(cq), FAKE_QPN);
	assert_int_equal(ibv_wc_read_flow_tag(cq), 0x445566);
	assert_int_equal(ibv_wc_read_cvlan(cq), 0x0123);
	assert_int_equal(ibv_wc_read_wc_flags(cq), IBV_WC_IP_CSUM_OK);
	ibv_end_poll(cq);
	/* A receive that failed has none. */
	post_receive(6);
	failed[35] = (uint8_t)fake.qp_request.uidx;
	fake_cqe(1, failed);
	assert_int_equal(ibv_start_poll(cq, &poll), 0);
	assert_int_equal(cq->wr_id, 6);
	assert_int_equal(ibv_wc_read_wc_flags(cq), 0);
	ibv_end_poll(cq);
	assert_int_equal(mlx5_destroy_cq(plain), 0);
}

static void a_flushed_receive_names_its_queue(void **state)
{
	struct ibv_wc wc;
	uint8_t cqe[64] = {[54] = 0xf9, [55] = 0x05, [63] = MLX5_CQE_RESP_ERR << 4};

	(void)state;
	post_receive(9);
	cqe[33] = (uint8_t)(fake.qp_request.uidx >> 16);
	cqe[34] = (uint8_t)(fake.qp_request.uidx >> 8);
	cqe[35] = (uint8_t)fake.qp_request.uidx;
	fake_cqe(0, cqe);
	assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 1);
	assert_int_equal(wc.wr_id, 9);
	assert_int_equal(wc.status, IBV_WC_WR_FLUSH_ERR);
	assert_int_equal(wc.qp_num, FAKE_QPN);
}

/* A flow tag may be another queue's number: only the user index says whose a CQE is. */
static void the_cqes_of_a_dead_queue_go_and_no_others(void **state)
{
	struct ibv_qp *raw = bench.qp;
	uint32_t uidx = fake.qp_request.uidx;
	struct ibv_wc wc;

	(void)state;
	post_receive(1);
	write_frame_cqe(0, uidx, 0, 0);
	bench_qp(IBV_QPT_RC, 0);
	to_mlx5_qp(bench.qp)->verbs.qp.qp_num = 0x445566;
	assert_int_equal(mlx5_destroy_qp(bench.qp), 0);
	bench.qp = raw;
	assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 1);
	assert_int_equal(wc.wr_id, 1);
	post_receive(2);
	write_frame_cqe(1, uidx, 0, 0);
	assert_int_equal(mlx5_destroy_qp(bench.qp), 0);
	bench.qp = NULL;
	assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 0);
}

#define TEST(open, name) cmocka_unit_test_setup_teardown(name, open, frame_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(frame_open_none, receives_are_shown_from_rtr_on),
		TEST(frame_open_free, a_frame_says_what_its_checksums_were),
		TEST(frame_open_none, the_extended_queue_reads_tag_and_vlan),
		TEST(frame_open_free, a_flushed_receive_names_its_queue),
		TEST(frame_open_free, the_cqes_of_a_dead_queue_go_and_no_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
