/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Dynamically connected queue pairs of mlx5: initiators (DCI) whose requests name their target, and
 * targets (DCT) that answer any number of them out of a shared receive queue.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <infiniband/mlx5dv.h>

#include "bed.h"

#define DC_KEY 0x1122334455667788ull

enum {
	TARGETS = 3,
	INITIATORS = 4,
	DEPTH = 32,
	SLOT = 8192,
	OPS = IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_SEND_WITH_IMM | IBV_QP_EX_WITH_RDMA_WRITE |
	      IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM | IBV_QP_EX_WITH_RDMA_READ |
	      IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP | IBV_QP_EX_WITH_ATOMIC_FETCH_AND_ADD,
};

struct initiator {
	struct ibv_cq *cq;
	struct ibv_qp *qp;
	struct ibv_qp_ex *ex;
	struct mlx5dv_qp_ex *dv;
};

struct bench {
	struct bed bed;
	struct buffer near, far;
	struct ibv_srq *srq;
	struct ibv_cq *recv_cq;
	struct ibv_qp *targets[TARGETS];
	struct initiator initiators[INITIATORS];
	struct ibv_ah *ah;
};

static struct ibv_ah_attr own_path(const struct bed *bed)
{
	struct end_address self = {.gid = bed->gid, .lid = bed->port.lid};

	return path_to(bed, &self);
}

static int modify(struct ibv_qp *qp, enum ibv_qp_state state, int mask, const struct bed *bed)
{
	struct ibv_qp_attr attr = {
		.qp_state = state,
		.port_num = bed->port_num,
		.qp_access_flags =
			IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_ATOMIC,
		.path_mtu = bed_mtu(bed, IBV_MTU_1024),
		.ah_attr = own_path(bed),
		.min_rnr_timer = 12,
		.sq_psn = 0xfffff0,
		.timeout = 14,
		.retry_cnt = 7,
		.rnr_retry = 7,
		.max_rd_atomic = 4,
	};

	return ibv_modify_qp(qp, &attr, IBV_QP_STATE | mask);
}

enum {
	DCI_INIT = IBV_QP_PKEY_INDEX | IBV_QP_PORT,
	DCI_RTR = IBV_QP_PATH_MTU | IBV_QP_AV,
	DCI_RTS = IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY | IBV_QP_SQ_PSN |
		  IBV_QP_MAX_QP_RD_ATOMIC,
	DCT_INIT = IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS,
	DCT_RTR = IBV_QP_MIN_RNR_TIMER | IBV_QP_AV | IBV_QP_PATH_MTU,
};

static struct ibv_qp *make_target(const struct bench *bench, uint64_t key)
{
	struct ibv_qp_init_attr_ex attr = {
		.recv_cq = bench->recv_cq,
		.send_cq = bench->recv_cq,
		.srq = bench->srq,
		.qp_type = IBV_QPT_DRIVER,
		.comp_mask = IBV_QP_INIT_ATTR_PD,
		.pd = bench->bed.pd,
	};
	struct mlx5dv_qp_init_attr dv = {
		.comp_mask = MLX5DV_QP_INIT_ATTR_MASK_DC,
		.dc_init_attr = {.dc_type = MLX5DV_DCTYPE_DCT, .dct_access_key = key},
	};

	return mlx5dv_create_qp(bench->bed.context, &attr, &dv);
}

static void start_target(const struct bench *bench, struct ibv_qp *qp)
{
	CHECK_OK(modify(qp, IBV_QPS_INIT, DCT_INIT, &bench->bed));
	CHECK_OK(modify(qp, IBV_QPS_RTR, DCT_RTR, &bench->bed));
	CHECK(qp->qp_num);
}

static void start_initiator(const struct bench *bench, struct ibv_qp *qp)
{
	CHECK_OK(modify(qp, IBV_QPS_INIT, DCI_INIT, &bench->bed));
	CHECK_OK(modify(qp, IBV_QPS_RTR, DCI_RTR, &bench->bed));
	CHECK_OK(modify(qp, IBV_QPS_RTS, DCI_RTS, &bench->bed));
}

