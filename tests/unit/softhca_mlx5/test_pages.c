/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Queues in pages, as a guest's driver lays them out: each page is an allocation of its own, so
 * that the sanitizer sees what leaves it, and every queue is held against the same one in a row.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rig.h"

enum { LOG_PAGE = 12, PAGE = 1 << LOG_PAGE, PAGES = 6, OFFSET = 9 * 64, ROOM = PAGES * PAGE };

static uint8_t *pages[PAGES];
static _Alignas(64) uint8_t row[ROOM];

static int setup(void **state)
{
	/* Backwards, as far as it is ours to say. */
	for (int i = PAGES - 1; i >= 0; i--) {
		pages[i] = aligned_alloc(PAGE, PAGE);
		assert_non_null(pages[i]);
		memset(pages[i], 0, PAGE);
	}
	memset(row, 0, sizeof(row));
	return rig_reset(state);
}

static int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < PAGES; i++)
		free(pages[i]);
	return 0;
}

static struct queue_memory in_pages(size_t offset, size_t size)
{
	return (struct queue_memory){
		.pages = pages, .log_page_size = LOG_PAGE, .page_offset = offset, .size = size};
}

static struct queue_memory in_a_row(size_t size)
{
	return (struct queue_memory){.linear = row, .size = size};
}

/* Byte by byte, by the test's own arithmetic. */
static void copy_to_pages(size_t offset, size_t size)
{
	for (size_t i = 0; i < size; i++)
		pages[(offset + i) / PAGE][(offset + i) % PAGE] = row[i];
}

static void expect_pages(size_t offset, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (pages[(offset + i) / PAGE][(offset + i) % PAGE] != row[i])
			fail_msg("byte %zu differs", i);
}

/* ---- send queues ---- */

enum { UNITS = 256, RQ_BYTES = 2048, SQ_BYTES = UNITS * 64 };

static void put_dword(size_t at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		row[RQ_BYTES + (at + (size_t)i) % SQ_BYTES] = (uint8_t)(value >> (24 - 8 * i));
}

/* A SEND of three blocks, all wrapping: a pointer, inline data, a pointer. */
static void put_send(uint32_t index)
{
	size_t at = (size_t)(index % UNITS) * 64;

	put_dword(at, (index & 0xffff) << 8 | 0x0a);
	put_dword(at + 4, RIG_QPN << 8 | 12);
	put_dword(at + 8, 8);
	put_dword(at + 12, 0);
	put_dword(at + 16, 100 + index);
	put_dword(at + 20, 0x300 + index);
	put_dword(at + 24, 0);
	put_dword(at + 28, 0x1000 * index);
	put_dword(at + 32, 0x80000000 | 124); /* 124 and 4 bytes: 8 pieces of 16 */
	for (uint32_t i = 0; i < 31; i++)
		put_dword(at + 36 + 4 * i, index << 16 | i);
	put_dword(at + 160, 7 + index);
	put_dword(at + 164, 0x400 + index);
	put_dword(at + 168, 0x11);
	put_dword(at + 172, index);
	put_dword(at + 176, 0x80000000 | 4);
	put_dword(at + 180, ~index);
}

static uint32_t gather_inline(const struct send_request *request, uint8_t *to)
{
	uint32_t length = 0;

	for (unsigned int i = 0; i < request->num_sge; i++) {
		if (!request->sge[i].inline_data)
			continue;
		memcpy(to + length, request->sge[i].inline_data, request->sge[i].length);
		length += request->sge[i].length;
	}
	return length;
}

static uint32_t collect_pointers(const struct send_request *request, struct sge *to)
{
	uint32_t count = 0;

	for (unsigned int i = 0; i < request->num_sge; i++)
		if (!request->sge[i].inline_data)
			to[count++] = request->sge[i];
	return count;
}

