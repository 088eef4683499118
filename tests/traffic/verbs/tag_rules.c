/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lists of tags: how much they hold, what is refused, and how they end. */
#include <errno.h>
#include <string.h>

#include "tags.h"

CASE(a_full_list)
{
	struct tags_bench bench;
	struct ibv_ops_wr wr;
	unsigned int added;

	tags_open(&bench);
	for (added = 0; added <= bench.caps.max_num_tags; added++) {
		wr = tags_addition(added, NULL, added, TAGS_ALL_BITS);
		if (tags_post(&bench, &wr))
			break;
		tags_expect(&bench, added, IBV_WC_TM_ADD, 0);
	}
	CHECK(added >= TAGS);
	CHECK_RC(tags_post(&bench, &wr), ENOMEM);
	/* Matches and removals make room. */
	tags_send(&bench, IBV_TMH_EAGER, 3, 0, 1);
	tags_expect(&bench, 1003, IBV_WC_TM_RECV, IBV_WC_TM_MATCH | IBV_WC_TM_DATA_VALID);
	tags_add(&bench, 200, 3, TAGS_ALL_BITS, 10);
	CHECK_RC(tags_post(&bench, &wr), ENOMEM);
	CHECK_EQ(tags_change(&bench, IBV_WR_TAG_DEL, 201, 4), IBV_WC_SUCCESS);
	tags_add(&bench, 202, 4, TAGS_ALL_BITS, 10);
	CHECK_RC(tags_post(&bench, &wr), ENOMEM);
	tags_close(&bench);
}

CASE(a_full_queue_of_changes)
{
	struct ibv_ops_wr wr = {.opcode = IBV_WR_TAG_SYNC, .flags = IBV_OPS_SIGNALED};
	struct tags_bench bench;

	tags_open(&bench);
	for (wr.wr_id = 0; wr.wr_id < 1000; wr.wr_id++)
		if (tags_post(&bench, &wr))
			break;
	CHECK(wr.wr_id >= TAGS_OPS);
	CHECK(wr.wr_id < 1000);
	CHECK_RC(tags_post(&bench, &wr), ENOMEM);
	for (uint64_t i = 0; i < wr.wr_id; i++)
		tags_expect(&bench, i, IBV_WC_TM_SYNC, 0);
	CHECK_OK(tags_post(&bench, &wr));
	tags_expect(&bench, wr.wr_id, IBV_WC_TM_SYNC, 0);
	tags_close(&bench);
}

CASE(all_the_tags_of_the_device)
{
	struct tags_bench bench;
	struct ibv_srq *bigger, *own;
	uint32_t most;

	tags_open(&bench);
	most = bench.caps.max_num_tags;
	CHECK_FAILS(tags_srq_make(&bench, most + 1, TAGS_OPS), EINVAL);
	CHECK_FAILS(tags_srq_make(&bench, 0, TAGS_OPS), EINVAL);
	bigger = tags_srq_make(&bench, most, TAGS_OPS);
	CHECK(bigger);
	own = bench.srq;
	bench.srq = bigger;
	for (unsigned int i = 0; i < most; i++)
		tags_add(&bench, i, i, TAGS_ALL_BITS, 0);
	bench.srq = own;
	CHECK_OK(ibv_destroy_srq(bigger));
	tags_close(&bench);
}

CASE(as_many_changes_as_the_device_takes)
{
	struct tags_bench bench;
	struct ibv_srq *srq;

	tags_open(&bench);
	srq = tags_srq_make(&bench, TAGS, bench.caps.max_ops);
	CHECK(srq);
	CHECK_OK(ibv_destroy_srq(srq));
	tags_close(&bench);
}

CASE(handles_are_places)
{
	struct tags_bench bench;
	uint32_t first, second;

	tags_open(&bench);
	first = tags_add(&bench, 1, 1, TAGS_ALL_BITS, 10);
	second = tags_add(&bench, 2, 1, TAGS_ALL_BITS, 10);
	CHECK(first != second);
	CHECK_EQ(tags_change(&bench, IBV_WR_TAG_DEL, 3, first), IBV_WC_SUCCESS);
	tags_send(&bench, IBV_TMH_EAGER, 1, 10, 1);
	tags_expect(&bench, 1002, IBV_WC_TM_RECV, IBV_WC_TM_MATCH | IBV_WC_TM_DATA_VALID);
	tags_close(&bench);
}

