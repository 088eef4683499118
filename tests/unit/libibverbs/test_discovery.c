/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Discovery by netlink from canned datagrams: what rdma_netlink.h says a kernel sends, and what it
 * must never send.
 */
#include <rdma/rdma_netlink.h>
#include <sys/sysmacros.h>

#include "libibverbs/discovery.h"
#include "libibverbs/netlink.h"
#include "open_fake.h"

#define DEVICES RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, RDMA_NLDEV_CMD_GET)
#define CHARDEV RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, RDMA_NLDEV_CMD_GET_CHARDEV)

static struct nl_msg *messages[8];

/* Message i, sent as a datagram of its own. */
static struct nl_msg *message(unsigned int i, uint16_t type, uint16_t flags)
{
	nlmsg_free(messages[i]);
	messages[i] = nlmsg_alloc_simple(type, flags);
	assert_non_null(messages[i]);
	return messages[i];
}

static void send_messages(unsigned int count)
{
	fake_kernel.num_datagrams = count;
	for (unsigned int i = 0; i < count; i++) {
		fake_kernel.datagrams[i] = nlmsg_hdr(messages[i]);
		fake_kernel.datagram_lens[i] = nlmsg_hdr(messages[i])->nlmsg_len;
	}
}

static int free_messages(void **state)
{
	for (unsigned int i = 0; i < 8; i++) {
		nlmsg_free(messages[i]);
		messages[i] = NULL;
	}
	return group_teardown(state);
}

static void put_device_name(unsigned int i, uint32_t index, const void *name, int len)
{
	struct nl_msg *m = message(i, DEVICES, NLM_F_MULTI);

	assert_int_equal(nla_put_u32(m, RDMA_NLDEV_ATTR_DEV_INDEX, index), 0);
	assert_int_equal(nla_put(m, RDMA_NLDEV_ATTR_DEV_NAME, len, name), 0);
	assert_int_equal(nla_put_u64(m, RDMA_NLDEV_ATTR_NODE_GUID, 0x0002c90300001002), 0);
	assert_int_equal(nla_put_u8(m, RDMA_NLDEV_ATTR_DEV_NODE_TYPE, IBV_NODE_CA), 0);
	/* an attribute of a kernel to come */
	assert_int_equal(nla_put_u32(m, 9999, 1), 0);
}

static void put_device(unsigned int i, uint32_t index, const char *name)
{
	put_device_name(i, index, name, strlen(name) + 1);
}

static void put_done(unsigned int i, int error)
{
	struct nl_msg *m = message(i, NLMSG_DONE, NLM_F_MULTI);

	assert_int_equal(nlmsg_append(m, &error, sizeof(error), NLMSG_ALIGNTO), 0);
}

/* 0: an acknowledgement. */
static void put_error(unsigned int i, int error)
{
	struct nl_msg *m = message(i, NLMSG_ERROR, 0);
	struct nlmsgerr body = {.error = error};

	assert_int_equal(nlmsg_append(m, &body, sizeof(body), NLMSG_ALIGNTO), 0);
}

static void put_chardev(unsigned int i, const char *name)
{
	const uint64_t dev = 231 << 8 | 192 | 1u << 20;
	struct nl_msg *m = message(i, CHARDEV, 0);

	assert_int_equal(nla_put_u64(m, RDMA_NLDEV_ATTR_CHARDEV, dev), 0);
	assert_int_equal(nla_put_u64(m, RDMA_NLDEV_ATTR_CHARDEV_ABI, 1), 0);
	assert_int_equal(nla_put_string(m, RDMA_NLDEV_ATTR_CHARDEV_NAME, name), 0);
	assert_int_equal(nla_put_u32(m, RDMA_NLDEV_ATTR_UVERBS_DRIVER_ID, FAKE_DRIVER_ID), 0);
}

/* Everything that one device makes the kernel say. */
static void put_conversation(void)
{
	put_device(0, 5, "fake_0");
	put_done(1, 0);
	put_chardev(2, "uverbs0");
	put_error(3, 0);
	send_messages(4);
}

