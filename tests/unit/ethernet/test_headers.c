/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Headers, checksums and large segments, on literal frames. Witness of the checksums: tshark, and a
 * textbook.
 */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "softhca/ethernet/headers.h"

#define ETHERNET 0x02, 0x48, 0x43, 0, 1, 1, 0x02, 0x48, 0x43, 0, 2, 1

/* RFC 1071's checksum of this header is b861: the example of many a textbook. */
static const uint8_t udp4[60] = {
	ETHERNET, 0x08, 0x00, 0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40,
	0x11,	  0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7,
};

static struct headers headers;

static void the_key_of_a_tagged_udp_packet(void **state)
{
	uint8_t frame[70] = {ETHERNET,
			     0x81,
			     0x00,
			     0x31,
			     0x23,
			     0x86,
			     0xdd,
			     0x65,
			     0xb1,
			     0x23,
			     0x45,
			     0x00,
			     0x0c,
			     0x11,
			     0x40,
			     [22 + 4] = 0xfe,
			     [22 + 19] = 0x01,
			     [42] = 0xff,
			     0x02,
			     [57] = 0x99,
			     0x04,
			     0x00,
			     0x12,
			     0xb5,
			     0x00,
			     0x0c,
			     0xab,
			     0xcd,
			     1,
			     2,
			     3,
			     4};
	static const uint8_t to[6] = {0x02, 0x48, 0x43, 0, 1, 1},
			     from[6] = {0x02, 0x48, 0x43, 0, 2, 1};

	(void)state;
	assert_true(headers_parse(frame, sizeof(frame), &headers));
	assert_memory_equal(headers.key.destination_mac, to, 6);
	assert_memory_equal(headers.key.source_mac, from, 6);
	assert_int_equal(headers.key.headers, FLOW_TAGGED | FLOW_IP6 | FLOW_UDP);
	assert_int_equal(be16toh(headers.key.type), 0x86dd);
	assert_int_equal(be16toh(headers.key.vlan), 0x3123);
	assert_int_equal(headers.key.protocol, 17);
	assert_int_equal(headers.key.service, 0x5b);
	assert_int_equal(be32toh(headers.key.flow_label), 0x12345);
	assert_int_equal(headers.key.source_ip[0], 0xfe - 0xfe + frame[26]);
	assert_int_equal(headers.key.destination_ip[0], 0xff);
	assert_int_equal(headers.key.destination_ip[15], 0x99);
	assert_int_equal(be16toh(headers.key.source_port), 1024);
	assert_int_equal(be16toh(headers.key.destination_port), 4789);
	assert_int_equal(headers.network, 18);
	assert_int_equal(headers.transport, 58);
	assert_int_equal(headers.end, 70);
	assert_int_equal(headers.key.tunnel, 0);
}

static void what_is_cut_short_has_no_header(void **state)
{
	uint8_t frame[60];

	(void)state;
	memcpy(frame, udp4, sizeof(frame));
	assert_false(headers_parse(frame, 59, &headers));
	/* More than there is: perftest's IPv6 packets are of that kind. */
	assert_true(headers_parse(frame, 60, &headers));
	assert_int_equal(headers.key.headers, FLOW_IP4 | FLOW_UDP);
	assert_int_equal(headers.end, 60);
	assert_true(headers.cut_off);
	assert_false(network_checksum_holds(frame, &headers));
	assert_false(transport_checksum_holds(frame, &headers));
	frame[17] = 46;
	assert_true(headers_parse(frame, 60, &headers));
	assert_int_equal(headers.key.headers, FLOW_IP4 | FLOW_UDP);
	assert_int_equal(headers.end, 60);
	assert_false(headers.cut_off);
	/* No room for ports. */
	frame[17] = 27;
	assert_true(headers_parse(frame, 60, &headers));
	assert_int_equal(headers.key.headers, FLOW_IP4);
	/* Less than the header itself. */
	frame[17] = 19;
	assert_true(headers_parse(frame, 60, &headers));
	assert_int_equal(headers.key.headers, 0);
	frame[17] = 46, frame[14] = 0x44;
	assert_true(headers_parse(frame, 60, &headers));
	assert_int_equal(headers.key.headers, 0);
}

static void a_fragment_has_no_ports(void **state)
{
	uint8_t frame[60];

	(void)state;
	memcpy(frame, udp4, sizeof(frame));
	frame[17] = 46;
	frame[20] = 0x20;
	assert_true(headers_parse(frame, 60, &headers));
	assert_int_equal(headers.key.headers, FLOW_IP4);
	frame[20] = 0, frame[21] = 1;
	assert_true(headers_parse(frame, 60, &headers));
	assert_int_equal(headers.key.headers, FLOW_IP4);
}

/* Letters in UDP, with an odd length; tshark finds both checksums good. */
static uint8_t query[] = {ETHERNET, 0x08, 0x00, 0x45, 0x00, 0x00, 0x2f, 0x00, 0x01, 0x00,
			  0x00,	    0x40, 0x11, 0x66, 0xbb, 0x0a, 0x00, 0x00, 0x01, 0x0a,
			  0x00,	    0x00, 0x02, 0x30, 0x39, 0x00, 0x35, 0x00, 0x1b, 0x93,
			  0x89,	    'a',  'b',	'c',  'd',  'e',  'f',	'g',  'h',  'i',
			  'j',	    'k',  'l',	'm',  'n',  'o',  'p',	'q',  'r',  's'};

