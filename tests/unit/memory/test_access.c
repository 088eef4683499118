/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Keys, ranges and rights; gather and scatter over linear and paged memory; atomics. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fakes.h"
#include "softhca/memory/access.h"

enum { BYTES = 4096, PAGE_SHIFT = 8, PAGES = 5, PAGE_OFFSET = 0x30 };

static struct world world;
static struct fake_cq_record record;
static struct pd *pd, *other_pd;
static uint8_t memory[BYTES] __attribute__((aligned(64)));
static uint8_t page_bytes[PAGES][1 << PAGE_SHIFT] __attribute__((aligned(64)));
static struct mr *linear, *paged, *read_only;
static struct qp *qp;

/* At the very top of the address space, where sums overflow. */
static const uint64_t TOP = UINT64_MAX - BYTES + 1;

static struct mr *make_mr(struct mr_params params)
{
	struct mr *mr;

	assert_int_equal(mr_create(pd, &params, &mr), 0);
	return mr;
}

/* Pages in reverse, so that neighbours by address are not neighbours in memory. */
static uint8_t **page_list(void)
{
	uint8_t **pages = calloc(PAGES, sizeof(*pages));

	for (int i = 0; i < PAGES; i++)
		pages[i] = page_bytes[PAGES - 1 - i];
	return pages;
}

static int setup(void **state)
{
	uint32_t all = ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ |
		       ACCESS_REMOTE_ATOMIC;

	(void)state;
	world_create(&world);
	pd = make_pd(&world);
	other_pd = make_pd(&world);
	qp = make_qp(&world, pd, make_cq(&world, 8, &record), NULL, QP_TYPE_RC);
	for (int i = 0; i < BYTES; i++)
		memory[i] = (uint8_t)(i * 7);
	memset(page_bytes, 0, sizeof(page_bytes));
	linear = make_mr(
		(struct mr_params){.iova = TOP, .length = BYTES, .access = all, .linear = memory});
	read_only = make_mr((struct mr_params){
		.iova = 0, .length = BYTES, .access = ACCESS_REMOTE_READ, .linear = memory});
	paged = make_mr((struct mr_params){
		.iova = 0x5030,
		.length = PAGES * (1 << PAGE_SHIFT) - PAGE_OFFSET,
		.access = all,
		.pages = page_list(),
		.log_page_size = PAGE_SHIFT,
		.page_offset = PAGE_OFFSET,
	});
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_destroy(&world);
	return 0;
}

static enum completion_status check(uint64_t address, uint32_t length, uint32_t lkey, bool writing)
{
	struct sge sge = {address, length, lkey, NULL};

	return memory_check(world.hca, pd, &sge, 1, writing);
}

static void ranges_are_checked_to_the_byte(void **state)
{
	uint32_t key = linear->key;

	(void)state;
	assert_int_equal(check(TOP, BYTES, key, true), STATUS_SUCCESS);
	assert_int_equal(check(TOP + BYTES - 1, 1, key, true), STATUS_SUCCESS);
	assert_int_equal(check(TOP + BYTES - 1, 2, key, true), STATUS_LOCAL_PROTECTION);
	assert_int_equal(check(TOP, BYTES + 1, key, true), STATUS_LOCAL_PROTECTION);
	assert_int_equal(check(TOP - 1, 1, key, true), STATUS_LOCAL_PROTECTION);
	assert_int_equal(check(TOP - 1, BYTES, key, true), STATUS_LOCAL_PROTECTION);
	assert_int_equal(check(0, 1, key, true), STATUS_LOCAL_PROTECTION);
	assert_int_equal(check(UINT64_MAX, UINT32_MAX, key, true), STATUS_LOCAL_PROTECTION);
	assert_int_equal(check(TOP + 16, UINT32_MAX, key, true), STATUS_LOCAL_PROTECTION);
}

