/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which provider serves a device. */
#include "libibverbs/library.h"
#include "open_fake.h"

static const struct verbs_match rows_a[] = {
	VERBS_MATCH_NAME_PREFIX("soft", NULL),
	VERBS_MATCH_MODALIAS("usb:v00FF*", NULL),
	VERBS_MATCH_END,
};

static const struct verbs_match rows_b[] = {
	VERBS_MATCH_PCI(0x15b3, 0x1017, rows_a),
	VERBS_MATCH_DRIVER_ID(5, NULL),
	VERBS_MATCH_END,
};

static const struct verbs_device_ops provider_a = {.name = "a",
						   .driver_id = 4,
						   .abi_version_min = 1,
						   .abi_version_max = 1,
						   .match_table = rows_a};
static const struct verbs_device_ops provider_b = {.name = "b",
						   .driver_id = 5,
						   .abi_version_min = 2,
						   .abi_version_max = 3,
						   .match_table = rows_b};
static const struct verbs_device_ops second_b = {.name = "b",
						 .driver_id = 5,
						 .abi_version_min = 1,
						 .abi_version_max = 9,
						 .match_table = rows_b};
static const struct verbs_device_ops from_elsewhere = {
	.name = "c", .driver_id = 4, .abi_version_max = 9, .match_table = rows_a};

static int register_all(void **state)
{
	UNUSED;
	verbs_register_provider(&provider_a, VERBS_PROVIDER_INTERFACE);
	verbs_register_provider(&provider_b, VERBS_PROVIDER_INTERFACE);
	verbs_register_provider(&second_b, VERBS_PROVIDER_INTERFACE);
	verbs_register_provider(&from_elsewhere, VERBS_PROVIDER_INTERFACE + 1);
	return 0;
}

static const struct verbs_device_ops *find(const char *name, const char *modalias, int driver_id,
					   uint32_t abi)
{
	struct verbs_device_info info = {.driver_id = driver_id, .abi_version = abi};
	const struct verbs_match *match;

	strcpy(info.ibdev_name, name);
	strcpy(info.modalias, modalias);
	return provider_find(&info, &match);
}

static void every_kind_of_row_matches(void **state)
{
	UNUSED;
	assert_ptr_equal(find("soft0", "", -1, 1), &provider_a);
	assert_ptr_equal(find("x", "usb:v00FFp0001", -1, 1), &provider_a);
	assert_ptr_equal(find("x", "pci:v000015B3d00001017sv0bc0", -1, 2), &provider_b);
	assert_ptr_equal(find("x", "", 5, 2), &provider_b);
	assert_null(find("x", "pci:v000015B3d00001018sv0bc0", -1, 2));
	assert_null(find("x", "pci:v000015B3", -1, 2));
	assert_null(find("x", "", -1, 1));
}

static void the_drivers_number_overrules_the_hardware(void **state)
{
	UNUSED;
	assert_null(find("soft0", "", 5, 1));
	assert_null(find("x", "pci:v000015B3d00001017sv0bc0", 4, 2));
	assert_ptr_equal(find("soft0", "", 4, 1), &provider_a);
}

static void an_abi_outside_the_range_does_not_fit(void **state)
{
	UNUSED;
	assert_null(find("x", "", 5, 1));
	assert_ptr_equal(find("x", "", 5, 3), &provider_b);
	assert_null(find("x", "", 5, 4));
}

static void the_row_that_matched_is_handed_over(void **state)
{
	struct verbs_device_info info = {.driver_id = -1, .abi_version = 2};
	const struct verbs_match *match;

	UNUSED;
	strcpy(info.modalias, "pci:v000015B3d00001017sv0bc0");
	assert_non_null(provider_find(&info, &match));
	assert_ptr_equal(match->data, rows_a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_row_matches),
		cmocka_unit_test(the_drivers_number_overrules_the_hardware),
		cmocka_unit_test(an_abi_outside_the_range_does_not_fit),
		cmocka_unit_test(the_row_that_matched_is_handed_over),
	};

	return cmocka_run_group_tests(tests, register_all, NULL);
}
