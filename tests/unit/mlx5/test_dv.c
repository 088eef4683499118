/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Direct verbs: what they ask the kernel, what they tell, and the requests of DC initiators by
 * their bytes, which tests/witness/mlx5 compares with those that stock libmlx5 writes.
 */
#include <errno.h>
#include <infiniband/mlx5dv.h>

#include "bench.h"

#define DC_KEY 0x1122334455667788ull

static const uint64_t dci_ops = IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_SEND_WITH_IMM |
				IBV_QP_EX_WITH_RDMA_WRITE | IBV_QP_EX_WITH_RDMA_READ |
				IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP;

static struct mlx5_ah handle = {
	.av = {.stat_rate_sl = 0x13, .fl_mlid = 1, .rlid = 0x0200 /* 2 */},
};

static int setup(void **state)
{
	(void)state;
	fake_reset();
	bench_open();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	bench_close();
	return 0;
}

static struct ibv_qp_init_attr_ex dc_attr(uint64_t send_ops_flags)
{
	return (struct ibv_qp_init_attr_ex){
		.send_cq = bench.cq,
		.recv_cq = bench.cq,
		.cap = {.max_send_wr = 2, .max_send_sge = 2},
		.qp_type = IBV_QPT_DRIVER,
		.comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_SEND_OPS_FLAGS,
		.pd = bench.pd,
		.send_ops_flags = send_ops_flags,
	};
}

static struct mlx5dv_qp_init_attr half(enum mlx5dv_dc_type type)
{
	return (struct mlx5dv_qp_init_attr){
		.comp_mask = MLX5DV_QP_INIT_ATTR_MASK_DC,
		.dc_init_attr = {.dc_type = type},
	};
}

static struct ibv_qp_ex *open_dci(void)
{
	struct ibv_qp_init_attr_ex attr = dc_attr(dci_ops);
	struct mlx5dv_qp_init_attr dv = half(MLX5DV_DCTYPE_DCI);

	bench.qp = mlx5dv_create_qp(bench.context, &attr, &dv);
	assert_non_null(bench.qp);
	bench_qp_to(IBV_QPS_RTS);
	return (struct ibv_qp_ex *)bench.qp;
}

static void address(struct ibv_qp_ex *ex)
{
	mlx5dv_wr_set_dc_addr(mlx5dv_qp_ex_from_ibv_qp_ex(ex), &handle.ibv_ah, 0xccddee, DC_KEY);
}

/* ---- the device ---- */

static void only_what_is_asked_for_and_known_is_told(void **state)
{
	struct mlx5dv_context out;

	(void)state;
	fake.device_udata.tunnel_offloads_caps = 5;
	fake.device_udata.flags = MLX5_IB_QUERY_DEV_RESP_FLAGS_CQE_128B_COMP;
	fake.device_udata.dci_streams_caps.max_log_num_concurent = 3;
	memset(&out, 0xee, sizeof(out));
	out.comp_mask = MLX5DV_CONTEXT_MASK_TUNNEL_OFFLOADS | MLX5DV_CONTEXT_MASK_NUM_LAG_PORTS |
			MLX5DV_CONTEXT_MASK_DYN_BFREGS;
	assert_int_equal(mlx5dv_query_device(bench.context, &out), 0);
	assert_int_equal(out.version, 0);
	assert_int_equal(out.flags, MLX5DV_CONTEXT_FLAGS_CQE_V1 | MLX5DV_CONTEXT_FLAGS_BLUEFLAME |
					    MLX5DV_CONTEXT_FLAGS_CQE_128B_COMP);
	assert_int_equal(out.comp_mask,
			 MLX5DV_CONTEXT_MASK_TUNNEL_OFFLOADS | MLX5DV_CONTEXT_MASK_DYN_BFREGS);
	assert_int_equal(out.tunnel_offloads_caps, 5);
	assert_int_equal(out.max_dynamic_bfregs, 512);
	assert_int_equal(out.num_lag_ports, 0xee);
	assert_int_equal(out.dci_streams_caps.max_log_num_concurent, 0xee);
}

