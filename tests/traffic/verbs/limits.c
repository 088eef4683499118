/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The limits that the device and its objects state: reached, and not passed. */
#include <errno.h>
#include <string.h>

#include "bed.h"

static struct ibv_qp *try_qp(struct bed *bed, struct ibv_cq *cq, struct ibv_qp_cap *cap,
			     enum ibv_qp_type type)
{
	struct ibv_qp_init_attr attr = {
		.send_cq = cq,
		.recv_cq = cq,
		.cap = *cap,
		.qp_type = type,
	};
	struct ibv_qp *qp = ibv_create_qp(bed->pd, &attr);

	*cap = attr.cap;
	return qp;
}

static const struct ibv_qp_cap modest = {
	.max_send_wr = 8, .max_recv_wr = 8, .max_send_sge = 1, .max_recv_sge = 1};

/* The queue pair is at least as large as asked for, and a query says the same. */
static void granted(struct bed *bed, struct ibv_cq *cq, struct ibv_qp_cap asked)
{
	struct ibv_qp_cap got = asked;
	struct ibv_qp *qp = try_qp(bed, cq, &got, IBV_QPT_RC);
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;

	trying("%u/%u requests of %u/%u pieces, %u inline", asked.max_send_wr, asked.max_recv_wr,
	       asked.max_send_sge, asked.max_recv_sge, asked.max_inline_data);
	CHECK(qp);
	CHECK(got.max_send_wr >= asked.max_send_wr);
	CHECK(got.max_recv_wr >= asked.max_recv_wr);
	CHECK(got.max_send_sge >= asked.max_send_sge);
	CHECK(got.max_recv_sge >= asked.max_recv_sge);
	CHECK(got.max_inline_data >= asked.max_inline_data);
	CHECK_OK(ibv_query_qp(qp, &attr, IBV_QP_CAP, &init));
	if (bed->family->grants_exactly)
		CHECK_BYTES(&attr.cap, &got, sizeof(got));
	CHECK(attr.cap.max_send_wr >= got.max_send_wr);
	CHECK(attr.cap.max_recv_wr >= got.max_recv_wr);
	CHECK(attr.cap.max_send_sge >= got.max_send_sge);
	CHECK(attr.cap.max_recv_sge >= got.max_recv_sge);
	CHECK(attr.cap.max_inline_data >= got.max_inline_data);
	CHECK_OK(ibv_destroy_qp(qp));
}

static void refused(struct bed *bed, struct ibv_cq *cq, struct ibv_qp_cap asked)
{
	trying("%u/%u requests of %u/%u pieces, %u inline", asked.max_send_wr, asked.max_recv_wr,
	       asked.max_send_sge, asked.max_recv_sge, asked.max_inline_data);
	errno = 0;
	CHECK(!try_qp(bed, cq, &asked, IBV_QPT_RC));
	CHECK(errno == EINVAL || errno == ENOMEM);
}

CASE(sizes_of_queue_pairs)
{
	struct ibv_qp_cap cap = modest;
	struct ibv_cq *cq;
	struct bed bed;

	bed_open(&bed);
	cq = ibv_create_cq(bed.context, 8, NULL, NULL, 0);
	CHECK(cq);
	granted(&bed, cq, modest);
	cap.max_send_wr = 13;
	cap.max_recv_wr = 21;
	cap.max_recv_sge = 3;
	cap.max_send_sge = 5;
	granted(&bed, cq, cap);
	cap = modest;
	cap.max_recv_wr = (uint32_t)bed.device.max_qp_wr;
	granted(&bed, cq, cap);
	cap.max_recv_wr++;
	refused(&bed, cq, cap);
	cap = modest;
	/* One block a request is as small as they get. */
	cap.max_send_wr = (uint32_t)bed.device.max_qp_wr + 1;
	refused(&bed, cq, cap);
	cap = modest;
	cap.max_recv_sge = (uint32_t)bed.device.max_sge;
	granted(&bed, cq, cap);
	cap.max_recv_sge = 2 * (uint32_t)bed.device.max_sge + 4;
	refused(&bed, cq, cap);
	cap = modest;
	cap.max_send_sge = (uint32_t)bed.device.max_sge;
	granted(&bed, cq, cap);
	cap.max_send_sge = 2 * (uint32_t)bed.device.max_sge + 4;
	refused(&bed, cq, cap);
	cap = modest;
	cap.max_inline_data = bed.family->inline_bytes;
	granted(&bed, cq, cap);
	cap.max_inline_data = 2000;
	refused(&bed, cq, cap);
	CHECK_OK(ibv_destroy_cq(cq));
	bed_close(&bed);
}

/* Programs take the inline data that one queue pair was granted for what they may ask for, as
 * libfabric does. */
CASE(granted_inline_data_may_be_asked_for)
{
	static const enum ibv_qp_type types[] = {IBV_QPT_RC, IBV_QPT_UC, IBV_QPT_UD};
	struct ibv_cq *cq;
	struct bed bed;

	bed_open(&bed);
	cq = ibv_create_cq(bed.context, 8, NULL, NULL, 0);
	CHECK(cq);
	for (unsigned int i = 0; i < sizeof(types) / sizeof(types[0]) * 64; i++) {
		struct ibv_qp_cap cap = modest;
		struct ibv_qp *qp;

		cap.max_inline_data = i / 3 * 16;
		qp = try_qp(&bed, cq, &cap, types[i % 3]);
		if (!qp)
			continue;
		CHECK_OK(ibv_destroy_qp(qp));
		trying("type %d, %u inline, of which %u were granted", types[i % 3], i / 3 * 16,
		       cap.max_inline_data);
		qp = try_qp(&bed, cq, &cap, types[i % 3]);
		CHECK(qp);
		CHECK_OK(ibv_destroy_qp(qp));
	}
	CHECK_OK(ibv_destroy_cq(cq));
	bed_close(&bed);
}