static void netlink_tells_what_sysfs_does_not(void **state)
{
	struct discovery found = {};

	UNUSED;
	put_conversation();
	assert_int_equal(discovery_by_netlink(&found), 0);
	assert_int_equal(found.count, 1);
	assert_string_equal(found.devices[0].ibdev_name, "fake_0");
	assert_string_equal(found.devices[0].uverbs_name, "uverbs0");
	assert_int_equal(found.devices[0].ibdev_index, 5);
	assert_int_equal(found.devices[0].driver_id, FAKE_DRIVER_ID);
	assert_int_equal(found.devices[0].abi_version, 1);
	assert_int_equal(found.devices[0].node_type, IBV_NODE_CA);
	assert_int_equal(found.devices[0].transport_type, IBV_TRANSPORT_IB);
	assert_true(found.devices[0].node_guid == 0x0002c90300001002);
	assert_int_equal(major(found.devices[0].uverbs_dev), 231);
	assert_int_equal(minor(found.devices[0].uverbs_dev), 192 | 1 << 8);
	assert_string_equal(found.devices[0].modalias,
			    "pci:v00001234d00005678sv0000sd0000bc02sc07i00");
	discovery_free(&found);
}

static void a_device_without_a_char_device_is_left_out(void **state)
{
	struct discovery found = {};

	UNUSED;
	put_device(0, 5, "fake_0");
	put_device(1, 6, "fake_1");
	put_done(2, 0);
	put_error(3, -ENODEV);
	put_chardev(4, "uverbs1");
	put_error(5, 0);
	send_messages(6);
	assert_int_equal(discovery_by_netlink(&found), 0);
	assert_int_equal(found.count, 1);
	assert_string_equal(found.devices[0].ibdev_name, "fake_1");
	discovery_free(&found);
}

static void a_kernel_without_the_command_sends_us_to_sysfs(void **state)
{
	struct discovery found = {};

	UNUSED;
	put_device(0, 5, "fake_0");
	put_done(1, 0);
	put_error(2, -EINVAL);
	send_messages(3);
	assert_int_equal(discovery_run(&found), 0);
	assert_int_equal(found.count, 1);
	assert_int_equal(found.devices[0].ibdev_index, -1);
	assert_int_equal(found.devices[0].driver_id, -1);
	discovery_free(&found);
}

static void an_error_in_the_dump_is_reported(void **state)
{
	struct discovery found = {};

	UNUSED;
	put_done(0, -EPERM);
	send_messages(1);
	assert_int_equal(discovery_by_netlink(&found), EPERM);
	discovery_free(&found);
}

/* Every cut of a good conversation ends in an error or in fewer attributes, never beyond the data.
 */
static void truncated_messages_are_survived(void **state)
{
	UNUSED;
	for (size_t cut = 0; cut < 80; cut += 1) {
		struct discovery found = {};
		int err;

		put_conversation();
		if (cut >= fake_kernel.datagram_lens[0])
			break;
		fake_kernel.datagram_lens[0] = cut;
		err = discovery_by_netlink(&found);
		assert_true(err != 0 || found.count <= 1);
		discovery_free(&found);
	}
}

/* Bytes changed at random, always the same random ones: an error or a list, nothing else. */
static void damaged_messages_are_survived(void **state)
{
	unsigned int seed = 7;

	UNUSED;
	for (int round = 0; round < 3000; round++) {
		struct discovery found = {};

		put_conversation();
		for (int damage = 0; damage < 3; damage++) {
			unsigned int which, at;

			seed = seed * 1103515245 + 12345;
			which = (seed >> 8) % 4;
			at = (seed >> 12) % fake_kernel.datagram_lens[which];
			((uint8_t *)nlmsg_hdr(messages[which]))[at] = seed >> 24;
		}
		if (!discovery_by_netlink(&found))
			for (size_t i = 0; i < found.count; i++)
				assert_null(strchr(found.devices[i].uverbs_name, '/'));
		discovery_free(&found);
	}
}