static void devx_is_had_or_the_device_not_opened(void **state)
{
	struct mlx5dv_context_attr attr = {.flags = MLX5DV_CONTEXT_FLAGS_DEVX};

	(void)state;
	bench_close();
	fake_reset();
	fake.refuse_devx = true;
	assert_null(mlx5dv_open_device(fake_device(), &attr));
	assert_int_equal(errno, EPERM);
	assert_int_equal(fake.ucontext_request.flags, 1);
	attr.flags = 0x80;
	assert_null(mlx5dv_open_device(fake_device(), &attr));
	assert_int_equal(errno, EOPNOTSUPP);
	fake_reset();
	bench_open();
}

static void completions_have_the_size_asked_for(void **state)
{
	struct ibv_cq_init_attr_ex attr = {.cqe = 3};
	struct mlx5dv_cq_init_attr dv = {.comp_mask = MLX5DV_CQ_INIT_ATTR_MASK_CQE_SIZE};
	struct ibv_cq_ex *cq;

	(void)state;
	dv.cqe_size = 128;
	cq = mlx5dv_create_cq(bench.context, &attr, &dv);
	assert_non_null(cq);
	assert_int_equal(fake.cq_request.cqe_size, 128);
	assert_int_equal(mlx5_destroy_cq(ibv_cq_ex_to_cq(cq)), 0);
	dv.cqe_size = 96;
	assert_null(mlx5dv_create_cq(bench.context, &attr, &dv));
	assert_int_equal(errno, EINVAL);
	dv = (struct mlx5dv_cq_init_attr){.comp_mask = MLX5DV_CQ_INIT_ATTR_MASK_COMPRESSED_CQE,
					  .cqe_comp_res_format = MLX5DV_CQE_RES_FORMAT_HASH};
	assert_null(mlx5dv_create_cq(bench.context, &attr, &dv));
	assert_int_equal(errno, EOPNOTSUPP);
}

/* ---- dynamic connections ---- */

static void a_target_gets_its_number_in_rtr(void **state)
{
	struct ibv_srq_init_attr srq = {.attr = {.max_wr = 3, .max_sge = 1}};
	struct ibv_qp_init_attr_ex attr = dc_attr(0);
	struct mlx5dv_qp_init_attr dv = half(MLX5DV_DCTYPE_DCT);

	(void)state;
	bench.srq = mlx5_create_srq(bench.pd, &srq);
	assert_non_null(bench.srq);
	attr.comp_mask = IBV_QP_INIT_ATTR_PD;
	attr.cap = (struct ibv_qp_cap){};
	attr.send_cq = NULL;
	dv.dc_init_attr.dct_access_key = DC_KEY;
	assert_null(mlx5dv_create_qp(bench.context, &attr, &dv));
	assert_int_equal(errno, EINVAL);
	attr.srq = bench.srq;
	bench.qp = mlx5dv_create_qp(bench.context, &attr, &dv);
	assert_non_null(bench.qp);
	assert_int_equal(fake.qp_request.flags, MLX5_QP_FLAG_TYPE_DCT);
	assert_int_equal(fake.qp_request.access_key, DC_KEY);
	fake.modified.dctn = 0x123456;
	bench_qp_to(IBV_QPS_INIT);
	assert_int_not_equal(bench.qp->qp_num, 0x123456);
	bench_qp_to(IBV_QPS_RTR);
	assert_int_equal(bench.qp->qp_num, 0x123456);
}

static void requests_begin_with_the_address_of_a_target(void **state)
{
	struct ibv_qp_ex *ex;

	(void)state;
	ex = open_dci();
	assert_int_equal(fake.qp_request.flags, MLX5_QP_FLAG_TYPE_DCI);
	ibv_wr_start(ex);
	ex->wr_id = 1;
	ex->wr_flags = IBV_SEND_SIGNALED;
	ibv_wr_send_imm(ex, htobe32(9));
	address(ex);
	ibv_wr_set_sge(ex, 0xa1b2c3d4, 0x1122334455667788, 0x10);
	ibv_wr_rdma_write(ex, 0xdeadbeef, 0x0102030405060708);
	ibv_wr_set_sge(ex, 0xa1b2c3d4, 0x10, 4);
	address(ex);
	assert_int_equal(ibv_wr_complete(ex), 0);
	expect_bytes(fake_sq(), "0000000b 00aabb05 00000008 00000009"
				"1122334455667788 80ccddee 13010002"
				"00000000 000000000000 00 00 00000000"
				"00000000000000000000000000000000"
				"00000010 a1b2c3d4 1122334455667788");
	expect_bytes(fake_sq() + 128, "00000208 00aabb06 00000008 00000000"
				      "1122334455667788 80ccddee 13010002"
				      "00000000 000000000000 00 00 00000000"
				      "00000000000000000000000000000000"
				      "0102030405060708 deadbeef 00000000"
				      "00000004 a1b2c3d4 0000000000000010");
}

