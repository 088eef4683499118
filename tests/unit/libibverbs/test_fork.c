/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory kept out of children, as the kernel itself shows it in /proc/self/smaps ("dc"). */
#include <stdio.h>
#include <sys/mman.h>

#include "open_fake.h"

#define PAGES 64

static size_t page;
static char *memory;

static int fork_setup(void **state)
{
	page = sysconf(_SC_PAGESIZE);
	group_setup(state);
	fake_kernel_reset();
	fake_tree_reset();
	assert_int_equal(ibv_is_fork_initialized(), IBV_FORK_DISABLED);
	/* The first look at the devices does what the environment asks. */
	assert_int_equal(setenv("RDMAV_FORK_SAFE", "1", 1), 0);
	ibv_free_device_list(ibv_get_device_list(NULL));
	assert_int_equal(ibv_is_fork_initialized(), IBV_FORK_ENABLED);
	assert_int_equal(ibv_fork_init(), 0);
	return 0;
}

static int map_memory(void **state)
{
	setup(state);
	memory = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	return memory == MAP_FAILED;
}

static int unmap_memory(void **state)
{
	UNUSED;
	return munmap(memory, PAGES * page);
}

/* Whether the mapping that holds an address is left out of children. */
static bool kept_out(const char *address)
{
	unsigned long from = 0, to = 0, at = (uintptr_t)address;
	FILE *file = fopen("/proc/self/smaps", "r");
	bool found = false;
	char line[512];

	assert_non_null(file);
	while (!found && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			continue;
		if (at >= from && at < to && !strncmp(line, "VmFlags:", 8)) {
			found = strstr(line, " dc") != NULL;
			break;
		}
	}
	fclose(file);
	return found;
}

static void assert_pages(const char *pattern)
{
	for (size_t i = 0; pattern[i]; i++)
		if (kept_out(memory + i * page) != (pattern[i] == 'x'))
			fail_msg("page %zu of %s is %s", i, pattern,
				 pattern[i] == 'x' ? "in the child" : "kept out");
}

static void ranges_are_whole_pages(void **state)
{
	UNUSED;
	assert_int_equal(ibv_dontfork_range(memory + page + 100, 1), 0);
	assert_pages(".x..");
	assert_int_equal(ibv_dontfork_range(memory + 3 * page - 1, 2), 0);
	assert_pages(".xxx.");
	assert_int_equal(ibv_dofork_range(memory + page + 100, 1), 0);
	assert_pages("..xx.");
	assert_int_equal(ibv_dofork_range(memory + 3 * page - 1, 2), 0);
	assert_pages(".....");
}

static void overlapping_uses_are_counted(void **state)
{
	UNUSED;
	assert_int_equal(ibv_dontfork_range(memory, 4 * page), 0);
	assert_int_equal(ibv_dontfork_range(memory + 2 * page, 4 * page), 0);
	assert_int_equal(ibv_dontfork_range(memory + page, page), 0);
	assert_pages("xxxxxx.");
	assert_int_equal(ibv_dofork_range(memory, 4 * page), 0);
	assert_pages(".xxxxx.");
	assert_int_equal(ibv_dofork_range(memory + page, page), 0);
	assert_pages("..xxxx.");
	assert_int_equal(ibv_dofork_range(memory + 2 * page, 4 * page), 0);
	assert_pages(".......");
}

/* Against a plain array of counters, in a fixed pseudo-random order. */
static void many_ranges_agree_with_simple_counting(void **state)
{
	unsigned int uses[PAGES] = {}, seed = 1, count = 0;
	struct {
		unsigned int first, pages;
	} ranges[200];
	char pattern[PAGES + 1] = {};

	UNUSED;
	for (int step = 0; step < 2000; step++) {
		seed = seed * 1103515245 + 12345;
		if (count < 200 && (count == 0 || seed >> 16 & 1)) {
			ranges[count].first = (seed >> 17) % (PAGES - 8);
			ranges[count].pages = 1 + (seed >> 24) % 8;
			assert_int_equal(ibv_dontfork_range(memory + ranges[count].first * page,
							    ranges[count].pages * page),
					 0);
			for (unsigned int i = 0; i < ranges[count].pages; i++)
				uses[ranges[count].first + i]++;
			count++;
		} else {
			unsigned int which = (seed >> 17) % count;

			assert_int_equal(ibv_dofork_range(memory + ranges[which].first * page,
							  ranges[which].pages * page),
					 0);
			for (unsigned int i = 0; i < ranges[which].pages; i++)
				uses[ranges[which].first + i]--;
			ranges[which] = ranges[--count];
		}
		if (step % 250)
			continue;
		for (int i = 0; i < PAGES; i++)
			pattern[i] = uses[i] ? 'x' : '.';
		assert_pages(pattern);
	}
	while (count--)
		assert_int_equal(ibv_dofork_range(memory + ranges[count].first * page,
						  ranges[count].pages * page),
				 0);
	memset(pattern, '.', PAGES);
	assert_pages(pattern);
}

