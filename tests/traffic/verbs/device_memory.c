/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory on the adapter: copies by the processor, requests by offset, what it refuses. */
#include <errno.h>
#include <string.h>

#include "bed.h"

enum { SIZE = 8192, ACCESS_DM = ACCESS_ALL | IBV_ACCESS_ZERO_BASED };

struct bench {
	struct bed bed;
	struct pair pair;
	struct buffer buffer;
	struct ibv_device_attr_ex attr;
};

static void bench_open(struct bench *bench)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);

	bed_open(&bench->bed);
	CHECK_OK(ibv_query_device_ex(bench->bed.context, NULL, &bench->attr));
	NEED(bench->attr.max_dm_size, "the device has no memory for programs");
	pair_make(&bench->pair, &bench->bed, &plan);
	buffer_make(&bench->buffer, bench->bed.pd, 2 * SIZE, ACCESS_ALL);
}

static void bench_close(struct bench *bench)
{
	pair_destroy(&bench->pair);
	buffer_free(&bench->buffer);
	bed_close(&bench->bed);
}

static struct ibv_dm *make_dm(const struct bench *bench, size_t length)
{
	struct ibv_alloc_dm_attr attr = {.length = length};
	struct ibv_dm *dm = ibv_alloc_dm(bench->bed.context, &attr);

	CHECK(dm);
	return dm;
}

static struct ibv_mr *make_region(const struct bench *bench, struct ibv_dm *dm, uint64_t offset,
				  size_t length)
{
	struct ibv_mr *mr = ibv_reg_dm_mr(bench->bed.pd, dm, offset, length, ACCESS_DM);

	CHECK(mr);
	return mr;
}

static enum ibv_wc_status carry_out(struct bench *bench, enum ibv_wr_opcode opcode,
				    struct ibv_sge sge, uint64_t remote, uint32_t rkey)
{
	struct ibv_send_wr wr = request(opcode, 1, &sge);
	struct end_plan plan = bench->pair.a.plan;
	struct ibv_wc wc;

	wr.wr.rdma.remote_addr = remote;
	wr.wr.rdma.rkey = rkey;
	post(&bench->pair.a, &wr);
	wc = next_wc(bench->pair.a.send_cq);
	if (wc.status != IBV_WC_SUCCESS) {
		pair_destroy(&bench->pair);
		pair_make(&bench->pair, &bench->bed, &plan);
	}
	return wc.status;
}

CASE(copies_by_the_processor)
{
	struct bench bench;
	uint8_t *bytes;
	struct ibv_dm *dm;

	bench_open(&bench);
	bytes = bench.buffer.bytes;
	dm = make_dm(&bench, SIZE);
	pattern_fill(bytes, SIZE, 1);
	CHECK_OK(ibv_memcpy_to_dm(dm, 0, bytes, SIZE));
	memset(bytes, 0, SIZE);
	CHECK_OK(ibv_memcpy_from_dm(bytes, dm, 0, SIZE));
	CHECK_PATTERN(bytes, SIZE, 1);
	/* A part, with a source that is not aligned. */
	pattern_fill(bytes + 1, 100, 2);
	CHECK_OK(ibv_memcpy_to_dm(dm, 4000, bytes + 1, 100));
	CHECK_OK(ibv_memcpy_from_dm(bytes + SIZE + 3, dm, 4000, 100));
	CHECK_PATTERN(bytes + SIZE + 3, 100, 2);
	CHECK_OK(ibv_memcpy_to_dm(dm, SIZE, bytes, 0));
	CHECK(ibv_memcpy_to_dm(dm, SIZE - 4, bytes, 8));
	CHECK(ibv_memcpy_from_dm(bytes, dm, SIZE + 4, 4));
	CHECK_OK(ibv_free_dm(dm));
	bench_close(&bench);
}

/* Where the sum of offset and length is a small number again. */
CASE(copies_around_the_end_of_all_offsets)
{
	struct bench bench;
	struct ibv_dm *dm;

	bench_open(&bench);
	dm = make_dm(&bench, SIZE);
	CHECK_RC(ibv_memcpy_from_dm(bench.buffer.bytes, dm, UINT64_MAX - 3, 8), EFAULT);
	CHECK_RC(ibv_memcpy_to_dm(dm, UINT64_MAX - 3, bench.buffer.bytes, 8), EFAULT);
	CHECK_OK(ibv_free_dm(dm));
	bench_close(&bench);
}

