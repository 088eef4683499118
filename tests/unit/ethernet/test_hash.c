/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The hash of receive side scaling. Witness: the verification suite of Microsoft's "Receive Side
 * Scaling" specification, all of its key, addresses and results.
 */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "softhca/ethernet/toeplitz.h"

static const uint8_t key[RSS_KEY_BYTES] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

static struct flow_key frame(uint8_t headers, const uint8_t *source, const uint8_t *destination,
			     uint16_t source_port, uint16_t destination_port)
{
	struct flow_key made = {
		.headers = headers,
		.source_port = htobe16(source_port),
		.destination_port = htobe16(destination_port),
	};
	size_t bytes = headers & FLOW_IP4 ? 4 : 16;

	memcpy(made.source_ip, source, bytes);
	memcpy(made.destination_ip, destination, bytes);
	return made;
}

static void expect(uint32_t fields, const struct flow_key *made, uint32_t hash,
		   uint32_t hashed_fields)
{
	uint32_t hashed = ~0u;

	assert_int_equal(rss_hash(key, fields, made, &hashed), hash);
	assert_int_equal(hashed, hashed_fields);
}

static void ip4(void **state)
{
	static const struct {
		uint8_t source[4], destination[4];
		uint16_t source_port, destination_port;
		uint32_t of_addresses, of_ports;
	} vectors[] = {
		{{66, 9, 149, 187}, {161, 142, 100, 80}, 2794, 1766, 0x323e8fc2, 0x51ccc178},
		{{199, 92, 111, 2}, {65, 69, 140, 83}, 14230, 4739, 0xd718262a, 0xc626b0ea},
		{{24, 19, 198, 95}, {12, 22, 207, 184}, 12898, 38024, 0xd2d0a5de, 0x5c2b394a},
		{{38, 27, 205, 30}, {209, 142, 163, 6}, 48228, 2217, 0x82989176, 0xafc7327f},
		{{153, 39, 163, 191}, {202, 188, 127, 2}, 44251, 1303, 0x5d1809c5, 0x10e828a2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct flow_key tcp =
			frame(FLOW_IP4 | FLOW_TCP, vectors[i].source, vectors[i].destination,
			      vectors[i].source_port, vectors[i].destination_port);
		struct flow_key udp = tcp;

		udp.headers = FLOW_IP4 | FLOW_UDP;
		expect(RSS_IP4, &tcp, vectors[i].of_addresses, RSS_IP4);
		expect(RSS_IP4 | RSS_TCP, &tcp, vectors[i].of_ports, RSS_IP4 | RSS_TCP);
		expect(RSS_IP4 | RSS_UDP, &udp, vectors[i].of_ports, RSS_IP4 | RSS_UDP);
		/* What the frame has not is not hashed. */
		expect(RSS_IP4 | RSS_UDP, &tcp, vectors[i].of_addresses, RSS_IP4);
	}
}

static void ip6(void **state)
{
	static const struct {
		uint8_t source[16], destination[16];
		uint16_t source_port, destination_port;
		uint32_t of_addresses, of_ports;
	} vectors[] = {
		{{0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x1f, 0xff, 0, 0, 0, 0, 0, 0, 0, 7},
		 {0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x00, 0x03, 0, 0, 0, 0, 0, 0, 0, 1},
		 2794,
		 1766,
		 0x2cc18cd5,
		 0x40207d3d},
		{{0x3f, 0xfe, 0x05, 0x01, 0, 8, 0, 0, 2, 0x60, 0x97, 0xff, 0xfe, 0x40, 0xef, 0xab},
		 {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
		 14230,
		 4739,
		 0x0f0c461c,
		 0xdde51bbf},
		{{0x3f, 0xfe, 0x19, 0, 0x45, 0x45, 0, 3, 2, 0, 0xf8, 0xff, 0xfe, 0x21, 0x67, 0xcf},
		 {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0xf8, 0xff, 0xfe, 0x21, 0x67, 0xcf},
		 44251,
		 38024,
		 0x4b61e985,
		 0x02d1feef},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct flow_key made =
			frame(FLOW_IP6 | FLOW_TCP, vectors[i].source, vectors[i].destination,
			      vectors[i].source_port, vectors[i].destination_port);

		expect(RSS_IP6, &made, vectors[i].of_addresses, RSS_IP6);
		expect(RSS_IP6 | RSS_TCP, &made, vectors[i].of_ports, RSS_IP6 | RSS_TCP);
	}
}

static void nothing_to_hash_is_zero(void **state)
{
	static const uint8_t address[16] = {1, 2, 3, 4};
	struct flow_key made = frame(FLOW_IP4 | FLOW_UDP, address, address, 1, 2);

	(void)state;
	expect(RSS_IP6 | RSS_TCP, &made, 0, 0);
	made.headers = 0;
	expect(RSS_IP4 | RSS_UDP, &made, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ip4),
		cmocka_unit_test(ip6),
		cmocka_unit_test(nothing_to_hash_is_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