static void make_initiator(const struct bench *bench, struct initiator *made)
{
	struct ibv_qp_init_attr_ex attr = {
		.qp_type = IBV_QPT_DRIVER,
		.comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_SEND_OPS_FLAGS,
		.pd = bench->bed.pd,
		.send_ops_flags = OPS,
		.cap = {.max_send_wr = DEPTH, .max_send_sge = 3, .max_inline_data = 64},
	};
	struct mlx5dv_qp_init_attr dv = {
		.comp_mask = MLX5DV_QP_INIT_ATTR_MASK_DC,
		.dc_init_attr = {.dc_type = MLX5DV_DCTYPE_DCI},
	};

	made->cq = ibv_create_cq(bench->bed.context, 2 * DEPTH, NULL, NULL, 0);
	CHECK(made->cq);
	attr.send_cq = attr.recv_cq = made->cq;
	made->qp = mlx5dv_create_qp(bench->bed.context, &attr, &dv);
	CHECK(made->qp);
	made->ex = ibv_qp_to_qp_ex(made->qp);
	CHECK(made->ex);
	made->dv = mlx5dv_qp_ex_from_ibv_qp_ex(made->ex);
	start_initiator(bench, made->qp);
}

static void bench_open(struct bench *bench)
{
	struct ibv_srq_init_attr srq = {.attr = {.max_wr = 2 * DEPTH, .max_sge = 1}};
	struct ibv_ah_attr path;

	bed_open(&bench->bed);
	NEED(mlx5dv_is_supported(bench->bed.context->device), "the device is not of mlx5");
	buffer_make(&bench->near, bench->bed.pd, DEPTH * SLOT, ACCESS_ALL);
	buffer_make(&bench->far, bench->bed.pd, 2 * DEPTH * SLOT, ACCESS_ALL);
	bench->srq = ibv_create_srq(bench->bed.pd, &srq);
	CHECK(bench->srq);
	bench->recv_cq = ibv_create_cq(bench->bed.context, 4 * DEPTH, NULL, NULL, 0);
	CHECK(bench->recv_cq);
	for (int i = 0; i < TARGETS; i++) {
		bench->targets[i] = make_target(bench, DC_KEY + (uint64_t)i);
		NEED(bench->targets[i] || errno != EOPNOTSUPP, "no dynamic connections");
		CHECK(bench->targets[i]);
		start_target(bench, bench->targets[i]);
	}
	for (int i = 0; i < INITIATORS; i++)
		make_initiator(bench, &bench->initiators[i]);
	path = own_path(&bench->bed);
	bench->ah = ibv_create_ah(bench->bed.pd, &path);
	CHECK(bench->ah);
}

static void bench_close(struct bench *bench)
{
	CHECK_OK(ibv_destroy_ah(bench->ah));
	for (int i = 0; i < INITIATORS; i++) {
		CHECK_OK(ibv_destroy_qp(bench->initiators[i].qp));
		CHECK_OK(ibv_destroy_cq(bench->initiators[i].cq));
	}
	for (int i = 0; i < TARGETS; i++)
		CHECK_OK(ibv_destroy_qp(bench->targets[i]));
	CHECK_OK(ibv_destroy_srq(bench->srq));
	CHECK_OK(ibv_destroy_cq(bench->recv_cq));
	buffer_free(&bench->near);
	buffer_free(&bench->far);
	bed_close(&bench->bed);
}

static void supply(struct bench *bench, uint64_t wr_id, uint32_t length)
{
	struct ibv_sge sge = buffer_sge(&bench->far, wr_id * SLOT, length);
	struct ibv_recv_wr wr = {.wr_id = wr_id, .sg_list = &sge, .num_sge = 1}, *bad;

	CHECK_OK(ibv_post_srq_recv(bench->srq, &wr, &bad));
}

