/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The list of devices: identity, references, unplugging, trees that make no sense. */
#include <endian.h>

#include "open_fake.h"

static void the_device_is_described(void **state)
{
	struct ibv_device **list;
	int count;

	UNUSED;
	list = ibv_get_device_list(&count);
	assert_non_null(list);
	assert_int_equal(count, 1);
	assert_null(list[1]);
	assert_string_equal(ibv_get_device_name(list[0]), "fake_0");
	assert_string_equal(list[0]->dev_name, "uverbs0");
	assert_int_equal(list[0]->node_type, IBV_NODE_CA);
	assert_int_equal(list[0]->transport_type, IBV_TRANSPORT_IB);
	assert_int_equal(be64toh(ibv_get_device_guid(list[0])), 0x0002c90300001002);
	assert_int_equal(ibv_get_device_index(list[0]), -1);
	ibv_free_device_list(list);
}

static void two_lists_have_the_same_devices(void **state)
{
	struct ibv_device **first = ibv_get_device_list(NULL), **second = ibv_get_device_list(NULL);

	UNUSED;
	assert_ptr_equal(first[0], second[0]);
	ibv_free_device_list(first);
	assert_string_equal(ibv_get_device_name(second[0]), "fake_0");
	ibv_free_device_list(second);
	assert_int_equal(fake_live_devices, 1);
}

static void an_unplugged_device_lives_while_somebody_holds_it(void **state)
{
	struct ibv_device **before = ibv_get_device_list(NULL), **after;
	struct ibv_context *context;
	int count;

	UNUSED;
	context = ibv_open_device(before[0]);
	assert_non_null(context);
	fake_tree_unplug();
	after = ibv_get_device_list(&count);
	assert_int_equal(count, 0);
	assert_null(after[0]);
	ibv_free_device_list(after);
	assert_string_equal(ibv_get_device_name(before[0]), "fake_0");
	ibv_free_device_list(before);
	assert_int_equal(fake_live_devices, 1);
	assert_string_equal(ibv_get_device_name(context->device), "fake_0");
	assert_int_equal(ibv_close_device(context), 0);
	assert_int_equal(fake_live_devices, 0);
}

static void a_device_that_reuses_a_name_is_another_one(void **state)
{
	struct ibv_device **before = ibv_get_device_list(NULL), **after;

	UNUSED;
	/* Plugged in again while the old folder's inode is still taken. */
	fake_tree_put("class/infiniband/fake_1/node_type", "1: CA\n");
	fake_tree_put("class/infiniband_verbs/uverbs0/ibdev", "fake_1\n");
	fake_tree_put("class/infiniband/fake_1/device/modalias",
		      "pci:v00001234d00005678sv0000sd0000bc02sc07i00\n");
	after = ibv_get_device_list(NULL);
	assert_non_null(after[0]);
	assert_ptr_not_equal(before[0], after[0]);
	assert_string_equal(ibv_get_device_name(before[0]), "fake_0");
	assert_string_equal(ibv_get_device_name(after[0]), "fake_1");
	ibv_free_device_list(before);
	ibv_free_device_list(after);
}

static void assert_no_device(void)
{
	struct ibv_device **list;
	int count;

	list = ibv_get_device_list(&count);
	assert_non_null(list);
	assert_int_equal(count, 0);
	ibv_free_device_list(list);
}

static void garbage_in_sysfs_hides_the_device(void **state)
{
	static const struct {
		const char *path, *text;
	} broken[] = {
		{"class/infiniband_verbs/uverbs0/ibdev", ""},
		{"class/infiniband_verbs/uverbs0/ibdev", "../../etc\n"},
		{"class/infiniband_verbs/uverbs0/ibdev", NULL},
		{"class/infiniband_verbs/uverbs0/dev", "231\n"},
		{"class/infiniband_verbs/uverbs0/dev", "231:192:7\n"},
		{"class/infiniband_verbs/uverbs0/dev", NULL},
		{"class/infiniband_verbs/uverbs0/abi_version", "-1\n"},
		{"class/infiniband_verbs/uverbs0/abi_version", "99999999999999999999\n"},
		{"class/infiniband_verbs/uverbs0/abi_version", "one\n"},
		{"class/infiniband/fake_0/node_type", "CA\n"},
		{"class/infiniband/fake_0/node_type", NULL},
		/* These are readable and not for this provider. */
		{"class/infiniband_verbs/uverbs0/abi_version", "3\n"},
		{"class/infiniband/fake_0/device/modalias", "pci:v00001234\n"},
		{"class/infiniband/fake_0/device/modalias", NULL},
	};

	UNUSED;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		fake_tree_unplug();
		assert_no_device();
		fake_tree_reset();
		fake_tree_put(broken[i].path, broken[i].text);
		assert_no_device();
	}
}

static void a_name_longer_than_its_place_is_cut_nowhere(void **state)
{
	char name[200];

	UNUSED;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	fake_tree_put("class/infiniband_verbs/uverbs0/ibdev", name);
	assert_no_device();
}

static void without_the_class_the_kernel_has_no_rdma(void **state)
{
	int count = 7;

	UNUSED;
	fake_tree_put("class/infiniband_verbs/abi_version", NULL);
	assert_null(ibv_get_device_list(&count));
	assert_int_equal(errno, ENOSYS);
	assert_int_equal(count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_device_is_described, setup),
		cmocka_unit_test_setup(two_lists_have_the_same_devices, setup),
		cmocka_unit_test_setup(an_unplugged_device_lives_while_somebody_holds_it, setup),
		cmocka_unit_test_setup(a_device_that_reuses_a_name_is_another_one, setup),
		cmocka_unit_test_setup(garbage_in_sysfs_hides_the_device, setup),
		cmocka_unit_test_setup(a_name_longer_than_its_place_is_cut_nowhere, setup),
		cmocka_unit_test_setup(without_the_class_the_kernel_has_no_rdma, setup),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
