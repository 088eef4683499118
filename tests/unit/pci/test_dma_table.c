/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Guest memory: what is found where, across maps that come and go, and maps that cannot be. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FILE_BYTES = 16 * 4096 };

static struct dma_table table;
static uint64_t together;
static int ram;
/* The file as somebody else sees it: byte n is on page n / 4096. */
static uint8_t *seen;

static int setup(void **state)
{
	(void)state;
	ram = make_file(FILE_BYTES);
	seen = mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, ram, 0);
	assert_ptr_not_equal(seen, MAP_FAILED);
	for (unsigned int i = 0; i < FILE_BYTES; i++)
		seen[i] = (uint8_t)(i / 4096);
	dma_table_init(&table);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	dma_table_end(&table);
	munmap(seen, FILE_BYTES);
	close(ram);
	return 0;
}

static int map_file(uint64_t address, uint64_t bytes, int file, uint64_t offset, bool writable)
{
	const struct dma_range range = {
		.address = address, .bytes = bytes, .readable = true, .writable = writable};

	return dma_table_map(&table, &range, file, offset);
}

static int map(uint64_t address, uint64_t bytes, uint64_t offset)
{
	return map_file(address, bytes, ram, offset, true);
}

static int unmap(uint64_t address, uint64_t bytes)
{
	uint64_t unmapped = 0;
	int rc = dma_table_unmap(&table, address, bytes, &unmapped);

	if (!rc)
		assert_true(unmapped > 0 && unmapped <= bytes);
	return rc;
}

static uint8_t *place(uint64_t address)
{
	return dma_table_place(&table, address, true, &together);
}

/* How often the file is mapped in this process, the test's own view aside. */
static unsigned int num_mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned int count = 0;
	char line[512];

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		count += strstr(line, "memfd:guest") != NULL;
	fclose(maps);
	return count - 1;
}

static void an_address_is_found_in_its_range(void **state)
{
	(void)state;
	assert_int_equal(map(0x100000, 0x4000, 0x2000), 0);
	assert_int_equal(*place(0x100000), 2);
	assert_int_equal(together, 0x4000);
	assert_int_equal(*place(0x103fff), 5);
	assert_int_equal(together, 1);
	assert_null(place(0xfffff));
	assert_null(place(0x104000));
	assert_null(place(0));
	assert_null(place(UINT64_MAX));
	*place(0x101000) = 0x77;
	assert_int_equal(seen[0x3000], 0x77);
}

static void ranges_are_found_in_whatever_order_they_came(void **state)
{
	(void)state;
	assert_int_equal(map(0x30000, 0x1000, 0x3000), 0);
	assert_int_equal(map(0x10000, 0x1000, 0x1000), 0);
	assert_int_equal(map(0x50000, 0x1000, 0x5000), 0);
	assert_int_equal(map(0x20000, 0x1000, 0x2000), 0);
	for (uint64_t i = 1; i < 6; i++) {
		if (i == 4)
			assert_null(place(i << 16));
		else
			assert_int_equal(*place(i << 16), i);
	}
}

static void pieces_that_continue_each_other_are_one(void **state)
{
	(void)state;
	assert_int_equal(map(0x3000, 0x2000, 0x3000), 0);
	assert_int_equal(map(0x0000, 0x3000, 0x0000), 0);
	assert_non_null(place(0x0800));
	assert_int_equal(together, 0x4800);
	/* Adjacent for the guest, but not in the file. */
	assert_int_equal(map(0x5000, 0x1000, 0x8000), 0);
	assert_non_null(place(0x0800));
	assert_int_equal(together, 0x4800);
	/* In the file, but read-only. */
	assert_int_equal(unmap(0x5000, 0x1000), 0);
	assert_int_equal(map_file(0x5000, 0x1000, ram, 0x5000, false), 0);
	assert_non_null(place(0x0800));
	assert_int_equal(together, 0x4800);
	assert_non_null(dma_table_place(&table, 0x0800, false, &together));
	assert_int_equal(together, 0x5800);
}

static void read_only_memory_is_not_written(void **state)
{
	(void)state;
	assert_int_equal(map_file(0, 0x1000, ram, 0, false), 0);
	assert_null(place(0));
	assert_non_null(dma_table_place(&table, 0, false, &together));
}

static void a_file_that_cannot_be_written_backs_read_only_ranges(void **state)
{
	char path[64];
	int read_only;

	(void)state;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ram);
	read_only = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(read_only >= 0);
	assert_int_equal(map_file(0x0000, 0x1000, read_only, 0x1000, true), EACCES);
	assert_int_equal(map_file(0x0000, 0x1000, read_only, 0x1000, false), 0);
	assert_int_equal(*dma_table_place(&table, 0, false, &together), 1);
	/* The same file by a descriptor that can. */
	assert_int_equal(map(0x1000, 0x1000, 0x2000), 0);
	*place(0x1000) = 0x66;
	assert_int_equal(seen[0x2000], 0x66);
	close(read_only);
}

