/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The text of an address on the wire, byte by byte, and its line for the user. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libibverbs/examples/common/address.h"

/* As Debian's ibv_rc_pingpong puts it on the wire: 51 characters and a NUL. */
static const char plain[52] = "0003:00002a:9c1f07:fe80000000000000020000fffe000003";
static const char numbered[52] = "0003:00002a:+c1f07:00000000000000000000000000000000";

static const struct pp_address plain_address = {
	.lid = 3,
	.qpn = 42,
	.psn = 0x9c1f07,
	.gid.raw = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0xff, 0xfe, 0, 0, 3},
};

static void an_address_is_encoded_to_these_bytes(void **state)
{
	struct pp_address address = {.lid = 3, .qpn = 42, .psn = 0xc1f07, .numbered = true};
	char text[PP_ADDRESS_TEXT_SIZE];

	(void)state;
	assert_int_equal(sizeof(text), 52);
	pp_address_encode(&plain_address, text);
	assert_memory_equal(text, plain, sizeof(text));
	pp_address_encode(&address, text);
	assert_memory_equal(text, numbered, sizeof(text));
}

static void the_bytes_are_decoded_to_the_address(void **state)
{
	struct pp_address address;

	(void)state;
	assert_int_equal(pp_address_decode(plain, &address), 0);
	assert_int_equal(address.lid, 3);
	assert_int_equal(address.qpn, 42);
	assert_int_equal(address.psn, 0x9c1f07);
	assert_false(address.numbered);
	assert_memory_equal(&address.gid, &plain_address.gid, sizeof(address.gid));
	assert_int_equal(pp_address_decode(numbered, &address), 0);
	assert_int_equal(address.psn, 0xc1f07);
	assert_true(address.numbered);
}

/* What other implementations read the fields with. */
static void scanf_reads_a_numbered_address(void **state)
{
	unsigned int lid, qpn, psn;
	char gid[33];

	(void)state;
	assert_int_equal(sscanf(numbered, "%x:%x:%x:%32s", &lid, &qpn, &psn, gid), 4);
	assert_int_equal(lid, 3);
	assert_int_equal(qpn, 42);
	assert_int_equal(psn, 0xc1f07);
}

/* Each byte in turn replaced by one that no address has there. */
static void malformed_text_is_refused(void **state)
{
	struct pp_address address;
	char text[PP_ADDRESS_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++) {
		memcpy(text, plain, sizeof(text));
		text[i] = 'g';
		assert_int_equal(pp_address_decode(text, &address), EPROTO);
		text[i] = i == 4 || i == 11 || i == 18 ? '0' : ':';
		assert_int_equal(pp_address_decode(text, &address), EPROTO);
	}
	memset(text, 0, sizeof(text));
	assert_int_equal(pp_address_decode(text, &address), EPROTO);
}

static void lines_for_the_user_end_with_the_gid(void **state)
{
	struct pp_address address = plain_address;
	char line[160];

	(void)state;
	pp_address_format(&address, PP_ADDRESS_LOCAL, line, sizeof(line));
	assert_string_equal(line, "  local address:  LID 0x0003, QPN 0x00002a, PSN 0x9c1f07, GID "
				  "fe80::200:ff:fe00:3");
	assert_true(pp_address_has_gid(&address));
	memset(&address.gid, 0, sizeof(address.gid));
	pp_address_format(&address, PP_ADDRESS_REMOTE, line, sizeof(line));
	assert_string_equal(line,
			    "  remote address: LID 0x0003, QPN 0x00002a, PSN 0x9c1f07, GID ::");
	assert_false(pp_address_has_gid(&address));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_encoded_to_these_bytes),
		cmocka_unit_test(the_bytes_are_decoded_to_the_address),
		cmocka_unit_test(scanf_reads_a_numbered_address),
		cmocka_unit_test(malformed_text_is_refused),
		cmocka_unit_test(lines_for_the_user_end_with_the_gid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
