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

/* A local packet with its two CRCs as the specification prints it (vol. 1, 7.8, sample packet):
 * LRH, BTH, RETH and 16... bytes, ICRC 96 25 b7 5a, VCRC 2d 14. */
static void crcs_are_those_of_the_specification(void **state)
{
	static const uint8_t packet[] = {
		0x70, 0x12, 0x37, 0x5c, 0x00, 0x0e, 0x17, 0xd2, 0x0a, 0x20, 0x24, 0x10,
		0x87, 0xb1, 0xb3, 0x00, 0x0d, 0xec, 0x2a, 0x01, 0x71, 0x0a, 0x1c, 0x01,
		0x5d, 0x40, 0x02, 0x38, 0xf2, 0x7a, 0x05, 0x00, 0x00, 0x00, 0x0e, 0xbb,
		0x4d, 0x85, 0xfd, 0x5c, 0xfb, 0xa4, 0x72, 0x8b, 0xc0, 0x69, 0x0e, 0xd4,
		0x00, 0x00, 0x00, 0x00, 0x96, 0x25, 0xb7, 0x5a,
	};
	uint8_t masked[sizeof(packet)];
	uint32_t icrc;

	(void)state;
	memcpy(masked, packet, sizeof(packet));
	masked[0] |= 0xf0;
	masked[12] = 0xff;
	icrc = icrc_finish(icrc_update(ICRC_START, masked, sizeof(packet) - ICRC_BYTES));
	for (unsigned int i = 0; i < ICRC_BYTES; i++)
		assert_int_equal((uint8_t)(icrc >> 8 * i), packet[sizeof(packet) - ICRC_BYTES + i]);
	assert_int_equal(vcrc_of(packet, sizeof(packet)), 0x142d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(icrc_is_the_crc_of_ethernet),
		cmocka_unit_test(crcs_are_those_of_the_specification),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
