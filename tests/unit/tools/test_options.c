/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Command lines: what is accepted, what is refused, where it is stored. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "libibverbs/examples/common/options.h"

static struct {
	long count;
	const char *name;
	bool flag;
	long kind;
	const char *operand;
} parsed;

static const struct tool_option options[] = {
	{'n', "count", "N", "a number", TOOL_NUMBER, &parsed.count, 1, 100},
	{'d', "name", "NAME", "a text", TOOL_TEXT, &parsed.name, 0, 0},
	{'e', "flag", NULL, "a flag", TOOL_FLAG, &parsed.flag, 0, 0},
	{'k', NULL, "ip|ipv6|gid", "a choice", TOOL_CHOICE, &parsed.kind, 0, 0},
	{0},
};

static const struct tool_usage usage = {
	.purpose = "Test.",
	.options = options,
	.operand = "HOST",
	.operand_target = &parsed.operand,
};

static enum tool_options_result parse(const char *line)
{
	static char words[256];
	char *argv[16] = {(char[]){"test"}}, *word;
	int argc = 1;

	snprintf(words, sizeof(words), "%s", line);
	for (word = strtok(words, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	memset(&parsed, 0, sizeof(parsed));
	parsed.count = 7;
	optind = 0; /* glibc: start over */
	return tool_options_parse(argc, argv, &usage);
}

static void letters_and_names_store_their_arguments(void **state)
{
	(void)state;
	assert_int_equal(parse("-n 5 -d mlx5_0 -e host"), TOOL_OPTIONS_RUN);
	assert_int_equal(parsed.count, 5);
	assert_string_equal(parsed.name, "mlx5_0");
	assert_true(parsed.flag);
	assert_string_equal(parsed.operand, "host");
	assert_int_equal(parse("--count=0x10 --name mlx5_1 --flag"), TOOL_OPTIONS_RUN);
	assert_int_equal(parsed.count, 16);
	assert_string_equal(parsed.name, "mlx5_1");
	assert_null(parsed.operand);
}

static void nothing_given_leaves_defaults(void **state)
{
	(void)state;
	assert_int_equal(parse(""), TOOL_OPTIONS_RUN);
	assert_int_equal(parsed.count, 7);
	assert_null(parsed.name);
	assert_false(parsed.flag);
}

static void options_may_follow_the_operand(void **state)
{
	(void)state;
	assert_int_equal(parse("host -n 9"), TOOL_OPTIONS_RUN);
	assert_int_equal(parsed.count, 9);
	assert_string_equal(parsed.operand, "host");
}

static void numbers_out_of_range_or_malformed_are_refused(void **state)
{
	static const char *const lines[] = {"-n 0",  "-n 101", "-n -1",
					    "-n 5x", "-n x",   "-n 99999999999999999999"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(parse(lines[i]), TOOL_OPTIONS_BAD);
		assert_int_equal(parsed.count, 7);
	}
}

static void unknown_options_and_extra_words_are_refused(void **state)
{
	static const char *const lines[] = {"-x", "--bogus", "--flag=1", "-n", "--count", "a b"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(parse(lines[i]), TOOL_OPTIONS_BAD);
}

static void a_choice_is_one_of_its_words_and_nothing_else(void **state)
{
	static const char *const lines[] = {"-k i", "-k ipv", "-k ipv66", "-k ip|ipv6", "-k IP"};

	(void)state;
	assert_int_equal(parse("-k ip"), TOOL_OPTIONS_RUN);
	assert_int_equal(parsed.kind, 0);
	assert_int_equal(parse("-k ipv6"), TOOL_OPTIONS_RUN);
	assert_int_equal(parsed.kind, 1);
	assert_int_equal(parse("-k gid"), TOOL_OPTIONS_RUN);
	assert_int_equal(parsed.kind, 2);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(parse(lines[i]), TOOL_OPTIONS_BAD);
}

static void a_letter_without_a_name_has_no_long_spelling(void **state)
{
	(void)state;
	assert_int_equal(parse("--ip"), TOOL_OPTIONS_BAD);
	assert_int_equal(parse("-kgid -e"), TOOL_OPTIONS_RUN);
	assert_int_equal(parsed.kind, 2);
	assert_true(parsed.flag);
}

static void help_is_an_option_of_every_table(void **state)
{
	(void)state;
	assert_int_equal(parse("--help"), TOOL_OPTIONS_HELP);
	assert_int_equal(parse("-h"), TOOL_OPTIONS_HELP);
}

static void a_number_says_whether_it_is_malformed_or_out_of_range(void **state)
{
	long number = 3;

	(void)state;
	assert_int_equal(tool_number_parse("", 0, 9, &number), EINVAL);
	assert_int_equal(tool_number_parse("4k", 0, 9, &number), EINVAL);
	assert_int_equal(tool_number_parse("10", 0, 9, &number), ERANGE);
	assert_int_equal(number, 3);
	assert_int_equal(tool_number_parse("010", 0, 9, &number), 0);
	assert_int_equal(number, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_and_names_store_their_arguments),
		cmocka_unit_test(nothing_given_leaves_defaults),
		cmocka_unit_test(options_may_follow_the_operand),
		cmocka_unit_test(numbers_out_of_range_or_malformed_are_refused),
		cmocka_unit_test(unknown_options_and_extra_words_are_refused),
		cmocka_unit_test(a_choice_is_one_of_its_words_and_nothing_else),
		cmocka_unit_test(a_letter_without_a_name_has_no_long_spelling),
		cmocka_unit_test(help_is_an_option_of_every_table),
		cmocka_unit_test(a_number_says_whether_it_is_malformed_or_out_of_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
