/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shared rings: which answers of a kernel are taken, and where a ring is full or empty. */

#include <errno.h>
#include <unistd.h>
#include <sys/mman.h>

#include "bench.h"

static int file = -1;
static uint32_t *header; /* of the ring at offset 4096 of the file */

enum {
	LOG2_ELEM_SIZE = 0 / 4,
	INDEX_MASK = 4 / 4,
	PRODUCER_INDEX = 128 / 4,
	CONSUMER_INDEX = 256 / 4,
};

static int open_file(void **state)
{
	uint8_t *memory;

	(void)state;
	file = memfd_create("ring", 0);
	if (file < 0 || ftruncate(file, 3 * 4096))
		return -1;
	memory = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (memory == MAP_FAILED)
		return -1;
	header = (uint32_t *)(void *)(memory + 4096);
	header[LOG2_ELEM_SIZE] = 7;
	header[INDEX_MASK] = 7;
	return 0;
}

static int close_file(void **state)
{
	(void)state;
	munmap((uint8_t *)header - 4096, 3 * 4096);
	return close(file);
}

static int map(struct rxe_queue *queue, uint32_t size, size_t min_elem_bytes)
{
	const struct mminfo info = {.offset = 4096, .size = size};

	return rxe_queue_map(queue, file, &info, RXE_PRODUCER, min_elem_bytes);
}

static void refused(int expected, uint32_t size, size_t min_elem_bytes)
{
	struct rxe_queue queue;

	assert_int_equal(map(&queue, size, min_elem_bytes), expected);
	assert_null(queue.buf);
	/* Harmless, as for a queue that was never mapped. */
	rxe_queue_unmap(&queue);
}

static void elements_lie_behind_the_header(void **state)
{
	struct rxe_queue queue;

	(void)state;
	assert_int_equal(map(&queue, 4096, 128), 0);
	assert_int_equal((uint8_t *)rxe_queue_elem(&queue, 0) - (uint8_t *)queue.buf, 384);
	assert_int_equal((uint8_t *)rxe_queue_elem(&queue, 7) - (uint8_t *)queue.buf,
			 384 + 7 * 128);
	rxe_queue_unmap(&queue);
	assert_null(queue.buf);
}

static void a_ring_has_one_element_less_than_room(void **state)
{
	struct rxe_queue queue;
	uint32_t index = 6;

	(void)state;
	header[PRODUCER_INDEX] = 6;
	header[CONSUMER_INDEX] = 6;
	assert_int_equal(map(&queue, 4096, 128), 0);
	assert_int_equal(queue.index, 6);
	for (int i = 0; i < 7; i++) {
		assert_false(rxe_queue_full(&queue, index));
		index = rxe_queue_next(&queue, index);
	}
	assert_true(rxe_queue_full(&queue, index));
	assert_int_equal(header[PRODUCER_INDEX], 6);
	rxe_queue_produce(&queue, index);
	assert_int_equal(header[PRODUCER_INDEX], 5);
	header[CONSUMER_INDEX] = 7;
	assert_false(rxe_queue_full(&queue, index));
	rxe_queue_unmap(&queue);
}

static void a_ring_is_empty_when_the_indices_meet(void **state)
{
	const struct mminfo info = {.offset = 4096, .size = 4096};
	struct rxe_queue queue;

	(void)state;
	header[PRODUCER_INDEX] = 1;
	header[CONSUMER_INDEX] = 7;
	assert_int_equal(rxe_queue_map(&queue, file, &info, RXE_CONSUMER, 128), 0);
	assert_int_equal(queue.index, 7);
	assert_false(rxe_queue_empty(&queue, 7));
	assert_false(rxe_queue_empty(&queue, 0));
	assert_true(rxe_queue_empty(&queue, 1));
	rxe_queue_consume(&queue, 1);
	assert_int_equal(header[CONSUMER_INDEX], 1);
	rxe_queue_unmap(&queue);
}