static void a_key_is_good_in_its_pd_and_variant_only(void **state)
{
	struct sge sge = {TOP, 1, linear->key, NULL};

	(void)state;
	assert_int_equal(memory_check(world.hca, other_pd, &sge, 1, false),
			 STATUS_LOCAL_PROTECTION);
	assert_int_equal(check(TOP, 1, linear->key ^ 1, false), STATUS_LOCAL_PROTECTION);
	assert_int_equal(check(TOP, 1, linear->key + 0x10000, false), STATUS_LOCAL_PROTECTION);
	assert_int_equal(check(TOP, 1, 0, false), STATUS_LOCAL_PROTECTION);
	assert_int_equal(check(TOP, 1, UINT32_MAX, false), STATUS_LOCAL_PROTECTION);
	assert_int_equal(check(0, 0, 12345, true), STATUS_SUCCESS); /* nothing is touched */
}

static void local_write_needs_its_right(void **state)
{
	(void)state;
	assert_int_equal(check(0, 8, read_only->key, false), STATUS_SUCCESS);
	assert_int_equal(check(0, 8, read_only->key, true), STATUS_LOCAL_PROTECTION);
}

static void a_destroyed_key_is_dead(void **state)
{
	uint32_t key = linear->key;

	(void)state;
	assert_int_equal(mr_destroy(linear), 0);
	assert_int_equal(check(TOP, 1, key, false), STATUS_LOCAL_PROTECTION);
	assert_null(memory_remote(qp, pd, key, TOP, 1, ACCESS_REMOTE_READ));
}

static void remote_rights_are_asked_for_one_by_one(void **state)
{
	uint32_t key = read_only->key;

	(void)state;
	assert_ptr_equal(memory_remote(qp, pd, key, 0, BYTES, ACCESS_REMOTE_READ), read_only);
	assert_null(memory_remote(qp, pd, key, 0, BYTES, ACCESS_REMOTE_WRITE));
	assert_null(memory_remote(qp, pd, key, 0, 8, ACCESS_REMOTE_ATOMIC));
	assert_null(memory_remote(qp, pd, key, 0, BYTES + 1, ACCESS_REMOTE_READ));
	assert_null(memory_remote(qp, pd, key, UINT64_MAX, 2, ACCESS_REMOTE_READ));
	assert_null(memory_remote(qp, pd, key, 1, UINT64_MAX, ACCESS_REMOTE_READ));
	assert_null(memory_remote(qp, other_pd, key, 0, 1, ACCESS_REMOTE_READ));
}

static void gathering_goes_over_elements_inline_data_and_gaps(void **state)
{
	struct sge list[] = {
		{TOP, 10, linear->key, NULL},
		{0, 0, 0, NULL},
		{0, 5, 0, "inline"},
		{TOP + 100, 20, linear->key, NULL},
	};
	uint8_t whole[35], expected[35];

	(void)state;
	memcpy(expected, memory, 10);
	memcpy(expected + 10, "inlin", 5);
	memcpy(expected + 15, memory + 100, 20);
	for (uint32_t skip = 0; skip <= 35; skip++) {
		for (uint32_t length = 0; skip + length <= 35; length++) {
			memset(whole, 0xaa, sizeof(whole));
			assert_int_equal(memory_gather(world.hca, pd, list, 4, skip, whole, length),
					 STATUS_SUCCESS);
			assert_memory_equal(whole, expected + skip, length);
			if (length < 35)
				assert_int_equal(whole[length], 0xaa);
		}
	}
}

static void paged_memory_reads_back_what_was_scattered(void **state)
{
	uint8_t out[1200], back[1200];
	struct sge list[] = {
		{0x5030, 200, paged->key, NULL},
		{0x5030 + 200, 1000, paged->key, NULL},
	};

	(void)state;
	for (int i = 0; i < 1200; i++)
		out[i] = (uint8_t)(i * 13 + 1);
	assert_int_equal(memory_scatter(world.hca, pd, list, 2, 0, out, 700), STATUS_SUCCESS);
	assert_int_equal(memory_scatter(world.hca, pd, list, 2, 700, out + 700, 500),
			 STATUS_SUCCESS);
	/* First page: from the offset on; last byte in the page before the last by address. */
	assert_int_equal(page_bytes[PAGES - 1][PAGE_OFFSET - 1], 0);
	assert_int_equal(page_bytes[PAGES - 1][PAGE_OFFSET], out[0]);
	assert_int_equal(page_bytes[PAGES - 1][255], out[255 - PAGE_OFFSET]);
	assert_int_equal(page_bytes[PAGES - 2][0], out[256 - PAGE_OFFSET]);
	assert_int_equal(memory_gather(world.hca, pd, list, 2, 0, back, 1200), STATUS_SUCCESS);
	assert_memory_equal(back, out, 1200);
}

