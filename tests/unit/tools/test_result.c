/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The lines at the end of a ping-pong, as scripts read them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "libibverbs/examples/common/result.h"

static void the_summary_has_two_lines(void **state)
{
	struct pp_result result = {.bytes = 8192000, .iterations = 1000, .seconds = 0.02};
	char text[256];

	(void)state;
	pp_result_format(&result, text, sizeof(text));
	assert_string_equal(text, "8192000 bytes in 0.02 seconds = 3276.80 Mbit/sec\n"
				  "1000 iters in 0.02 seconds = 20.00 usec/iter\n");
}

static void more_than_four_gigabytes_are_counted(void **state)
{
	struct pp_result result = {.bytes = 20000000000, .iterations = 10000, .seconds = 4};
	char text[256];

	(void)state;
	pp_result_format(&result, text, sizeof(text));
	assert_string_equal(text, "20000000000 bytes in 4.00 seconds = 40000.00 Mbit/sec\n"
				  "10000 iters in 4.00 seconds = 400.00 usec/iter\n");
}

static void no_time_at_all_divides_nothing_by_zero(void **state)
{
	struct pp_result result = {.bytes = 0, .iterations = 0, .seconds = 0};
	char text[256];

	(void)state;
	pp_result_format(&result, text, sizeof(text));
	assert_string_equal(text, "0 bytes in 0.00 seconds = 0.00 Mbit/sec\n"
				  "0 iters in 0.00 seconds = 0.00 usec/iter\n");
}

static void ticks_are_counted_between_receives_across_the_wrap(void **state)
{
	struct pp_ticks ticks = {.mask = 0xffff};
	char text[256];

	(void)state;
	pp_ticks_add(&ticks, 0xfff0);
	pp_ticks_add(&ticks, 0xfff8); /* 8 */
	pp_ticks_add(&ticks, 0x0010); /* 24, across the wrap */
	pp_ticks_add(&ticks, 0x0020); /* 16 */
	pp_ticks_format(&ticks, text, sizeof(text));
	assert_string_equal(text, "Max receive completion clock cycles = 24\n"
				  "Min receive completion clock cycles = 8\n"
				  "Average receive completion clock cycles = 16.000000\n");
}

static void a_single_receive_gives_no_interval(void **state)
{
	struct pp_ticks ticks = {.mask = UINT64_MAX};
	char text[256];

	(void)state;
	pp_ticks_add(&ticks, 5);
	pp_ticks_format(&ticks, text, sizeof(text));
	assert_string_equal(text, "Max receive completion clock cycles = 0\n"
				  "Min receive completion clock cycles = 0\n"
				  "Average receive completion clock cycles = 0.000000\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_summary_has_two_lines),
		cmocka_unit_test(more_than_four_gigabytes_are_counted),
		cmocka_unit_test(no_time_at_all_divides_nothing_by_zero),
		cmocka_unit_test(ticks_are_counted_between_receives_across_the_wrap),
		cmocka_unit_test(a_single_receive_gives_no_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
