/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Completions: from the bytes the kernel writes to both ways of polling. */

#include <errno.h>

#include "bench.h"

/* ib_user_verbs.h, struct ib_uverbs_wc: every field with a value of its own. */
static const uint8_t full[48] = {
	8,    7,    6,	  5,	4, 3, 2, 1, /* wr_id */
	0,    0,    0,	  0,		    /* status: success */
	0x81, 0,    0,	  0,		    /* opcode: receive of a write with immediate */
	0x11, 0x22, 0x33, 0x44,		    /* vendor_err */
	0x10, 0x20, 0x30, 0x40,		    /* byte_len */
	0xc0, 0xff, 0xee, 0x01,		    /* imm_data */
	0x11, 0,    0,	  0,		    /* qp_num */
	0x12, 0,    0,	  0,		    /* src_qp */
	3,    0,    0,	  0,		    /* wc_flags: GRH, immediate */
	0x34, 0x12,			    /* pkey_index */
	0x78, 0x56,			    /* slid */
	5,    6,    1,	  0,		    /* sl, dlid_path_bits, port_num */
};

static void complete_simple(uint32_t index, uint8_t wr_id, uint8_t status)
{
	const uint8_t bytes[48] = {[0] = wr_id, [8] = status, [12] = 0x80, [28] = 0x11};

	fake_complete(FAKE_CQ, index, bytes);
}

static int open_bench(void **state)
{
	(void)state;
	fake_reset();
	bench_open();
	return 0;
}

static int open_extended(void **state)
{
	struct ibv_cq_init_attr_ex attr = {.cqe = 3, .wc_flags = IBV_WC_STANDARD_FLAGS};

	open_bench(state);
	assert_int_equal(rxe_destroy_cq(bench.cq), 0);
	bench.cq = (struct ibv_cq *)rxe_create_cq_ex(bench.context, &attr);
	assert_non_null(bench.cq);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	bench_close();
	return 0;
}

static void every_field_arrives(void **state)
{
	struct ibv_wc wc;

	(void)state;
	assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 0);
	fake_complete(FAKE_CQ, 0, full);
	assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 1);
	assert_int_equal(wc.wr_id, 0x0102030405060708);
	assert_int_equal(wc.status, IBV_WC_SUCCESS);
	assert_int_equal(wc.opcode, IBV_WC_RECV_RDMA_WITH_IMM);
	assert_int_equal(wc.vendor_err, 0x44332211);
	assert_int_equal(wc.byte_len, 0x40302010);
	assert_int_equal(be32toh(wc.imm_data), 0xc0ffee01);
	assert_int_equal(wc.qp_num, 0x11);
	assert_int_equal(wc.src_qp, 0x12);
	assert_int_equal(wc.wc_flags, IBV_WC_GRH | IBV_WC_WITH_IMM);
	assert_int_equal(wc.pkey_index, 0x1234);
	assert_int_equal(wc.slid, 0x5678);
	assert_int_equal(wc.sl, 5);
	assert_int_equal(wc.dlid_path_bits, 6);
	assert_int_equal(fake_consumer(FAKE_CQ), 1);
	assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 0);
}

static void polling_takes_what_there_is_and_wraps(void **state)
{
	struct ibv_wc wc[4];

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		complete_simple(i, (uint8_t)i, IBV_WC_WR_FLUSH_ERR);
	assert_int_equal(ibv_poll_cq(bench.cq, 2, wc), 2);
	assert_int_equal(fake_consumer(FAKE_CQ), 2);
	complete_simple(3, 3, IBV_WC_SUCCESS);
	complete_simple(0, 4, IBV_WC_REM_ACCESS_ERR);
	assert_int_equal(ibv_poll_cq(bench.cq, 4, wc), 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(wc[i].wr_id, 2 + i);
	assert_int_equal(wc[0].status, IBV_WC_WR_FLUSH_ERR);
	assert_int_equal(wc[2].status, IBV_WC_REM_ACCESS_ERR);
	assert_int_equal(fake_consumer(FAKE_CQ), 1);
}

static void an_invalidation_is_told_whatever_bit_tells_it(void **state)
{
	uint8_t bytes[48] = {[24] = 0x44, 0x33, 0x22, 0x11, [36] = 4};
	struct ibv_wc wc;

	(void)state;
	fake_complete(FAKE_CQ, 0, bytes);
	assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 1);
	assert_int_equal(wc.wc_flags, IBV_WC_WITH_INV);
	assert_int_equal(wc.invalidated_rkey, 0x11223344);
	bytes[36] = 8;
	fake_complete(FAKE_CQ, 1, bytes);
	assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 1);
	assert_int_equal(wc.wc_flags, IBV_WC_WITH_INV);
}

