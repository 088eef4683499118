/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which descriptors are carried and until when, and what the file of rules says. */
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "librdmacm/preload/carried.h"
#include "librdmacm/preload/config.h"

int rclose(int number);

static int closed_number, closed_count;

/* In the place of rsockets'. */
int rclose(int number)
{
	closed_number = number;
	closed_count++;
	errno = EIO; /* which must not reach the caller of close() */
	return -1;
}

static int forget_closed(void **state)
{
	(void)state;
	closed_number = -1;
	closed_count = 0;
	return 0;
}

enum { FD = 900, COPY = 901, NUMBER = 77 };

static void install(int fd, int number)
{
	struct carried *carried = carried_new(number);

	assert_non_null(carried);
	assert_int_equal(carried_install(fd, carried), 0);
	carried_put(carried);
}

static void number_stands_for_another(void **state)
{
	(void)state;
	assert_int_equal(carried_number(FD), FD);
	install(FD, NUMBER);
	assert_int_equal(carried_number(FD), NUMBER);
	assert_int_equal(closed_count, 0);
	errno = 0;
	carried_forget(FD);
	assert_int_equal(errno, 0);
	assert_int_equal(carried_number(FD), FD);
	assert_int_equal(closed_number, NUMBER);
	carried_forget(FD);
	assert_int_equal(closed_count, 1);
}

static void copies_close_with_the_last(void **state)
{
	(void)state;
	install(FD, NUMBER);
	carried_copy(FD, COPY);
	assert_int_equal(carried_number(COPY), NUMBER);
	carried_forget(FD);
	assert_int_equal(closed_count, 0);
	carried_forget(COPY);
	assert_int_equal(closed_count, 1);
}

static void call_in_progress_keeps_it(void **state)
{
	struct carried *carried;

	(void)state;
	install(FD, NUMBER);
	carried = carried_get(FD);
	carried_forget(FD);
	assert_int_equal(closed_count, 0);
	carried_put(carried);
	assert_int_equal(closed_count, 1);
}

static void number_given_anew_ends_the_old(void **state)
{
	(void)state;
	install(FD, NUMBER);
	install(FD, NUMBER + 1);
	assert_int_equal(closed_number, NUMBER);
	assert_int_equal(carried_number(FD), NUMBER + 1);
	carried_forget_range(FD, FD);
	assert_int_equal(closed_number, NUMBER + 1);
}

static void numbers_beyond_the_table_are_refused(void **state)
{
	struct carried *carried = carried_new(NUMBER);

	(void)state;
	assert_int_equal(carried_install(CARRIED_LIMIT, carried), EMFILE);
	assert_int_equal(carried_install(-1, carried), EMFILE);
	assert_null(carried_get(CARRIED_LIMIT));
	assert_null(carried_get(-1));
	carried_put(carried);
	assert_int_equal(closed_number, NUMBER);
}

static int in_child(void)
{
	carried_forget(FD);
	return carried_number(FD) == FD && !closed_count ? 0 : 1;
}

static void child_has_none_and_ends_none(void **state)
{
	int status;
	pid_t child;

	(void)state;
	install(FD, NUMBER);
	child = fork();
	if (!child)
		_exit(in_child());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	/* One that shares memory closes its descriptors without ending ours. */
	child = vfork();
	if (!child) {
		carried_forget(FD);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(closed_count, 0);
	assert_int_equal(carried_number(FD), NUMBER);
	carried_forget(FD);
}

static void rules_are_read(void **state)
{
	struct config_rule rule;

	(void)state;
	assert_true(config_parse("iperf3 inet stream tcp\n", &rule));
	assert_string_equal(rule.program, "iperf3");
	assert_true(config_matches(&rule, "iperf3", AF_INET, SOCK_STREAM, IPPROTO_TCP));
	assert_false(config_matches(&rule, "iperf", AF_INET, SOCK_STREAM, IPPROTO_TCP));
	assert_false(config_matches(&rule, "iperf3", AF_INET6, SOCK_STREAM, IPPROTO_TCP));
	assert_false(config_matches(&rule, "iperf3", AF_INET, SOCK_DGRAM, IPPROTO_UDP));
	assert_true(config_parse("* * dgram udp # all datagrams", &rule));
	assert_true(config_matches(&rule, "any", AF_INET6, SOCK_DGRAM, IPPROTO_UDP));
	assert_false(config_matches(&rule, "any", AF_INET6, SOCK_STREAM, IPPROTO_TCP));
}

static void nonsense_is_no_rule(void **state)
{
	static const char *const lines[] = {"",
					    "\n",
					    "# iperf3 inet stream tcp",
					    "iperf3 inet stream",
					    "iperf3 unix stream tcp",
					    "iperf3 inet raw tcp",
					    "iperf3 inet stream sctp"};
	struct config_rule rule;
	char longest[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_false(config_parse(lines[i], &rule));
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_false(config_parse(longest, &rule));
}

static void other_families_stay_as_they_are(void **state)
{
	(void)state;
	assert_false(config_wants(AF_UNIX, SOCK_STREAM, 0));
	assert_false(config_wants(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(number_stands_for_another, forget_closed),
		cmocka_unit_test_setup(copies_close_with_the_last, forget_closed),
		cmocka_unit_test_setup(call_in_progress_keeps_it, forget_closed),
		cmocka_unit_test_setup(number_given_anew_ends_the_old, forget_closed),
		cmocka_unit_test_setup(numbers_beyond_the_table_are_refused, forget_closed),
		cmocka_unit_test_setup(child_has_none_and_ends_none, forget_closed),
		cmocka_unit_test(rules_are_read),
		cmocka_unit_test(nonsense_is_no_rule),
		cmocka_unit_test(other_families_stay_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
