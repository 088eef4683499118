/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory regions: what can be registered, changed and used, and in which order objects may end. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "bed.h"

enum { SIZE = 65536 };

struct bench {
	struct bed bed;
	struct pair pair;
	struct buffer buffer;
	struct ibv_sge sge;
};

static void bench_open(struct bench *bench)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);

	bed_open(&bench->bed);
	pair_make(&bench->pair, &bench->bed, &plan);
	buffer_make(&bench->buffer, bench->bed.pd, SIZE, ACCESS_ALL);
	bench->sge = buffer_sge(&bench->buffer, 0, 256);
}

static void bench_close(struct bench *bench)
{
	buffer_free(&bench->buffer);
	pair_destroy(&bench->pair);
	bed_close(&bench->bed);
}

/* Writes 256 bytes to `address` by `rkey`; the status it ends with. Fresh queue pairs follow an
 * error. */
static enum ibv_wc_status write_to(struct bench *bench, uint64_t address, uint32_t rkey)
{
	struct end_plan plan = bench->pair.a.plan;
	struct ibv_send_wr wr = request(IBV_WR_RDMA_WRITE, 1, &bench->sge);
	struct ibv_wc wc;

	wr.wr.rdma.remote_addr = address;
	wr.wr.rdma.rkey = rkey;
	post(&bench->pair.a, &wr);
	wc = next_wc(bench->pair.a.send_cq);
	if (wc.status != IBV_WC_SUCCESS) {
		pair_destroy(&bench->pair);
		pair_make(&bench->pair, &bench->bed, &plan);
	}
	return wc.status;
}

CASE(own_choice_of_address)
{
	static const uint64_t addresses[] = {0, 0x1000, 0x7fff00000000, 0x1234567890ab0000};
	struct ibv_sge sge;
	struct ibv_mr *mr;
	struct bench bench;

	bench_open(&bench);
	for (int i = 0; i < 4; i++) {
		trying("address 0x%llx", (unsigned long long)addresses[i]);
		mr = ibv_reg_mr_iova(bench.bed.pd, bench.buffer.bytes + 8192, 4096, addresses[i],
				     ACCESS_ALL);
		CHECK(mr);
		pattern_fill(bench.buffer.bytes, 256, (unsigned int)i);
		CHECK_EQ(write_to(&bench, addresses[i] + 100, mr->rkey), IBV_WC_SUCCESS);
		CHECK_PATTERN(bench.buffer.bytes + 8292, 256, (unsigned int)i);
		CHECK_EQ(write_to(&bench, addresses[i] + 4000, mr->rkey), IBV_WC_REM_ACCESS_ERR);
		CHECK_EQ(write_to(&bench, buffer_address(&bench.buffer, 8192), mr->rkey),
			 IBV_WC_REM_ACCESS_ERR);
		/* And as the local side. */
		sge = bench.sge;
		bench.sge = (struct ibv_sge){addresses[i], 256, mr->lkey};
		pattern_fill(bench.buffer.bytes + 8192, 256, 50);
		CHECK_EQ(write_to(&bench, buffer_address(&bench.buffer, 20000),
				  bench.buffer.mr->rkey),
			 IBV_WC_SUCCESS);
		CHECK_PATTERN(bench.buffer.bytes + 20000, 256, 50);
		bench.sge = sge;
		CHECK_OK(ibv_dereg_mr(mr));
	}
	bench_close(&bench);
}

/* A region that starts and ends inside pages reaches no further than it says. */
CASE(odd_boundaries)
{
	struct ibv_mr *mr;
	struct bench bench;
	uint64_t start;

	bench_open(&bench);
	start = buffer_address(&bench.buffer, 8192 + 13);
	mr = ibv_reg_mr(bench.bed.pd, bench.buffer.bytes + 8192 + 13, 5001, ACCESS_ALL);
	CHECK(mr);
	CHECK_EQ(write_to(&bench, start, mr->rkey), IBV_WC_SUCCESS);
	CHECK_EQ(write_to(&bench, start + 5001 - 256, mr->rkey), IBV_WC_SUCCESS);
	CHECK_EQ(write_to(&bench, start - 1, mr->rkey), IBV_WC_REM_ACCESS_ERR);
	CHECK_EQ(write_to(&bench, start + 5001 - 255, mr->rkey), IBV_WC_REM_ACCESS_ERR);
	CHECK_OK(ibv_dereg_mr(mr));
	bench_close(&bench);
}