static void dropping_forgets_what_the_kernel_has_not_taken(void **state)
{
	struct rxe_queue queue;

	(void)state;
	header[PRODUCER_INDEX] = 2;
	header[CONSUMER_INDEX] = 5;
	assert_int_equal(map(&queue, 4096, 128), 0);
	rxe_queue_drop(&queue);
	assert_int_equal(header[PRODUCER_INDEX], 5);
	assert_int_equal(queue.index, 5);
	rxe_queue_unmap(&queue);
}

/* Whatever the kernel side writes there later. */
static void indices_and_geometry_never_lead_outside(void **state)
{
	struct rxe_queue queue;

	(void)state;
	header[PRODUCER_INDEX] = 0xffffff0d;
	assert_int_equal(map(&queue, 4096, 128), 0);
	assert_int_equal(queue.index, 5);
	header[LOG2_ELEM_SIZE] = 31;
	header[INDEX_MASK] = UINT32_MAX;
	header[CONSUMER_INDEX] = 0xfffffffe;
	assert_true(rxe_queue_full(&queue, 5));
	assert_int_equal(rxe_queue_next(&queue, 7), 0);
	rxe_queue_drop(&queue);
	assert_int_equal(queue.index, 6);
	rxe_queue_unmap(&queue);
}

static void an_answer_without_room_for_elements_is_refused(void **state)
{
	const struct mminfo negative = {.offset = 1ull << 63, .size = 4096};
	struct rxe_queue queue;

	(void)state;
	refused(EPROTO, 0, 128);
	refused(EPROTO, 383, 128);
	refused(EPROTO, 384, 128);
	refused(EPROTO, 384 + 7 * 128, 128);
	assert_int_equal(map(&queue, 384 + 8 * 128, 128), 0);
	rxe_queue_unmap(&queue);
	assert_int_equal(rxe_queue_map(&queue, file, &negative, RXE_PRODUCER, 128), EPROTO);
	assert_null(queue.buf);
}

static void a_mapping_the_kernel_refuses_is_an_error(void **state)
{
	const struct mminfo unaligned = {.offset = 4097, .size = 4096};
	struct rxe_queue queue;

	(void)state;
	assert_int_equal(rxe_queue_map(&queue, file, &unaligned, RXE_PRODUCER, 128), EINVAL);
	assert_null(queue.buf);
}

static void a_header_that_contradicts_the_answer_is_refused(void **state)
{
	(void)state;
	refused(EPROTO, 4096, 129); /* elements too small */
	header[INDEX_MASK] = 6;	    /* no mask */
	refused(EPROTO, 4096, 128);
	header[INDEX_MASK] = 31; /* 384 + 4096 bytes */
	refused(EPROTO, 4096, 128);
	header[INDEX_MASK] = UINT32_MAX;
	refused(EPROTO, 4096, 128);
	header[INDEX_MASK] = 7;
	header[LOG2_ELEM_SIZE] = 32;
	refused(EPROTO, 4096, 128);
	header[LOG2_ELEM_SIZE] = UINT32_MAX;
	refused(EPROTO, 4096, 128);
	header[LOG2_ELEM_SIZE] = 9; /* 384 + 8 * 512 */
	refused(EPROTO, 4096, 128);
}

#define RING_TEST(name) cmocka_unit_test_setup_teardown(name, open_file, close_file)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RING_TEST(elements_lie_behind_the_header),
		RING_TEST(a_ring_has_one_element_less_than_room),
		RING_TEST(a_ring_is_empty_when_the_indices_meet),
		RING_TEST(dropping_forgets_what_the_kernel_has_not_taken),
		RING_TEST(indices_and_geometry_never_lead_outside),
		RING_TEST(an_answer_without_room_for_elements_is_refused),
		RING_TEST(a_mapping_the_kernel_refuses_is_an_error),
		RING_TEST(a_header_that_contradicts_the_answer_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
