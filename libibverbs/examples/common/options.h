/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Command lines of the tools. A tool states its options once, in a table; parsing, range checks and
 * the --help text come from it. --help and -h are added to every table.
 */
#ifndef TOOL_OPTIONS_H
#define TOOL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum tool_option_kind {
	TOOL_FLAG,   /* target: bool, set when the option is there */
	TOOL_NUMBER, /* target: long, between min and max; decimal, 0x hexadecimal or 0 octal */
	TOOL_TEXT,   /* target: const char *, not empty */
	TOOL_CHOICE, /* target: long, which of the words in argument, "one|other", it is */
	TOOL_WORDS,  /* target: struct tool_word[]; may be given for each of them */
};

/* One of the words that an option takes; its first letter does as well. */
struct tool_word {
	const char *word; /* NULL: the end */
	const char *help;
	bool *chosen;
};

struct tool_option {
	char letter;
	const char *name;     /* NULL: only the letter */
	const char *argument; /* what --help calls the argument; NULL for a flag */
	const char *help;
	enum tool_option_kind kind;
	void *target;
	long min, max;
};

struct tool_usage {
	const char *purpose;
	const struct tool_option *options; /* ends with an entry without a letter */
	const char *operand;	     /* what --help calls the operand; NULL if there is none */
	const char **operand_target; /* an array if there may be several */
	int operands;		     /* how many there may be; 0 stands for one */
};

enum tool_options_result {
	TOOL_OPTIONS_RUN,  /* go on */
	TOOL_OPTIONS_HELP, /* the help was printed: exit with success */
	TOOL_OPTIONS_BAD,  /* a message was printed: exit with failure */
};

/* A number the table's default of which lies outside min..max is shown without a default. */
enum tool_options_result tool_options_parse(int argc, char **argv, const struct tool_usage *usage);

/*
 * All of a main() whose tool does without operands: parses the command line, calls run(), which
 * returns 0 or an errno and has printed why, and gives the exit status.
 */
int tool_main(int argc, char **argv, const struct tool_usage *usage, int (*run)(void));

/* Reads a whole number in min..max; 0, or EINVAL for what is none, ERANGE for one outside. */
int tool_number_parse(const char *text, long min, long max, long *number);

#endif
