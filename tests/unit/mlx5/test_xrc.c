/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Extended reliable connections: the halves of a queue pair, and SRQs that complete by themselves.
 */

#include <errno.h>

#include "bench.h"

#include "providers/mlx5/xrc.h"

static struct ibv_xrcd *xrcd;

static int open_version(uint8_t cqe_version)
{
	struct ibv_xrcd_init_attr domain = {.fd = -1};
	struct ibv_srq_init_attr_ex attr = {
		.attr = {.max_wr = 3, .max_sge = 1},
		.comp_mask = IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_PD |
			     IBV_SRQ_INIT_ATTR_XRCD | IBV_SRQ_INIT_ATTR_CQ,
		.srq_type = IBV_SRQT_XRC,
	};

	fake_reset();
	fake.ucontext.cqe_version = cqe_version;
	bench_open();
	xrcd = mlx5_open_xrcd(bench.context, &domain);
	assert_non_null(xrcd);
	attr.pd = bench.pd;
	attr.xrcd = xrcd;
	attr.cq = bench.cq;
	bench.srq = mlx5_create_srq_ex(bench.context, &attr);
	assert_non_null(bench.srq);
	assert_int_equal(attr.attr.max_wr, 3);
	return 0;
}

static int open_indexed(void **state)
{
	(void)state;
	return open_version(1);
}

static int open_numbered(void **state)
{
	(void)state;
	return open_version(0);
}

static int teardown(void **state)
{
	(void)state;
	if (bench.srq)
		assert_int_equal(mlx5_destroy_srq(bench.srq), 0);
	bench.srq = NULL;
	assert_int_equal(mlx5_close_xrcd(xrcd), 0);
	bench_close();
	return 0;
}

static void post_srq(uint64_t wr_id)
{
	struct ibv_recv_wr wr = {.wr_id = wr_id}, *bad;

	assert_int_equal(mlx5_post_srq_recv(bench.srq, &wr, &bad), 0);
}

/* A receive of the SRQ that 0x123 numbers and 0 indexes, by a queue pair unknown here. */
static void deliver(uint32_t slot, uint8_t entry, bool numbered)
{
	uint8_t cqe[64] = {[47] = 4,	[57] = 0x12,  [58] = 0x34,
			   [59] = 0x56, [61] = entry, [63] = MLX5_CQE_RESP_SEND << 4};

	if (numbered) {
		cqe[34] = 0x01;
		cqe[35] = 0x23;
	}
	fake_cqe(slot, cqe);
}

static void expect_delivery(bool numbered)
{
	struct ibv_wc wc;

	post_srq(20);
	post_srq(21);
	deliver(0, 1, numbered);
	assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 1);
	assert_int_equal(wc.status, IBV_WC_SUCCESS);
	assert_int_equal(wc.wr_id, 21);
	assert_int_equal(wc.qp_num, 0x123456);
	assert_int_equal(wc.byte_len, 4);
}

static void the_index_of_the_srq_leads_to_it(void **state)
{
	(void)state;
	assert_int_equal(fake.srq_request.uidx, 0);
	expect_delivery(false);
}

static void the_number_of_the_srq_leads_to_it(void **state)
{
	(void)state;
	assert_int_equal(fake.srq_request.uidx, 0xffffff);
	expect_delivery(true);
}

/* Of two completions the one of the SRQ that ends is taken out. */
static void expect_cleaning(bool numbered)
{
	struct ibv_wc wc;

	bench_qp(IBV_QPT_RC, 0);
	post_srq(1);
	deliver(0, 0, numbered);
	assert_int_equal(mlx5_destroy_srq(bench.srq), 0);
	bench.srq = NULL;
	assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 0);
}

static void completions_of_an_indexed_srq_go_with_it(void **state)
{
	(void)state;
	expect_cleaning(false);
}

static void completions_of_a_numbered_srq_go_with_it(void **state)
{
	(void)state;
	expect_cleaning(true);
}

