/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Regions in pages of all usual sizes, as a guest registers its memory: copies that begin and end
 * anywhere, and atomics where pages end. Every page is a mapping of its own, backwards and with a
 * hole behind it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "fakes.h"
#include "softhca/memory/access.h"

enum { PAGES = 5 };
static const uint64_t IOVA = 0x7fff00001000;

static struct world world;
static struct pd *pd;

struct region {
	unsigned int log_page_size;
	uint32_t page_offset;
	size_t page_bytes, length;
	uint8_t *area;
	struct mr *mr;
	uint8_t *model; /* what should be there */
};

static void make_region(struct region *region, unsigned int log_page_size, uint32_t page_offset)
{
	size_t page_bytes = (size_t)1 << log_page_size, area = 2 * PAGES * page_bytes;
	struct mr_params params = {
		.iova = IOVA + page_offset,
		.length = PAGES * page_bytes - page_offset - 16,
		.access = ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ |
			  ACCESS_REMOTE_ATOMIC,
		.pages = calloc(PAGES, sizeof(uint8_t *)),
		.log_page_size = log_page_size,
		.page_offset = page_offset,
	};

	*region = (struct region){.log_page_size = log_page_size,
				  .page_offset = page_offset,
				  .page_bytes = page_bytes,
				  .length = params.length};
	region->area = mmap(NULL, area, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	region->model = calloc(1, params.length);
	assert_true(region->area != MAP_FAILED && region->model && params.pages);
	for (size_t i = 0; i < PAGES; i++) {
		params.pages[i] = region->area + 2 * (PAGES - 1 - i) * page_bytes;
		assert_int_equal(mprotect(params.pages[i], page_bytes, PROT_READ | PROT_WRITE), 0);
	}
	assert_int_equal(mr_create(pd, &params, &region->mr), 0);
}

static void end_region(struct region *region)
{
	assert_int_equal(mr_destroy(region->mr), 0);
	munmap(region->area, 2 * PAGES * region->page_bytes);
	free(region->model);
}

static int setup(void **state)
{
	(void)state;
	world_create(&world);
	pd = make_pd(&world);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_destroy(&world);
	return 0;
}

static uint32_t draw(void)
{
	static uint64_t x = 88172645463325252ull;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 16);
}

/* Around the page borders more often than not. */
static size_t draw_offset(const struct region *region)
{
	size_t border = (1 + draw() % (PAGES - 1)) * region->page_bytes - region->page_offset;

	size_t near = border + draw() % 400;

	if (draw() % 4)
		return near > 200 ? near - 200 : 0;
	return draw() % region->length;
}

static void copy_once(struct region *region)
{
	static uint8_t bytes[8 << 20];
	size_t offset = draw_offset(region), left = region->length - offset;
	size_t most = draw() % 16 ? 600 : 2 * region->page_bytes + 100;
	uint32_t length = (uint32_t)(1 + draw() % (left < most ? left : most));
	struct sge sge = {region->mr->iova + offset, length, region->mr->key, NULL};

	if (draw() % 2) {
		for (uint32_t i = 0; i < length; i += 7)
			bytes[i] = (uint8_t)draw();
		assert_int_equal(memory_scatter(world.hca, pd, &sge, 1, 0, bytes, length),
				 STATUS_SUCCESS);
		memcpy(region->model + offset, bytes, length);
	}
	assert_int_equal(memory_gather(world.hca, pd, &sge, 1, 0, bytes, length), STATUS_SUCCESS);
	assert_memory_equal(bytes, region->model + offset, length);
}

static void copy_often(unsigned int log_page_size, uint32_t page_offset, unsigned int times)
{
	struct region region;

	make_region(&region, log_page_size, page_offset);
	for (unsigned int i = 0; i < times; i++)
		copy_once(&region);
	/* And in the end all of it, by its pages. */
	for (size_t i = 0; i < region.length; i++) {
		size_t at = i + page_offset;

		if (region.mr->pages[at >> log_page_size][at & (region.page_bytes - 1)] !=
		    region.model[i])
			fail_msg("byte %zu of pages of %zu", i, region.page_bytes);
	}
	end_region(&region);
}

static void messages_cross_pages_of_all_sizes(void **state)
{
	(void)state;
	copy_often(12, 0, 2000);
	copy_often(12, 4095, 2000);
	copy_often(16, 0, 1000);
	copy_often(16, 0x3008, 1000);
	copy_often(21, 0, 100);
	copy_often(21, 0x1ff000, 100);
}

static void nothing_is_beyond_the_last_byte(void **state)
{
	struct region region;
	uint8_t bytes[64] = {0};
	struct sge sge;

	(void)state;
	make_region(&region, 12, 100);
	sge = (struct sge){region.mr->iova + region.length - 63, 63, region.mr->key, NULL};
	assert_int_equal(memory_scatter(world.hca, pd, &sge, 1, 0, bytes, 63), STATUS_SUCCESS);
	sge.length = 64;
	assert_int_equal(memory_scatter(world.hca, pd, &sge, 1, 0, bytes, 64),
			 STATUS_LOCAL_PROTECTION);
	sge.address = region.mr->iova - 1;
	assert_int_equal(memory_gather(world.hca, pd, &sge, 1, 0, bytes, 64),
			 STATUS_LOCAL_PROTECTION);
	end_region(&region);
}

/* The first and the last word of every page. */
static void atomics_work_where_pages_end(void **state)
{
	static const unsigned int sizes[] = {12, 16, 21};

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		struct region region;
		uint64_t found, value;

		make_region(&region, sizes[i], 64);
		for (size_t page = 1; page < PAGES; page++) {
			uint64_t border = IOVA + page * region.page_bytes;

			assert_true(memory_fetch_add(region.mr, border - 8, page, &found));
			assert_int_equal(found, 0);
			assert_true(memory_compare_swap(region.mr, border, 0, ~page, &found));
			assert_int_equal(found, 0);
			memcpy(&value, region.mr->pages[page - 1] + region.page_bytes - 8, 8);
			assert_int_equal(value, page);
			memcpy(&value, region.mr->pages[page], 8);
			assert_int_equal(value, ~page);
		}
		end_region(&region);
	}
}

/* A page that has gone under the region (here: one that nobody may touch) is found by the access.
 */
static void a_page_that_has_gone_fails_the_access(void **state)
{
	uint8_t bytes[64] = {0};
	struct region region;
	uint64_t found;

	(void)state;
	make_region(&region, 12, 0);
	assert_int_equal(mprotect(region.mr->pages[2], region.page_bytes, PROT_NONE), 0);
	assert_true(memory_read(region.mr, IOVA + 0x1fc0, bytes, 64));
	assert_false(memory_read(region.mr, IOVA + 0x1fc1, bytes, 64));
	assert_false(memory_write(region.mr, IOVA + 0x2fff, bytes, 1));
	assert_false(memory_fetch_add(region.mr, IOVA + 0x2ff8, 1, &found));
	assert_true(memory_write(region.mr, IOVA + 0x3000, bytes, 64));
	end_region(&region);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(messages_cross_pages_of_all_sizes),
		TEST(nothing_is_beyond_the_last_byte),
		TEST(atomics_work_where_pages_end),
		TEST(a_page_that_has_gone_fails_the_access),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
