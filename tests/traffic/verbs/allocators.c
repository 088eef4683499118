/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory of queues from functions of the program, through a parent domain; and its other uses. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bed.h"

/* As the ConnectX provider names what it asks for; the same in every version of it. */
#define TYPE(number) (1ull << 32 | (number))
enum { QP = 1, DBR = 3, SRQ = 4, CQ = 5, TYPES };
/* Handed to both functions. */
static int cookie;

enum answer { GIVE, DECLINE, FAIL };

static struct {
	enum answer answer[TYPES];
	unsigned int asked[TYPES], given[TYPES], freed[TYPES];
	uint8_t remains; /* of earlier use, in what is given */
	struct ibv_pd *domain;
	void *context;
} memory;

static unsigned int number_of(uint64_t type)
{
	unsigned int number = (unsigned int)(type & 0xffffffff);

	CHECK(type >> 32 == 1);
	CHECK(number == QP || number == DBR || number == SRQ || number == CQ);
	return number;
}

static void *give(struct ibv_pd *pd, void *context, size_t size, size_t alignment, uint64_t type)
{
	unsigned int number = number_of(type);
	size_t bytes = (size + alignment - 1) / alignment * alignment;
	void *piece;

	CHECK(context == memory.context);
	CHECK(!memory.domain || pd == memory.domain);
	CHECK(size && alignment && !(alignment & (alignment - 1)));
	memory.asked[number]++;
	if (memory.answer[number] == DECLINE)
		return IBV_ALLOCATOR_USE_DEFAULT;
	if (memory.answer[number] == FAIL)
		return NULL;
	memory.given[number]++;
	piece = aligned_alloc(alignment, bytes);
	CHECK(piece);
	memset(piece, memory.remains, bytes);
	return piece;
}

static void take_back(struct ibv_pd *pd, void *context, void *piece, uint64_t type)
{
	CHECK(context == memory.context);
	CHECK(pd == memory.domain);
	memory.freed[number_of(type)]++;
	free(piece);
}

static struct ibv_pd *domain_make(const struct bed *bed, uint32_t comp_mask)
{
	struct ibv_parent_domain_init_attr attr = {
		.pd = bed->pd,
		.comp_mask = comp_mask,
		.alloc = give,
		.free = take_back,
		.pd_context = &cookie,
	};

	memory.domain = ibv_alloc_parent_domain(bed->context, &attr);
	if (!memory.domain && errno == EOPNOTSUPP)
		skip_for("the provider's queues are the kernel's memory");
	CHECK(memory.domain);
	memory.context = comp_mask & IBV_PARENT_DOMAIN_INIT_ATTR_PD_CONTEXT ? &cookie : NULL;
	return memory.domain;
}

struct bench {
	struct bed bed;
	struct ibv_pd *domain;
	struct ibv_cq *cq;
	struct ibv_srq *srq;
	struct pair pair;
	struct buffer buffer;
};

static struct ibv_cq *cq_in(struct bench *bench)
{
	struct ibv_cq_init_attr_ex attr = {
		.cqe = 60,
		.comp_mask = IBV_CQ_INIT_ATTR_MASK_PD,
		.parent_domain = bench->domain,
	};
	struct ibv_cq_ex *cq = ibv_create_cq_ex(bench->bed.context, &attr);

	return cq ? ibv_cq_ex_to_cq(cq) : NULL;
}

static struct ibv_srq *srq_in(struct bench *bench)
{
	struct ibv_srq_init_attr attr = {.attr = {.max_wr = 20, .max_sge = 1}};

	return ibv_create_srq(bench->domain, &attr);
}

static void bench_open(struct bench *bench, uint32_t comp_mask)
{
	bed_open(&bench->bed);
	bench->domain = domain_make(&bench->bed, comp_mask);
}

static void make_queues(struct bench *bench, bool shared)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);

	bench->cq = cq_in(bench);
	CHECK(bench->cq);
	bench->srq = shared ? srq_in(bench) : NULL;
	CHECK(!shared || bench->srq);
	plan.pd = bench->domain;
	plan.send_cq = plan.recv_cq = bench->cq;
	plan.srq = bench->srq;
	pair_make(&bench->pair, &bench->bed, &plan);
	buffer_make(&bench->buffer, bench->bed.pd, 8192, ACCESS_ALL);
}

static void end_queues(struct bench *bench)
{
	buffer_free(&bench->buffer);
	pair_destroy(&bench->pair);
	if (bench->srq)
		CHECK_OK(ibv_destroy_srq(bench->srq));
	CHECK_OK(ibv_destroy_cq(bench->cq));
}

static void bench_close(struct bench *bench)
{
	CHECK_OK(ibv_dealloc_pd(bench->domain));
	bed_close(&bench->bed);
	for (unsigned int type = 0; type < TYPES; type++)
		CHECK_EQ(memory.freed[type], memory.given[type]);
}

static void exchange(struct bench *bench, unsigned int seed)
{
	struct ibv_sge sge = buffer_sge(&bench->buffer, 0, 3000);
	struct ibv_send_wr wr = request(IBV_WR_SEND, seed, &sge);

	pattern_fill(bench->buffer.bytes, 3000, seed);
	post_receive(&bench->pair.b, 1000 + seed, &bench->buffer, 4096, 3000);
	post(&bench->pair.a, &wr);
	expect_wc(bench->cq, 1000 + seed, IBV_WC_SUCCESS);
	expect_wc(bench->cq, seed, IBV_WC_SUCCESS);
	CHECK_PATTERN(bench->buffer.bytes + 4096, 3000, seed);
}