CASE(a_tag_that_is_gone)
{
	struct tags_bench bench;
	uint32_t handle;

	tags_open(&bench);
	handle = tags_add(&bench, 1, 1, TAGS_ALL_BITS, 10);
	tags_send(&bench, IBV_TMH_EAGER, 1, 10, 1);
	/* The match is not polled yet. */
	CHECK_EQ(bench.pair.a.plan.type, IBV_QPT_RC);
	{
		struct ibv_ops_wr wr = {.wr_id = 2,
					.opcode = IBV_WR_TAG_DEL,
					.flags = IBV_OPS_SIGNALED,
					.tm.handle = handle};
		struct tags_wc wc;

		CHECK_OK(tags_post(&bench, &wr));
		tags_expect(&bench, 1001, IBV_WC_TM_RECV, IBV_WC_TM_MATCH | IBV_WC_TM_DATA_VALID);
		wc = tags_next(&bench);
		CHECK_EQ(wc.wr_id, 2);
		CHECK_EQ(wc.opcode, IBV_WC_TM_DEL);
		CHECK_EQ(wc.status, IBV_WC_TM_ERR);
	}
	tags_add(&bench, 3, 1, TAGS_ALL_BITS, 10);
	tags_close(&bench);
}

CASE(changes_that_nobody_asks_about)
{
	struct ibv_ops_wr sync = {.wr_id = 9, .opcode = IBV_WR_TAG_SYNC, .flags = IBV_OPS_SIGNALED};
	struct tags_bench bench;
	struct ibv_ops_wr wr;
	struct ibv_sge sge;

	tags_open(&bench);
	sge = buffer_sge(&bench.buffer, TAGS_TAGGED, 100);
	for (int i = 0; i < 100; i++) {
		wr = tags_addition(1, &sge, 1, TAGS_ALL_BITS);
		wr.flags = 0;
		CHECK_OK(tags_post(&bench, &wr));
		wr.opcode = IBV_WR_TAG_DEL;
		CHECK_OK(tags_post(&bench, &wr));
		CHECK_OK(tags_post(&bench, &sync));
		tags_expect(&bench, 9, IBV_WC_TM_SYNC, 0);
	}
	tags_supply(&bench, 50, 1);
	tags_send(&bench, IBV_TMH_EAGER, 1, 10, 1);
	tags_expect(&bench, 50, IBV_WC_TM_RECV, 0);
	tags_close(&bench);
}

CASE(a_list_of_changes_stops_at_the_bad_one)
{
	struct tags_bench bench;
	struct ibv_ops_wr wr[3], *bad = NULL;

	tags_open(&bench);
	for (unsigned int i = 0; i < 3; i++) {
		wr[i] = tags_addition(i, NULL, i, TAGS_ALL_BITS);
		wr[i].next = i < 2 ? &wr[i + 1] : NULL;
	}
	wr[1].opcode = IBV_WR_TAG_SYNC + 1;
	CHECK_RC(ibv_post_srq_ops(bench.srq, wr, &bad), EINVAL);
	CHECK(bad == &wr[1]);
	tags_expect(&bench, 0, IBV_WC_TM_ADD, 0);
	tags_expect_empty(&bench);
	tags_close(&bench);
}

CASE(changes_that_cannot_be)
{
	struct tags_bench bench;
	struct ibv_sge sge[2];
	struct ibv_ops_wr wr;

	tags_open(&bench);
	sge[0] = sge[1] = buffer_sge(&bench.buffer, TAGS_TAGGED, 8);
	wr = tags_addition(1, sge, 1, TAGS_ALL_BITS);
	wr.tm.add.num_sge = (int)bench.caps.max_sge + 1;
	CHECK_RC(tags_post(&bench, &wr), EINVAL);
	wr.tm.add.num_sge = -1;
	CHECK_RC(tags_post(&bench, &wr), EINVAL);
	wr.opcode = IBV_WR_TAG_DEL;
	wr.tm.handle = 1u << 20;
	CHECK_RC(tags_post(&bench, &wr), EINVAL);
	tags_expect_empty(&bench);
	tags_close(&bench);
}

CASE(queues_of_other_kinds)
{
	struct ibv_srq_init_attr attr = {.attr = {.max_wr = 4, .max_sge = 1}};
	struct tags_bench bench;
	struct ibv_srq *own;
	struct ibv_ops_wr wr = {.opcode = IBV_WR_TAG_SYNC};

	tags_open(&bench);
	own = bench.srq;
	bench.srq = ibv_create_srq(bench.bed.pd, &attr);
	CHECK(bench.srq);
	CHECK_RC(tags_post(&bench, &wr), EINVAL);
	CHECK_OK(ibv_destroy_srq(bench.srq));
	bench.srq = own;
	tags_close(&bench);
}

static int create_without(const struct tags_bench *bench, uint32_t part)
{
	struct ibv_srq_init_attr_ex attr = {
		.attr = {.max_wr = 4, .max_sge = 1},
		.comp_mask = (IBV_SRQ_INIT_ATTR_TYPE | IBV_SRQ_INIT_ATTR_PD | IBV_SRQ_INIT_ATTR_CQ |
			      IBV_SRQ_INIT_ATTR_TM) &
			     ~part,
		.srq_type = IBV_SRQT_TM,
		.pd = bench->bed.pd,
		.cq = ibv_cq_ex_to_cq(bench->cq),
		.tm_cap = {.max_num_tags = 3, .max_ops = 3},
	};

	errno = 0;
	CHECK(!ibv_create_srq_ex(bench->bed.context, &attr));
	return errno;
}

