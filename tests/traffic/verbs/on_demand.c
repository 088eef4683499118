/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * On-demand regions: registered without their pages, which come at the first access and may go and
 * come again; an access to what is not there, or may not be written, is an error of the request.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bed.h"

enum {
	PAGE = 4096,
	SIZE = 16 * PAGE,
	LENGTH = 3 * PAGE + 100,
	ON_DEMAND = ACCESS_ALL | IBV_ACCESS_ON_DEMAND,
};

struct bench {
	struct bed bed;
	struct pair pair;
	struct buffer plain;
	struct ibv_device_attr_ex attr;
};

static void bench_open(struct bench *bench)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);

	bed_open(&bench->bed);
	CHECK_OK(ibv_query_device_ex(bench->bed.context, NULL, &bench->attr));
	NEED(bench->attr.odp_caps.general_caps & IBV_ODP_SUPPORT, "the device pages nothing in");
	pair_make(&bench->pair, &bench->bed, &plan);
	buffer_make(&bench->plain, bench->bed.pd, SIZE, ACCESS_ALL);
}

static void need_implicit(const struct bench *bench)
{
	NEED(bench->attr.odp_caps.general_caps & IBV_ODP_SUPPORT_IMPLICIT,
	     "the device has no region of all memory");
}

static void bench_renew(struct bench *bench)
{
	struct end_plan plan = bench->pair.a.plan;

	pair_destroy(&bench->pair);
	pair_make(&bench->pair, &bench->bed, &plan);
}

static void bench_close(struct bench *bench)
{
	pair_destroy(&bench->pair);
	buffer_free(&bench->plain);
	bed_close(&bench->bed);
}

static uint8_t *map_pages(void *where, int protection)
{
	int fixed = where ? MAP_FIXED : 0;
	void *bytes = mmap(where, SIZE, protection, MAP_PRIVATE | MAP_ANONYMOUS | fixed, -1, 0);

	CHECK(bytes != MAP_FAILED);
	return bytes;
}

static void unmap_pages(uint8_t *bytes)
{
	CHECK_EQ(munmap(bytes, SIZE), 0);
}

static unsigned int resident_pages(uint8_t *bytes)
{
	unsigned char there[SIZE / PAGE];
	unsigned int count = 0;

	CHECK_EQ(mincore(bytes, SIZE, there), 0);
	for (unsigned int i = 0; i < SIZE / PAGE; i++)
		count += there[i] & 1;
	return count;
}

static struct ibv_mr *register_pages(const struct bench *bench, uint8_t *bytes, int access)
{
	struct ibv_mr *mr = ibv_reg_mr(bench->bed.pd, bytes, SIZE, access);

	CHECK(mr);
	return mr;
}

/* One side of a transfer: memory and a key for it. */
struct place {
	uint64_t address;
	uint32_t key;
};

static struct place in(const void *bytes, const struct ibv_mr *mr)
{
	return (struct place){(uintptr_t)bytes, mr->lkey};
}

static struct ibv_wc carry_out(struct bench *bench, enum ibv_wr_opcode opcode, struct place local,
			       struct place remote, uint32_t length)
{
	struct ibv_sge sge = {local.address, length, local.key};
	struct ibv_send_wr wr = request(opcode, 1, &sge);

	if (opcode == IBV_WR_ATOMIC_FETCH_AND_ADD) {
		wr.wr.atomic.remote_addr = remote.address;
		wr.wr.atomic.rkey = remote.key;
		wr.wr.atomic.compare_add = 5;
	} else {
		wr.wr.rdma.remote_addr = remote.address;
		wr.wr.rdma.rkey = remote.key;
	}
	post(&bench->pair.a, &wr);
	return next_wc(bench->pair.a.send_cq);
}

enum { VENDOR_PAGE_FAULT = 0x93 }; /* as libmlx5 calls it */

/* The local side's page: the device says so, where its completions have room for it. */
static void check_page_fault(struct bench *bench, struct ibv_wc wc)
{
	CHECK(family_means(bench->bed.family, wc.status, IBV_WC_LOC_PROT_ERR));
	if (bench->bed.family->has_syndromes)
		CHECK_EQ(wc.vendor_err, VENDOR_PAGE_FAULT);
}

#define SUCCEEDS(wc) CHECK_EQ((wc).status, IBV_WC_SUCCESS)
#define FAILS(bench, wc, meant)                                                                    \
	do {                                                                                       \
		CHECK(family_means((bench)->bed.family, (wc).status, meant));                      \
		bench_renew(bench);                                                                \
	} while (0)