static void work_in_given_memory(uint32_t comp_mask, bool shared)
{
	struct bench bench;

	bench_open(&bench, comp_mask);
	make_queues(&bench, shared);
	CHECK_EQ(memory.given[CQ], 1);
	CHECK_EQ(memory.given[QP], 2);
	CHECK_EQ(memory.given[SRQ], shared);
	CHECK_EQ(memory.given[DBR], 3 + shared);
	for (unsigned int i = 0; i < 200; i++)
		exchange(&bench, i);
	end_queues(&bench);
	bench_close(&bench);
}

CASE(queues_in_given_memory)
{
	work_in_given_memory(IBV_PARENT_DOMAIN_INIT_ATTR_ALLOCATORS |
				     IBV_PARENT_DOMAIN_INIT_ATTR_PD_CONTEXT,
			     false);
}

CASE(shared_receives_in_given_memory)
{
	work_in_given_memory(IBV_PARENT_DOMAIN_INIT_ATTR_ALLOCATORS |
				     IBV_PARENT_DOMAIN_INIT_ATTR_PD_CONTEXT,
			     true);
}

/* What lies in it is no business of a queue. */
CASE(queues_in_used_memory)
{
	memory.remains = 0xa5;
	work_in_given_memory(IBV_PARENT_DOMAIN_INIT_ATTR_ALLOCATORS, false);
}

CASE(functions_without_a_context)
{
	work_in_given_memory(IBV_PARENT_DOMAIN_INIT_ATTR_ALLOCATORS, true);
}

CASE(what_the_program_declines_the_library_gives)
{
	struct bench bench;

	for (unsigned int type = 0; type < TYPES; type++)
		memory.answer[type] = DECLINE;
	bench_open(&bench, IBV_PARENT_DOMAIN_INIT_ATTR_ALLOCATORS);
	make_queues(&bench, true);
	CHECK(memory.asked[CQ] == 1 && memory.asked[QP] == 2 && memory.asked[SRQ] == 1);
	CHECK_EQ(memory.asked[DBR], 4);
	exchange(&bench, 1);
	end_queues(&bench);
	bench_close(&bench);
}

CASE(records_alone_are_declined)
{
	struct bench bench;

	memory.answer[DBR] = DECLINE;
	bench_open(&bench, IBV_PARENT_DOMAIN_INIT_ATTR_ALLOCATORS);
	make_queues(&bench, true);
	CHECK_EQ(memory.given[DBR], 0);
	CHECK_EQ(memory.given[QP], 2);
	exchange(&bench, 1);
	end_queues(&bench);
	bench_close(&bench);
}

/* Nothing is left of a queue that has no memory; the next one is as good as ever. */
CASE(no_memory)
{
	struct bench bench;

	bench_open(&bench, IBV_PARENT_DOMAIN_INIT_ATTR_ALLOCATORS);
	memory.answer[CQ] = FAIL;
	CHECK(!cq_in(&bench));
	memory.answer[CQ] = GIVE;
	memory.answer[DBR] = FAIL;
	CHECK(!cq_in(&bench));
	CHECK(!srq_in(&bench));
	memory.answer[DBR] = GIVE;
	memory.answer[SRQ] = FAIL;
	CHECK(!srq_in(&bench));
	memory.answer[SRQ] = GIVE;
	make_queues(&bench, true);
	exchange(&bench, 1);
	end_queues(&bench);
	bench_close(&bench);
}

CASE(resizing_moves_to_given_memory)
{
	struct bench bench;

	bench_open(&bench, IBV_PARENT_DOMAIN_INIT_ATTR_ALLOCATORS);
	make_queues(&bench, false);
	for (unsigned int i = 0; i < 20; i++) {
		exchange(&bench, i);
		CHECK_OK(ibv_resize_cq(bench.cq, i % 2 ? 60 : 300));
		CHECK_EQ(memory.given[CQ], 2 + i);
		CHECK_EQ(memory.freed[CQ], 1 + i);
	}
	memory.answer[CQ] = FAIL;
	CHECK(ibv_resize_cq(bench.cq, 2000));
	exchange(&bench, 20);
	end_queues(&bench);
	bench_close(&bench);
}

/* The functions are needed as long as anything lies in their memory. */
CASE(domain_in_use_cannot_go)
{
	struct bench bench;

	bench_open(&bench, IBV_PARENT_DOMAIN_INIT_ATTR_ALLOCATORS);
	bench.cq = cq_in(&bench);
	CHECK(bench.cq);
	CHECK_RC(ibv_dealloc_pd(bench.domain), EBUSY);
	CHECK_OK(ibv_destroy_cq(bench.cq));
	bench_close(&bench);
}

CASE(domains_that_cannot_be)
{
	struct ibv_parent_domain_init_attr attr = {.pd = NULL};
	struct ibv_cq_init_attr_ex cq_attr = {.cqe = 10, .comp_mask = IBV_CQ_INIT_ATTR_MASK_PD};
	struct bench bench;

	bench_open(&bench, 0);
	CHECK_FAILS(ibv_alloc_parent_domain(bench.bed.context, &attr), EINVAL);
	attr.pd = bench.bed.pd;
	attr.comp_mask = 1 << 10;
	CHECK(!ibv_alloc_parent_domain(bench.bed.context, &attr));
	/* A CQ has no protection that a plain domain could say anything about. */
	cq_attr.parent_domain = bench.bed.pd;
	CHECK_FAILS(ibv_create_cq_ex(bench.bed.context, &cq_attr), EINVAL);
	bench_close(&bench);
}
