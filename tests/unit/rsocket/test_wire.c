/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What rsockets say to each other, against literal bytes: private data as of the protocol's
 * description, headers over UDP as Debian's udpong sends them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "librdmacm/rsocket/datagram.h"
#include "librdmacm/rsocket/message.h"

static const uint8_t hello_bytes[40] = {
	1,    2,    0x01, 0x80, 0,    0,    0,	  1,	/* version, flags, credits, mappings */
	0x7f, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x70, /* table: address, */
	0,    0,    0x12, 0x34, 0,    0,    0,	  2,	/* key, entries */
	0x7f, 0x11, 0x22, 0x33, 0x44, 0x56, 0,	  0,	/* buffer: address, */
	0,    0,    0x56, 0x78, 0,    1,    0,	  0,	/* key, bytes */
};

static const struct rs_terms terms = {
	.flags = RS_FLAG_IOMAP,
	.credits = 384,
	.maps = 1,
	.table = {0x7f11223344556670, 0x1234, 2},
	.buffer = {0x7f11223344560000, 0x5678, 65536},
};

static void terms_are_told_in_40_bytes(void **state)
{
	struct rs_hello hello;
	struct rs_terms back;

	(void)state;
	rs_hello_pack(&hello, &terms);
	assert_memory_equal(&hello, hello_bytes, sizeof(hello_bytes));
	/* What transports add behind it is nothing to us. */
	assert_int_equal(rs_hello_unpack(hello_bytes, 40, &back), 0);
	assert_int_equal(back.flags, RS_FLAG_IOMAP);
	assert_int_equal(back.credits, 384);
	assert_int_equal(back.maps, 1);
	assert_memory_equal(&back.table, &terms.table, sizeof(terms.table));
	assert_memory_equal(&back.buffer, &terms.buffer, sizeof(terms.buffer));
}

static void terms_that_cannot_be_are_refused(void **state)
{
	uint8_t bytes[40];
	struct rs_terms back;

	(void)state;
	memcpy(bytes, hello_bytes, sizeof(bytes));
	assert_int_equal(rs_hello_unpack(NULL, 0, &back), EPROTO);
	assert_int_equal(rs_hello_unpack(bytes, 39, &back), EPROTO);
	bytes[0] = 2; /* version */
	assert_int_equal(rs_hello_unpack(bytes, 40, &back), EPROTO);
	bytes[0] = 1;
	bytes[23] = 0; /* no entries */
	assert_int_equal(rs_hello_unpack(bytes, 40, &back), EPROTO);
	bytes[23] = 2;
	bytes[2] = bytes[3] = 0; /* no credits */
	assert_int_equal(rs_hello_unpack(bytes, 40, &back), EPROTO);
}

static void messages_have_three_bits_and_twenty_nine(void **state)
{
	(void)state;
	assert_int_equal(rs_message(RS_OP_DATA, 4096), 0x00001000);
	assert_int_equal(rs_message(RS_OP_CREDITS, 384), 0x80000180);
	assert_int_equal(rs_message(RS_OP_IOMAP, 1), 0xc0000001);
	assert_int_equal(rs_message(RS_OP_CONTROL, RS_CONTROL_DISCONNECT), 0xe0000000);
	assert_int_equal(rs_message(RS_OP_CONTROL, RS_CONTROL_KEEPALIVE), 0xe0000001);
	assert_int_equal(rs_message(RS_OP_CONTROL, RS_CONTROL_SHUTDOWN), 0xe0000002);
	assert_int_equal(rs_message_operation(0x80000180), RS_OP_CREDITS);
	assert_int_equal(rs_message_value(0x9fffffff), 0x1fffffff);
}

static void entries_turn_for_the_other_byte_order(void **state)
{
	const struct rs_mapping mapping = {0x0102030405060708, {0x1112131415161718, 0x21222324, 7}};
	const struct rs_mapping same = rs_mapping_for(mapping, false);
	const struct rs_mapping other = rs_mapping_for(mapping, true);

	(void)state;
	assert_memory_equal(&same, &mapping, sizeof(mapping));
	assert_true(other.offset == 0x0807060504030201);
	assert_true(other.range.address == 0x1817161514131211);
	assert_int_equal(other.range.key, 0x24232221);
	assert_int_equal(other.range.length, 0x07000000);
}

static struct sockaddr_storage v4_address(void)
{
	struct sockaddr_storage storage = {0};
	struct sockaddr_in *address = (struct sockaddr_in *)&storage;