static void memory_without_a_file_cannot_be_accessed(void **state)
{
	(void)state;
	assert_int_equal(map_file(0x1000, 0x1000, -1, 0, true), 0);
	assert_null(place(0x1000));
	assert_int_equal(map(0x1000, 0x1000, 0), EEXIST);
	assert_int_equal(unmap(0x1000, 0x1000), 0);
	assert_int_equal(map(0x1000, 0x1000, 0), 0);
}

static void ranges_come_and_go_as_firmware_shadows_its_areas(void **state)
{
	uint8_t *lent;

	(void)state;
	assert_int_equal(map(0, FILE_BYTES, 0), 0);
	lent = place(0x8000);
	for (unsigned int i = 0; i < 1000; i++) {
		assert_int_equal(unmap(0, FILE_BYTES), 0);
		assert_int_equal(map(0x0000, 0x3000, 0), 0);
		assert_int_equal(map_file(0x3000, 0x2000, ram, 0x3000, i % 2), 0);
		assert_int_equal(map(0x5000, FILE_BYTES - 0x5000, 0x5000), 0);
		assert_ptr_equal(place(0x8000), lent);
		assert_int_equal(unmap(0, FILE_BYTES), 0);
		assert_null(place(0x8000));
		assert_int_equal(map(0, FILE_BYTES, 0), 0);
	}
	assert_ptr_equal(place(0x8000), lent);
	assert_int_equal(num_mappings(), 1);
}

static void what_was_handed_out_stays_until_it_is_settled(void **state)
{
	uint8_t *lent;

	(void)state;
	assert_int_equal(map(0, 0x1000, 0x4000), 0);
	lent = place(0);
	assert_int_equal(unmap(0, 0x1000), 0);
	*lent = 0x55;
	assert_int_equal(seen[0x4000], 0x55);
	assert_int_equal(num_mappings(), 1);
	dma_table_settle(&table);
	assert_int_equal(num_mappings(), 0);
}

static void what_was_not_handed_out_goes_with_its_range(void **state)
{
	(void)state;
	assert_int_equal(map(0, 0x1000, 0), 0);
	assert_int_equal(map(0x2000, 0x1000, 0), 0);
	assert_int_equal(unmap(0, 0x1000), 0);
	assert_int_equal(num_mappings(), 1);
	assert_int_equal(unmap(0x2000, 0x1000), 0);
	assert_int_equal(num_mappings(), 0);
}

static void settling_keeps_what_is_mapped(void **state)
{
	(void)state;
	assert_int_equal(map(0, 0x1000, 0x7000), 0);
	assert_int_equal(*place(0), 7);
	dma_table_settle(&table);
	assert_int_equal(*place(0), 7);
}

static void a_file_that_has_grown_has_its_new_end(void **state)
{
	(void)state;
	assert_int_equal(map(0, FILE_BYTES, 0), 0);
	assert_int_equal(map(0x100000, 0x1000, FILE_BYTES), EINVAL);
	assert_int_equal(ftruncate(ram, FILE_BYTES + 0x1000), 0);
	assert_int_equal(map(0x100000, 0x1000, FILE_BYTES), 0);
	assert_int_equal(*place(0x100000), 0);
	assert_int_equal(*place(0x2000), 2);
}

static void impossible_ranges_are_refused(void **state)
{
	(void)state;
	assert_int_equal(map(0x1000, 0, 0), EINVAL);
	assert_int_equal(map(0x1001, 0x1000, 0), EINVAL);
	assert_int_equal(map(0x1000, 0x1001, 0), EINVAL);
	assert_int_equal(map(0x1000, 0x1000, 0x10), EINVAL);
	assert_int_equal(map(UINT64_MAX - 0xfff, 0x2000, 0), EINVAL);
	assert_int_equal(map(0x1000, UINT64_MAX - 0xfff, 0), EINVAL);
	/* Beyond the end of the file, where an access would be a SIGBUS. */
	assert_int_equal(map(0, FILE_BYTES + 0x1000, 0), EINVAL);
	assert_int_equal(map(0, 0x2000, FILE_BYTES - 0x1000), EINVAL);
	assert_int_equal(map(0, 0x1000, UINT64_MAX - 0xfff), EINVAL);
	assert_int_equal(map(0, 0x1000, UINT64_MAX - 0x1fff), EINVAL);
	assert_int_equal(table.num_ranges, 0);
	assert_int_equal(num_mappings(), 0);
}