/* As ibv_rereg_mr(). Drivers do not tell beforehand which changes they can make. */
static void change(struct ibv_mr *mr, int flags, struct ibv_pd *pd, void *addr, size_t length,
		   int access)
{
	int rc = ibv_rereg_mr(mr, flags, pd, addr, length, access);

	NEED(rc != IBV_REREG_MR_ERR_CMD || errno != EOPNOTSUPP,
	     "the driver cannot change memory regions so");
	CHECK_EQ(rc, 0);
}

CASE(rights_change)
{
	struct bench bench;
	uint64_t address;
	struct ibv_mr *mr;

	bench_open(&bench);
	address = buffer_address(&bench.buffer, 8192);
	/* Pages that were pinned to be read stay so: Linux 7.2 refuses to let them be written. */
	mr = ibv_reg_mr(bench.bed.pd, bench.buffer.bytes + 8192, 4096, IBV_ACCESS_LOCAL_WRITE);
	CHECK(mr);
	CHECK_EQ(write_to(&bench, address, mr->rkey), IBV_WC_REM_ACCESS_ERR);
	change(mr, IBV_REREG_MR_CHANGE_ACCESS, NULL, NULL, 0, ACCESS_ALL);
	CHECK_EQ(write_to(&bench, address, mr->rkey), IBV_WC_SUCCESS);
	change(mr, IBV_REREG_MR_CHANGE_ACCESS, NULL, NULL, 0, IBV_ACCESS_LOCAL_WRITE);
	CHECK_EQ(write_to(&bench, address, mr->rkey), IBV_WC_REM_ACCESS_ERR);
	CHECK_OK(ibv_dereg_mr(mr));
	bench_close(&bench);
}

CASE(domain_changes)
{
	struct ibv_pd *other;
	struct bench bench;
	struct ibv_mr *mr;
	uint64_t address;

	bench_open(&bench);
	other = ibv_alloc_pd(bench.bed.context);
	CHECK(other);
	address = buffer_address(&bench.buffer, 8192);
	mr = ibv_reg_mr(other, bench.buffer.bytes + 8192, 4096, ACCESS_ALL);
	CHECK(mr);
	CHECK_EQ(write_to(&bench, address, mr->rkey), IBV_WC_REM_ACCESS_ERR);
	change(mr, IBV_REREG_MR_CHANGE_PD, bench.bed.pd, NULL, 0, 0);
	CHECK(mr->pd == bench.bed.pd);
	CHECK_EQ(write_to(&bench, address, mr->rkey), IBV_WC_SUCCESS);
	CHECK_OK(ibv_dealloc_pd(other));
	CHECK_OK(ibv_dereg_mr(mr));
	bench_close(&bench);
}

CASE(place_changes)
{
	struct bench bench;
	struct ibv_mr *mr;
	uint64_t before, after;

	bench_open(&bench);
	before = buffer_address(&bench.buffer, 8192);
	after = buffer_address(&bench.buffer, 24576);
	mr = ibv_reg_mr(bench.bed.pd, bench.buffer.bytes + 8192, 4096, ACCESS_ALL);
	CHECK(mr);
	change(mr, IBV_REREG_MR_CHANGE_TRANSLATION, NULL, bench.buffer.bytes + 24576, 8192, 0);
	CHECK(mr->addr == bench.buffer.bytes + 24576);
	CHECK_EQ(mr->length, 8192);
	pattern_fill(bench.buffer.bytes, 256, 1);
	CHECK_EQ(write_to(&bench, after + 8192 - 256, mr->rkey), IBV_WC_SUCCESS);
	CHECK_PATTERN(bench.buffer.bytes + 24576 + 8192 - 256, 256, 1);
	CHECK_EQ(write_to(&bench, before, mr->rkey), IBV_WC_REM_ACCESS_ERR);
	CHECK_OK(ibv_dereg_mr(mr));
	bench_close(&bench);
}

CASE(changes_that_cannot_be)
{
	struct bench bench;
	struct ibv_mr *mr;

	bench_open(&bench);
	mr = bench.buffer.mr;
	CHECK(ibv_rereg_mr(mr, 1 << 10, NULL, NULL, 0, 0) != 0);
	CHECK(ibv_rereg_mr(mr, IBV_REREG_MR_CHANGE_ACCESS, NULL, NULL, 0,
			   IBV_ACCESS_REMOTE_WRITE) != 0);
	CHECK(ibv_rereg_mr(mr, IBV_REREG_MR_CHANGE_TRANSLATION, NULL, NULL, 4096, 0) != 0);
	CHECK_EQ(write_to(&bench, buffer_address(&bench.buffer, 4096), mr->rkey), IBV_WC_SUCCESS);
	bench_close(&bench);
}

