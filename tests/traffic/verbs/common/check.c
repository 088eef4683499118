/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct test_case *cases;
static char attempt[256];

void test_case_register(struct test_case *test)
{
	test->next = cases;
	cases = test;
}

void trying(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(attempt, sizeof(attempt), format, arguments);
	va_end(arguments);
}

/* Without atexit handlers: they would look at the objects that are left. */
void fail(const char *file, int line, const char *format, ...)
{
	const char *leaf = strrchr(file, '/');
	va_list arguments;

	printf("%s:%d: ", leaf ? leaf + 1 : file, line);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("%s%s (errno %d)\n", attempt[0] ? ", while trying " : "", attempt, errno);
	fflush(stdout);
	_Exit(1);
}

void skip_for(const char *reason)
{
	if (!reason)
		return;
	printf("skip: %s\n", reason);
	fflush(stdout);
	_Exit(SKIPPED);
}

void check_equal(const char *file, int line, const char *text, long long actual,
		 const char *expected_text, long long expected)
{
	if (actual != expected)
		fail(file, line, "%s is %lld (0x%llx) instead of %s, %lld", text, actual, actual,
		     expected_text, expected);
}

void check_errno(const char *file, int line, const char *text, int actual, int expected)
{
	if (actual != expected)
		fail(file, line, "%s gave %d (%s) instead of %d (%s)", text, actual,
		     strerror(actual), expected, strerror(expected));
}

void check_bytes(const char *file, int line, const char *text, const void *actual,
		 const void *expected, uint64_t length)
{
	const uint8_t *one = actual, *other = expected;

	for (uint64_t i = 0; i < length; i++)
		if (one[i] != other[i])
			fail(file, line, "%s: byte %llu of %llu is 0x%02x instead of 0x%02x", text,
			     (unsigned long long)i, (unsigned long long)length, one[i], other[i]);
}

double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (struct test_case *test = cases; test && argc == 2; test = test->next) {
		if (strcmp(test->name, argv[1]))
			continue;
		test->run();
		printf("ok %s\n", test->name);
		return 0;
	}
	fprintf(stderr, "usage: %s CASE, one of:", argv[0]);
	for (struct test_case *test = cases; test; test = test->next)
		fprintf(stderr, " %s", test->name);
	fprintf(stderr, "\n");
	return 2;
}
