/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The device's clock: its words in the register page, and the arithmetic of the kernel's notes. */

#include <errno.h>

#include "bench.h"
#include "providers/mlx5/context.h"

/* A page as the device shows it: the timer at an offset, high word first, big-endian. */
static const uint8_t page[16] = {[4] = 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};

static int open_bench(void **state)
{
	(void)state;
	fake_reset();
	bench_open();
	return 0;
}

static int close_bench(void **state)
{
	(void)state;
	to_mlx5_context(bench.context)->clock = (struct mlx5_clock){};
	bench_close();
	return 0;
}

static void the_timer_is_two_big_endian_words(void **state)
{
	struct mlx5_clock *clock = &to_mlx5_context(bench.context)->clock;
	struct ibv_values_ex values = {.comp_mask = IBV_VALUES_MASK_RAW_CLOCK};

	(void)state;
	*clock = (struct mlx5_clock){.timer_page = (const char *)page, .timer_offset = 4};
	assert_int_equal(mlx5_query_rt_values(bench.context, &values), 0);
	assert_int_equal(values.comp_mask, IBV_VALUES_MASK_RAW_CLOCK);
	assert_int_equal(values.raw_clock.tv_sec, 0);
	assert_true((uint64_t)values.raw_clock.tv_nsec == 0x0123456789abcdef);
}

static void nothing_asked_for_is_nothing_read(void **state)
{
	struct mlx5_clock *clock = &to_mlx5_context(bench.context)->clock;
	struct ibv_values_ex values = {.raw_clock = {7, 8}};

	(void)state;
	*clock = (struct mlx5_clock){.timer_page = (const char *)page};
	assert_int_equal(mlx5_query_rt_values(bench.context, &values), 0);
	assert_int_equal(values.raw_clock.tv_sec, 7);
	assert_int_equal(values.raw_clock.tv_nsec, 8);
	values.comp_mask = 2;
	assert_int_equal(mlx5_query_rt_values(bench.context, &values), EINVAL);
}

/* The kernel of the fake offers neither. */
static void without_a_timer_there_is_no_clock(void **state)
{
	struct ibv_values_ex values = {.comp_mask = IBV_VALUES_MASK_RAW_CLOCK};
	struct ibv_cq_init_attr_ex attr = {
		.cqe = 7, .wc_flags = IBV_WC_EX_WITH_COMPLETION_TIMESTAMP_WALLCLOCK};

	(void)state;
	assert_int_equal(mlx5_query_rt_values(bench.context, &values), EOPNOTSUPP);
	assert_null(mlx5_create_cq_ex(bench.context, &attr));
	assert_int_equal(errno, EOPNOTSUPP);
}

static void the_wall_clock_follows_the_notes(void **state)
{
	/* Four nanoseconds a tick, of which a quarter of one is left over; 32 bits of ticks. */
	const struct mlx5_ib_clock_info notes = {
		.sign = 6,
		.nsec = 1000000,
		.cycles = 0xfffffff0,
		.frac = 1,
		.mult = 16,
		.shift = 2,
		.mask = 0xffffffff,
	};

	(void)state;
	assert_int_equal(mlx5_clock_wall_ns(&notes, 0xfffffff0), 1000000);
	assert_int_equal(mlx5_clock_wall_ns(&notes, 0xfffffff3), 1000012);
	/* The counter has run over, or has stood there before. */
	assert_int_equal(mlx5_clock_wall_ns(&notes, 0x10), 1000000 + 0x20 * 4);
	assert_int_equal(mlx5_clock_wall_ns(&notes, 0xffffffe0), 1000000 - 0x10 * 4 + 1);
}

/* As software adapters have it: the timer counts nanoseconds with all bits. */
static void the_wall_clock_of_a_timer_in_nanoseconds(void **state)
{
	const struct mlx5_ib_clock_info notes = {
		.nsec = 1700000000000000000,
		.cycles = 5000000000,
		.mult = 1,
		.mask = UINT64_MAX,
	};

	(void)state;
	assert_true(mlx5_clock_wall_ns(&notes, 5000000007) == 1700000000000000007);
	assert_true(mlx5_clock_wall_ns(&notes, 4000000000) == 1699999999000000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(f) cmocka_unit_test_setup_teardown(f, open_bench, close_bench)
		CASE(the_timer_is_two_big_endian_words),
		CASE(nothing_asked_for_is_nothing_read),
		CASE(without_a_timer_there_is_no_clock),
		CASE(the_wall_clock_follows_the_notes),
		CASE(the_wall_clock_of_a_timer_in_nanoseconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