static void expect_same_request(const struct send_request *a, const struct send_request *b)
{
	struct sge pointers[2][REQUEST_MAX_SGE];
	uint8_t bytes[2][1024];

	assert_int_equal(a->opcode, b->opcode);
	assert_int_equal(a->units, 3);
	assert_int_equal(b->units, 3);
	assert_int_equal(a->length, b->length);
	assert_int_equal(gather_inline(a, bytes[0]), 128);
	assert_int_equal(gather_inline(b, bytes[1]), 128);
	assert_memory_equal(bytes[0], bytes[1], 128);
	assert_int_equal(collect_pointers(a, pointers[0]), 2);
	assert_int_equal(collect_pointers(b, pointers[1]), 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pointers[0][i].address, pointers[1][i].address);
		assert_int_equal(pointers[0][i].length, pointers[1][i].length);
		assert_int_equal(pointers[0][i].lkey, pointers[1][i].lkey);
	}
}

static struct qp_params queues(struct queue_memory memory)
{
	return (struct qp_params){
		.memory = memory,
		.doorbell_record = rig.qp_record,
		.sq_offset = RQ_BYTES,
		.sq_units = UNITS,
		.rq_count = RQ_BYTES / 128,
		.rq_log_stride = 7,
	};
}

static void use_queues(struct queue_memory memory)
{
	struct qp_params params = queues(memory);

	assert_int_equal(softhca_mlx5_family.qp_check(&params), 0);
	rig.qp.memory = memory;
	rig.qp.sq_offset = RQ_BYTES;
	rig.qp.sq_units = UNITS;
	rig.qp.rq_count = RQ_BYTES / 128;
	rig.qp.rq_log_stride = 7;
}

static void send_queues_cross_pages_and_wrap(void **state)
{
	static const size_t offsets[] = {0, 64, OFFSET, PAGE - 64};
	struct send_request straight, scattered;

	(void)state;
	for (unsigned int i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		for (uint32_t index = 0x1ff00; index < 0x1ff00 + 2 * UNITS; index++) {
			rig.qp.sq_consumer = index;
			rig_ring((uint16_t)(index + 3));
			put_send(index);
			copy_to_pages(offsets[i], RQ_BYTES + SQ_BYTES);
			use_queues(in_a_row(RQ_BYTES + SQ_BYTES));
			assert_int_equal(softhca_mlx5_family.send_decode(&rig.qp, index, &straight),
					 0);
			use_queues(in_pages(offsets[i], RQ_BYTES + SQ_BYTES));
			assert_int_equal(
				softhca_mlx5_family.send_decode(&rig.qp, index, &scattered), 0);
			expect_same_request(&straight, &scattered);
		}
	}
}

/* ---- receive queues ---- */

static void put_pointers(size_t at, unsigned int count, uint32_t seed)
{
	for (unsigned int i = 0; i < count; i++, at += 16) {
		row[at + 2] = (uint8_t)(seed + i) | 1; /* length */
		row[at + 6] = (uint8_t)(seed ^ i) | 2; /* key */
		row[at + 14] = (uint8_t)seed;
		row[at + 15] = (uint8_t)i;
	}
}

static void expect_same_list(const struct recv_request *a, const struct recv_request *b)
{
	assert_int_equal(a->index, b->index);
	assert_int_equal(a->length, b->length);
	assert_int_equal(a->num_sge, b->num_sge);
	for (unsigned int i = 0; i < a->num_sge; i++) {
		assert_int_equal(a->sge[i].address, b->sge[i].address);
		assert_int_equal(a->sge[i].length, b->sge[i].length);
		assert_int_equal(a->sge[i].lkey, b->sge[i].lkey);
	}
}