static void impossible_files_are_refused(void **state)
{
	int ends[2], empty = make_file(0);

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(map_file(0, 0x1000, ends[0], 0, true), EINVAL);
	assert_int_equal(map_file(0, 0x1000, empty, 0, true), EINVAL);
	assert_int_equal(map_file(0, 0x1000, 123456, 0, true), EBADF);
	close(ends[0]);
	close(ends[1]);
	close(empty);
}

static void overlaps_are_refused(void **state)
{
	(void)state;
	assert_int_equal(map(0x4000, 0x4000, 0), 0);
	assert_int_equal(map(0x4000, 0x4000, 0), EEXIST);
	assert_int_equal(map(0x3000, 0x2000, 0), EEXIST);
	assert_int_equal(map(0x7000, 0x2000, 0), EEXIST);
	assert_int_equal(map(0x5000, 0x1000, 0), EEXIST);
	assert_int_equal(map(0x0000, 0x10000, 0), EEXIST);
	assert_int_equal(map(0x3000, 0x1000, 0), 0);
	assert_int_equal(map(0x8000, 0x1000, 0), 0);
}

static void the_last_page_can_be_mapped(void **state)
{
	(void)state;
	assert_int_equal(map(UINT64_MAX - 0xfff, 0x1000, 0x1000), 0);
	assert_int_equal(map(0, 0x1000, 0x2000), 0);
	assert_int_equal(*place(UINT64_MAX), 1);
	assert_int_equal(together, 1);
	assert_int_equal(*place(0), 2);
	assert_int_equal(unmap(UINT64_MAX - 0xfff, 0x1000), 0);
	assert_null(place(UINT64_MAX));
}

static void unmapping_takes_whole_ranges(void **state)
{
	uint64_t unmapped;

	(void)state;
	assert_int_equal(map(0x1000, 0x2000, 0), 0);
	assert_int_equal(map(0x4000, 0x2000, 0), 0);
	assert_int_equal(unmap(0x1000, 0x1000), EINVAL);
	assert_int_equal(unmap(0x2000, 0x1000), EINVAL);
	assert_int_equal(unmap(0x2000, 0x4000), EINVAL);
	assert_int_equal(unmap(0x1000, 0x4000), EINVAL);
	assert_int_equal(unmap(0x3000, 0x1000), ENOENT);
	assert_int_equal(unmap(0x1000, 0), EINVAL);
	assert_int_equal(unmap(0x1001, 0x1000), EINVAL);
	assert_int_equal(unmap(UINT64_MAX - 0xfff, 0x2000), EINVAL);
	assert_non_null(place(0x1000));
	assert_int_equal(dma_table_unmap(&table, 0, 0x10000, &unmapped), 0);
	assert_int_equal(unmapped, 0x4000);
	assert_null(place(0x1000));
	assert_null(place(0x4000));
}

static void there_is_an_end_to_ranges_and_files(void **state)
{
	uint64_t unmapped, i = 0;
	int rc = 0;

	(void)state;
	for (; !rc; i++)
		rc = map(i * 0x1000, 0x1000, i % 16 * 0x1000);
	assert_int_equal(rc, ENOSPC);
	assert_int_equal(i - 1, DMA_TABLE_MAX_RANGES);
	assert_int_equal(*place(0x5000), 5);
	dma_table_unmap_all(&table, &unmapped);
	assert_int_equal(unmapped, DMA_TABLE_MAX_RANGES * 0x1000ull);
	dma_table_settle(&table);
	for (i = 0, rc = 0; !rc; i++) {
		int file = make_file(0x1000);

		rc = map_file(i * 0x1000, 0x1000, file, 0, true);
		close(file);
	}
	assert_int_equal(rc, ENOSPC);
	assert_int_equal(i - 1, DMA_TABLE_MAX_FILES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_address_is_found_in_its_range, setup, teardown),
		cmocka_unit_test_setup_teardown(ranges_are_found_in_whatever_order_they_came, setup,
						teardown),
		cmocka_unit_test_setup_teardown(pieces_that_continue_each_other_are_one, setup,
						teardown),
		cmocka_unit_test_setup_teardown(read_only_memory_is_not_written, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_file_that_cannot_be_written_backs_read_only_ranges, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_without_a_file_cannot_be_accessed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(ranges_come_and_go_as_firmware_shadows_its_areas,
						setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_handed_out_stays_until_it_is_settled,
						setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_not_handed_out_goes_with_its_range, setup,
						teardown),
		cmocka_unit_test_setup_teardown(settling_keeps_what_is_mapped, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_that_has_grown_has_its_new_end, setup,
						teardown),
		cmocka_unit_test_setup_teardown(impossible_ranges_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(impossible_files_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(overlaps_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(the_last_page_can_be_mapped, setup, teardown),
		cmocka_unit_test_setup_teardown(unmapping_takes_whole_ranges, setup, teardown),
		cmocka_unit_test_setup_teardown(there_is_an_end_to_ranges_and_files, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