static void begin(struct initiator *from, uint64_t wr_id)
{
	ibv_wr_start(from->ex);
	from->ex->wr_id = wr_id;
	from->ex->wr_flags = IBV_SEND_SIGNALED;
}

static void set_target(struct bench *bench, struct initiator *from, int target)
{
	mlx5dv_wr_set_dc_addr(from->dv, bench->ah, bench->targets[target]->qp_num,
			      DC_KEY + (uint64_t)target);
}

static void set_data(struct bench *bench, struct initiator *from, size_t offset, uint32_t length)
{
	ibv_wr_set_sge(from->ex, bench->near.mr->lkey, buffer_address(&bench->near, offset),
		       length);
}

static void send_to(struct bench *bench, struct initiator *from, int target, uint64_t wr_id,
		    uint32_t length)
{
	begin(from, wr_id);
	ibv_wr_send_imm(from->ex, htobe32((uint32_t)wr_id));
	set_target(bench, from, target);
	set_data(bench, from, 0, length);
	CHECK_OK(ibv_wr_complete(from->ex));
}

/* ---- traffic ---- */

CASE(messages_of_all_sizes)
{
	static const uint32_t sizes[] = {0, 1, 64, 1023, 1024, 1025, 4096, SLOT};
	struct bench bench;

	bench_open(&bench);
	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct initiator *from = &bench.initiators[0];
		struct ibv_wc wc;

		pattern_fill(bench.near.bytes, sizes[i], i);
		supply(&bench, i, SLOT);
		send_to(&bench, from, 0, i, sizes[i]);
		CHECK_EQ(expect_wc(from->cq, i, IBV_WC_SUCCESS).opcode, IBV_WC_SEND);
		wc = expect_wc(bench.recv_cq, i, IBV_WC_SUCCESS);
		CHECK_EQ(wc.opcode, IBV_WC_RECV);
		CHECK_EQ(wc.byte_len, sizes[i]);
		CHECK_EQ(wc.qp_num, bench.targets[0]->qp_num);
		CHECK(wc.wc_flags & IBV_WC_WITH_IMM);
		CHECK_EQ(be32toh(wc.imm_data), i);
		CHECK_PATTERN(bench.far.bytes + i * SLOT, sizes[i], i);
	}
	bench_close(&bench);
}

CASE(writes_and_reads)
{
	struct initiator *from;
	struct bench bench;

	bench_open(&bench);
	from = &bench.initiators[0];
	pattern_fill(bench.near.bytes, SLOT, 1);
	begin(from, 1);
	ibv_wr_rdma_write(from->ex, bench.far.mr->rkey, buffer_address(&bench.far, 0));
	set_target(&bench, from, 0);
	set_data(&bench, from, 0, SLOT);
	from->ex->wr_id = 2;
	ibv_wr_rdma_read(from->ex, bench.far.mr->rkey, buffer_address(&bench.far, 0));
	set_target(&bench, from, 0);
	set_data(&bench, from, SLOT, SLOT);
	CHECK_OK(ibv_wr_complete(from->ex));
	expect_wc(from->cq, 1, IBV_WC_SUCCESS);
	CHECK_EQ(expect_wc(from->cq, 2, IBV_WC_SUCCESS).opcode, IBV_WC_RDMA_READ);
	CHECK_PATTERN(bench.far.bytes, SLOT, 1);
	CHECK_PATTERN(bench.near.bytes + SLOT, SLOT, 1);
	bench_close(&bench);
}

CASE(write_with_immediate_takes_a_receive)
{
	struct initiator *from;
	struct bench bench;
	struct ibv_wc wc;

	bench_open(&bench);
	from = &bench.initiators[0];
	supply(&bench, 5, 0);
	begin(from, 1);
	ibv_wr_rdma_write_imm(from->ex, bench.far.mr->rkey, buffer_address(&bench.far, 0),
			      htobe32(77));
	set_target(&bench, from, 0);
	set_data(&bench, from, 0, 3000);
	CHECK_OK(ibv_wr_complete(from->ex));
	expect_wc(from->cq, 1, IBV_WC_SUCCESS);
	wc = expect_wc(bench.recv_cq, 5, IBV_WC_SUCCESS);
	CHECK_EQ(wc.opcode, IBV_WC_RECV_RDMA_WITH_IMM);
	CHECK_EQ(be32toh(wc.imm_data), 77);
	CHECK_EQ(wc.byte_len, 3000);
	bench_close(&bench);
}