static void a_target_has_no_rings(void **state)
{
	struct ibv_qp_init_attr_ex attr = {.qp_type = IBV_QPT_XRC_RECV,
					   .comp_mask = IBV_QP_INIT_ATTR_XRCD,
					   .cap = {.max_recv_wr = 5, .max_send_wr = 5},
					   .xrcd = xrcd};
	struct ibv_send_wr send = {.opcode = IBV_WR_SEND}, *bad_send = NULL;
	struct ibv_recv_wr recv = {.wr_id = 1}, *bad_recv = NULL;
	struct ibv_qp_attr reset = {.qp_state = IBV_QPS_RESET};
	struct ibv_qp *qp;

	(void)state;
	qp = mlx5_create_qp_ex(bench.context, &attr);
	assert_non_null(qp);
	assert_int_equal(attr.cap.max_recv_wr, 0);
	assert_int_equal(attr.cap.max_send_wr, 0);
	assert_int_equal(fake.qp_request.buf_addr, 0);
	assert_int_equal(fake.qp_request.uidx, 0xffffff);
	assert_int_equal(mlx5_post_send(qp, &send, &bad_send), EINVAL);
	assert_ptr_equal(bad_send, &send);
	assert_int_not_equal(mlx5_post_recv(qp, &recv, &bad_recv), 0);
	assert_ptr_equal(bad_recv, &recv);
	assert_int_equal(mlx5_modify_qp(qp, &reset, IBV_QP_STATE), 0);
	assert_int_equal(mlx5_destroy_qp(qp), 0);
}

static void an_opened_target_is_one(void **state)
{
	struct ibv_qp_open_attr attr = {.qp_num = 0x77, .qp_type = IBV_QPT_XRC_RECV, .xrcd = xrcd};
	struct ibv_qp *qp = mlx5_open_qp(bench.context, &attr);

	(void)state;
	assert_non_null(qp);
	assert_int_equal(qp->qp_num, 0x77);
	assert_int_equal(mlx5_destroy_qp(qp), 0);
	fake.fail_create = EINVAL;
	assert_null(mlx5_open_qp(bench.context, &attr));
	assert_int_equal(errno, EINVAL);
}

static void a_sender_needs_no_cq_for_receives(void **state)
{
	struct ibv_qp_init_attr_ex attr = {.qp_type = IBV_QPT_XRC_SEND,
					   .send_cq = bench.cq,
					   .comp_mask = IBV_QP_INIT_ATTR_PD,
					   .cap = {.max_send_wr = 4, .max_recv_wr = 4},
					   .pd = bench.pd};
	struct ibv_qp_attr reset = {.qp_state = IBV_QPS_RESET};
	struct ibv_qp *qp = mlx5_create_qp_ex(bench.context, &attr);

	(void)state;
	assert_non_null(qp);
	assert_int_equal(attr.cap.max_recv_wr, 0);
	assert_int_equal(fake.qp_request.rq_wqe_count, 0);
	assert_int_equal(mlx5_modify_qp(qp, &reset, IBV_QP_STATE), 0);
	assert_int_equal(mlx5_destroy_qp(qp), 0);
	attr.send_cq = NULL;
	assert_null(mlx5_create_qp_ex(bench.context, &attr));
	assert_int_equal(errno, EINVAL);
}

static void a_domain_that_cannot_be_is_told(void **state)
{
	struct ibv_xrcd_init_attr attr = {.fd = -1};

	(void)state;
	fake.fail_create = ENOMEM;
	assert_null(mlx5_open_xrcd(bench.context, &attr));
	assert_int_equal(errno, ENOMEM);
}

int main(void)
{
#define INDEXED(name)  cmocka_unit_test_setup_teardown(name, open_indexed, teardown)
#define NUMBERED(name) cmocka_unit_test_setup_teardown(name, open_numbered, teardown)
	const struct CMUnitTest tests[] = {
		INDEXED(the_index_of_the_srq_leads_to_it),
		NUMBERED(the_number_of_the_srq_leads_to_it),
		INDEXED(completions_of_an_indexed_srq_go_with_it),
		NUMBERED(completions_of_a_numbered_srq_go_with_it),
		INDEXED(a_target_has_no_rings),
		INDEXED(an_opened_target_is_one),
		INDEXED(a_sender_needs_no_cq_for_receives),
		INDEXED(a_domain_that_cannot_be_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