static void receive_queues_of_all_strides_cross_pages(void **state)
{
	struct recv_request straight, scattered;

	(void)state;
	for (unsigned int log_stride = 4; log_stride <= 10; log_stride++) {
		uint32_t count = (PAGES - 2) * PAGE >> log_stride;

		memset(row, 0, sizeof(row));
		for (uint32_t i = 0; i < count; i++)
			put_pointers((size_t)i << log_stride, (1u << log_stride) / 16, i * 5);
		copy_to_pages(OFFSET, (PAGES - 2) * PAGE);
		rig.qp.rq_count = count;
		rig.qp.rq_log_stride = log_stride;
		for (uint32_t i = count / 2; i < count / 2 + count; i++) {
			rig.qp.memory = in_a_row((PAGES - 2) * PAGE);
			assert_int_equal(softhca_mlx5_family.recv_decode(&rig.qp, i, &straight), 0);
			rig.qp.memory = in_pages(OFFSET, (PAGES - 2) * PAGE);
			assert_int_equal(softhca_mlx5_family.recv_decode(&rig.qp, i, &scattered),
					 0);
			assert_int_equal(straight.num_sge, (1u << log_stride) / 16);
			expect_same_list(&straight, &scattered);
		}
	}
}

static void shared_queues_follow_their_chain_over_pages(void **state)
{
	enum { COUNT = 128, STRIDE = 128, STEP = 37 };
	struct srq srqs[2] = {rig.srq, rig.srq};
	struct recv_request straight, scattered;

	(void)state;
	for (unsigned int i = 0; i < COUNT; i++) {
		put_pointers(i * STRIDE + 16, 7, i);
		row[i * STRIDE + 3] = (i + STEP) % COUNT;
	}
	copy_to_pages(OFFSET, COUNT * STRIDE);
	for (int i = 0; i < 2; i++) {
		srqs[i].memory = i ? in_pages(OFFSET, COUNT * STRIDE) : in_a_row(COUNT * STRIDE);
		srqs[i].wqe_count = COUNT;
		srqs[i].log_stride = 7;
	}
	rig.srq_record[3] = COUNT;
	for (unsigned int i = 0; i < COUNT; i++) {
		assert_int_equal(softhca_mlx5_family.srq_take(&srqs[0], &straight), 0);
		assert_int_equal(softhca_mlx5_family.srq_take(&srqs[1], &scattered), 0);
		assert_int_equal(scattered.index, i * STEP % COUNT);
		assert_int_equal(scattered.num_sge, 7);
		expect_same_list(&straight, &scattered);
	}
	assert_int_equal(softhca_mlx5_family.srq_take(&srqs[1], &scattered), ENOENT);
}

/* ---- completion queues ---- */

static void consume_all(struct cq *cq)
{
	rig.cq_record[1] = (uint8_t)(cq->producer >> 16);
	rig.cq_record[2] = (uint8_t)(cq->producer >> 8);
	rig.cq_record[3] = (uint8_t)cq->producer;
}

static void land(struct cq *cq, uint32_t index)
{
	struct completion completion = {.opcode = REQUEST_SEND, .index = index, .length = index};

	consume_all(cq);
	assert_int_equal(softhca_mlx5_family.cqe_write(cq, &rig.qp, &completion), 0);
}

static void make_ring(struct cq *cq, struct queue_memory memory, uint32_t count, uint32_t size)
{
	struct cq_params params = {.memory = memory,
				   .doorbell_record = rig.cq_record,
				   .cqe_count = count,
				   .cqe_size = size};

	assert_int_equal(softhca_mlx5_family.cq_check(&params), 0);
	cq->memory = memory;
	cq->cqe_count = count;
	cq->cqe_size = size;
}

static void completions_of_both_sizes_cross_pages_and_wrap(void **state)
{
	struct cq straight = rig.cq, scattered = rig.cq;

	(void)state;
	for (uint32_t size = 64; size <= 128; size *= 2) {
		uint32_t count = 4 * PAGE / size;

		make_ring(&straight, in_a_row(4 * PAGE), count, size);
		make_ring(&scattered, in_pages(OFFSET, 4 * PAGE), count, size);
		for (uint32_t i = 0; i < 3 * count + 5; i++) {
			land(&straight, i);
			land(&scattered, i);
		}
		/* The fourth lap has begun. */
		assert_int_equal(row[size - 1] & 1, 1);
		assert_int_equal(row[4 * PAGE - 1] & 1, 0);
		expect_pages(OFFSET, 4 * PAGE);
	}
}

