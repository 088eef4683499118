/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Regions of dma-bufs. Where the machine makes them of memory files (/dev/udmabuf) they are real
 * ones; softhca takes the memory file itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bed.h"

enum { PAGE = 4096, SIZE = 16 * PAGE, LENGTH = 5 * PAGE + 100 };

struct bench {
	struct bed bed;
	struct pair pair;
	struct buffer plain;
	int fd;
	uint8_t *bytes; /* of the file */
};

static int make_dmabuf(int memory)
{
	struct udmabuf_create request = {
		.memfd = (uint32_t)memory, .flags = UDMABUF_FLAGS_CLOEXEC, .size = SIZE};
	int maker = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), fd;

	NEED(maker >= 0, "the machine makes no dma-bufs");
	fd = ioctl(maker, UDMABUF_CREATE, &request);
	CHECK(fd >= 0);
	close(maker);
	return fd;
}

static void bench_open(struct bench *bench)
{
	struct end_plan plan = end_plan(IBV_QPT_RC);
	int memory = memfd_create("memory", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	bed_open(&bench->bed);
	CHECK(memory >= 0);
	CHECK_EQ(ftruncate(memory, SIZE), 0);
	CHECK_EQ(fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	bench->bytes = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	CHECK(bench->bytes != MAP_FAILED);
	bench->fd = bench->bed.kernel ? make_dmabuf(memory) : dup(memory);
	CHECK(bench->fd >= 0);
	close(memory);
	pair_make(&bench->pair, &bench->bed, &plan);
	buffer_make(&bench->plain, bench->bed.pd, SIZE, ACCESS_ALL);
}

static void bench_close(struct bench *bench)
{
	buffer_free(&bench->plain);
	pair_destroy(&bench->pair);
	close(bench->fd);
	CHECK_EQ(munmap(bench->bytes, SIZE), 0);
	bed_close(&bench->bed);
}

static struct ibv_mr *register_part(struct bench *bench, uint64_t offset, size_t length,
				    uint64_t iova, int access)
{
	struct ibv_mr *mr =
		ibv_reg_dmabuf_mr(bench->bed.pd, offset, length, iova, bench->fd, access);

	NEED(mr || (errno != EOPNOTSUPP && errno != EPROTONOSUPPORT),
	     "the driver registers no dma-bufs");
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

CASE(the_memory_is_the_files)
{
	const uint64_t iova = 0x123450000;
	struct bench bench;
	struct ibv_sge sge;
	struct ibv_mr *mr;

	bench_open(&bench);
	mr = register_part(&bench, 2 * PAGE, 8 * PAGE, iova, ACCESS_ALL);
	CHECK(mr);
	/* The region has the memory, whoever closes the descriptor. */
	sge = buffer_sge(&bench.plain, 0, LENGTH);
	pattern_fill(bench.plain.bytes, LENGTH, 1);
	CHECK_EQ(carry_out(&bench, IBV_WR_RDMA_WRITE, sge, iova + 100, mr->rkey), IBV_WC_SUCCESS);
	CHECK_PATTERN(bench.bytes + 2 * PAGE + 100, LENGTH, 1);
	pattern_fill(bench.bytes + 2 * PAGE, LENGTH, 2);
	CHECK_EQ(carry_out(&bench, IBV_WR_RDMA_READ, sge, iova, mr->rkey), IBV_WC_SUCCESS);
	CHECK_PATTERN(bench.plain.bytes, LENGTH, 2);
	CHECK_EQ(carry_out(&bench, IBV_WR_RDMA_WRITE, (struct ibv_sge){iova, LENGTH, mr->lkey},
			   buffer_address(&bench.plain, 8 * PAGE), bench.plain.mr->rkey),
		 IBV_WC_SUCCESS);
	CHECK_PATTERN(bench.plain.bytes + 8 * PAGE, LENGTH, 2);
	CHECK_EQ(carry_out(&bench, IBV_WR_RDMA_WRITE, sge, iova + 8 * PAGE - LENGTH + 1, mr->rkey),
		 IBV_WC_REM_ACCESS_ERR);
	CHECK_EQ(carry_out(&bench, IBV_WR_RDMA_WRITE, sge, iova - 1, mr->rkey),
		 IBV_WC_REM_ACCESS_ERR);
	CHECK_OK(ibv_dereg_mr(mr));
	bench_close(&bench);
}

CASE(rights_are_kept)
{
	struct bench bench;
	struct ibv_sge sge;
	struct ibv_mr *mr;

	bench_open(&bench);
	mr = register_part(&bench, 0, SIZE, 0, IBV_ACCESS_REMOTE_READ);
	CHECK(mr);
	sge = buffer_sge(&bench.plain, 0, 256);
	CHECK_EQ(carry_out(&bench, IBV_WR_RDMA_READ, sge, 0, mr->rkey), IBV_WC_SUCCESS);
	CHECK_EQ(carry_out(&bench, IBV_WR_RDMA_WRITE, sge, 0, mr->rkey), IBV_WC_REM_ACCESS_ERR);
	CHECK_OK(ibv_dereg_mr(mr));
	bench_close(&bench);
}

CASE(regions_that_cannot_be)
{
	struct bench bench;
	struct ibv_mr *mr;
	int fd;

	bench_open(&bench);
	mr = register_part(&bench, 0, SIZE, 0, ACCESS_ALL);
	CHECK(mr);
	CHECK_FAILS(register_part(&bench, PAGE, SIZE, 0, ACCESS_ALL), EINVAL);
	CHECK_FAILS(register_part(&bench, 0, PAGE, 100, ACCESS_ALL), EINVAL);
	CHECK_FAILS(register_part(&bench, 0, PAGE, 0, IBV_ACCESS_REMOTE_WRITE), EINVAL);
	fd = bench.fd;
	bench.fd = -1;
	CHECK_FAILS(register_part(&bench, 0, PAGE, 0, ACCESS_ALL), EBADF);
	bench.fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	CHECK(bench.fd >= 0);
	CHECK_FAILS(register_part(&bench, 0, PAGE, 0, ACCESS_ALL), EINVAL);
	close(bench.fd);
	bench.fd = fd;
	CHECK_OK(ibv_dereg_mr(mr));
	bench_close(&bench);
}