static void an_attribute_longer_than_its_message_ends_the_walk(void **state)
{
	struct discovery found = {};
	struct nlattr *attr;

	UNUSED;
	put_conversation();
	attr = nlmsg_attrdata(nlmsg_hdr(messages[0]), 0);
	attr->nla_len = 60000;
	assert_int_equal(discovery_by_netlink(&found), EBADMSG);
	discovery_free(&found);
}

static void a_message_longer_than_its_datagram_is_no_answer(void **state)
{
	struct discovery found = {};

	UNUSED;
	put_device(0, 5, "fake_0");
	send_messages(1);
	nlmsg_hdr(messages[0])->nlmsg_len = 100000;
	assert_int_equal(discovery_by_netlink(&found), ETIMEDOUT);
	discovery_free(&found);
}

static void names_with_a_slash_never_become_paths(void **state)
{
	struct discovery found = {};

	UNUSED;
	put_device(0, 5, "../../etc");
	put_done(1, 0);
	send_messages(2);
	assert_int_equal(discovery_by_netlink(&found), EBADMSG);
	discovery_free(&found);
}

static void silence_is_not_waited_for(void **state)
{
	struct discovery found = {};

	UNUSED;
	put_device(0, 5, "fake_0");
	send_messages(1); /* and no end of the dump */
	assert_int_equal(discovery_by_netlink(&found), ETIMEDOUT);
	discovery_free(&found);
}

static void an_answer_to_another_question_is_refused(void **state)
{
	struct discovery found = {};

	UNUSED;
	put_conversation();
	nlmsg_hdr(messages[2])->nlmsg_seq = 1;
	assert_int_equal(discovery_by_netlink(&found), EBADMSG);
	discovery_free(&found);
}

static void an_acknowledgement_is_no_answer(void **state)
{
	struct discovery found = {};

	UNUSED;
	put_device(0, 5, "fake_0");
	put_done(1, 0);
	put_error(2, 0);
	send_messages(3);
	assert_int_equal(discovery_by_netlink(&found), EBADMSG);
	discovery_free(&found);
}

static void names_must_end_within_their_attribute_and_fit(void **state)
{
	struct discovery found = {};
	char name[IBV_SYSFS_NAME_MAX + 1];

	UNUSED;
	memset(name, 'x', sizeof(name));
	for (int len = 0; len <= (int)sizeof(name); len++) {
		name[sizeof(name) - 1] = len == sizeof(name) ? '\0' : 'x';
		put_device_name(0, 5, name, len);
		put_done(1, 0);
		send_messages(2);
		assert_int_equal(discovery_by_netlink(&found), EBADMSG);
		discovery_free(&found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(netlink_tells_what_sysfs_does_not, setup),
		cmocka_unit_test_setup(a_device_without_a_char_device_is_left_out, setup),
		cmocka_unit_test_setup(a_kernel_without_the_command_sends_us_to_sysfs, setup),
		cmocka_unit_test_setup(an_error_in_the_dump_is_reported, setup),
		cmocka_unit_test_setup(truncated_messages_are_survived, setup),
		cmocka_unit_test_setup(damaged_messages_are_survived, setup),
		cmocka_unit_test_setup(an_attribute_longer_than_its_message_ends_the_walk, setup),
		cmocka_unit_test_setup(a_message_longer_than_its_datagram_is_no_answer, setup),
		cmocka_unit_test_setup(names_with_a_slash_never_become_paths, setup),
		cmocka_unit_test_setup(silence_is_not_waited_for, setup),
		cmocka_unit_test_setup(an_answer_to_another_question_is_refused, setup),
		cmocka_unit_test_setup(an_acknowledgement_is_no_answer, setup),
		cmocka_unit_test_setup(names_must_end_within_their_attribute_and_fit, setup),
	};

	return cmocka_run_group_tests(tests, group_setup, free_messages);
}