CASE(atomics)
{
	struct initiator *from;
	struct bench bench;
	uint64_t *word, *result;

	bench_open(&bench);
	from = &bench.initiators[0];
	word = (uint64_t *)(void *)bench.far.bytes;
	result = (uint64_t *)(void *)bench.near.bytes;
	*word = 5;
	begin(from, 1);
	ibv_wr_atomic_cmp_swp(from->ex, bench.far.mr->rkey, buffer_address(&bench.far, 0), 5, 100);
	set_target(&bench, from, 1);
	set_data(&bench, from, 0, 8);
	from->ex->wr_id = 2;
	ibv_wr_atomic_fetch_add(from->ex, bench.far.mr->rkey, buffer_address(&bench.far, 0), 7);
	set_target(&bench, from, 1);
	set_data(&bench, from, 8, 8);
	CHECK_OK(ibv_wr_complete(from->ex));
	CHECK_EQ(expect_wc(from->cq, 1, IBV_WC_SUCCESS).opcode, IBV_WC_COMP_SWAP);
	CHECK_EQ(expect_wc(from->cq, 2, IBV_WC_SUCCESS).opcode, IBV_WC_FETCH_ADD);
	CHECK_EQ(result[0], 5);
	CHECK_EQ(result[1], 100);
	CHECK_EQ(*word, 107);
	bench_close(&bench);
}

/* The ring is used up many times over, with requests of different sizes. */
CASE(inline_data_and_lists)
{
	struct initiator *from;
	struct bench bench;

	bench_open(&bench);
	from = &bench.initiators[0];
	pattern_fill(bench.near.bytes, 300, 9);
	for (uint64_t i = 0; i < 10 * DEPTH; i++) {
		struct ibv_sge list[] = {
			buffer_sge(&bench.near, 0, 100),
			buffer_sge(&bench.near, 100, 150),
			buffer_sge(&bench.near, 250, 50),
		};
		uint32_t length = i % 3 ? 300 : 60;

		supply(&bench, i % DEPTH, SLOT);
		begin(from, i);
		ibv_wr_send(from->ex);
		set_target(&bench, from, (int)(i % TARGETS));
		if (length == 60)
			ibv_wr_set_inline_data(from->ex, bench.near.bytes, length);
		else
			ibv_wr_set_sge_list(from->ex, 3, list);
		CHECK_OK(ibv_wr_complete(from->ex));
		expect_wc(from->cq, i, IBV_WC_SUCCESS);
		CHECK_EQ(expect_wc(bench.recv_cq, i % DEPTH, IBV_WC_SUCCESS).byte_len, length);
		CHECK_PATTERN(bench.far.bytes + i % DEPTH * SLOT, length, 9);
	}
	bench_close(&bench);
}

/* Whoever is named gets the next message, and each target gets its messages in their order. */
CASE(one_initiator_many_targets)
{
	struct initiator *from;
	struct bench bench;

	bench_open(&bench);
	from = &bench.initiators[0];
	for (uint64_t i = 0; i < DEPTH; i++) {
		supply(&bench, i, SLOT);
		send_to(&bench, from, (int)(i / 2 % TARGETS), i, (uint32_t)i * 100);
	}
	for (uint64_t i = 0; i < DEPTH; i++) {
		struct ibv_wc wc = expect_wc(bench.recv_cq, i, IBV_WC_SUCCESS);

		CHECK_EQ(wc.qp_num, bench.targets[i / 2 % TARGETS]->qp_num);
		CHECK_EQ(wc.byte_len, i * 100);
		expect_wc(from->cq, i, IBV_WC_SUCCESS);
	}
	bench_close(&bench);
}