CASE(every_operation_pages_in)
{
	struct place plain, paged;
	struct bench bench;
	struct ibv_wc wc;
	struct ibv_mr *mr;
	uint8_t *bytes;

	bench_open(&bench);
	bytes = map_pages(NULL, PROT_READ | PROT_WRITE);
	mr = register_pages(&bench, bytes, ON_DEMAND);
	CHECK_EQ(resident_pages(bytes), 0);
	plain = in(bench.plain.bytes, bench.plain.mr);
	paged = in(bytes, mr);

	pattern_fill(bench.plain.bytes, LENGTH, 1);
	SUCCEEDS(carry_out(&bench, IBV_WR_RDMA_WRITE, plain, paged, LENGTH));
	CHECK_EQ(resident_pages(bytes), 4);
	CHECK_PATTERN(bytes, LENGTH, 1);
	memset(bench.plain.bytes, 0, LENGTH);
	SUCCEEDS(carry_out(&bench, IBV_WR_RDMA_READ, plain, paged, LENGTH));
	CHECK_PATTERN(bench.plain.bytes, LENGTH, 1);
	memset(bench.plain.bytes, 0, LENGTH);
	SUCCEEDS(carry_out(&bench, IBV_WR_RDMA_WRITE, paged, plain, LENGTH));
	CHECK_PATTERN(bench.plain.bytes, LENGTH, 1);
	paged = in(bytes + 8 * PAGE, mr);
	SUCCEEDS(carry_out(&bench, IBV_WR_RDMA_READ, paged, plain, LENGTH));
	CHECK_PATTERN(bytes + 8 * PAGE, LENGTH, 1);
	paged = in(bytes + 15 * PAGE, mr);
	SUCCEEDS(carry_out(&bench, IBV_WR_ATOMIC_FETCH_AND_ADD, plain, paged, 8));
	CHECK_EQ(*(uint64_t *)(void *)(bytes + 15 * PAGE), 5);
	CHECK_EQ(*(uint64_t *)(void *)bench.plain.bytes, 0);

	struct buffer target = {.bytes = bytes, .size = SIZE, .mr = mr};
	struct ibv_sge sge = {paged.address - PAGE, LENGTH / 4, mr->lkey};
	struct ibv_send_wr wr = request(IBV_WR_SEND, 2, &sge);

	post_receive(&bench.pair.b, 3, &target, 5 * PAGE, LENGTH);
	pattern_fill(bytes + 14 * PAGE, LENGTH / 4, 2);
	post(&bench.pair.a, &wr);
	expect_wc(bench.pair.a.send_cq, 2, IBV_WC_SUCCESS);
	wc = expect_wc(bench.pair.b.recv_cq, 3, IBV_WC_SUCCESS);
	CHECK_PATTERN(bytes + 5 * PAGE, wc.byte_len, 2);
	CHECK_OK(ibv_dereg_mr(mr));
	unmap_pages(bytes);
	bench_close(&bench);
}

/* Queue pairs of each kind, sending from and receiving into pages that have gone. */
static void exchange(struct bench *bench, struct pair *pair, struct ibv_mr *mr, uint8_t *bytes)
{
	bool datagram = pair->a.plan.type == IBV_QPT_UD;
	struct ibv_sge from = {(uintptr_t)bytes, 1000, mr->lkey};
	struct ibv_sge to = {(uintptr_t)bytes + 8 * PAGE, 2000, mr->lkey};
	struct ibv_send_wr wr = request(IBV_WR_SEND, 1, &from);
	struct ibv_recv_wr recv = {.wr_id = 2, .sg_list = &to, .num_sge = 1}, *bad;
	struct end_address peer = end_address(&pair->b);

	if (pair->b.plan.srq)
		CHECK_OK(ibv_post_srq_recv(pair->b.plan.srq, &recv, &bad));
	else
		CHECK_OK(ibv_post_recv(pair->b.qp, &recv, &bad));
	if (datagram) {
		wr.wr.ud.ah = ah_make(&bench->bed, &peer);
		wr.wr.ud.remote_qpn = peer.qpn;
		wr.wr.ud.remote_qkey = pair->b.plan.qkey;
	}
	CHECK_EQ(madvise(bytes, SIZE, MADV_DONTNEED), 0);
	pattern_fill(bytes, 1000, 6);
	post(&pair->a, &wr);
	expect_wc(pair->a.send_cq, 1, IBV_WC_SUCCESS);
	expect_wc(pair->b.recv_cq, 2, IBV_WC_SUCCESS);
	CHECK_PATTERN(bytes + 8 * PAGE + (datagram ? 40 : 0), 1000, 6);
	if (datagram)
		CHECK_OK(ibv_destroy_ah(wr.wr.ud.ah));
}

