/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Completions: meaning, ownership, errors, arming, extended polling. */

#include <errno.h>

#include "bench.h"

static int open_qp(void **state)
{
	(void)state;
	fake_reset();
	bench_open();
	bench_qp(0, 0);
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

static void an_empty_queue_has_nothing(void **state)
{
	struct ibv_wc wc;

	(void)state;
	assert_int_equal(poll_one(&wc), 0);
}

static void each_field_is_told(void **state)
{
	struct ibv_wc wc;

	(void)state;
	fake_complete(0, 0x1122334455667788, 1, SIW_OP_RECEIVE, 0, 4096, 0);
	assert_int_equal(poll_one(&wc), 1);
	assert_true(wc.wr_id == 0x1122334455667788);
	assert_int_equal(wc.status, IBV_WC_SUCCESS);
	assert_int_equal(wc.opcode, IBV_WC_RECV);
	assert_int_equal(wc.byte_len, 4096);
	assert_int_equal(wc.qp_num, FAKE_QPN);
	assert_int_equal(wc.wc_flags, 0);
	assert_int_equal(wc.vendor_err, 0);
	expect_bytes(fake_cqe(0) + 8, "00"); /* the kernel's again */
	assert_int_equal(poll_one(&wc), 0);
}

static void opcodes_and_statuses_have_their_names(void **state)
{
	static const struct {
		uint8_t opcode;
		enum ibv_wc_opcode wc_opcode;
	} opcodes[] = {
		{0, IBV_WC_RDMA_WRITE}, {1, IBV_WC_RDMA_READ}, {2, IBV_WC_RDMA_READ},
		{3, IBV_WC_SEND},	{5, IBV_WC_SEND},      {8, IBV_WC_RECV},
	};
	static const enum ibv_wc_status statuses[] = {
		IBV_WC_SUCCESS,	       IBV_WC_LOC_LEN_ERR,    IBV_WC_LOC_PROT_ERR,
		IBV_WC_LOC_QP_OP_ERR,  IBV_WC_WR_FLUSH_ERR,   IBV_WC_BAD_RESP_ERR,
		IBV_WC_LOC_ACCESS_ERR, IBV_WC_REM_ACCESS_ERR, IBV_WC_REM_INV_REQ_ERR,
		IBV_WC_GENERAL_ERR,    IBV_WC_GENERAL_ERR, /* one beyond the list */
	};
	uint32_t index = 0;
	struct ibv_wc wc;

	(void)state;
	for (size_t i = 0; i < sizeof(opcodes) / sizeof(opcodes[0]); i++) {
		fake_complete(index++ % 4, i, 1, opcodes[i].opcode, 0, 0, 0);
		assert_int_equal(poll_one(&wc), 1);
		assert_int_equal(wc.opcode, opcodes[i].wc_opcode);
	}
	for (uint16_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		fake_complete(index++ % 4, i, 1, SIW_OP_SEND, i, 0, 0);
		assert_int_equal(poll_one(&wc), 1);
		assert_int_equal(wc.status, statuses[i]);
	}
}

static void an_invalidated_stag_is_told(void **state)
{
	struct ibv_wc wc;

	(void)state;
	fake_complete(0, 1, 1 | 1 << 5, SIW_OP_RECEIVE, 0, 0, 0xa1b2c3d4);
	assert_int_equal(poll_one(&wc), 1);
	assert_int_equal(wc.wc_flags, IBV_WC_WITH_INV);
	assert_int_equal(wc.invalidated_rkey, 0xa1b2c3d4);
}

static void several_are_taken_in_their_order(void **state)
{
	struct ibv_wc wc[5];

	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		fake_complete(i, i, 1, SIW_OP_SEND, 0, 0, 0);
	assert_int_equal(ibv_poll_cq(bench.cq, 3, wc), 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(wc[i].wr_id, i);
	fake_complete(0, 4, 1, SIW_OP_SEND, 0, 0, 0);
	assert_int_equal(ibv_poll_cq(bench.cq, 5, wc), 2);
	assert_int_equal(wc[0].wr_id, 3);
	assert_int_equal(wc[1].wr_id, 4);
}

static void what_makes_no_sense_is_an_error(void **state)
{
	struct ibv_wc wc[2];

	(void)state;
	fake_complete(0, 1, 1, SIW_OP_SEND, 0, 0, 0);
	fake_complete(1, 2, 1, 77, 0, 0, 0);
	fake_complete(2, 3, 1, 77, 0, 0, 0);
	fake_complete(3, 4, 1, SIW_OP_SEND, 0, 0, 0);
	assert_int_equal(ibv_poll_cq(bench.cq, 2, wc), 1);
	assert_int_equal(ibv_poll_cq(bench.cq, 2, wc), -1);
	assert_int_equal(ibv_poll_cq(bench.cq, 2, wc), 1);
	assert_int_equal(wc[0].wr_id, 4);
}

static void a_destroyed_queue_pair_leaves_no_completions(void **state)
{
	struct ibv_wc wc;

	(void)state;
	fake_complete(0, 1, 1, SIW_OP_SEND, 0, 0, 0);
	fake_complete(1, 2, 1, SIW_OP_SEND, 0, 0, 0);
	fake_complete(2, 3, 1, SIW_OP_SEND, 0, 0, 0);
	fake_cqe(1)[24] ^= 1; /* of another queue pair */
	assert_int_equal(siw_destroy_qp(bench.qp), 0);
	bench.qp = NULL;
	assert_int_equal(poll_one(&wc), 1);
	assert_int_equal(wc.wr_id, 2);
	assert_int_equal(poll_one(&wc), 0);
	for (uint32_t i = 0; i < 3; i++)
		expect_bytes(fake_cqe(i) + 8, "00");
}

static void arming_is_for_every_completion(void **state)
{
	(void)state;
	assert_int_equal(fake_cq_control(), 0);
	assert_int_equal(ibv_req_notify_cq(bench.cq, 0), 0);
	assert_int_equal(fake_cq_control(), 3);
	memset(fake_cqe(fake.num_cqe), 0, 4);
	assert_int_equal(ibv_req_notify_cq(bench.cq, 1), 0);
	assert_int_equal(fake_cq_control(), 3);
}

static void extended_polling_reads_the_current_one(void **state)
{
	struct ibv_cq_init_attr_ex attr = {.cqe = 3, .wc_flags = IBV_WC_STANDARD_FLAGS};
	struct ibv_poll_cq_attr none = {};
	struct ibv_cq_ex *cq;

	(void)state;
	cq = siw_create_cq_ex(bench.context, &attr);
	assert_non_null(cq);
	assert_int_equal(ibv_start_poll(cq, &none), ENOENT);
	fake_complete(0, 1, 1, SIW_OP_RECEIVE, 0, 64, 0);
	fake_complete(1, 2, 1 | 1 << 5, SIW_OP_RECEIVE, 4, 0, 5);
	assert_int_equal(ibv_start_poll(cq, &none), 0);
	assert_int_equal(cq->wr_id, 1);
	assert_int_equal(cq->status, IBV_WC_SUCCESS);
	assert_int_equal(ibv_wc_read_opcode(cq), IBV_WC_RECV);
	assert_int_equal(ibv_wc_read_byte_len(cq), 64);
	assert_int_equal(ibv_wc_read_qp_num(cq), FAKE_QPN);
	assert_int_equal(ibv_wc_read_wc_flags(cq), 0);
	assert_int_equal(ibv_next_poll(cq), 0);
	assert_int_equal(cq->wr_id, 2);
	assert_int_equal(cq->status, IBV_WC_WR_FLUSH_ERR);
	assert_int_equal(ibv_wc_read_wc_flags(cq), IBV_WC_WITH_INV);
	assert_int_equal(ibv_wc_read_invalidated_rkey(cq), 5);
	assert_int_equal(ibv_next_poll(cq), ENOENT);
	ibv_end_poll(cq);
	assert_int_equal(siw_destroy_cq(ibv_cq_ex_to_cq(cq)), 0);
}

static void extended_queues_of_other_kinds_are_refused(void **state)
{
	struct ibv_cq_init_attr_ex stamps = {.cqe = 3,
					     .wc_flags = IBV_WC_EX_WITH_COMPLETION_TIMESTAMP};
	struct ibv_cq_init_attr_ex overrun = {.cqe = 3,
					      .comp_mask = IBV_CQ_INIT_ATTR_MASK_FLAGS,
					      .flags = IBV_CREATE_CQ_ATTR_IGNORE_OVERRUN};

	(void)state;
	assert_null(siw_create_cq_ex(bench.context, &stamps));
	assert_int_equal(errno, EOPNOTSUPP);
	assert_null(siw_create_cq_ex(bench.context, &overrun));
	assert_int_equal(errno, EOPNOTSUPP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_empty_queue_has_nothing, open_qp, teardown),
		cmocka_unit_test_setup_teardown(each_field_is_told, open_qp, teardown),
		cmocka_unit_test_setup_teardown(opcodes_and_statuses_have_their_names, open_qp,
						teardown),
		cmocka_unit_test_setup_teardown(an_invalidated_stag_is_told, open_qp, teardown),
		cmocka_unit_test_setup_teardown(several_are_taken_in_their_order, open_qp,
						teardown),
		cmocka_unit_test_setup_teardown(what_makes_no_sense_is_an_error, open_qp, teardown),
		cmocka_unit_test_setup_teardown(a_destroyed_queue_pair_leaves_no_completions,
						open_qp, teardown),
		cmocka_unit_test_setup_teardown(arming_is_for_every_completion, open_qp, teardown),
		cmocka_unit_test_setup_teardown(extended_polling_reads_the_current_one, open_qp,
						teardown),
		cmocka_unit_test_setup_teardown(extended_queues_of_other_kinds_are_refused, open_qp,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
