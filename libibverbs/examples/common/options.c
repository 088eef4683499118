/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Table-driven command lines: parsing with getopt_long, and the help text. See options.h. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "report.h"

enum { OPTIONS_MAX = 32, HELP_COLUMN = 28, WORD_WIDTH = 13 };

int tool_number_parse(const char *text, long min, long max, long *number)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 0);
	if (end == text || *end)
		return EINVAL;
	if (errno == ERANGE || value < min || value > max)
		return ERANGE;
	*number = value;
	return 0;
}

/* How a message calls an option. */
static const char *spell(const struct tool_option *option)
{
	static char word[64];

	if (option->name)
		snprintf(word, sizeof(word), "--%s", option->name);
	else
		snprintf(word, sizeof(word), "-%c", option->letter);
	return word;
}

static int choose(const struct tool_option *option, const char *text)
{
	const char *word = option->argument;
	size_t length = strlen(text), width;

	for (long i = 0; *word; i++) {
		width = strcspn(word, "|");
		if (length == width && !memcmp(word, text, width)) {
			*(long *)option->target = i;
			return 0;
		}
		word += width + (word[width] == '|');
	}
	return tool_refuse("%s takes one of %s, not '%s'", spell(option), option->argument, text);
}

static int add_word(const struct tool_option *option, const char *text)
{
	const struct tool_word *word;

	for (word = option->target; word->word; word++) {
		if (!strcmp(text, word->word) || (text[0] == word->word[0] && !text[1])) {
			*word->chosen = true;
			return 0;
		}
	}
	return tool_refuse("%s takes one of the words that --help lists, not '%s'", spell(option),
			   text);
}

static int store(const struct tool_option *option, const char *text)
{
	switch (option->kind) {
	case TOOL_FLAG:
		*(bool *)option->target = true;
		return 0;
	case TOOL_NUMBER:
		if (!tool_number_parse(text, option->min, option->max, option->target))
			return 0;
		return tool_refuse("%s takes a number from %ld to %ld, not '%s'", spell(option),
				   option->min, option->max, text);
	case TOOL_TEXT:
		if (!*text)
			return tool_refuse("%s takes a name, not nothing", spell(option));
		*(const char **)option->target = text;
		return 0;
	case TOOL_CHOICE:
		return choose(option, text);
	case TOOL_WORDS:
		return add_word(option, text);
	}
	return EINVAL;
}

static void print_default(const struct tool_option *option)
{
	long value;

	if (option->kind != TOOL_NUMBER)
		return;
	value = *(long *)option->target;
	if (value >= option->min && value <= option->max)
		printf(" (default %ld)", value);
}

static void print_words(const struct tool_option *option)
{
	const struct tool_word *word;

	if (option->kind != TOOL_WORDS)
		return;
	for (word = option->target; word->word; word++)
		printf("%*s    %-*s%s\n", HELP_COLUMN, "", WORD_WIDTH, word->word, word->help);
}

static void print_option(const struct tool_option *option)
{
	int width = printf("  -%c", option->letter);

	if (option->name)
		width += printf(", --%s", option->name);
	if (option->argument)
		width += printf("%c%s", option->name ? '=' : ' ', option->argument);
	printf("%*s  %s", width < HELP_COLUMN ? HELP_COLUMN - width : 0, "", option->help);
	print_default(option);
	putchar('\n');
	print_words(option);
}

static void print_help(const struct tool_usage *usage)
{
	static const struct tool_option help = {.letter = 'h',
						.name = "help",
						.help = "print this text and exit",
						.kind = TOOL_FLAG};
	const struct tool_option *option;

	printf("Usage: %s [OPTION]...%s%s%s\n%s\n\nOptions:\n", program_invocation_short_name,
	       usage->operand ? " [" : "", usage->operand ? usage->operand : "",
	       usage->operand ? "]" : "", usage->purpose);
	for (option = usage->options; option->letter; option++)
		print_option(option);
	print_option(&help);
}

/* Fills what getopt_long() wants; the long options carry their letters. */
static void translate(const struct tool_usage *usage, struct option *longs, char *shorts)
{
	const struct tool_option *option;

	*shorts++ = ':'; /* asks for ':' when an argument is missing, and for silence */
	for (option = usage->options; option->letter; option++) {
		if (option->name)
			*longs++ = (struct option){
				option->name, option->argument ? required_argument : no_argument,
				NULL, option->letter};
		*shorts++ = option->letter;
		if (option->argument)
			*shorts++ = ':';
	}
	*longs++ = (struct option){"help", no_argument, NULL, 'h'};
	*longs = (struct option){0};
	*shorts++ = 'h';
	*shorts = '\0';
}

static const struct tool_option *find(const struct tool_usage *usage, int letter)
{
	const struct tool_option *option;

	for (option = usage->options; option->letter; option++)
		if (option->letter == letter)
			return option;
	return NULL;
}

static int refuse_word(int problem, char **argv)
{
	if (problem == ':')
		return tool_refuse("%s wants an argument; see --help", argv[optind - 1]);
	if (optopt && optopt < CHAR_MAX)
		return tool_refuse("there is no option -%c, or it takes no argument; see --help",
				   optopt);
	return tool_refuse("there is no option %s; see --help", argv[optind - 1]);
}

static int most_operands(const struct tool_usage *usage)
{
	if (!usage->operand)
		return 0;
	return usage->operands ? usage->operands : 1;
}

static int take_operands(const struct tool_usage *usage, int argc, char **argv)
{
	if (argc - optind > most_operands(usage))
		return tool_refuse("'%s' is one argument too many; see --help", argv[argc - 1]);
	for (int i = 0; optind + i < argc; i++)
		usage->operand_target[i] = argv[optind + i];
	return 0;
}

enum tool_options_result tool_options_parse(int argc, char **argv, const struct tool_usage *usage)
{
	struct option longs[OPTIONS_MAX];
	char shorts[2 * OPTIONS_MAX + 3];
	int letter;

	translate(usage, longs, shorts);
	while ((letter = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct tool_option *option = find(usage, letter);

		if (!option && letter == 'h') {
			print_help(usage);
			return TOOL_OPTIONS_HELP;
		}
		if (option ? store(option, optarg) : refuse_word(letter, argv))
			return TOOL_OPTIONS_BAD;
	}
	return take_operands(usage, argc, argv) ? TOOL_OPTIONS_BAD : TOOL_OPTIONS_RUN;
}

int tool_main(int argc, char **argv, const struct tool_usage *usage, int (*run)(void))
{
	tool_lines();
	switch (tool_options_parse(argc, argv, usage)) {
	case TOOL_OPTIONS_HELP:
		return EXIT_SUCCESS;
	case TOOL_OPTIONS_BAD:
		return EXIT_FAILURE;
	case TOOL_OPTIONS_RUN:
		break;
	}
	return run() ? EXIT_FAILURE : EXIT_SUCCESS;
}