static void the_iterator_reads_every_field(void **state)
{
	struct ibv_cq_ex *cq = (struct ibv_cq_ex *)bench.cq;
	struct ibv_poll_cq_attr attr = {};

	(void)state;
	assert_int_equal(ibv_start_poll(cq, &attr), ENOENT);
	fake_complete(FAKE_CQ, 0, full);
	complete_simple(1, 9, IBV_WC_RNR_RETRY_EXC_ERR);
	assert_int_equal(ibv_start_poll(cq, &attr), 0);
	assert_int_equal(cq->wr_id, 0x0102030405060708);
	assert_int_equal(cq->status, IBV_WC_SUCCESS);
	assert_int_equal(ibv_wc_read_opcode(cq), IBV_WC_RECV_RDMA_WITH_IMM);
	assert_int_equal(ibv_wc_read_vendor_err(cq), 0x44332211);
	assert_int_equal(ibv_wc_read_byte_len(cq), 0x40302010);
	assert_int_equal(be32toh(ibv_wc_read_imm_data(cq)), 0xc0ffee01);
	assert_int_equal(ibv_wc_read_qp_num(cq), 0x11);
	assert_int_equal(ibv_wc_read_src_qp(cq), 0x12);
	assert_int_equal(ibv_wc_read_wc_flags(cq), IBV_WC_GRH | IBV_WC_WITH_IMM);
	assert_int_equal(ibv_wc_read_slid(cq), 0x5678);
	assert_int_equal(ibv_wc_read_sl(cq), 5);
	assert_int_equal(ibv_wc_read_dlid_path_bits(cq), 6);
	/* It must not be written over while it is being read. */
	assert_int_equal(fake_consumer(FAKE_CQ), 0);
	assert_int_equal(ibv_next_poll(cq), 0);
	assert_int_equal(fake_consumer(FAKE_CQ), 1);
	assert_int_equal(cq->wr_id, 9);
	assert_int_equal(cq->status, IBV_WC_RNR_RETRY_EXC_ERR);
	assert_int_equal(ibv_next_poll(cq), ENOENT);
	ibv_end_poll(cq);
	assert_int_equal(fake_consumer(FAKE_CQ), 2);
}

static void ending_early_keeps_what_was_not_looked_at(void **state)
{
	struct ibv_cq_ex *cq = (struct ibv_cq_ex *)bench.cq;
	struct ibv_poll_cq_attr attr = {};
	struct ibv_wc wc;

	(void)state;
	complete_simple(0, 1, IBV_WC_SUCCESS);
	complete_simple(1, 2, IBV_WC_SUCCESS);
	assert_int_equal(ibv_start_poll(cq, &attr), 0);
	ibv_end_poll(cq);
	assert_int_equal(fake_consumer(FAKE_CQ), 1);
	assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 1);
	assert_int_equal(wc.wr_id, 2);
	attr.comp_mask = 1;
	assert_int_equal(ibv_start_poll(cq, &attr), EINVAL);
}

static void readers_the_device_has_no_answer_for_are_refused(void **state)
{
	struct ibv_cq_init_attr_ex attr = {.cqe = 3,
					   .wc_flags = IBV_WC_EX_WITH_COMPLETION_TIMESTAMP};

	(void)state;
	assert_null(rxe_create_cq_ex(bench.context, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
	attr.wc_flags = IBV_WC_EX_WITH_CVLAN;
	assert_null(rxe_create_cq_ex(bench.context, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
	attr.wc_flags = 0;
	attr.comp_mask = IBV_CQ_INIT_ATTR_MASK_FLAGS;
	attr.flags = IBV_CREATE_CQ_ATTR_IGNORE_OVERRUN;
	assert_null(rxe_create_cq_ex(bench.context, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
	attr.flags = 0;
	attr.comp_mask = IBV_CQ_INIT_ATTR_MASK_PD;
	assert_null(rxe_create_cq_ex(bench.context, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
}

static void a_resized_queue_goes_on_where_the_kernel_says(void **state)
{
	const uint8_t moved[48] = {[0] = 7};
	struct ibv_wc wc;

	(void)state;
	complete_simple(0, 7, IBV_WC_SUCCESS);
	fake.rings[FAKE_RESIZED].index_mask = 15;
	assert_int_equal(rxe_resize_cq(bench.cq, 15), 0);
	assert_int_equal(bench.cq->cqe, 15);
	fake_complete(FAKE_RESIZED, 0, moved);
	assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 1);
	assert_int_equal(wc.wr_id, 7);
	assert_int_equal(fake_consumer(FAKE_RESIZED), 1);
	assert_int_equal(fake_consumer(FAKE_CQ), 0);
}

static void a_refused_resize_leaves_the_queue(void **state)
{
	struct ibv_wc wc;

	(void)state;
	complete_simple(0, 7, IBV_WC_SUCCESS);
	fake.fail = EINVAL;
	assert_int_equal(rxe_resize_cq(bench.cq, 1), EINVAL);
	assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 1);
	assert_int_equal(wc.wr_id, 7);
	fake.rings[FAKE_RESIZED].log2_elem_size = 5;
	assert_int_equal(rxe_resize_cq(bench.cq, 1), EPROTO);
}

static void events_are_asked_for_by_command(void **state)
{
	(void)state;
	assert_int_equal(ibv_req_notify_cq(bench.cq, 1), 0);
	assert_int_equal(fake.armed, 1);
	assert_int_equal(ibv_req_notify_cq(bench.cq, 0), 0);
	assert_int_equal(fake.armed, 0);
}

#define PLAIN_TEST(name)    cmocka_unit_test_setup_teardown(name, open_bench, teardown)
#define EXTENDED_TEST(name) cmocka_unit_test_setup_teardown(name, open_extended, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLAIN_TEST(every_field_arrives),
		PLAIN_TEST(polling_takes_what_there_is_and_wraps),
		PLAIN_TEST(an_invalidation_is_told_whatever_bit_tells_it),
		EXTENDED_TEST(the_iterator_reads_every_field),
		EXTENDED_TEST(ending_early_keeps_what_was_not_looked_at),
		PLAIN_TEST(readers_the_device_has_no_answer_for_are_refused),
		PLAIN_TEST(a_resized_queue_goes_on_where_the_kernel_says),
		PLAIN_TEST(a_refused_resize_leaves_the_queue),
		PLAIN_TEST(events_are_asked_for_by_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
