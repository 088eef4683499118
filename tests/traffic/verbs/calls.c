/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The extended calls of a queue pair: which there are, and what becomes of a series with an error.
 */
#include <errno.h>
#include <string.h>

#include "bed.h"

static const enum ibv_qp_type types[] = {IBV_QPT_RC, IBV_QPT_UC, IBV_QPT_UD};

struct bench {
	struct bed bed;
	struct ibv_cq *cq;
};

static void bench_open(struct bench *bench)
{
	bed_open(&bench->bed);
	bench->cq = ibv_create_cq(bench->bed.context, 60, NULL, NULL, 0);
	CHECK(bench->cq);
}

static void bench_close(struct bench *bench)
{
	CHECK_OK(ibv_destroy_cq(bench->cq));
	bed_close(&bench->bed);
}

static struct ibv_qp *qp_with(struct bench *bench, enum ibv_qp_type type, uint64_t ops)
{
	struct ibv_qp_init_attr_ex attr = {
		.send_cq = bench->cq,
		.recv_cq = bench->cq,
		.cap = {4, 4, 1, 1, 32},
		.qp_type = type,
		.comp_mask = IBV_QP_INIT_ATTR_PD | IBV_QP_INIT_ATTR_SEND_OPS_FLAGS,
		.pd = bench->bed.pd,
		.send_ops_flags = ops,
	};

	return ibv_create_qp_ex(bench->bed.context, &attr);
}

/* What the specification has for every adapter of these types. */
static uint64_t basic_ops(enum ibv_qp_type type)
{
	const uint64_t sends = IBV_QP_EX_WITH_SEND | IBV_QP_EX_WITH_SEND_WITH_IMM;
	const uint64_t writes = IBV_QP_EX_WITH_RDMA_WRITE | IBV_QP_EX_WITH_RDMA_WRITE_WITH_IMM;

	if (type == IBV_QPT_UD)
		return sends;
	if (type == IBV_QPT_UC)
		return sends | writes;
	return sends | writes | IBV_QP_EX_WITH_RDMA_READ | IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP |
	       IBV_QP_EX_WITH_ATOMIC_FETCH_AND_ADD;
}

CASE(each_type_has_its_calls)
{
	struct bench bench;

	bench_open(&bench);
	for (unsigned int i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct ibv_qp *qp = qp_with(&bench, types[i], basic_ops(types[i]));
		struct ibv_qp_ex *ex;

		trying("type %d", (int)types[i]);
		CHECK(qp);
		ex = ibv_qp_to_qp_ex(qp);
		CHECK(ex && ex->wr_start && ex->wr_complete && ex->wr_abort);
		CHECK(ex->wr_send && ex->wr_send_imm && ex->wr_set_sge && ex->wr_set_sge_list);
		CHECK(ex->wr_set_inline_data && ex->wr_set_inline_data_list);
		CHECK_EQ(!!ex->wr_set_ud_addr, types[i] == IBV_QPT_UD);
		CHECK_EQ(!!ex->wr_rdma_write, types[i] != IBV_QPT_UD);
		CHECK_EQ(!!ex->wr_rdma_read, types[i] == IBV_QPT_RC);
		CHECK_EQ(!!ex->wr_atomic_fetch_add, types[i] == IBV_QPT_RC);
		CHECK_OK(ibv_destroy_qp(qp));
	}
	bench_close(&bench);
}

/* A queue pair that could not keep a promise is not made. */
CASE(calls_that_a_type_has_not)
{
	static const struct {
		enum ibv_qp_type type;
		uint64_t op;
	} cases[] = {
		{IBV_QPT_UD, IBV_QP_EX_WITH_RDMA_WRITE},
		{IBV_QPT_UD, IBV_QP_EX_WITH_RDMA_READ},
		{IBV_QPT_UD, IBV_QP_EX_WITH_ATOMIC_FETCH_AND_ADD},
		{IBV_QPT_UC, IBV_QP_EX_WITH_RDMA_READ},
		{IBV_QPT_UC, IBV_QP_EX_WITH_ATOMIC_CMP_AND_SWP},
		{IBV_QPT_RC, IBV_QP_EX_WITH_TSO},
	};
	struct bench bench;

	bench_open(&bench);
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		trying("type %d, operation %#llx", (int)cases[i].type,
		       (unsigned long long)cases[i].op);
		CHECK_FAILS(qp_with(&bench, cases[i].type, IBV_QP_EX_WITH_SEND | cases[i].op),
			    EOPNOTSUPP);
	}
	CHECK(!qp_with(&bench, IBV_QPT_RC, IBV_QP_EX_WITH_SEND | 1ull << 40));
	bench_close(&bench);
}

/* A plain queue pair has no such calls. */
CASE(plain_queue_pairs_are_not_extended)
{
	struct ibv_qp_init_attr attr = {.cap = {1, 1, 1, 1, 0}, .qp_type = IBV_QPT_RC};
	struct bench bench;
	struct ibv_qp *qp;

	bench_open(&bench);
	attr.send_cq = attr.recv_cq = bench.cq;
	qp = ibv_create_qp(bench.bed.pd, &attr);
	CHECK(qp);
	CHECK(!ibv_qp_to_qp_ex(qp));
	CHECK_OK(ibv_destroy_qp(qp));
	bench_close(&bench);
}

/* The first fault of a series is what it ends with; of the series nothing is posted. */
CASE(first_error_is_kept)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	static uint8_t bytes[5000];
	struct buffer buffer;
	struct pair pair;
	struct bed bed;

	bed_open(&bed);
	pair_make(&pair, &bed, &plan);
	buffer_make(&buffer, bed.pd, 4096, ACCESS_ALL);
	post_receive(&pair.b, 1, &buffer, 0, 100);
	ibv_wr_start(pair.a.ex);
	pair.a.ex->wr_id = 7;
	pair.a.ex->wr_flags = IBV_SEND_SIGNALED;
	ibv_wr_send(pair.a.ex);
	ibv_wr_set_sge(pair.a.ex, buffer.mr->lkey, buffer_address(&buffer, 0), 8);
	ibv_wr_send(pair.a.ex);
	ibv_wr_set_inline_data(pair.a.ex, bytes, sizeof(bytes));
	CHECK_RC(ibv_wr_complete(pair.a.ex), ENOMEM);
	expect_empty(pair.a.send_cq);
	ibv_wr_start(pair.a.ex);
	pair.a.ex->wr_id = 8;
	ibv_wr_send(pair.a.ex);
	ibv_wr_set_sge(pair.a.ex, buffer.mr->lkey, buffer_address(&buffer, 0), 8);
	CHECK_OK(ibv_wr_complete(pair.a.ex));
	expect_wc(pair.a.send_cq, 8, IBV_WC_SUCCESS);
	expect_wc(pair.b.recv_cq, 1, IBV_WC_SUCCESS);
	buffer_free(&buffer);
	pair_destroy(&pair);
	bed_close(&bed);
}