CASE(requests_count_from_the_start)
{
	struct ibv_mr *whole, *part;
	struct ibv_sge host;
	struct bench bench;
	struct ibv_dm *dm;

	bench_open(&bench);
	dm = make_dm(&bench, SIZE);
	whole = make_region(&bench, dm, 0, SIZE);
	part = make_region(&bench, dm, 4096, 1024);
	host = buffer_sge(&bench.buffer, 0, 512);
	pattern_fill(bench.buffer.bytes, 512, 1);
	/* Written by a peer, read back by this and by the other region. */
	CHECK_EQ(carry_out(&bench, IBV_WR_RDMA_WRITE, host, 4096 + 512, whole->rkey),
		 IBV_WC_SUCCESS);
	memset(bench.buffer.bytes, 0, 512);
	CHECK_EQ(carry_out(&bench, IBV_WR_RDMA_READ, host, 512, part->rkey), IBV_WC_SUCCESS);
	CHECK_PATTERN(bench.buffer.bytes, 512, 1);
	CHECK_OK(ibv_memcpy_from_dm(bench.buffer.bytes + SIZE, dm, 4096 + 512, 512));
	CHECK_PATTERN(bench.buffer.bytes + SIZE, 512, 1);
	/* As the local side. */
	CHECK_EQ(carry_out(&bench, IBV_WR_RDMA_WRITE, (struct ibv_sge){512, 512, part->lkey},
			   buffer_address(&bench.buffer, 1024), bench.buffer.mr->rkey),
		 IBV_WC_SUCCESS);
	CHECK_PATTERN(bench.buffer.bytes + 1024, 512, 1);
	/* Past the end of the part, though not of the memory. */
	CHECK_EQ(carry_out(&bench, IBV_WR_RDMA_WRITE, host, 513, part->rkey),
		 IBV_WC_REM_ACCESS_ERR);
	CHECK_EQ(carry_out(&bench, IBV_WR_RDMA_WRITE, (struct ibv_sge){513, 512, part->lkey},
			   buffer_address(&bench.buffer, 0), bench.buffer.mr->rkey),
		 IBV_WC_LOC_PROT_ERR);
	CHECK_RC(ibv_free_dm(dm), EBUSY);
	CHECK_OK(ibv_dereg_mr(part));
	CHECK_RC(ibv_free_dm(dm), EBUSY);
	CHECK_OK(ibv_dereg_mr(whole));
	CHECK_OK(ibv_free_dm(dm));
	bench_close(&bench);
}

CASE(atomics_and_receives)
{
	struct ibv_sge sge, from;
	struct ibv_send_wr wr;
	struct bench bench;
	uint64_t word = 40;
	struct ibv_dm *dm;
	struct ibv_mr *mr;

	bench_open(&bench);
	dm = make_dm(&bench, 256);
	mr = make_region(&bench, dm, 0, 256);
	CHECK_OK(ibv_memcpy_to_dm(dm, 64, &word, 8));
	sge = buffer_sge(&bench.buffer, 0, 8);
	wr = request(IBV_WR_ATOMIC_FETCH_AND_ADD, 1, &sge);
	wr.wr.atomic.remote_addr = 64;
	wr.wr.atomic.rkey = mr->rkey;
	wr.wr.atomic.compare_add = 2;
	post(&bench.pair.a, &wr);
	expect_wc(bench.pair.a.send_cq, 1, IBV_WC_SUCCESS);
	CHECK_EQ(*(uint64_t *)(void *)bench.buffer.bytes, 40);
	CHECK_OK(ibv_memcpy_from_dm(&word, dm, 64, 8));
	CHECK_EQ(word, 42);

	struct ibv_recv_wr recv = {.wr_id = 2, .sg_list = &sge, .num_sge = 1}, *bad;

	sge = (struct ibv_sge){128, 100, mr->lkey};
	CHECK_OK(ibv_post_recv(bench.pair.b.qp, &recv, &bad));
	pattern_fill(bench.buffer.bytes, 100, 3);
	from = buffer_sge(&bench.buffer, 0, 100);
	wr = request(IBV_WR_SEND, 3, &from);
	post(&bench.pair.a, &wr);
	expect_wc(bench.pair.a.send_cq, 3, IBV_WC_SUCCESS);
	expect_wc(bench.pair.b.recv_cq, 2, IBV_WC_SUCCESS);
	CHECK_OK(ibv_memcpy_from_dm(bench.buffer.bytes + SIZE, dm, 128, 100));
	CHECK_PATTERN(bench.buffer.bytes + SIZE, 100, 3);
	CHECK_OK(ibv_dereg_mr(mr));
	CHECK_OK(ibv_free_dm(dm));
	bench_close(&bench);
}