	address->sin_family = AF_INET;
	address->sin_port = htons(7174);
	inet_pton(AF_INET, "192.168.77.1", &address->sin_addr);
	return storage;
}

static struct sockaddr_storage v6_address(void)
{
	struct sockaddr_storage storage = {0};
	struct sockaddr_in6 *address = (struct sockaddr_in6 *)&storage;

	address->sin6_family = AF_INET6;
	address->sin6_port = htons(7174);
	inet_pton(AF_INET6, "fd00:77::1", &address->sin6_addr);
	return storage;
}

/* The stock program's, but for the number of the queue pair. */
static void headers_over_udp(void **state)
{
	static const uint8_t v4[] = {0x55, 0x55, 0x55, 0x55, 4,	   0,	 16,   0,
				     0,	   0,	 0,    0x12, 0xc0, 0xa8, 0x4d, 0x01};
	static const uint8_t v6[] = {0x55, 0x55, 0x55, 0x55, 6, 7,    28, 0, 0, 0, 0, 0x14, 0, 0,
				     0,	   0,	 0xfd, 0,    0, 0x77, 0,  0, 0, 0, 0, 0,    0, 0};
	struct sockaddr_storage address = v4_address();
	struct rs_udp_header header;

	(void)state;
	assert_int_equal(rs_udp_header_pack(&header, RS_OP_DATA, 0x12, &address), 16);
	assert_memory_equal(&header, v4, sizeof(v4));
	assert_int_equal(rs_udp_header_check(&header, 16), 16);
	assert_int_equal(rs_udp_header_check(&header, 15), 0);
	address = v6_address();
	assert_int_equal(rs_udp_header_pack(&header, RS_OP_CONTROL, 0x14, &address), 28);
	assert_memory_equal(&header, v6, sizeof(v6));
	assert_int_equal(rs_udp_header_check(&header, 128), 28);
	assert_int_equal(rs_udp_header_check(&header, 27), 0);
}

static void strange_headers_over_udp(void **state)
{
	struct sockaddr_storage address = v4_address();
	struct rs_udp_header good, header;

	(void)state;
	rs_udp_header_pack(&good, RS_OP_DATA, 0x12, &address);
	header = good;
	header.tag ^= 1;
	assert_int_equal(rs_udp_header_check(&header, 100), 0);
	header = good;
	header.version = 5;
	assert_int_equal(rs_udp_header_check(&header, 100), 0);
	header = good;
	header.length = 28;
	assert_int_equal(rs_udp_header_check(&header, 100), 0);
	header = good;
	header.operation = RS_OP_CREDITS;
	assert_int_equal(rs_udp_header_check(&header, 100), 0);
}

static void headers_between_queue_pairs(void **state)
{
	static const uint8_t v4[] = {4, 8, 0x1c, 0x06, 0xc0, 0xa8, 0x4d, 0x01};
	static const uint8_t v6[] = {6, 24, 0x1c, 0x06, 0, 0, 0, 0, 0xfd, 0, 0, 0x77,
				     0, 0,  0,	  0,	0, 0, 0, 0, 0,	  0, 0, 1};
	struct sockaddr_storage address = v4_address(), from;
	struct rs_datagram_header header;

	(void)state;
	rs_datagram_header_pack(&header, &address);
	assert_memory_equal(&header, v4, sizeof(v4));
	assert_int_equal(rs_datagram_header_check(&header, 8, &from), 8);
	assert_true(rs_same_address(&from, &address));
	assert_int_equal(rs_datagram_header_check(&header, 7, &from), 0);
	header.length = 24;
	assert_int_equal(rs_datagram_header_check(&header, 100, &from), 0);
	address = v6_address();
	rs_datagram_header_pack(&header, &address);
	assert_memory_equal(&header, v6, sizeof(v6));
	assert_int_equal(rs_datagram_header_check(&header, 24, &from), 24);
	assert_true(rs_same_address(&from, &address));
	assert_int_equal(rs_datagram_header_check(&header, 23, &from), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terms_are_told_in_40_bytes),
		cmocka_unit_test(terms_that_cannot_be_are_refused),
		cmocka_unit_test(messages_have_three_bits_and_twenty_nine),
		cmocka_unit_test(entries_turn_for_the_other_byte_order),
		cmocka_unit_test(headers_over_udp),
		cmocka_unit_test(strange_headers_over_udp),
		cmocka_unit_test(headers_between_queue_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