static void memory_that_does_not_exist_is_refused_and_forgotten(void **state)
{
	UNUSED;
	assert_int_equal(munmap(memory + 2 * page, page), 0);
	assert_int_not_equal(ibv_dontfork_range(memory, 4 * page), 0);
	assert_int_equal(ibv_dontfork_range(memory, 2 * page), 0);
	assert_pages("xx");
	assert_int_equal(ibv_dofork_range(memory, 2 * page), 0);
	assert_pages("..");
}

static void memory_unmapped_too_early_can_still_be_given_back(void **state)
{
	UNUSED;
	assert_int_equal(ibv_dontfork_range(memory, 4 * page), 0);
	assert_int_equal(munmap(memory + page, page), 0);
	assert_int_equal(ibv_dofork_range(memory, 4 * page), 0);
	assert_pages(".");
}

static void giving_back_what_was_never_taken_is_an_error(void **state)
{
	UNUSED;
	assert_int_equal(ibv_dofork_range(memory, page), EINVAL);
}

static void a_region_is_kept_out_as_long_as_it_lives(void **state)
{
	struct ibv_context *context = open_fake();
	struct ibv_pd *pd;
	struct ibv_mr *mr;

	UNUSED;
	assert_non_null(context);
	pd = ibv_alloc_pd(context);
	mr = ibv_reg_mr(pd, memory, 2 * page, IBV_ACCESS_LOCAL_WRITE);
	assert_non_null(mr);
	assert_pages("xx.");
	assert_int_equal(
		ibv_rereg_mr(mr, IBV_REREG_MR_CHANGE_TRANSLATION, NULL, memory + 2 * page, page, 0),
		0);
	assert_pages("..x.");
	assert_int_equal(ibv_dereg_mr(mr), 0);
	assert_pages("....");
	mr = ibv_reg_mr(pd, memory, page, IBV_ACCESS_ON_DEMAND);
	assert_non_null(mr);
	assert_pages("....");
	assert_int_equal(ibv_dereg_mr(mr), 0);
	assert_int_equal(ibv_dealloc_pd(pd), 0);
	assert_int_equal(ibv_close_device(context), 0);
}

static int refuse_mr(const struct fake_command *command)
{
	return command->number == IB_USER_VERBS_CMD_REG_MR ? ENOMEM : fake_kernel_command(command);
}

static void a_refused_region_is_given_back(void **state)
{
	struct ibv_context *context = open_fake();
	struct ibv_pd *pd;

	UNUSED;
	assert_non_null(context);
	pd = ibv_alloc_pd(context);
	fake_kernel.command = refuse_mr;
	assert_null(ibv_reg_mr(pd, memory, page, IBV_ACCESS_LOCAL_WRITE));
	assert_int_equal(errno, ENOMEM);
	assert_pages("..");
	assert_int_equal(ibv_dealloc_pd(pd), 0);
	assert_int_equal(ibv_close_device(context), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ranges_are_whole_pages, map_memory, unmap_memory),
		cmocka_unit_test_setup_teardown(overlapping_uses_are_counted, map_memory,
						unmap_memory),
		cmocka_unit_test_setup_teardown(many_ranges_agree_with_simple_counting, map_memory,
						unmap_memory),
		cmocka_unit_test_setup_teardown(memory_that_does_not_exist_is_refused_and_forgotten,
						map_memory, unmap_memory),
		cmocka_unit_test_setup_teardown(memory_unmapped_too_early_can_still_be_given_back,
						map_memory, unmap_memory),
		cmocka_unit_test_setup_teardown(giving_back_what_was_never_taken_is_an_error,
						map_memory, unmap_memory),
		cmocka_unit_test_setup_teardown(a_region_is_kept_out_as_long_as_it_lives,
						map_memory, unmap_memory),
		cmocka_unit_test_setup_teardown(a_refused_region_is_given_back, map_memory,
						unmap_memory),
	};

	return cmocka_run_group_tests(tests, fork_setup, group_teardown);
}