CASE(every_transport_pages_in)
{
	static const enum ibv_qp_type types[] = {IBV_QPT_RC, IBV_QPT_UC, IBV_QPT_UD};
	struct ibv_srq_init_attr srq_attr = {.attr = {.max_wr = 4, .max_sge = 1}};
	struct bench bench;
	struct ibv_mr *mr;
	uint8_t *bytes;

	bench_open(&bench);
	NEED(!bench.bed.kernel, "which transports page in is the driver's choice");
	bytes = map_pages(NULL, PROT_READ | PROT_WRITE);
	mr = register_pages(&bench, bytes, ON_DEMAND);
	for (int i = 0; i < 6; i++) {
		struct end_plan plan = end_plan(types[i / 2]);
		struct pair pair;

		trying("type %d, %s receives", types[i / 2], i % 2 ? "shared" : "own");
		if (i % 2) {
			plan.srq = ibv_create_srq(bench.bed.pd, &srq_attr);
			CHECK(plan.srq);
		}
		pair_make(&pair, &bench.bed, &plan);
		exchange(&bench, &pair, mr, bytes);
		pair_destroy(&pair);
		if (plan.srq)
			CHECK_OK(ibv_destroy_srq(plan.srq));
	}
	CHECK_OK(ibv_dereg_mr(mr));
	unmap_pages(bytes);
	bench_close(&bench);
}

CASE(pages_go_and_come)
{
	struct bench bench;
	struct ibv_mr *mr;
	struct place plain;
	uint8_t *bytes;

	bench_open(&bench);
	bytes = map_pages(NULL, PROT_READ | PROT_WRITE);
	mr = register_pages(&bench, bytes, ON_DEMAND);
	plain = in(bench.plain.bytes, bench.plain.mr);
	for (unsigned int lap = 0; lap < 20; lap++) {
		trying("lap %u", lap);
		pattern_fill(bench.plain.bytes, LENGTH, lap);
		SUCCEEDS(carry_out(&bench, IBV_WR_RDMA_WRITE, plain, in(bytes, mr), LENGTH));
		CHECK_PATTERN(bytes, LENGTH, lap);
		if (lap % 2) {
			CHECK_EQ(madvise(bytes, SIZE, MADV_DONTNEED), 0);
		} else {
			unmap_pages(bytes);
			map_pages(bytes, PROT_READ | PROT_WRITE);
		}
		CHECK_EQ(resident_pages(bytes), 0);
		SUCCEEDS(carry_out(&bench, IBV_WR_RDMA_READ, plain, in(bytes, mr), LENGTH));
		for (size_t i = 0; i < LENGTH; i++)
			CHECK_EQ(bench.plain.bytes[i], 0);
	}
	CHECK_OK(ibv_dereg_mr(mr));
	unmap_pages(bytes);
	bench_close(&bench);
}

/* Nothing can be written there; `readable_memory` can be read. */
static void try_accesses(struct bench *bench, uint8_t *bytes, struct ibv_mr *mr,
			 bool readable_memory)
{
	struct place plain = in(bench->plain.bytes, bench->plain.mr), paged = in(bytes, mr);
	struct buffer target = {.bytes = bytes, .size = SIZE, .mr = mr};
	struct ibv_sge sge = buffer_sge(&bench->plain, 0, LENGTH);
	struct ibv_send_wr wr = request(IBV_WR_SEND, 2, &sge);
	struct ibv_wc wc;

	FAILS(bench, carry_out(bench, IBV_WR_RDMA_WRITE, plain, paged, LENGTH),
	      IBV_WC_REM_ACCESS_ERR);
	FAILS(bench, carry_out(bench, IBV_WR_ATOMIC_FETCH_AND_ADD, plain, paged, 8),
	      IBV_WC_REM_ACCESS_ERR);
	check_page_fault(bench, carry_out(bench, IBV_WR_RDMA_READ, paged, plain, LENGTH));
	bench_renew(bench);
	if (readable_memory) {
		SUCCEEDS(carry_out(bench, IBV_WR_RDMA_READ, plain, paged, LENGTH));
		SUCCEEDS(carry_out(bench, IBV_WR_RDMA_WRITE, paged, plain, LENGTH));
	} else {
		FAILS(bench, carry_out(bench, IBV_WR_RDMA_READ, plain, paged, LENGTH),
		      IBV_WC_REM_ACCESS_ERR);
		check_page_fault(bench, carry_out(bench, IBV_WR_RDMA_WRITE, paged, plain, LENGTH));
		bench_renew(bench);
	}
	post_receive(&bench->pair.b, 3, &target, 0, LENGTH);
	post(&bench->pair.a, &wr);
	check_page_fault(bench, next_wc(bench->pair.b.recv_cq));
	wc = next_wc(bench->pair.a.send_cq);
	CHECK_EQ(wc.status, IBV_WC_REM_OP_ERR);
	bench_renew(bench);
}