static void a_ring_moves_from_pages_to_pages(void **state)
{
	uint8_t *other[1] = {aligned_alloc(PAGE, PAGE)};
	struct queue_memory smaller = {.pages = other,
				       .log_page_size = LOG_PAGE,
				       .page_offset = PAGE / 2,
				       .size = PAGE / 2};
	uint32_t count = 4 * PAGE / 128, slot;

	(void)state;
	assert_non_null(other[0]);
	memset(other[0], 0, PAGE);
	rig.hca.limits.max_cqe = 1 << 20;
	make_ring(&rig.cq, in_pages(0, 4 * PAGE), count, 128);
	for (uint32_t i = 0; i < count + 31; i++)
		land(&rig.cq, i);
	consume_all(&rig.cq);
	slot = rig.cq.producer % count;
	/* First more entries than the new memory holds. */
	assert_int_equal(cq_resize(&rig.cq, &smaller, PAGE / 64, 64), EINVAL);
	assert_int_equal(cq_resize(&rig.cq, &smaller, PAGE / 128, 64), 0);
	assert_int_equal(pages[slot * 128 / PAGE][slot * 128 % PAGE + 127] >> 4, 5);
	slot = rig.cq.producer % (PAGE / 128);
	land(&rig.cq, 0x77);
	assert_int_equal(other[0][PAGE / 2 + slot * 64 + 61], 0x77);
	for (uint32_t i = 0; i < 100; i++)
		land(&rig.cq, i);
	free(other[0]);
}

/* ---- what cannot be ---- */

static void refuse(struct queue_memory memory)
{
	struct cq_params cq = {.memory = memory,
			       .doorbell_record = rig.cq_record,
			       .cqe_count = 64,
			       .cqe_size = 64};
	struct srq_params srq = {.memory = memory,
				 .doorbell_record = rig.srq_record,
				 .wqe_count = 64,
				 .log_stride = 6};
	struct qp_params qp = queues(memory);

	assert_int_equal(softhca_mlx5_family.cq_check(&cq), EINVAL);
	assert_int_equal(softhca_mlx5_family.srq_check(&srq), EINVAL);
	assert_int_equal(softhca_mlx5_family.qp_check(&qp), EINVAL);
}

static void pages_that_cannot_be_are_refused(void **state)
{
	struct queue_memory good = in_pages(OFFSET, 5 * PAGE), bad;
	uint8_t *list[PAGES];

	(void)state;
	use_queues(good);
	bad = good, bad.size = 4095, refuse(bad);
	bad = good, bad.size = SIZE_MAX, refuse(bad);
	bad = good, bad.size = SIZE_MAX - OFFSET, refuse(bad);
	bad = good, bad.log_page_size = 5, refuse(bad);
	bad = good, bad.log_page_size = 63, refuse(bad);
	bad = good, bad.log_page_size = 200, refuse(bad);
	bad = good, bad.page_offset = 32, refuse(bad);
	bad = good, bad.page_offset = PAGE, refuse(bad);
	bad = good, bad.page_offset = SIZE_MAX - 63, refuse(bad);
	bad = good, bad.pages = NULL, refuse(bad);
	memcpy(list, pages, sizeof(list));
	bad = good, bad.pages = list;
	list[PAGES - 1] = NULL, refuse(bad);
	list[PAGES - 1] = pages[0] + 8, refuse(bad);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(send_queues_cross_pages_and_wrap),
		TEST(receive_queues_of_all_strides_cross_pages),
		TEST(shared_queues_follow_their_chain_over_pages),
		TEST(completions_of_both_sizes_cross_pages_and_wrap),
		TEST(a_ring_moves_from_pages_to_pages),
		TEST(pages_that_cannot_be_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
