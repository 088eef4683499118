/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* GID and P_Key tables, by sysfs and by method. */
#include <endian.h>

#include "open_fake.h"

static struct ibv_context *context;

static int setup_open(void **state)
{
	setup(state);
	context = open_fake();
	return !context;
}

static int teardown_close(void **state)
{
	UNUSED;
	return ibv_close_device(context);
}

static void sysfs_entries_have_a_type(void **state)
{
	struct ibv_gid_entry entry;

	UNUSED;
	assert_int_equal(ibv_query_gid_ex(context, 1, 0, &entry, 0), 0);
	assert_int_equal(entry.gid.raw[0], 0xfe);
	assert_int_equal(entry.gid.raw[15], 0x03);
	assert_int_equal(entry.gid_type, IBV_GID_TYPE_IB);
	assert_int_equal(entry.port_num, 1);
	assert_int_equal(ibv_query_gid_ex(context, 1, 1, &entry, 0), 0);
	assert_int_equal(entry.gid_type, IBV_GID_TYPE_ROCE_V2);
	assert_int_equal(entry.gid_index, 1);
}

static void an_empty_entry_is_a_zero_gid_or_no_data(void **state)
{
	struct ibv_gid_entry entry;
	union ibv_gid gid;

	UNUSED;
	memset(&gid, 0xff, sizeof(gid));
	assert_int_equal(ibv_query_gid(context, 1, 2, &gid), 0);
	assert_true(!gid.global.subnet_prefix && !gid.global.interface_id);
	assert_int_equal(ibv_query_gid_ex(context, 1, 2, &entry, 0), ENODATA);
}

static void no_such_port_or_index(void **state)
{
	struct ibv_gid_entry entry;
	union ibv_gid gid;

	UNUSED;
	assert_int_equal(ibv_query_gid(context, 1, 3, &gid), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(ibv_query_gid(context, 1, -1, &gid), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(ibv_query_gid(context, 2, 0, &gid), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(ibv_query_gid_ex(context, 9, 0, &entry, 0), EINVAL);
	assert_int_equal(ibv_query_gid_ex(context, 1, 0, &entry, 1), EOPNOTSUPP);
}

static void garbage_in_the_table_is_an_error(void **state)
{
	static const char *const gids[] = {"", "fe80", "fe80::1::2", "hello world",
					   "fe80:0000:0000:0000:0002:c903:0000:1003:9999"};
	union ibv_gid gid;

	UNUSED;
	for (size_t i = 0; i < sizeof(gids) / sizeof(gids[0]); i++) {
		fake_tree_put("class/infiniband/fake_0/ports/1/gids/0", gids[i]);
		assert_int_equal(ibv_query_gid(context, 1, 0, &gid), -1);
		assert_int_equal(errno, EIO);
	}
}

static void the_sysfs_table_holds_the_valid_entries(void **state)
{
	struct ibv_gid_entry entries[4];

	UNUSED;
	assert_int_equal(ibv_query_gid_table(context, entries, 4, 0), 2);
	assert_int_equal(entries[1].gid_index, 1);
	assert_int_equal(ibv_query_gid_table(context, entries, 1, 0), -EINVAL);
	assert_int_equal(ibv_query_gid_table(context, entries, 0, 0), -EINVAL);
	assert_int_equal(ibv_query_gid_table(context, entries, 4, 7), -EOPNOTSUPP);
}

static uint64_t answered_entries;

static int gid_methods(struct ib_uverbs_ioctl_hdr *header)
{
	struct ib_uverbs_gid_entry entry = {
		.gid = {1, 2}, .gid_index = 6, .gid_type = 2, .netdev_ifindex = 9};
	struct ib_uverbs_attr *attr;

	if (header->method_id == UVERBS_METHOD_QUERY_GID_ENTRY) {
		attr = fake_attr(header, UVERBS_ATTR_QUERY_GID_ENTRY_RESP_ENTRY);
		memcpy((void *)(uintptr_t)attr->data, &entry, sizeof(entry));
		return 0;
	}
	if (header->method_id == UVERBS_METHOD_QUERY_GID_TABLE) {
		attr = fake_attr(header, UVERBS_ATTR_QUERY_GID_TABLE_RESP_ENTRIES);
		memcpy((void *)(uintptr_t)attr->data, &entry, sizeof(entry));
		attr = fake_attr(header, UVERBS_ATTR_QUERY_GID_TABLE_RESP_NUM_ENTRIES);
		memcpy((void *)(uintptr_t)attr->data, &answered_entries, sizeof(answered_entries));
		return 0;
	}
	return fake_kernel_method(header);
}

static void a_kernel_with_the_methods_is_asked_instead(void **state)
{
	struct ibv_gid_entry entry;

	UNUSED;
	fake_kernel.method = gid_methods;
	assert_int_equal(ibv_query_gid_ex(context, 1, 0, &entry, 0), 0);
	assert_int_equal(entry.gid_index, 6);
	assert_int_equal(entry.ndev_ifindex, 9);
	answered_entries = 1;
	assert_int_equal(ibv_query_gid_table(context, &entry, 1, 0), 1);
	assert_int_equal(entry.gid_type, IBV_GID_TYPE_ROCE_V2);
}

static void more_entries_than_asked_for_are_not_believed(void **state)
{
	struct ibv_gid_entry entry;

	UNUSED;
	fake_kernel.method = gid_methods;
	answered_entries = 2;
	assert_int_equal(ibv_query_gid_table(context, &entry, 1, 0), -EIO);
}

static void p_keys_are_found_in_both_directions(void **state)
{
	__be16 pkey;

	UNUSED;
	assert_int_equal(ibv_query_pkey(context, 1, 1, &pkey), 0);
	assert_int_equal(be16toh(pkey), 0x7fff);
	assert_int_equal(ibv_get_pkey_index(context, 1, htobe16(0x7fff)), 1);
	assert_int_equal(ibv_get_pkey_index(context, 1, htobe16(0x1234)), -1);
	assert_int_equal(ibv_query_pkey(context, 1, 2, &pkey), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(ibv_query_pkey(context, 1, -1, &pkey), -1);
	assert_int_equal(errno, EINVAL);
	fake_tree_put("class/infiniband/fake_0/ports/1/pkeys/0", "ffff more\n");
	assert_int_equal(ibv_query_pkey(context, 1, 0, &pkey), -1);
	assert_int_equal(errno, EIO);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_open, teardown_close)
	const struct CMUnitTest tests[] = {
		TEST(sysfs_entries_have_a_type),
		TEST(an_empty_entry_is_a_zero_gid_or_no_data),
		TEST(no_such_port_or_index),
		TEST(garbage_in_the_table_is_an_error),
		TEST(the_sysfs_table_holds_the_valid_entries),
		TEST(a_kernel_with_the_methods_is_asked_instead),
		TEST(more_entries_than_asked_for_are_not_believed),
		TEST(p_keys_are_found_in_both_directions),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