CASE(memory_that_is_not_there)
{
	struct bench bench;
	struct ibv_mr *mr;
	uint8_t *bytes;
	int fd;

	bench_open(&bench);
	/* Beyond the end of a file, where nobody else's memory can come to be meanwhile. */
	fd = memfd_create("short", 0);
	CHECK(fd >= 0);
	bytes = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(bytes != MAP_FAILED);
	mr = register_pages(&bench, bytes, ON_DEMAND);
	try_accesses(&bench, bytes, mr, false);
	/* It is there now: the region has nothing of it remembered. */
	CHECK_EQ(ftruncate(fd, SIZE), 0);
	SUCCEEDS(carry_out(&bench, IBV_WR_RDMA_WRITE, in(bench.plain.bytes, bench.plain.mr),
			   in(bytes, mr), LENGTH));
	CHECK_OK(ibv_dereg_mr(mr));
	unmap_pages(bytes);
	close(fd);
	bench_close(&bench);
}

CASE(memory_that_may_not_be_touched)
{
	static const int protections[] = {PROT_NONE, PROT_READ};
	struct bench bench;
	struct ibv_mr *mr;
	uint8_t *bytes;

	bench_open(&bench);
	for (int i = 0; i < 2; i++) {
		trying("protection %d", protections[i]);
		bytes = map_pages(NULL, protections[i]);
		mr = register_pages(&bench, bytes, ON_DEMAND);
		try_accesses(&bench, bytes, mr, protections[i] == PROT_READ);
		CHECK_OK(ibv_dereg_mr(mr));
		unmap_pages(bytes);
	}
	bench_close(&bench);
}

CASE(a_region_of_all_memory)
{
	struct bench bench;
	struct place heap, stack;
	uint8_t on_stack[1000];
	struct ibv_mr *mr;
	uint8_t *bytes;

	bench_open(&bench);
	need_implicit(&bench);
	mr = ibv_reg_mr(bench.bed.pd, NULL, SIZE_MAX, ON_DEMAND);
	CHECK(mr);
	bytes = map_pages(NULL, PROT_READ | PROT_WRITE);
	heap = in(bytes, mr);
	stack = in(on_stack, mr);
	pattern_fill(bytes, sizeof(on_stack), 4);
	SUCCEEDS(carry_out(&bench, IBV_WR_RDMA_WRITE, heap, stack, sizeof(on_stack)));
	CHECK_PATTERN(on_stack, sizeof(on_stack), 4);
	SUCCEEDS(carry_out(&bench, IBV_WR_RDMA_READ, in(bytes + 5 * PAGE, mr), stack, 1000));
	CHECK_PATTERN(bytes + 5 * PAGE, 1000, 4);
	SUCCEEDS(
		carry_out(&bench, IBV_WR_ATOMIC_FETCH_AND_ADD, stack, in(bytes + 9 * PAGE, mr), 8));
	CHECK_EQ(*(uint64_t *)(void *)(bytes + 9 * PAGE), 5);
	CHECK_EQ(mprotect(bytes, SIZE, PROT_NONE), 0);
	try_accesses(&bench, bytes, mr, false);
	try_accesses(&bench, NULL, mr, false);
	unmap_pages(bytes);
	CHECK_OK(ibv_dereg_mr(mr));
	bench_close(&bench);
}