/* What was asked for cannot be: the region is what it was, keys and all. */
CASE(changes_that_fail_leave_the_region)
{
	const int everything = IBV_REREG_MR_CHANGE_TRANSLATION | IBV_REREG_MR_CHANGE_PD |
			       IBV_REREG_MR_CHANGE_ACCESS;
	struct ibv_mr before, *mr;
	uint8_t *gone, *addr;
	struct bench bench;

	bench_open(&bench);
	NEED(!bench.bed.kernel, "what is left of a failed change is the driver's choice");
	mr = bench.buffer.mr;
	before = *mr;
	addr = bench.buffer.bytes;
	gone = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(gone != MAP_FAILED);
	CHECK_EQ(ibv_rereg_mr(mr, 1 << 3, NULL, NULL, 0, 0), IBV_REREG_MR_ERR_INPUT);
	CHECK_EQ(ibv_rereg_mr(mr, IBV_REREG_MR_CHANGE_TRANSLATION, NULL, NULL, 4096, 0),
		 IBV_REREG_MR_ERR_INPUT);
	CHECK_EQ(ibv_rereg_mr(mr, everything, bench.bed.pd, gone, 4096, ACCESS_ALL),
		 IBV_REREG_MR_ERR_CMD);
	CHECK_EQ(errno, EFAULT);
	CHECK_EQ(ibv_rereg_mr(mr, IBV_REREG_MR_CHANGE_ACCESS, NULL, NULL, 0, ACCESS_ALL | 1 << 15),
		 IBV_REREG_MR_ERR_CMD);
	CHECK(mr->lkey == before.lkey && mr->rkey == before.rkey && mr->addr == before.addr &&
	      mr->length == before.length && mr->pd == before.pd);
	pattern_fill(addr, 256, 5);
	CHECK_EQ(write_to(&bench, buffer_address(&bench.buffer, 8192), mr->rkey), IBV_WC_SUCCESS);
	CHECK_PATTERN(addr + 8192, 256, 5);
	CHECK_EQ(munmap(gone, 4096), 0);
	bench_close(&bench);
}

CASE(memory_that_is_not_there)
{
	struct bench bench;
	uint8_t *hole;

	bench_open(&bench);
	hole = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(hole != MAP_FAILED);
	CHECK_EQ(munmap(hole + 4096, 4096), 0);
	CHECK_FAILS(ibv_reg_mr(bench.bed.pd, hole + 4096, 4096, ACCESS_ALL), EFAULT);
	CHECK_FAILS(ibv_reg_mr(bench.bed.pd, hole, 3 * 4096, ACCESS_ALL), EFAULT);
	CHECK_FAILS(ibv_reg_mr(bench.bed.pd, (void *)(uintptr_t)8, 4096, ACCESS_ALL), EFAULT);
	CHECK_EQ(munmap(hole, 4096), 0);
	CHECK_EQ(munmap(hole + 8192, 4096), 0);
	bench_close(&bench);
}

/* Memory that may only be read is good for sending from. */
CASE(read_only_memory)
{
	struct bench bench;
	struct ibv_mr *mr;
	uint8_t *fixed;

	bench_open(&bench);
	fixed = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(fixed != MAP_FAILED);
	CHECK_FAILS(ibv_reg_mr(bench.bed.pd, fixed, 4096, ACCESS_ALL), EFAULT);
	mr = ibv_reg_mr(bench.bed.pd, fixed, 4096, IBV_ACCESS_REMOTE_READ);
	CHECK(mr);
	bench.sge = (struct ibv_sge){(uintptr_t)fixed, 256, mr->lkey};
	memset(bench.buffer.bytes, 7, 256);
	CHECK_EQ(write_to(&bench, buffer_address(&bench.buffer, 0), bench.buffer.mr->rkey),
		 IBV_WC_SUCCESS);
	CHECK_EQ(bench.buffer.bytes[255], 0);
	CHECK_OK(ibv_dereg_mr(mr));
	CHECK_EQ(munmap(fixed, 4096), 0);
	bench_close(&bench);
}

CASE(regions_that_cannot_be)
{
	struct bench bench;
	uint8_t *bytes;

	bench_open(&bench);
	bytes = bench.buffer.bytes;
	/* Remote writes need local ones. */
	CHECK_FAILS(ibv_reg_mr(bench.bed.pd, bytes, SIZE, IBV_ACCESS_REMOTE_WRITE), EINVAL);
	CHECK_FAILS(ibv_reg_mr(bench.bed.pd, bytes, SIZE, IBV_ACCESS_REMOTE_ATOMIC), EINVAL);
	CHECK_FAILS(ibv_reg_mr(bench.bed.pd, bytes, SIZE, ACCESS_ALL | 1 << 15), EINVAL);
	/* Around the end of all addresses. */
	CHECK(!ibv_reg_mr(bench.bed.pd, bytes, SIZE_MAX, ACCESS_ALL));
	CHECK(!ibv_reg_mr(bench.bed.pd, bytes, (size_t)1 << 46, ACCESS_ALL));
	bench_close(&bench);
}