static void only_what_is_touched_is_checked(void **state)
{
	struct sge list[] = {
		{TOP, 100, linear->key, NULL},
		{0, 100, 0xbad00, NULL},
	};
	uint8_t bytes[200] = {0};

	(void)state;
	assert_int_equal(memory_scatter(world.hca, pd, list, 2, 0, bytes, 100), STATUS_SUCCESS);
	assert_int_equal(memory_scatter(world.hca, pd, list, 2, 0, bytes, 101),
			 STATUS_LOCAL_PROTECTION);
	assert_int_equal(memory_gather(world.hca, pd, list, 2, 100, bytes, 1),
			 STATUS_LOCAL_PROTECTION);
	assert_int_equal(memory_gather(world.hca, pd, list, 1, 0, bytes, 101), STATUS_LOCAL_LENGTH);
}

static void atomics_return_what_they_found(void **state)
{
	uint64_t found, value = 5;

	(void)state;
	memcpy(memory + 64, &value, 8);
	assert_true(memory_fetch_add(linear, TOP + 64, 10, &found));
	assert_int_equal(found, 5);
	assert_true(memory_compare_swap(linear, TOP + 64, 14, 99, &found));
	assert_int_equal(found, 15);
	assert_true(memory_compare_swap(linear, TOP + 64, 15, 99, &found));
	assert_int_equal(found, 15);
	memcpy(&value, memory + 64, 8);
	assert_int_equal(value, 99);
	/* The third page of the paged region. */
	assert_true(memory_fetch_add(paged, 0x5200, 7, &found));
	memcpy(&value, page_bytes[PAGES - 3], 8);
	assert_int_equal(value, 7);
}

/* ---- memory that a callback finds ---- */

enum { WINDOW = 1024, READ_ONLY = 512 };
static const uint64_t WINDOW_START = 0xfffffffffffff000;

/* A guest's memory: a window far up, its second half not writable, in pieces of 64 bytes that lie
 * backwards in `memory`. */
static uint8_t *place(void *arg, uint64_t address, bool writing, uint64_t *together)
{
	uint64_t offset = address - WINDOW_START;

	assert_ptr_equal(arg, memory);
	*together = 64 - offset % 64;
	if (offset >= WINDOW || (writing && offset >= READ_ONLY))
		return NULL;
	return memory + (WINDOW - 64 - offset / 64 * 64) + offset % 64;
}

static struct mr *make_whole_space(void)
{
	return make_mr((struct mr_params){
		.length = MR_WHOLE_SPACE,
		.access = ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ |
			  ACCESS_REMOTE_ATOMIC,
		.place = place,
		.place_arg = memory,
	});
}

static void a_callback_finds_memory_piece_by_piece(void **state)
{
	struct mr *mr = make_whole_space();
	struct sge sge = {WINDOW_START + 3, 500, mr->key, NULL};
	uint8_t out[500], back[500];

	(void)state;
	for (int i = 0; i < 500; i++)
		out[i] = (uint8_t)(i * 11 + 5);
	assert_int_equal(memory_scatter(world.hca, pd, &sge, 1, 0, out, 500), STATUS_SUCCESS);
	assert_int_equal(memory[WINDOW - 64 + 3], out[0]);
	assert_int_equal(memory[WINDOW - 128], out[61]);
	assert_int_equal(memory_gather(world.hca, pd, &sge, 1, 0, back, 500), STATUS_SUCCESS);
	assert_memory_equal(back, out, 500);
}

