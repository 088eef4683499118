/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The arithmetic of rings and credits, counters far from zero and around their ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "librdmacm/rsocket/ring.h"
#include "librdmacm/rsocket/socket.h"

static void room_ends_at_the_end_of_the_ring(void **state)
{
	(void)state;
	assert_int_equal(rs_ring_room(0, 0, 100), 100);
	assert_int_equal(rs_ring_room(30, 0, 100), 70);
	assert_int_equal(rs_ring_room(130, 50, 100), 20);
	assert_int_equal(rs_ring_room(190, 110, 100), 10);
	assert_int_equal(rs_ring_room(200, 100, 100), 0);
	assert_int_equal(rs_ring_room(10000000000, 9999999990, 100), 90);
}

static void pieces_are_published_when_they_are_free(void **state)
{
	(void)state;
	/* Both halves are out; one comes free when it has been filled and read. */
	assert_false(rs_ring_may_publish(200, 0, 0, 200, 100, 2));
	assert_false(rs_ring_may_publish(200, 100, 99, 200, 100, 2));
	assert_true(rs_ring_may_publish(200, 100, 100, 200, 100, 2));
	/* The first goes with the terms, the second has an entry. */
	assert_true(rs_ring_may_publish(100, 0, 0, 200, 100, 2));
	/* A peer with one entry gets the next when it has used that up. */
	assert_false(rs_ring_may_publish(100, 99, 0, 200, 100, 1));
	assert_true(rs_ring_may_publish(100, 100, 0, 200, 100, 1));
}

static void credits_wrap_around(void **state)
{
	(void)state;
	assert_int_equal(rs_credits(384, 0), 384);
	assert_int_equal(rs_credits(384, 384), 0);
	assert_int_equal(rs_credits(5, 65530), 11);
	/* One who was granted less than it has sent has none. */
	assert_int_equal(rs_credits(383, 384), 0);
}

static void vectors_are_walked_piece_by_piece(void **state)
{
	char a[] = "ab", c[] = "cdef", out[7] = "", x[1], y[5];
	struct iovec from[] = {{a, 2}, {NULL, 0}, {c, 4}};
	struct iovec to[] = {{x, 1}, {NULL, 0}, {y, 5}};
	struct rs_cursor cursor = {.iov = from, .count = 3};

	(void)state;
	assert_int_equal(rs_iov_length(from, 3), 6);
	rs_cursor_copy_out(&cursor, out, 3);
	assert_string_equal(out, "abc");
	rs_cursor_copy_out(&cursor, out + 3, 3);
	assert_string_equal(out, "abcdef");
	cursor = (struct rs_cursor){.iov = to, .count = 3};
	rs_cursor_copy_in(&cursor, "123", 3);
	rs_cursor_copy_in(&cursor, "456", 3);
	assert_true(x[0] == '1' && !memcmp(y, "23456", 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(room_ends_at_the_end_of_the_ring),
		cmocka_unit_test(pieces_are_published_when_they_are_free),
		cmocka_unit_test(credits_wrap_around),
		cmocka_unit_test(vectors_are_walked_piece_by_piece),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