CASE(many_regions)
{
	enum { REGIONS = 500 };
	struct ibv_mr *regions[REGIONS];
	struct bench bench;

	bench_open(&bench);
	for (int i = 0; i < REGIONS; i++) {
		regions[i] = ibv_reg_mr(bench.bed.pd, bench.buffer.bytes + i * 64, 256, ACCESS_ALL);
		CHECK(regions[i]);
		for (int j = 0; j < i; j++)
			CHECK(regions[i]->rkey != regions[j]->rkey);
	}
	for (int i = 0; i < REGIONS; i++)
		CHECK_EQ(write_to(&bench, buffer_address(&bench.buffer, (size_t)i * 64),
				  regions[i]->rkey),
			 IBV_WC_SUCCESS);
	for (int i = 0; i < REGIONS; i++)
		CHECK_OK(ibv_dereg_mr(regions[i * 7 % REGIONS]));
	bench_close(&bench);
}

/* Which bytes arrive is nobody's promise; that the request is done and touches nothing else is. */
CASE(source_over_target)
{
	static const int shifts[] = {-200, -8, -1, 0, 1, 8, 200};
	struct bench bench;

	bench_open(&bench);
	bench.sge = buffer_sge(&bench.buffer, 4096, 256);
	for (int i = 0; i < 7; i++) {
		size_t target = (size_t)(4096 + shifts[i]);

		memset(bench.buffer.bytes, 0x77, SIZE);
		CHECK_EQ(write_to(&bench, buffer_address(&bench.buffer, target),
				  bench.buffer.mr->rkey),
			 IBV_WC_SUCCESS);
		for (size_t at = 0; at < SIZE; at++)
			CHECK_EQ(bench.buffer.bytes[at], 0x77);
	}
	bench_close(&bench);
}

CASE(domain_in_use_cannot_go)
{
	struct ibv_srq_init_attr srq_attr = {.attr = {.max_wr = 4, .max_sge = 1}};
	struct end_plan plan = end_plan(IBV_QPT_RC);
	struct end_address self;
	struct ibv_srq *srq;
	struct ibv_pd *pd;
	struct ibv_mr *mr;
	struct ibv_ah *ah;
	struct bench bench;
	struct end end;

	bench_open(&bench);
	self = end_address(&bench.pair.a);
	pd = ibv_alloc_pd(bench.bed.context);
	CHECK(pd);
	mr = ibv_reg_mr(pd, bench.buffer.bytes, SIZE, ACCESS_ALL);
	CHECK(mr);
	CHECK_RC(ibv_dealloc_pd(pd), EBUSY);
	CHECK_OK(ibv_dereg_mr(mr));
	srq = ibv_create_srq(pd, &srq_attr);
	CHECK(srq);
	CHECK_RC(ibv_dealloc_pd(pd), EBUSY);
	CHECK_OK(ibv_destroy_srq(srq));
	plan.pd = pd;
	end_create(&end, &bench.bed, &plan);
	CHECK_RC(ibv_dealloc_pd(pd), EBUSY);
	end_destroy(&end);
	/* Address handles of this family are a matter of the library alone, and do not hold it. */
	ah = ah_make(&bench.bed, &self);
	CHECK_OK(ibv_destroy_ah(ah));
	CHECK_OK(ibv_dealloc_pd(pd));
	bench_close(&bench);
}

/* A context that is closed takes what is left with it, as far as the device knows; the caller of
 * this case looks at the fabric meanwhile and afterwards. */
CASE(close_with_live_objects)
{
	struct bench bench;

	for (int lap = 0; lap < 20; lap++) {
		bench_open(&bench);
		CHECK_EQ(write_to(&bench, buffer_address(&bench.buffer, 4096),
				  bench.buffer.mr->rkey),
			 IBV_WC_SUCCESS);
		CHECK_EQ(ibv_close_device(bench.bed.context), 0);
	}
}

/* What is left when the program ends is the system's to take back: see the caller. */
CASE(exit_with_live_objects)
{
	static struct bench bench;

	bench_open(&bench);
	CHECK_EQ(write_to(&bench, buffer_address(&bench.buffer, 4096), bench.buffer.mr->rkey),
		 IBV_WC_SUCCESS);
}