CASE(types_of_queue_pairs)
{
	struct ibv_qp_cap cap = modest;
	struct ibv_cq *cq;
	struct bed bed;

	bed_open(&bed);
	cq = ibv_create_cq(bed.context, 8, NULL, NULL, 0);
	CHECK(cq);
	errno = 0;
	CHECK(!try_qp(&bed, cq, &cap, 77));
	CHECK(errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS);
	CHECK_OK(ibv_destroy_cq(cq));
	bed_close(&bed);
}

/* As much inline data as was granted, and as many pieces, in one request. */
CASE(largest_requests)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct ibv_qp_init_attr init;
	struct ibv_qp_attr attr;
	struct ibv_sge sge[64];
	struct ibv_send_wr wr, *bad;
	struct buffer buffer;
	int error;
	struct pair pair;
	struct bed bed;

	bed_open(&bed);
	plan.send_sge = plan.recv_sge = (uint32_t)bed.device.max_sge;
	plan.inline_bytes = 400;
	pair_make(&pair, &bed, &plan);
	buffer_make(&buffer, bed.pd, 65536, ACCESS_ALL);
	CHECK_OK(ibv_query_qp(pair.a.qp, &attr, IBV_QP_CAP, &init));
	CHECK(attr.cap.max_send_sge < 64);
	pattern_fill(buffer.bytes, 4096, 1);
	for (uint32_t i = 0; i < 64; i++)
		sge[i] = buffer_sge(&buffer, (size_t)i * 20, 20);

	for (uint64_t lap = 0; lap < 100; lap++) {
		uint32_t total = attr.cap.max_send_sge * 20;

		wr = request(IBV_WR_RDMA_WRITE, lap, sge);
		wr.num_sge = (int)attr.cap.max_send_sge;
		wr.wr.rdma.remote_addr = buffer_address(&buffer, 32768);
		wr.wr.rdma.rkey = buffer.mr->rkey;
		memset(buffer.bytes + 32768, 0, total + 1);
		post(&pair.a, &wr);
		expect_wc(pair.a.send_cq, lap, IBV_WC_SUCCESS);
		CHECK_PATTERN(buffer.bytes + 32768, total, 1);
		CHECK_EQ(buffer.bytes[32768 + total], 0);

		sge[0].length = attr.cap.max_inline_data;
		wr.num_sge = 1;
		wr.send_flags |= IBV_SEND_INLINE;
		memset(buffer.bytes + 32768, 0, sge[0].length + 1);
		post(&pair.a, &wr);
		expect_wc(pair.a.send_cq, lap, IBV_WC_SUCCESS);
		CHECK_PATTERN(buffer.bytes + 32768, sge[0].length, 1);
		CHECK_EQ(buffer.bytes[32768 + sge[0].length], 0);
		sge[0].length++;
		error = ibv_post_send(pair.a.qp, &wr, &bad);
		if (error != ENOMEM)
			CHECK_RC(error, EINVAL);
		sge[0].length = 20;
	}
	buffer_free(&buffer);
	pair_destroy(&pair);
	bed_close(&bed);
}

CASE(sizes_of_shared_queues)
{
	struct ibv_srq_init_attr attr = {.attr = {.max_sge = 1}};
	struct ibv_srq *srq;
	struct bed bed;

	bed_open(&bed);
	attr.attr.max_wr = (uint32_t)bed.device.max_srq_wr;
	srq = ibv_create_srq(bed.pd, &attr);
	CHECK(srq);
	CHECK(attr.attr.max_wr >= (uint32_t)bed.device.max_srq_wr);
	CHECK_OK(ibv_destroy_srq(srq));
	attr.attr.max_wr = (uint32_t)bed.device.max_srq_wr + 1;
	CHECK_FAILS(ibv_create_srq(bed.pd, &attr), EINVAL);
	attr.attr.max_wr = 4;
	attr.attr.max_sge = (uint32_t)bed.device.max_srq_sge;
	srq = ibv_create_srq(bed.pd, &attr);
	CHECK(srq);
	CHECK_OK(ibv_destroy_srq(srq));
	attr.attr.max_sge = 2 * (uint32_t)bed.device.max_srq_sge;
	CHECK_FAILS(ibv_create_srq(bed.pd, &attr), EINVAL);
	bed_close(&bed);
}

/* More queue pairs than any program of ours needs, made and ended in another order. */
CASE(many_queue_pairs)
{
	enum { PAIRS = 400 };
	static struct ibv_qp *made[PAIRS];
	struct ibv_cq *cq;
	struct bed bed;

	bed_open(&bed);
	cq = ibv_create_cq(bed.context, 8, NULL, NULL, 0);
	CHECK(cq);
	for (int i = 0; i < PAIRS; i++) {
		struct ibv_qp_cap cap = modest;

		made[i] = try_qp(&bed, cq, &cap, i % 2 ? IBV_QPT_RC : IBV_QPT_UD);
		CHECK(made[i]);
		for (int j = 0; j < i; j++)
			CHECK(made[i]->qp_num != made[j]->qp_num);
	}
	for (int i = 0; i < PAIRS; i++)
		CHECK_OK(ibv_destroy_qp(made[i * 7 % PAIRS]));
	CHECK_OK(ibv_destroy_cq(cq));
	bed_close(&bed);
}