CASE(regions_that_cannot_be)
{
	struct bench bench;
	uint8_t *bytes;

	bench_open(&bench);
	bytes = bench.plain.bytes;
	CHECK_FAILS(ibv_reg_mr(bench.bed.pd, bytes, SIZE,
			       IBV_ACCESS_ON_DEMAND | IBV_ACCESS_REMOTE_WRITE),
		    EINVAL);
	CHECK_FAILS(ibv_reg_mr(bench.bed.pd, bytes, 0, ON_DEMAND), EINVAL);
	CHECK_FAILS(ibv_reg_mr(bench.bed.pd, bytes, SIZE, ON_DEMAND | IBV_ACCESS_HUGETLB), EINVAL);
	need_implicit(&bench);
	/* All memory has the addresses that it has. */
	CHECK_FAILS(ibv_reg_mr_iova(bench.bed.pd, NULL, SIZE_MAX, PAGE, ON_DEMAND), EINVAL);
	bench_close(&bench);
}

static int advise(const struct bench *bench, enum ibv_advise_mr_advice advice, uint32_t flags,
		  struct place place, uint32_t length)
{
	struct ibv_sge sge = {place.address, length, place.key};

	return ibv_advise_mr(bench->bed.pd, advice, flags, &sge, 1);
}

CASE(pages_are_fetched_beforehand)
{
	static const enum ibv_advise_mr_advice advices[] = {
		IBV_ADVISE_MR_ADVICE_PREFETCH,
		IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE,
	};
	struct bench bench;
	struct ibv_mr *mr;
	uint8_t *bytes;

	bench_open(&bench);
	for (int i = 0; i < 2; i++) {
		struct ibv_sge list[2];

		trying("advice %d", i);
		bytes = map_pages(NULL, PROT_READ | PROT_WRITE);
		mr = register_pages(&bench, bytes, ON_DEMAND);
		CHECK_OK(advise(&bench, IBV_ADVISE_MR_ADVICE_PREFETCH_NO_FAULT,
				IBV_ADVISE_MR_FLAG_FLUSH, in(bytes, mr), SIZE));
		CHECK_EQ(resident_pages(bytes), 0);
		list[0] = (struct ibv_sge){(uintptr_t)bytes, PAGE, mr->lkey};
		list[1] = (struct ibv_sge){(uintptr_t)bytes + 5 * PAGE + 1, PAGE, mr->lkey};
		CHECK_OK(
			ibv_advise_mr(bench.bed.pd, advices[i], IBV_ADVISE_MR_FLAG_FLUSH, list, 2));
		CHECK_EQ(resident_pages(bytes), 3);
		CHECK_OK(ibv_dereg_mr(mr));
		unmap_pages(bytes);
	}
	bench_close(&bench);
}

CASE(advice_that_cannot_be_followed)
{
	const uint32_t flush = IBV_ADVISE_MR_FLAG_FLUSH;
	struct ibv_mr *mr, *fixed, *other;
	struct bench bench;
	struct ibv_pd *pd;
	uint8_t *bytes;

	bench_open(&bench);
	bytes = map_pages(NULL, PROT_READ | PROT_WRITE);
	mr = register_pages(&bench, bytes, ON_DEMAND);
	fixed = register_pages(&bench, bytes, IBV_ACCESS_ON_DEMAND);
	pd = ibv_alloc_pd(bench.bed.context);
	CHECK(pd);
	other = ibv_reg_mr(pd, bytes, SIZE, ON_DEMAND);
	CHECK(other);
	CHECK_RC(advise(&bench, IBV_ADVISE_MR_ADVICE_PREFETCH, 0, in(bytes, bench.plain.mr), 1),
		 ENOENT);
	CHECK_RC(advise(&bench, IBV_ADVISE_MR_ADVICE_PREFETCH, 0, in(bytes, other), 1), EPERM);
	CHECK_RC(advise(&bench, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE, 0, in(bytes, fixed), 1),
		 EPERM);
	CHECK_RC(advise(&bench, IBV_ADVISE_MR_ADVICE_PREFETCH, flush, in(bytes + 1, mr), SIZE),
		 EFAULT);
	CHECK_OK(ibv_dereg_mr(other));
	CHECK_RC(advise(&bench, IBV_ADVISE_MR_ADVICE_PREFETCH, 0, (struct place){0, 0x12345}, 1),
		 ENOENT);
	unmap_pages(bytes);
	CHECK_RC(advise(&bench, IBV_ADVISE_MR_ADVICE_PREFETCH, flush, in(bytes, mr), SIZE), EFAULT);
	CHECK_OK(advise(&bench, IBV_ADVISE_MR_ADVICE_PREFETCH, 0, in(bytes, mr), SIZE));
	CHECK_OK(ibv_dealloc_pd(pd));
	CHECK_OK(ibv_dereg_mr(fixed));
	CHECK_OK(ibv_dereg_mr(mr));
	bench_close(&bench);
}