CASE(queues_that_lack_a_part)
{
	struct tags_bench bench;

	tags_open(&bench);
	CHECK_EQ(create_without(&bench, IBV_SRQ_INIT_ATTR_PD), EINVAL);
	CHECK_EQ(create_without(&bench, IBV_SRQ_INIT_ATTR_CQ), EINVAL);
	CHECK_EQ(create_without(&bench, IBV_SRQ_INIT_ATTR_TM), EINVAL);
	tags_close(&bench);
}

/* Refused, and then as before. */
CASE(a_queue_in_use)
{
	struct tags_bench bench;

	tags_open(&bench);
	CHECK_RC(ibv_destroy_srq(bench.srq), EBUSY);
	tags_add(&bench, 1, 1, TAGS_ALL_BITS, 10);
	tags_send(&bench, IBV_TMH_EAGER, 1, 10, 1);
	tags_expect(&bench, 1001, IBV_WC_TM_RECV, IBV_WC_TM_MATCH | IBV_WC_TM_DATA_VALID);
	tags_close(&bench);
}

/* Of queue pairs on such a queue only those that the device announces. */
CASE(connections_of_other_kinds)
{
	static const enum ibv_qp_type types[] = {IBV_QPT_UC, IBV_QPT_UD};
	struct tags_bench bench;

	tags_open(&bench);
	for (unsigned int i = 0; i < 2; i++) {
		struct ibv_qp_init_attr attr = {
			.send_cq = ibv_cq_ex_to_cq(bench.cq),
			.recv_cq = ibv_cq_ex_to_cq(bench.cq),
			.srq = bench.srq,
			.cap = {.max_send_wr = 1, .max_send_sge = 1},
			.qp_type = types[i],
		};

		CHECK_FAILS(ibv_create_qp(bench.bed.pd, &attr), EOPNOTSUPP);
	}
	tags_close(&bench);
}

/* A peer that goes while its message arrives takes nothing along. */
CASE(tags_outlive_a_connection)
{
	struct tags_bench bench;
	uint32_t handle;

	tags_open(&bench);
	handle = tags_add(&bench, 1, 1, TAGS_ALL_BITS, 10);
	tags_add(&bench, 2, 2, TAGS_ALL_BITS, 10);
	pair_destroy(&bench.pair);
	CHECK_EQ(tags_change(&bench, IBV_WR_TAG_DEL, 3, handle), IBV_WC_SUCCESS);
	{
		struct end_plan plan = end_plan(IBV_QPT_RC);
		struct end_address a, b;

		end_create(&bench.pair.a, &bench.bed, &plan);
		plan.srq = bench.srq;
		end_create(&bench.pair.b, &bench.bed, &plan);
		a = end_address(&bench.pair.a);
		b = end_address(&bench.pair.b);
		end_connect(&bench.pair.a, &b);
		end_connect(&bench.pair.b, &a);
	}
	tags_send(&bench, IBV_TMH_EAGER, 2, 10, 1);
	tags_expect(&bench, 1002, IBV_WC_TM_RECV, IBV_WC_TM_MATCH | IBV_WC_TM_DATA_VALID);
	tags_close(&bench);
}

/* The plain poll tells all but the tag. */
CASE(the_plain_poll)
{
	struct tags_bench bench;
	struct ibv_sge sge;
	struct ibv_ops_wr wr;
	struct ibv_cq *cq;
	struct ibv_wc wc;

	tags_open(&bench);
	cq = ibv_cq_ex_to_cq(bench.cq);
	sge = buffer_sge(&bench.buffer, TAGS_TAGGED, 100);
	wr = tags_addition(1, &sge, 1, TAGS_ALL_BITS);
	CHECK_OK(tags_post(&bench, &wr));
	CHECK_EQ(expect_wc(cq, 1, IBV_WC_SUCCESS).opcode, IBV_WC_TM_ADD);
	tags_send(&bench, IBV_TMH_EAGER, 1, 10, 1);
	wc = expect_wc(cq, 1001, IBV_WC_SUCCESS);
	CHECK_EQ(wc.opcode, IBV_WC_TM_RECV);
	CHECK_EQ(wc.byte_len, 10);
	CHECK_EQ(wc.wc_flags & ~(unsigned int)IBV_WC_GRH, IBV_WC_TM_MATCH | IBV_WC_TM_DATA_VALID);
	tags_close(&bench);
}
