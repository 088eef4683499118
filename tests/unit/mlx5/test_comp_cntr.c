/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Completion counters: how many there may be, who holds them, and requests around the ring's end.
 */

#include <errno.h>

#include "bench.h"
#include "providers/mlx5/comp_cntr.h"

static const struct ibv_qp_attach_comp_cntr_attr sends = {
	.op_mask = IBV_QP_ATTACH_COMP_CNTR_OP_SEND,
};

static int open_bench(void **state)
{
	(void)state;
	fake_reset();
	bench_open();
	return 0;
}

static int close_bench(void **state)
{
	(void)state;
	bench_close();
	return 0;
}

static struct ibv_comp_cntr *counter(enum ibv_comp_cntr_type type)
{
	struct ibv_comp_cntr_init_attr attr = {.type = type};
	struct ibv_comp_cntr *made = mlx5_create_comp_cntr(bench.context, &attr);

	assert_non_null(made);
	return made;
}

static int attach(struct ibv_comp_cntr *to, uint32_t ops)
{
	struct ibv_qp_attach_comp_cntr_attr attr = {.op_mask = ops};

	return mlx5_qp_attach_comp_cntr(bench.qp, to, &attr);
}

/* Back where counters may be attached, and to work. */
static void count_with(struct ibv_comp_cntr *with, uint32_t ops)
{
	bench_qp(IBV_QPT_RC, 0);
	bench_qp_to(IBV_QPS_RESET);
	bench.qp->state = IBV_QPS_RESET;
	assert_int_equal(attach(with, ops), 0);
	bench_qp_to(IBV_QPS_RTS);
}

static void post_two_pieces(unsigned int flags, uint32_t first, uint32_t second)
{
	struct ibv_sge sge[2] = {{.addr = 1, .length = first}, {.addr = 2, .length = second}};
	struct ibv_send_wr *bad,
		wr = {.sg_list = sge, .num_sge = 2, .opcode = IBV_WR_SEND, .send_flags = flags};

	assert_int_equal(mlx5_post_send(bench.qp, &wr, &bad), 0);
}

static void poll_one(void)
{
	struct ibv_wc wc;

	assert_int_equal(ibv_poll_cq(bench.cq, 1, &wc), 1);
}

static void there_is_a_greatest_number(void **state)
{
	struct ibv_comp_cntr_init_attr attr = {.type = IBV_COMP_CNTR_TYPE_WRS};
	struct ibv_comp_cntr_caps caps;
	struct ibv_comp_cntr **all;

	(void)state;
	assert_int_equal(mlx5_query_comp_cntr_caps(bench.context, &caps), 0);
	all = test_calloc(caps.max_counters, sizeof(*all));
	for (uint32_t i = 0; i < caps.max_counters; i++)
		all[i] = counter(IBV_COMP_CNTR_TYPE_WRS);
	assert_null(mlx5_create_comp_cntr(bench.context, &attr));
	assert_int_equal(errno, ENOMEM);
	assert_int_equal(mlx5_destroy_comp_cntr(all[0]), 0);
	all[0] = counter(IBV_COMP_CNTR_TYPE_WRS);
	for (uint32_t i = 0; i < caps.max_counters; i++)
		assert_int_equal(mlx5_destroy_comp_cntr(all[i]), 0);
	test_free(all);
}

static void a_counter_in_use_cannot_go(void **state)
{
	struct ibv_comp_cntr *used = counter(IBV_COMP_CNTR_TYPE_WRS);

	(void)state;
	count_with(used, sends.op_mask);
	assert_int_equal(mlx5_destroy_comp_cntr(used), EBUSY);
	assert_int_equal(mlx5_destroy_qp(bench.qp), 0);
	bench.qp = NULL;
	assert_int_equal(mlx5_destroy_comp_cntr(used), 0);
}

/* One completion for two requests of two pieces each; the ring is gone round several times. */
static void requests_are_counted_up_to_the_completion(void **state)
{
	struct ibv_comp_cntr *bytes = counter(IBV_COMP_CNTR_TYPE_BYTES);
	uint64_t value;
	uint16_t pi = 0;

	(void)state;
	count_with(bytes, sends.op_mask);
	for (uint32_t i = 0; i < 20; i++) {
		post_two_pieces(0, 1000, 10);
		post_two_pieces(IBV_SEND_SIGNALED, 300, 7);
		/* Each takes one block: control segment and two pieces. */
		fake_cqe_simple(i, MLX5_CQE_REQ, (uint16_t)(pi + 1), 0);
		pi += 2;
		poll_one();
		assert_int_equal(mlx5_read_comp_cntr(bytes, &value), 0);
		assert_int_equal(value, (i + 1) * 1317);
	}
	assert_int_equal(mlx5_destroy_qp(bench.qp), 0);
	bench.qp = NULL;
	assert_int_equal(mlx5_destroy_comp_cntr(bytes), 0);
}

/* Of version 0, which names the SRQ in the completion and not the queue pair. */
static void receives_of_a_shared_queue_need_its_queue_pair(void **state)
{
	struct ibv_srq_init_attr attr = {.attr = {.max_wr = 4, .max_sge = 1}};
	struct ibv_comp_cntr *receives = counter(IBV_COMP_CNTR_TYPE_WRS);

	(void)state;
	bench.srq = mlx5_create_srq(bench.pd, &attr);
	assert_non_null(bench.srq);
	bench_qp(IBV_QPT_RC, 0);
	bench_qp_to(IBV_QPS_RESET);
	bench.qp->state = IBV_QPS_RESET;
	to_mlx5_context(bench.context)->cqe_version = 0;
	assert_int_equal(attach(receives, IBV_QP_ATTACH_COMP_CNTR_OP_RECV), EOPNOTSUPP);
	assert_int_equal(attach(receives, IBV_QP_ATTACH_COMP_CNTR_OP_SEND), 0);
	to_mlx5_context(bench.context)->cqe_version = 1;
	assert_int_equal(mlx5_destroy_qp(bench.qp), 0);
	bench.qp = NULL;
	assert_int_equal(mlx5_destroy_comp_cntr(receives), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(f) cmocka_unit_test_setup_teardown(f, open_bench, close_bench)
		CASE(there_is_a_greatest_number),
		CASE(a_counter_in_use_cannot_go),
		CASE(requests_are_counted_up_to_the_completion),
		CASE(receives_of_a_shared_queue_need_its_queue_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