CASE(many_initiators_one_target)
{
	unsigned int next[INITIATORS] = {0};
	struct bench bench;

	bench_open(&bench);
	for (uint64_t i = 0; i < DEPTH; i++)
		supply(&bench, i, SLOT);
	for (uint64_t i = 0; i < DEPTH; i++)
		send_to(&bench, &bench.initiators[i % INITIATORS], 0, i, SLOT);
	/* Of each one in its order. */
	for (uint64_t i = 0; i < DEPTH; i++) {
		struct ibv_wc wc = next_wc(bench.recv_cq);
		uint32_t number = be32toh(wc.imm_data);

		CHECK_EQ(wc.status, IBV_WC_SUCCESS);
		CHECK_EQ(number, number % INITIATORS + INITIATORS * next[number % INITIATORS]);
		next[number % INITIATORS]++;
	}
	for (uint64_t i = 0; i < DEPTH; i++)
		expect_wc(bench.initiators[i % INITIATORS].cq, i, IBV_WC_SUCCESS);
	bench_close(&bench);
}

CASE(empty_shared_queue_is_waited_for)
{
	struct initiator *from;
	struct bench bench;

	bench_open(&bench);
	from = &bench.initiators[0];
	send_to(&bench, from, 0, 1, 100);
	expect_empty(from->cq);
	supply(&bench, 2, SLOT);
	expect_wc(from->cq, 1, IBV_WC_SUCCESS);
	expect_wc(bench.recv_cq, 2, IBV_WC_SUCCESS);
	bench_close(&bench);
}

/* ---- errors ---- */

static enum ibv_qp_state state_of(struct ibv_qp *qp)
{
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;

	CHECK_OK(ibv_query_qp(qp, &attr, IBV_QP_STATE, &init));
	return attr.qp_state;
}

/* The first request of an initiator has failed: the next is flushed, from reset it works again, and
 * the target has served others meanwhile. */
static void expect_failure(struct bench *bench, enum ibv_wc_status status)
{
	struct initiator *from = &bench->initiators[0], *other = &bench->initiators[1];

	expect_wc(from->cq, 1, status);
	CHECK_EQ(state_of(from->qp), IBV_QPS_ERR);
	send_to(bench, from, 0, 2, 100);
	expect_wc(from->cq, 2, IBV_WC_WR_FLUSH_ERR);
	supply(bench, 3, SLOT);
	send_to(bench, other, 0, 3, 100);
	expect_wc(other->cq, 3, IBV_WC_SUCCESS);
	expect_wc(bench->recv_cq, 3, IBV_WC_SUCCESS);
	CHECK_EQ(state_of(bench->targets[0]), IBV_QPS_RTR);
	CHECK_OK(modify(from->qp, IBV_QPS_RESET, 0, &bench->bed));
	start_initiator(bench, from->qp);
	supply(bench, 4, SLOT);
	send_to(bench, from, 0, 4, 100);
	expect_wc(from->cq, 4, IBV_WC_SUCCESS);
	expect_wc(bench->recv_cq, 4, IBV_WC_SUCCESS);
}

CASE(wrong_access_key)
{
	struct initiator *from;
	struct bench bench;

	bench_open(&bench);
	from = &bench.initiators[0];
	begin(from, 1);
	ibv_wr_send(from->ex);
	mlx5dv_wr_set_dc_addr(from->dv, bench.ah, bench.targets[0]->qp_num, DC_KEY ^ 1);
	set_data(&bench, from, 0, 100);
	CHECK_OK(ibv_wr_complete(from->ex));
	expect_failure(&bench, IBV_WC_REM_ACCESS_ERR);
	bench_close(&bench);
}

