/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Cases and checks. A program of this folder is a list of CASEs; `program NAME` runs one and ends
 * with "ok NAME", or with a sentence that says where and what failed and status 1, or with "skip: "
 * and what the device lacks and status 77. The pytest file finds the cases by reading the sources.
 */
#ifndef TESTS_VERBS_CHECK_H
#define TESTS_VERBS_CHECK_H

#include <stdbool.h>
#include <stdint.h>

struct test_case {
	const char *name;
	void (*run)(void);
	struct test_case *next;
};

void test_case_register(struct test_case *test);

#define CASE(title)                                                                                \
	static void title(void);                                                                   \
	static struct test_case title##_case = {.name = #title, .run = title};                     \
	static void __attribute__((constructor)) title##_register(void)                            \
	{                                                                                          \
		test_case_register(&title##_case);                                                 \
	}                                                                                          \
	static void title(void)

/* What is being tried at the moment, for the sentence of a failure. */
void __attribute__((format(printf, 1, 2))) trying(const char *format, ...);

void __attribute__((noreturn, format(printf, 3, 4)))
fail(const char *file, int line, const char *format, ...);
void check_equal(const char *file, int line, const char *text, long long actual,
		 const char *expected_text, long long expected);
void check_errno(const char *file, int line, const char *text, int actual, int expected);
/* Fails unless `bytes` are as expected, naming the first that differs. */
void check_bytes(const char *file, int line, const char *text, const void *actual,
		 const void *expected, uint64_t length);

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail(__FILE__, __LINE__, "%s is not so", #condition);                      \
	} while (0)
#define CHECK_EQ(actual, expected)                                                                 \
	check_equal(__FILE__, __LINE__, #actual, (long long)(actual), #expected,                   \
		    (long long)(expected))
/* Ends the program where there is a reason why the case cannot be: with that and SKIPPED. */
void skip_for(const char *reason);
#define NEED(condition, reason)	 skip_for((condition) ? NULL : (reason))
/* Of calls that return 0 or an errno. */
#define CHECK_RC(call, expected) check_errno(__FILE__, __LINE__, #call, (call), (expected))
#define CHECK_OK(call)		 CHECK_RC(call, 0)
/* Of calls that return NULL, or -1, and set errno. */
#define CHECK_FAILS(call, expected)                                                                \
	do {                                                                                       \
		errno = 0;                                                                         \
		check_errno(__FILE__, __LINE__, #call, (call) ? 0 : errno, (expected));            \
	} while (0)
#define CHECK_BYTES(actual, expected, length)                                                      \
	check_bytes(__FILE__, __LINE__, #actual, (actual), (expected), (length))

/* Seconds of the monotonic clock: for deadlines. */
double seconds_now(void);

enum { PATIENCE_SECONDS = 20, SKIPPED = 77 };

#endif