CASE(regions_that_cannot_be)
{
	struct bench bench;
	struct ibv_dm *dm;

	bench_open(&bench);
	dm = make_dm(&bench, SIZE);
	CHECK_FAILS(ibv_reg_dm_mr(bench.bed.pd, dm, 0, SIZE, ACCESS_ALL), EINVAL);
	CHECK_FAILS(ibv_reg_dm_mr(bench.bed.pd, dm, 4, SIZE, ACCESS_DM), EINVAL);
	CHECK_FAILS(ibv_reg_dm_mr(bench.bed.pd, dm, SIZE + 4, 4, ACCESS_DM), EINVAL);
	CHECK_FAILS(ibv_reg_dm_mr(bench.bed.pd, dm, UINT64_MAX, 4, ACCESS_DM), EINVAL);
	CHECK_FAILS(ibv_reg_dm_mr(bench.bed.pd, dm, 0, 4,
				  IBV_ACCESS_ZERO_BASED | IBV_ACCESS_REMOTE_WRITE),
		    EINVAL);
	CHECK_FAILS(ibv_reg_dm_mr(bench.bed.pd, dm, 0, 4, ACCESS_DM | IBV_ACCESS_ON_DEMAND),
		    EINVAL);
	CHECK_OK(ibv_free_dm(dm));
	bench_close(&bench);
}

CASE(memory_that_there_is_not)
{
	struct ibv_alloc_dm_attr attr = {.length = 0};
	struct ibv_dm *all, *aligned;
	struct bench bench;

	bench_open(&bench);
	CHECK_FAILS(ibv_alloc_dm(bench.bed.context, &attr), EINVAL);
	attr.length = bench.attr.max_dm_size + 1;
	CHECK(!ibv_alloc_dm(bench.bed.context, &attr));
	attr.length = 64;
	attr.log_align_req = 40;
	CHECK(!ibv_alloc_dm(bench.bed.context, &attr));
	attr.log_align_req = 12;
	aligned = ibv_alloc_dm(bench.bed.context, &attr);
	CHECK(aligned);
	CHECK_OK(ibv_free_dm(aligned));
	/* All of it, twice: what is given back is there again. */
	for (int i = 0; i < 2; i++) {
		all = make_dm(&bench, bench.attr.max_dm_size);
		attr.length = 4;
		CHECK_FAILS(ibv_alloc_dm(bench.bed.context, &attr), ENOMEM);
		CHECK_OK(ibv_free_dm(all));
	}
	bench_close(&bench);
}

/* A region of device memory has nothing that could be changed. */
CASE(regions_stay_as_they_are)
{
	struct bench bench;
	struct ibv_dm *dm;
	struct ibv_mr *mr;

	bench_open(&bench);
	dm = make_dm(&bench, SIZE);
	mr = make_region(&bench, dm, 0, SIZE);
	CHECK(ibv_rereg_mr(mr, IBV_REREG_MR_CHANGE_ACCESS, NULL, NULL, 0,
			   IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_ZERO_BASED) != 0);
	CHECK_EQ(
		carry_out(&bench, IBV_WR_RDMA_WRITE, buffer_sge(&bench.buffer, 0, 64), 0, mr->rkey),
		IBV_WC_SUCCESS);
	CHECK_OK(ibv_dereg_mr(mr));
	CHECK_OK(ibv_free_dm(dm));
	bench_close(&bench);
}