static void what_no_callback_finds_is_not_accessed(void **state)
{
	struct mr *mr = make_whole_space();
	struct sge below = {WINDOW_START - 1, 2, mr->key, NULL};
	struct sge beyond = {WINDOW_START + WINDOW - 1, 2, mr->key, NULL};
	struct sge kept = {WINDOW_START + READ_ONLY - 64, 65, mr->key, NULL};
	struct sge last = {UINT64_MAX, 1, mr->key, NULL},
		   around = {UINT64_MAX - 3, 8, mr->key, NULL};
	uint8_t bytes[65] = {0};
	uint64_t found;

	(void)state;
	assert_int_equal(memory_gather(world.hca, pd, &below, 1, 0, bytes, 2),
			 STATUS_LOCAL_PROTECTION);
	assert_int_equal(memory_gather(world.hca, pd, &beyond, 1, 0, bytes, 2),
			 STATUS_LOCAL_PROTECTION);
	assert_int_equal(memory_gather(world.hca, pd, &last, 1, 0, bytes, 1),
			 STATUS_LOCAL_PROTECTION);
	assert_int_equal(memory_gather(world.hca, pd, &around, 1, 0, bytes, 8),
			 STATUS_LOCAL_PROTECTION);
	assert_int_equal(memory_gather(world.hca, pd, &kept, 1, 0, bytes, 65), STATUS_SUCCESS);
	assert_int_equal(memory_scatter(world.hca, pd, &kept, 1, 0, bytes, 65),
			 STATUS_LOCAL_PROTECTION);
	assert_false(memory_read(mr, 0, bytes, 1));
	assert_false(memory_write(mr, 0, bytes, 1));
	assert_false(memory_fetch_add(mr, WINDOW_START + READ_ONLY, 1, &found));
	assert_false(memory_compare_swap(mr, 8, 0, 1, &found));
}

static void atomics_need_eight_aligned_bytes_in_one_piece(void **state)
{
	struct mr *mr = make_whole_space();
	/* Address 0 lies four bytes before the end of a page, address 8 four behind its start. */
	struct mr *odd = make_mr((struct mr_params){.length = 256,
						    .access = ACCESS_LOCAL_WRITE,
						    .pages = page_list(),
						    .log_page_size = PAGE_SHIFT,
						    .page_offset = 252});
	uint64_t found;

	(void)state;
	memset(memory, 0, WINDOW);
	assert_true(memory_fetch_add(mr, WINDOW_START + 56, 3, &found));
	assert_int_equal(memory[WINDOW - 64 + 56], 3);
	assert_true(memory_compare_swap(mr, WINDOW_START + 56, 3, 4, &found));
	assert_int_equal(memory[WINDOW - 64 + 56], 4);
	assert_false(memory_fetch_add(odd, 0, 1, &found));
	assert_false(memory_compare_swap(odd, 8, 0, 1, &found));
}

static void a_page_that_is_missing_is_unmapped(void **state)
{
	uint8_t bytes[1 << PAGE_SHIFT] = {0};
	struct mr *mr;
	uint8_t **pages = page_list();

	(void)state;
	pages[1] = NULL;
	mr = make_mr((struct mr_params){.length = 3 << PAGE_SHIFT,
					.access = ACCESS_LOCAL_WRITE,
					.pages = pages,
					.log_page_size = PAGE_SHIFT});
	assert_true(memory_read(mr, 0, bytes, 1 << PAGE_SHIFT));
	assert_true(memory_write(mr, 2 << PAGE_SHIFT, bytes, 1 << PAGE_SHIFT));
	assert_false(memory_read(mr, 1, bytes, 1 << PAGE_SHIFT));
	assert_false(memory_write(mr, 1 << PAGE_SHIFT, bytes, 1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ranges_are_checked_to_the_byte),
		TEST(a_key_is_good_in_its_pd_and_variant_only),
		TEST(local_write_needs_its_right),
		TEST(a_destroyed_key_is_dead),
		TEST(remote_rights_are_asked_for_one_by_one),
		TEST(gathering_goes_over_elements_inline_data_and_gaps),
		TEST(paged_memory_reads_back_what_was_scattered),
		TEST(only_what_is_touched_is_checked),
		TEST(atomics_return_what_they_found),
		TEST(a_callback_finds_memory_piece_by_piece),
		TEST(what_no_callback_finds_is_not_accessed),
		TEST(atomics_need_eight_aligned_bytes_in_one_piece),
		TEST(a_page_that_is_missing_is_unmapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