static void checksums_of_ip4_and_udp(void **state)
{
	uint8_t frame[61] = {0};

	(void)state;
	memcpy(frame, query, sizeof(query));
	assert_true(headers_parse(frame, sizeof(frame), &headers));
	frame[24] = frame[25] = frame[40] = frame[41] = 0;
	network_checksum_set(frame, &headers);
	transport_checksum_set(frame, &headers);
	assert_int_equal(frame[24] << 8 | frame[25], 0x66bb);
	assert_int_equal(frame[40] << 8 | frame[41], 0x9389);
	assert_true(network_checksum_holds(frame, &headers));
	assert_true(transport_checksum_holds(frame, &headers));
	for (unsigned int i = 14; i < sizeof(query); i++) {
		bool in_header = i < 34;

		frame[i] ^= 0x40;
		if (in_header)
			assert_false(network_checksum_holds(frame, &headers));
		else
			assert_false(transport_checksum_holds(frame, &headers));
		frame[i] ^= 0x40;
	}
}

static void udp_over_ip4_may_do_without(void **state)
{
	uint8_t frame[61] = {0};

	(void)state;
	memcpy(frame, query, sizeof(query));
	frame[40] = frame[41] = 0;
	assert_true(headers_parse(frame, sizeof(frame), &headers));
	assert_true(transport_checksum_holds(frame, &headers));
}

static void the_textbook_header(void **state)
{
	uint8_t frame[14 + 0x73] = {0};

	(void)state;
	memcpy(frame, udp4, sizeof(udp4));
	assert_true(headers_parse(frame, sizeof(frame), &headers));
	assert_true(network_checksum_holds(frame, &headers));
	frame[24] = frame[25] = 0;
	network_checksum_set(frame, &headers);
	assert_int_equal(frame[24], 0xb8);
	assert_int_equal(frame[25], 0x61);
}

static void segments_differ_in_what_they_must(void **state)
{
	uint8_t frame[14 + 20 + 20 + 100] = {ETHERNET,	  0x08,	       0x00, 0x45,	[18] = 0x00,
					     0xff,	  [22] = 0x40, 0x06, [26] = 10, 0,
					     0,		  1,	       10,   0,		0,
					     2,		  [38] = 0xff, 0xff, 0xff,	0x9c,
					     [46] = 0x50, 0x99};

	(void)state;
	assert_true(segment_adapt(frame, sizeof(frame), 2, 100, false));
	assert_int_equal(frame[16] << 8 | frame[17], 140);
	assert_int_equal(frame[18] << 8 | frame[19], 0x0101);
	assert_int_equal(frame[38] << 24 | frame[39] << 16 | frame[40] << 8 | frame[41], 100);
	assert_int_equal(frame[47], 0x10);
	assert_true(headers_parse(frame, sizeof(frame), &headers));
	assert_true(network_checksum_holds(frame, &headers));
	assert_true(transport_checksum_holds(frame, &headers));
	frame[47] = 0x99;
	assert_true(segment_adapt(frame, sizeof(frame), 1, 100, true));
	assert_int_equal(frame[47], 0x19);
}

static void only_tcp_is_cut(void **state)
{
	uint8_t frame[61] = {0};

	(void)state;
	memcpy(frame, query, sizeof(query));
	assert_false(segment_adapt(frame, sizeof(frame), 0, 100, true));
	frame[12] = 0x88;
	assert_false(segment_adapt(frame, sizeof(frame), 0, 100, true));
}

/* Whatever stands there, nothing is read behind the first HEADERS_BYTES; a sanitizer would tell. */
static void random_frames(void **state)
{
	uint32_t random = 12345;

	(void)state;
	for (unsigned int i = 0; i < 200000; i++) {
		uint8_t frame[HEADERS_BYTES];
		uint32_t length;

		for (unsigned int j = 0; j < sizeof(frame); j++) {
			random = random * 1103515245 + 12345;
			frame[j] = (uint8_t)(random >> 16);
		}
		length = 40 + random % 2000;
		frame[12] = 0x08, frame[13] = 0x00, frame[14] = (uint8_t)(0x40 | (frame[14] & 15));
		if (i & 1)
			frame[12] = 0x86, frame[13] = 0xdd, frame[14] = 0x60;
		frame[23] = i & 2 ? 6 : 17;
		if (!headers_parse(frame, length, &headers))
			continue;
		assert_true(headers.end <= length);
		assert_true(headers.transport <= HEADERS_BYTES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_key_of_a_tagged_udp_packet),
		cmocka_unit_test(what_is_cut_short_has_no_header),
		cmocka_unit_test(a_fragment_has_no_ports),
		cmocka_unit_test(checksums_of_ip4_and_udp),
		cmocka_unit_test(udp_over_ip4_may_do_without),
		cmocka_unit_test(the_textbook_header),
		cmocka_unit_test(segments_differ_in_what_they_must),
		cmocka_unit_test(only_tcp_is_cut),
		cmocka_unit_test(random_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
