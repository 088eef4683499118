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
	bool blocking, verify;
	const char *operands[2];
} parsed;

static struct tool_word words[] = {
	{"blocking", "wait", &parsed.blocking},
	{"verify", "look", &parsed.verify},
	{0},
};

static const struct tool_option options[] = {
	{'n', "count", "N", "a number", TOOL_NUMBER, &parsed.count, 1, 100},
	{'d', "name", "NAME", "a text", TOOL_TEXT, &parsed.name, 0, 0},
	{'e', "flag", NULL, "a flag", TOOL_FLAG, &parsed.flag, 0, 0},
	{'k', NULL, "ip|ipv6|gid", "a choice", TOOL_CHOICE, &parsed.kind, 0, 0},
	{'T', NULL, "TEST", "words", TOOL_WORDS, words, 0, 0},
	{0},
};

static const struct tool_usage usage = {
	.purpose = "Test.",
	.options = options,
	.operand = "HOST",
	.operand_target = parsed.operands,
};

static const struct tool_usage two_operands = {
	.purpose = "Test.",
	.options = options,
	.operand = "FROM TO",
	.operand_target = parsed.operands,
	.operands = 2,
};

static enum tool_options_result parse_for(const struct tool_usage *tool, const char *line)
{
	static char text[256];
	char *argv[16] = {(char[]){"test"}}, *word;
	int argc = 1;

	snprintf(text, sizeof(text), "%s", line);
	for (word = strtok(text, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	memset(&parsed, 0, sizeof(parsed));
	parsed.count = 7;
	optind = 0; /* glibc: start over */
	return tool_options_parse(argc, argv, tool);
}

static enum tool_options_result parse(const char *line)
{
	return parse_for(&usage, line);
}

static void letters_and_names_store_their_arguments(void **state)
{
	(void)state;
	assert_int_equal(parse("-n 5 -d mlx5_0 -e host"), TOOL_OPTIONS_RUN);
	assert_int_equal(parsed.count, 5);
	assert_string_equal(parsed.name, "mlx5_0");
	assert_true(parsed.flag);
	assert_string_equal(parsed.operands[0], "host");
	assert_int_equal(parse("--count=0x10 --name mlx5_1 --flag"), TOOL_OPTIONS_RUN);
	assert_int_equal(parsed.count, 16);
	assert_string_equal(parsed.name, "mlx5_1");
	assert_null(parsed.operands[0]);
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
	assert_string_equal(parsed.operands[0], "host");
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

static void words_add_up_and_may_be_abbreviated_to_their_first_letter(void **state)
{
	static const char *const lines[] = {"-T bl", "-T blockingly", "-T x", "-T B", "-T"};

	(void)state;
	assert_int_equal(parse("-T verify"), TOOL_OPTIONS_RUN);
	assert_true(parsed.verify && !parsed.blocking);
	assert_int_equal(parse("-T b -e -Tv"), TOOL_OPTIONS_RUN);
	assert_true(parsed.verify && parsed.blocking);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(parse(lines[i]), TOOL_OPTIONS_BAD);
}

static void as_many_operands_are_taken_as_there_may_be(void **state)
{
	(void)state;
	assert_int_equal(parse_for(&two_operands, "one -e two"), TOOL_OPTIONS_RUN);
	assert_string_equal(parsed.operands[0], "one");
	assert_string_equal(parsed.operands[1], "two");
	assert_int_equal(parse_for(&two_operands, "one"), TOOL_OPTIONS_RUN);
	assert_null(parsed.operands[1]);
	assert_int_equal(parse_for(&two_operands, "one two three"), TOOL_OPTIONS_BAD);
	assert_int_equal(parse("one two"), TOOL_OPTIONS_BAD);
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
		cmocka_unit_test(words_add_up_and_may_be_abbreviated_to_their_first_letter),
		cmocka_unit_test(as_many_operands_are_taken_as_there_may_be),
		cmocka_unit_test(a_letter_without_a_name_has_no_long_spelling),
		cmocka_unit_test(help_is_an_option_of_every_table),
		cmocka_unit_test(a_number_says_whether_it_is_malformed_or_out_of_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