CASE(unknown_target)
{
	struct initiator *from;
	struct bench bench;

	bench_open(&bench);
	from = &bench.initiators[0];
	begin(from, 1);
	ibv_wr_send(from->ex);
	mlx5dv_wr_set_dc_addr(from->dv, bench.ah, bench.targets[0]->qp_num ^ 0x700, DC_KEY);
	set_data(&bench, from, 0, 100);
	CHECK_OK(ibv_wr_complete(from->ex));
	expect_failure(&bench, IBV_WC_RETRY_EXC_ERR);
	bench_close(&bench);
}

CASE(wrong_remote_key)
{
	struct initiator *from;
	struct bench bench;

	bench_open(&bench);
	from = &bench.initiators[0];
	begin(from, 1);
	ibv_wr_rdma_write(from->ex, bench.far.mr->rkey ^ 0x100, buffer_address(&bench.far, 0));
	set_target(&bench, from, 0);
	set_data(&bench, from, 0, 100);
	CHECK_OK(ibv_wr_complete(from->ex));
	expect_failure(&bench, IBV_WC_REM_ACCESS_ERR);
	bench_close(&bench);
}

CASE(receive_too_short)
{
	struct bench bench;

	bench_open(&bench);
	supply(&bench, 9, 50);
	send_to(&bench, &bench.initiators[0], 0, 1, 5000);
	expect_wc(bench.recv_cq, 9, IBV_WC_LOC_LEN_ERR);
	expect_failure(&bench, IBV_WC_REM_INV_REQ_ERR);
	bench_close(&bench);
}

/* ---- states ---- */

CASE(target_has_a_number_in_rtr_and_goes_nowhere_else)
{
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;
	struct ibv_qp *qp;
	struct bench bench;

	bench_open(&bench);
	qp = make_target(&bench, 1);
	CHECK(qp);
	CHECK_RC(ibv_query_qp(qp, &attr, IBV_QP_STATE, &init), EINVAL);
	CHECK_RC(modify(qp, IBV_QPS_RTR, DCT_RTR, &bench.bed), EINVAL);
	CHECK_OK(modify(qp, IBV_QPS_INIT, DCT_INIT, &bench.bed));
	CHECK_RC(modify(qp, IBV_QPS_RTR, DCT_RTR & ~IBV_QP_MIN_RNR_TIMER, &bench.bed), EINVAL);
	CHECK_OK(modify(qp, IBV_QPS_RTR, DCT_RTR, &bench.bed));
	CHECK(qp->qp_num);
	CHECK(qp->qp_num != bench.targets[0]->qp_num);
	CHECK_OK(ibv_query_qp(qp, &attr, IBV_QP_STATE, &init));
	CHECK_EQ(attr.qp_state, IBV_QPS_RTR);
	CHECK_RC(modify(qp, IBV_QPS_RTS, IBV_QP_SQ_PSN, &bench.bed), EINVAL);
	CHECK_RC(modify(qp, IBV_QPS_RESET, 0, &bench.bed), EINVAL);
	CHECK_OK(ibv_destroy_qp(qp));
	bench_close(&bench);
}

CASE(initiator_needs_no_peer)
{
	struct bench bench;
	struct ibv_qp *qp;

	bench_open(&bench);
	qp = bench.initiators[0].qp;
	CHECK_OK(modify(qp, IBV_QPS_RESET, 0, &bench.bed));
	CHECK_RC(modify(qp, IBV_QPS_INIT, IBV_QP_PORT, &bench.bed), EINVAL);
	CHECK_OK(modify(qp, IBV_QPS_INIT, DCI_INIT, &bench.bed));
	CHECK_RC(modify(qp, IBV_QPS_RTR, 0, &bench.bed), EINVAL);
	CHECK_OK(modify(qp, IBV_QPS_RTR, IBV_QP_PATH_MTU, &bench.bed));
	CHECK_RC(modify(qp, IBV_QPS_RTS, IBV_QP_SQ_PSN, &bench.bed), EINVAL);
	CHECK_OK(modify(qp, IBV_QPS_RTS, DCI_RTS, &bench.bed));
	CHECK_EQ(state_of(qp), IBV_QPS_RTS);
	bench_close(&bench);
}
