/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Message contents: every byte is checked, and numbered messages differ. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "libibverbs/examples/common/payload.h"

enum { SIZE = 8195, PAGE = 4096 };

static void every_single_wrong_byte_is_found(void **state)
{
	static unsigned char data[SIZE];
	struct pp_payload_key key = {.link = 3, .number = 17, .from_server = 1};

	(void)state;
	pp_payload_fill_numbered(data, SIZE, &key);
	assert_int_equal(pp_payload_check_numbered(data, SIZE, &key), SIZE);
	for (size_t at = 0; at < SIZE; at++) {
		data[at] ^= 0x10;
		assert_int_equal(pp_payload_check_numbered(data, SIZE, &key), at);
		data[at] ^= 0x10;
	}
}

static void messages_of_other_number_link_or_direction_differ(void **state)
{
	static unsigned char data[64];
	const struct pp_payload_key key = {.link = 1, .number = 5};
	const struct pp_payload_key others[] = {
		{.link = 1, .number = 6},
		{.link = 2, .number = 5},
		{.link = 1, .number = 5, .from_server = 1},
	};

	(void)state;
	pp_payload_fill_numbered(data, sizeof(data), &key);
	for (size_t i = 0; i < 3; i++)
		assert_true(pp_payload_check_numbered(data, sizeof(data), &others[i]) < 8);
}

/* One byte cannot tell all numbers apart, but neighbours it mostly does. */
static void messages_of_one_byte_vary(void **state)
{
	unsigned char seen[256] = {0}, byte;
	int different = 0;

	(void)state;
	for (uint32_t number = 0; number < 256; number++) {
		struct pp_payload_key key = {.number = number};

		pp_payload_fill_numbered(&byte, 1, &key);
		different += !seen[byte]++;
	}
	assert_true(different > 128);
}

static void filling_stays_inside_the_message(void **state)
{
	unsigned char data[32];
	struct pp_payload_key key = {.number = 1};

	(void)state;
	for (size_t size = 0; size <= 16; size++) {
		memset(data, 0xee, sizeof(data));
		pp_payload_fill_numbered(data, size, &key);
		for (size_t at = size; at < sizeof(data); at++)
			assert_int_equal(data[at], 0xee);
		memset(data, 0xee, sizeof(data));
		pp_payload_fill_constant(data, size, 4);
		for (size_t at = size; at < sizeof(data); at++)
			assert_int_equal(data[at], 0xee);
	}
}

static void the_constant_message_has_zero_at_page_starts_only(void **state)
{
	static unsigned char data[SIZE];

	(void)state;
	pp_payload_fill_constant(data, SIZE, PAGE);
	for (size_t at = 0; at < SIZE; at++)
		assert_int_equal(data[at], at % PAGE ? 0x7b : 0);
	assert_int_equal(pp_payload_check_constant(data, SIZE, PAGE), SIZE);
}

static void a_constant_message_may_be_of_another_byte_but_only_one(void **state)
{
	static unsigned char data[SIZE];

	(void)state;
	memset(data, 0x7c, SIZE);
	assert_int_equal(pp_payload_check_constant(data, SIZE, PAGE), SIZE);
	data[PAGE] = 0;
	assert_int_equal(pp_payload_check_constant(data, SIZE, PAGE), SIZE);
	data[PAGE + 1] = 0;
	assert_int_equal(pp_payload_check_constant(data, SIZE, PAGE), PAGE + 1);
	assert_int_equal(pp_payload_check_constant(data, 1, PAGE), 1);
}

static void comparing_finds_the_first_difference(void **state)
{
	(void)state;
	assert_int_equal(pp_payload_check_same("abcd", "abcd", 4), 4);
	assert_int_equal(pp_payload_check_same("abcd", "abxy", 4), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_single_wrong_byte_is_found),
		cmocka_unit_test(messages_of_other_number_link_or_direction_differ),
		cmocka_unit_test(messages_of_one_byte_vary),
		cmocka_unit_test(filling_stays_inside_the_message),
		cmocka_unit_test(the_constant_message_has_zero_at_page_starts_only),
		cmocka_unit_test(a_constant_message_may_be_of_another_byte_but_only_one),
		cmocka_unit_test(comparing_finds_the_first_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
