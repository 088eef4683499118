/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Wire headers and checksums against literal bytes. */
#include "harness.h"

#include <string.h>

#include "hw/wire/ethernet.h"
#include "hw/wire/grh.h"
#include "hw/wire/icrc.h"
#include "hw/wire/lrh.h"

/* The check values that every catalogue of CRCs gives for the digits 1 to 9: CRC-32 of Ethernet. */
static void icrc_is_the_crc_of_ethernet(void **state)
{
	(void)state;
	assert_int_equal(icrc_finish(icrc_update(ICRC_START, "123456789", 9)), 0xcbf43926);
}

/* The sample of a local packet in the specification, vol. 1, "Link layer CRCs": an RDMA write of 14
 * bytes, and its ICRC as it lies on the wire. */
static void icrc_is_that_of_the_specifications_sample(void **state)
{
	static const uint8_t packet[] = {
		0x70, 0x12, 0x37, 0x5c, 0x00, 0x0e, 0x17, 0xd2, 0x0a, 0x20, 0x24, 0x87, 0x00,
		0x87, 0xb1, 0xb3, 0x00, 0x0d, 0xec, 0x2a, 0x01, 0x71, 0x0a, 0x1c, 0x01, 0x5d,
		0x40, 0x02, 0x38, 0xf2, 0x7a, 0x05, 0x00, 0x00, 0x00, 0x0e, 0xbb, 0x88, 0x4d,
		0x85, 0xfd, 0x5c, 0xfb, 0xa4, 0x72, 0x8b, 0xc0, 0x69, 0x0e, 0xd4, 0x00, 0x00,
	};
	static const uint8_t expected[ICRC_BYTES] = {0x96, 0x25, 0xb7, 0x5a};
	uint8_t masked[sizeof(packet)];
	uint32_t icrc;

	(void)state;
	memcpy(masked, packet, sizeof(packet));
	masked[0] |= LRH_VL_MASK;
	masked[sizeof(struct wire_lrh) + 4] = 0xff;
	icrc = htole32(icrc_finish(icrc_update(ICRC_START, masked, sizeof(masked))));
	assert_memory_equal(&icrc, expected, sizeof(expected));
}

static unsigned int reflect(unsigned int value, unsigned int bits)
{
	unsigned int result = 0;

	for (unsigned int i = 0; i < bits; i++)
		result |= (value >> i & 1) << (bits - 1 - i);
	return result;
}

/* x^16 + x^12 + x^3 + x + 1, bit by bit as the specification defines it: least significant bit of
 * each byte first, started with ones, inverted. */
static void vcrc_follows_its_polynomial(void **state)
{
	uint8_t bytes[100];
	uint16_t crc = 0xffff;

	(void)state;
	for (unsigned int i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (uint8_t)(i * 41);
		for (unsigned int bit = 0; bit < 8; bit++) {
			unsigned int out = crc >> 15 ^ (bytes[i] >> bit & 1u);

			crc = (uint16_t)(crc << 1 ^ (out ? 0x100b : 0));
		}
	}
	assert_int_equal(vcrc_of(bytes, sizeof(bytes)), reflect((uint16_t)~crc, 16));
}

/* RFC 1071's own example of a sum, and a header that sums up to all ones with its checksum. */
static void ip_checksum_makes_the_sum_all_ones(void **state)
{
	static const uint8_t example[8] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	struct wire_ip4 ip = {.version_words = IP4_VERSION_WORDS, .source = {10, 77, 0, 1}};

	(void)state;
	assert_int_equal(be16toh(inet_checksum(inet_sum(0, example, sizeof(example)))),
			 (uint16_t)~0xddf2);
	ip.checksum = inet_checksum(inet_sum(0, &ip, sizeof(ip)));
	assert_int_equal(inet_checksum(inet_sum(0, &ip, sizeof(ip))), 0);
}

static void headers_lie_as_the_specification_draws_them(void **state)
{
	static const uint8_t expected[4] = {0x6a, 0xb1, 0x23, 0x45};
	struct wire_grh grh = {.version_class_flow = grh_version_class_flow(0xab, 0x12345)};

	(void)state;
	assert_memory_equal(&grh, expected, sizeof(expected));
	assert_int_equal(grh_traffic_class(&grh), 0xab);
	assert_int_equal(grh_flow_label(&grh), 0x12345);
	assert_int_equal(lrh_sl_next(0xc, LRH_NEXT_GRH), 0xc3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(icrc_is_the_crc_of_ethernet),
		cmocka_unit_test(icrc_is_that_of_the_specifications_sample),
		cmocka_unit_test(vcrc_follows_its_polynomial),
		cmocka_unit_test(ip_checksum_makes_the_sum_all_ones),
		cmocka_unit_test(headers_lie_as_the_specification_draws_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
