/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What rstream and riostream test, and how sizes are told: rows that Debian's rstream printed. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "librdmacm/tools/rsocket/pattern.h"
#include "librdmacm/tools/rsocket/plan.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct rs_plan_wish nothing = {.transfers = -1, .iterations = -1};

static void assert_test(const struct rs_test *test, const struct rs_test *expected)
{
	assert_string_equal(test->name, expected->name);
	assert_int_equal(test->size, expected->size);
	assert_int_equal(test->transfers, expected->transfers);
	assert_int_equal(test->iterations, expected->iterations);
}

static void without_options_there_are_eight_tests(void **state)
{
	static const struct rs_test expected[] = {
		{"64_lat", 64, 1, 100000},   {"4k_lat", 4096, 1, 10000},
		{"64k_lat", 65536, 1, 1000}, {"1m_lat", 1048576, 1, 100},
		{"64_bw", 64, 100000, 1},    {"4k_bw", 4096, 10000, 1},
		{"64k_bw", 65536, 1000, 1},  {"1m_bw", 1048576, 100, 1},
	};
	struct rs_plan plan;

	(void)state;
	assert_int_equal(rs_plan_make(&plan, &nothing), 0);
	assert_int_equal(plan.count, LENGTH(expected));
	assert_int_equal(plan.latency, 4);
	assert_int_equal(plan.largest, 1048576);
	for (size_t i = 0; i < LENGTH(expected); i++)
		assert_test(&plan.tests[i], &expected[i]);
}

static void all_are_sixty_six(void **state)
{
	static const struct {
		int place;
		struct rs_test test;
	} expected[] = {
		{0, {"64_lat", 64, 1, 100000}},	    {2, {"192_lat", 192, 1, 100000}},
		{6, {"768_lat", 768, 1, 100000}},   {8, {"1.5k_lat", 1536, 1, 10000}},
		{18, {"48k_lat", 49152, 1, 10000}}, {26, {"768k_lat", 786432, 1, 1000}},
		{32, {"6m_lat", 6291456, 1, 100}},  {33, {"64_bw", 64, 100000, 1}},
		{65, {"6m_bw", 6291456, 100, 1}},
	};
	const struct rs_plan_wish wish = {"all", -1, -1};
	struct rs_plan plan;

	(void)state;
	assert_int_equal(rs_plan_make(&plan, &wish), 0);
	assert_int_equal(plan.count, RS_PLAN_TESTS);
	assert_int_equal(plan.latency, 33);
	for (size_t i = 0; i < LENGTH(expected); i++)
		assert_test(&plan.tests[expected[i].place], &expected[i].test);
}

static void what_is_asked_for_is_one_test(void **state)
{
	static const struct {
		struct rs_plan_wish wish;
		struct rs_test test;
	} expected[] = {
		{{"64", -1, -1}, {"custom", 64, 1000, 1}},
		{{NULL, 5, -1}, {"custom", 1000, 5, 1}},
		{{NULL, -1, 7}, {"custom", 1000, 1000, 7}},
		{{"0x10", 2, 3}, {"custom", 16, 2, 3}},
	};
	struct rs_plan plan;

	(void)state;
	for (size_t i = 0; i < LENGTH(expected); i++) {
		assert_int_equal(rs_plan_make(&plan, &expected[i].wish), 0);
		assert_int_equal(plan.count, 1);
		assert_int_equal(plan.latency, 0);
		assert_test(&plan.tests[0], &expected[i].test);
	}
}

static void sizes_that_are_none_are_refused(void **state)
{
	static const struct rs_plan_wish wishes[] = {
		{"0", -1, -1},	{"-1", -1, -1}, {"many", -1, -1}, {"1073741825", -1, -1},
		{"all", 5, -1}, {"all", -1, 5}, {"5k", -1, -1},
	};
	struct rs_plan plan;

	(void)state;
	for (size_t i = 0; i < LENGTH(wishes); i++)
		assert_int_equal(rs_plan_make(&plan, &wishes[i]), EINVAL);
}

static void bytes_are_told_in_a_few_letters_and_rounded_down(void **state)
{
	static const struct {
		long long bytes;
		const char *text;
	} expected[] = {
		{0, "0"},
		{64, "64"},
		{1000, "1000"},
		{1024, "1k"},
		{1536, "1.5k"},
		{5000, "4.8k"},
		{60000, "58k"},
		{8000, "7.8k"},
		{12800000, "12m"},
		{1048576000, "1000m"},
		{1572864000, "1.4g"},
	};
	char text[16];

	(void)state;
	for (size_t i = 0; i < LENGTH(expected); i++) {
		rs_plan_format(expected[i].bytes, text, sizeof(text));
		assert_string_equal(text, expected[i].text);
	}
}

static void a_pattern_goes_on_from_message_to_message(void **state)
{
	struct rs_pattern sender = {0}, receiver = {0};
	uint8_t bytes[300];

	(void)state;
	rs_pattern_fill(&sender, bytes, 16);
	assert_int_equal(bytes[15], 15);
	assert_int_equal(rs_pattern_check(&receiver, bytes, 16), 0);
	rs_pattern_fill(&sender, bytes, sizeof(bytes));
	assert_int_equal(bytes[0], 16);
	assert_int_equal(bytes[299], (16 + 299) % 256);
	assert_int_equal(rs_pattern_check(&receiver, bytes, sizeof(bytes)), 0);
	assert_int_equal(rs_pattern_check(&receiver, bytes, 1), EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_options_there_are_eight_tests),
		cmocka_unit_test(all_are_sixty_six),
		cmocka_unit_test(what_is_asked_for_is_one_test),
		cmocka_unit_test(sizes_that_are_none_are_refused),
		cmocka_unit_test(bytes_are_told_in_a_few_letters_and_rounded_down),
		cmocka_unit_test(a_pattern_goes_on_from_message_to_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
