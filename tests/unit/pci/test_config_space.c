/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Configuration space as a kernel enumerates it. Offsets are written out: they are PCI's. */
#include "harness.h"

#include <string.h>

static struct config_space config;

static int setup(void **state)
{
	(void)state;
	config_space_init(&config, &fake_adapter.identity);
	return 0;
}

static uint32_t get(uint32_t offset, unsigned int bytes)
{
	uint32_t value = 0;

	config_space_read(&config, offset, &value, bytes);
	return value;
}

static bool put(uint32_t offset, uint32_t value, unsigned int bytes)
{
	return config_space_write(&config, offset, &value, bytes);
}

static void the_header_says_who_it_is(void **state)
{
	(void)state;
	assert_int_equal(get(0x00, 4), 0x101315b3);
	assert_int_equal(get(0x08, 4), 0x02070007);
	assert_int_equal(get(0x2c, 4), 0x003315b3);
	assert_int_equal(get(0x06, 2), 0x0010);
	assert_int_equal(get(0x0e, 1), 0);
	assert_int_equal(get(0x3d, 1), 0);
}

static void identity_cannot_be_written(void **state)
{
	struct config_space before = config;
	uint8_t ones[0x10];

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	put(0x00, 0xffffffff, 4);
	put(0x06, 0xffff, 2);
	put(0x08, 0xffffffff, 4);
	put(0x2c, 0xffffffff, 4);
	put(0x30, 0xffffffff, 4);
	put(0x34, 0xffffffff, 4);
	config_space_write(&config, 0xff0, ones, sizeof(ones));
	assert_memory_equal(&before, &config, sizeof(config));
}

static void bars_tell_their_sizes(void **state)
{
	(void)state;
	/* 64 KB, 64-bit and prefetchable. */
	put(0x10, 0xffffffff, 4);
	put(0x14, 0xffffffff, 4);
	assert_int_equal(get(0x10, 4), 0xffff000c);
	assert_int_equal(get(0x14, 4), 0xffffffff);
	/* Absent. */
	put(0x18, 0xffffffff, 4);
	put(0x1c, 0xffffffff, 4);
	assert_int_equal(get(0x18, 4), 0);
	assert_int_equal(get(0x1c, 4), 0);
	/* A page of MSI-X table and a page of pending bits, 32-bit. */
	put(0x20, 0xffffffff, 4);
	put(0x24, 0xffffffff, 4);
	assert_int_equal(get(0x20, 4), 0xffffe000);
	assert_int_equal(get(0x24, 4), 0);
}

static void bars_keep_addresses_byte_by_byte(void **state)
{
	(void)state;
	put(0x12, 0xab, 1);
	put(0x13, 0xfe, 1);
	put(0x16, 0x12, 1);
	assert_int_equal(get(0x10, 4), 0xfeab000c);
	assert_int_equal(get(0x14, 4), 0x00120000);
}

static void a_bar_beyond_4_gb_is_sized_by_its_upper_half(void **state)
{
	struct pci_identity identity = fake_adapter.identity;

	(void)state;
	identity.bar_bytes[2] = 1ull << 33;
	config_space_init(&config, &identity);
	put(0x18, 0xffffffff, 4);
	put(0x1c, 0xffffffff, 4);
	assert_int_equal(get(0x18, 4), 0x0000000c);
	assert_int_equal(get(0x1c, 4), 0xfffffffe);
}

static void the_command_register_switches(void **state)
{
	(void)state;
	assert_false(config_space_decodes_memory(&config));
	assert_false(config_space_masters_bus(&config));
	put(0x04, 0xffff, 2);
	assert_int_equal(get(0x04, 2), 0x0546);
	assert_true(config_space_decodes_memory(&config));
	assert_true(config_space_masters_bus(&config));
	put(0x04, 0x0002, 2);
	assert_true(config_space_decodes_memory(&config));
	assert_false(config_space_masters_bus(&config));
}

/* Walks the list as a kernel does: id and next, at most 48 of them. */
static uint32_t find_capability(uint8_t id)
{
	uint32_t at = get(0x34, 1);

	for (unsigned int i = 0; at && i < 48; i++) {
		if (get(at, 1) == id)
			return at;
		at = get(at + 1, 1);
	}
	return 0;
}

static void capabilities_are_pci_express_and_msix(void **state)
{
	uint32_t express = find_capability(0x10), msix = find_capability(0x11);

	(void)state;
	assert_true(express >= 0x40 && express % 4 == 0);
	assert_true(msix >= 0x40 && msix % 4 == 0);
	assert_int_equal(find_capability(0x05), 0);
	/* Version 2, an endpoint. */
	assert_int_equal(get(express + 2, 2), 0x0002);
	assert_int_equal(get(msix + 2, 2), FAKE_VECTORS - 1);
	assert_int_equal(get(msix + 4, 4), 0x00000004);
	assert_int_equal(get(msix + 8, 4), 0x00001004);
	/* No extended capabilities. */
	assert_int_equal(get(0x100, 4), 0);
}

static void of_msix_control_two_bits_can_be_written(void **state)
{
	uint32_t msix = find_capability(0x11);

	(void)state;
	put(msix + 2, 0xffff, 2);
	assert_int_equal(get(msix + 2, 2), 0xc000 | (FAKE_VECTORS - 1));
	assert_true(config_space_msix_enabled(&config));
	assert_true(config_space_msix_masked(&config));
	put(msix + 2, 0x8000, 2);
	assert_true(config_space_msix_enabled(&config));
	assert_false(config_space_msix_masked(&config));
}

static void a_function_level_reset_is_asked_for_by_one_bit(void **state)
{
	uint32_t control = find_capability(0x10) + 8;
	uint8_t all[CONFIG_SPACE_BYTES];

	(void)state;
	assert_true(get(control - 4, 4) & 1 << 28);
	assert_false(put(control, 0x7fff, 2));
	assert_int_equal(get(control, 2), 0x7fff);
	assert_true(put(control, 0x8000, 2));
	assert_int_equal(get(control, 2), 0);
	assert_true(put(control + 1, 0x80, 1));
	assert_false(put(control + 2, 0x8000, 2));
	assert_false(put(control, 0xff, 1));
	memset(all, 0, sizeof(all));
	assert_false(config_space_write(&config, 0, all, sizeof(all)));
	memset(all, 0xff, sizeof(all));
	assert_true(config_space_write(&config, 0, all, sizeof(all)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_header_says_who_it_is, setup),
		cmocka_unit_test_setup(identity_cannot_be_written, setup),
		cmocka_unit_test_setup(bars_tell_their_sizes, setup),
		cmocka_unit_test_setup(bars_keep_addresses_byte_by_byte, setup),
		cmocka_unit_test_setup(a_bar_beyond_4_gb_is_sized_by_its_upper_half, setup),
		cmocka_unit_test_setup(the_command_register_switches, setup),
		cmocka_unit_test_setup(capabilities_are_pci_express_and_msix, setup),
		cmocka_unit_test_setup(of_msix_control_two_bits_can_be_written, setup),
		cmocka_unit_test_setup(a_function_level_reset_is_asked_for_by_one_bit, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