/* Behind the address vector the ring may be at its end. */
static void operands_of_an_atomic_wrap_with_the_ring(void **state)
{
	uint32_t blocks;
	struct ibv_qp_ex *ex;

	(void)state;
	ex = open_dci();
	blocks = fake.qp_request.sq_wqe_count;
	ex->wr_flags = 0;
	for (uint32_t i = 0; i < blocks - 1; i++) {
		ibv_wr_start(ex);
		ibv_wr_send(ex);
		address(ex);
		assert_int_equal(ibv_wr_complete(ex), 0);
		atomic_store(&to_mlx5_qp(bench.qp)->sq.tail, i + 1);
	}
	ibv_wr_start(ex);
	ibv_wr_atomic_cmp_swp(ex, 1, 0x10, 0xc0, 0x5a);
	ibv_wr_set_sge(ex, 2, 3, 8);
	address(ex);
	assert_int_equal(ibv_wr_complete(ex), 0);
	expect_bytes(fake_sq() + (blocks - 1) * 64 + 4, "00aabb07");
	expect_bytes(fake_sq(), "0000000000000010 00000001 00000000"
				"000000000000005a 00000000000000c0"
				"00000008 00000002 0000000000000003");
}

static void a_stream_stands_before_the_flags(void **state)
{
	struct ibv_qp_ex *ex;

	(void)state;
	ex = open_dci();
	ex->wr_flags = IBV_SEND_SIGNALED;
	ibv_wr_start(ex);
	ibv_wr_send(ex);
	mlx5dv_wr_set_dc_addr_stream(mlx5dv_qp_ex_from_ibv_qp_ex(ex), &handle.ibv_ah, 0xccddee,
				     DC_KEY, 0x1234);
	assert_int_equal(ibv_wr_complete(ex), 0);
	expect_bytes(fake_sq(), "0000000a 00aabb04 00123408 00000000 1122334455667788 80ccddee");
	/* Without a request there is no place for one. */
	ibv_wr_start(ex);
	mlx5dv_wr_set_dc_addr_stream(mlx5dv_qp_ex_from_ibv_qp_ex(ex), &handle.ibv_ah, 1, DC_KEY, 1);
	assert_int_equal(ibv_wr_complete(ex), EINVAL);
}

static void a_request_without_address_spoils_the_batch(void **state)
{
	struct ibv_send_wr wr = {.opcode = IBV_WR_SEND}, *bad = NULL;
	struct ibv_qp_ex *ex;

	(void)state;
	ex = open_dci();
	ibv_wr_start(ex);
	ibv_wr_rdma_read(ex, 1, 2);
	ibv_wr_set_sge(ex, 1, 2, 3);
	assert_int_equal(ibv_wr_complete(ex), EINVAL);
	ibv_wr_start(ex);
	address(ex);
	assert_int_equal(ibv_wr_complete(ex), EINVAL);
	/* Nor has ibv_post_send() a place for one. */
	assert_int_equal(mlx5_post_send(bench.qp, &wr, &bad), EOPNOTSUPP);
	assert_ptr_equal(bad, &wr);
}

static void attributes_that_cannot_be_are_refused(void **state)
{
	static const struct {
		struct mlx5dv_qp_init_attr dv;
		enum ibv_qp_type type;
		int err;
	} tries[] = {
		{{.comp_mask = 0}, IBV_QPT_DRIVER, EINVAL},
		{{.comp_mask = MLX5DV_QP_INIT_ATTR_MASK_DC,
		  .dc_init_attr = {.dc_type = MLX5DV_DCTYPE_DCI}},
		 IBV_QPT_RC,
		 EINVAL},
		{{.comp_mask = MLX5DV_QP_INIT_ATTR_MASK_DCI_STREAMS}, IBV_QPT_RC, EOPNOTSUPP},
		{{.comp_mask = 1u << 30}, IBV_QPT_RC, EOPNOTSUPP},
		{{.comp_mask = MLX5DV_QP_INIT_ATTR_MASK_SEND_OPS_FLAGS,
		  .send_ops_flags = MLX5DV_QP_EX_WITH_MEMCPY},
		 IBV_QPT_RC,
		 EOPNOTSUPP},
		{{.comp_mask = MLX5DV_QP_INIT_ATTR_MASK_QP_CREATE_FLAGS,
		  .create_flags = MLX5DV_QP_CREATE_SIG_PIPELINING},
		 IBV_QPT_RC,
		 EOPNOTSUPP},
		{{.comp_mask = MLX5DV_QP_INIT_ATTR_MASK_QP_CREATE_FLAGS,
		  .create_flags = MLX5DV_QP_CREATE_ALLOW_SCATTER_TO_CQE |
				  MLX5DV_QP_CREATE_DISABLE_SCATTER_TO_CQE},
		 IBV_QPT_RC,
		 EINVAL},
		{{.comp_mask =
			  MLX5DV_QP_INIT_ATTR_MASK_QP_CREATE_FLAGS | MLX5DV_QP_INIT_ATTR_MASK_DC,
		  .create_flags = MLX5DV_QP_CREATE_ALLOW_SCATTER_TO_CQE,
		  .dc_init_attr = {.dc_type = MLX5DV_DCTYPE_DCT}},
		 IBV_QPT_DRIVER,
		 EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		struct ibv_qp_init_attr_ex attr = dc_attr(0);
		struct mlx5dv_qp_init_attr dv = tries[i].dv;

		attr.qp_type = tries[i].type;
		attr.comp_mask = IBV_QP_INIT_ATTR_PD;
		errno = 0;
		assert_null(mlx5dv_create_qp(bench.context, &attr, &dv));
		assert_int_equal(errno, tries[i].err);
	}
}

/* As UCX asks for them. */
static void an_initiator_needs_no_receives_and_may_scatter(void **state)
{
	struct mlx5dv_qp_init_attr dv = {.comp_mask = MLX5DV_QP_INIT_ATTR_MASK_DC |
						      MLX5DV_QP_INIT_ATTR_MASK_QP_CREATE_FLAGS,
					 .create_flags = MLX5DV_QP_CREATE_ALLOW_SCATTER_TO_CQE,
					 .dc_init_attr = {.dc_type = MLX5DV_DCTYPE_DCI}};
	struct ibv_srq_init_attr srq = {.attr = {.max_wr = 4, .max_sge = 1}};
	struct ibv_qp_init_attr_ex attr = dc_attr(dci_ops);

	(void)state;
	bench.srq = mlx5_create_srq(bench.pd, &srq);
	assert_non_null(bench.srq);
	attr.srq = bench.srq;
	attr.cap.max_recv_wr = 5;
	attr.cap.max_recv_sge = 1;
	bench.qp = mlx5dv_create_qp(bench.context, &attr, &dv);
	assert_non_null(bench.qp);
	assert_int_equal(attr.cap.max_recv_wr, 0);
	assert_int_equal(attr.cap.max_recv_sge, 0);
	assert_int_equal(fake.qp_request.rq_wqe_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define DV_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		DV_TEST(only_what_is_asked_for_and_known_is_told),
		DV_TEST(devx_is_had_or_the_device_not_opened),
		DV_TEST(completions_have_the_size_asked_for),
		DV_TEST(a_target_gets_its_number_in_rtr),
		DV_TEST(requests_begin_with_the_address_of_a_target),
		DV_TEST(operands_of_an_atomic_wrap_with_the_ring),
		DV_TEST(a_stream_stands_before_the_flags),
		DV_TEST(a_request_without_address_spoils_the_batch),
		DV_TEST(attributes_that_cannot_be_are_refused),
		DV_TEST(an_initiator_needs_no_receives_and_may_scatter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
