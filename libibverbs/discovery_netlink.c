/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Devices from the kernel's RDMA netlink family: one dump of all devices, then one question per
 * device for its uverbs char device. It knows the driver's number, which sysfs does not tell.
 */
#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <rdma/rdma_netlink.h>

#include "libibverbs/discovery.h"
#include "libibverbs/library.h"
#include "libibverbs/netlink.h"

#define NLDEV_MESSAGE(command) RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, RDMA_NLDEV_CMD_##command)

/* libnl demands of a string that it ends with a NUL. */
static const struct nla_policy policy[RDMA_NLDEV_ATTR_MAX] = {
	[RDMA_NLDEV_ATTR_DEV_INDEX] = {.type = NLA_U32},
	[RDMA_NLDEV_ATTR_DEV_NAME] = {.type = NLA_STRING, .maxlen = IBV_SYSFS_NAME_MAX},
	[RDMA_NLDEV_ATTR_NODE_GUID] = {.type = NLA_U64},
	[RDMA_NLDEV_ATTR_DEV_NODE_TYPE] = {.type = NLA_U8},
	[RDMA_NLDEV_ATTR_CHARDEV] = {.type = NLA_U64},
	[RDMA_NLDEV_ATTR_CHARDEV_ABI] = {.type = NLA_U64},
	[RDMA_NLDEV_ATTR_CHARDEV_NAME] = {.type = NLA_STRING, .maxlen = IBV_SYSFS_NAME_MAX},
	[RDMA_NLDEV_ATTR_UVERBS_DRIVER_ID] = {.type = NLA_U32},
};

static bool parse(struct nlmsghdr *answer, struct nlattr *attrs[RDMA_NLDEV_ATTR_MAX])
{
	return !nlmsg_parse(answer, 0, attrs, RDMA_NLDEV_ATTR_MAX - 1, policy);
}

/* Names become parts of paths. */
static bool take_name(char name[IBV_SYSFS_NAME_MAX], const struct nlattr *attr)
{
	if (!attr)
		return false;
	nla_strlcpy(name, attr, IBV_SYSFS_NAME_MAX);
	return name[0] && !strchr(name, '/');
}

static int add_device(struct nlmsghdr *answer, void *arg)
{
	struct nlattr *attrs[RDMA_NLDEV_ATTR_MAX];
	struct verbs_device_info *info = discovery_add(arg);

	if (!info)
		return ENOMEM;
	if (!parse(answer, attrs) || !attrs[RDMA_NLDEV_ATTR_DEV_INDEX] ||
	    !take_name(info->ibdev_name, attrs[RDMA_NLDEV_ATTR_DEV_NAME]))
		return EBADMSG;
	info->ibdev_index = nla_get_u32(attrs[RDMA_NLDEV_ATTR_DEV_INDEX]);
	if (info->ibdev_index < 0)
		return EBADMSG;
	if (attrs[RDMA_NLDEV_ATTR_NODE_GUID])
		info->node_guid = nla_get_u64(attrs[RDMA_NLDEV_ATTR_NODE_GUID]);
	if (attrs[RDMA_NLDEV_ATTR_DEV_NODE_TYPE])
		info->node_type = nla_get_u8(attrs[RDMA_NLDEV_ATTR_DEV_NODE_TYPE]);
	info->transport_type = discovery_transport(info->node_type);
	return 0;
}

/* huge_encode_dev(): minor bits 0-7, major bits 8-19, minor bits 8 and up from bit 20. */
static uint64_t dev_from_kernel(uint64_t dev)
{
	return makedev((dev & 0xfff00) >> 8, (dev & 0xff) | (dev >> 12 & 0xfff00));
}

static int take_chardev(struct nlmsghdr *answer, void *arg)
{
	struct nlattr *attrs[RDMA_NLDEV_ATTR_MAX];
	struct verbs_device_info *info = arg;

	if (!parse(answer, attrs) ||
	    !take_name(info->uverbs_name, attrs[RDMA_NLDEV_ATTR_CHARDEV_NAME]))
		return EBADMSG;
	if (attrs[RDMA_NLDEV_ATTR_CHARDEV])
		info->uverbs_dev = dev_from_kernel(nla_get_u64(attrs[RDMA_NLDEV_ATTR_CHARDEV]));
	if (attrs[RDMA_NLDEV_ATTR_CHARDEV_ABI])
		info->abi_version = nla_get_u64(attrs[RDMA_NLDEV_ATTR_CHARDEV_ABI]);
	if (attrs[RDMA_NLDEV_ATTR_UVERBS_DRIVER_ID])
		info->driver_id = nla_get_u32(attrs[RDMA_NLDEV_ATTR_UVERBS_DRIVER_ID]);
	return 0;
}

static int ask_devices(struct nl_sock *socket, struct discovery *found)
{
	struct nl_msg *question = nlmsg_alloc_simple(NLDEV_MESSAGE(GET), NLM_F_DUMP);
	int err = ENOMEM;

	if (question)
		err = netlink_ask(socket, question, add_device, found);
	nlmsg_free(question);
	return err;
}

static int ask_chardev(struct nl_sock *socket, struct verbs_device_info *info)
{
	struct nl_msg *question = nlmsg_alloc_simple(NLDEV_MESSAGE(GET_CHARDEV), 0);
	int err = ENOMEM;

	if (question && !nla_put_u32(question, RDMA_NLDEV_ATTR_DEV_INDEX, info->ibdev_index) &&
	    !nla_put_string(question, RDMA_NLDEV_ATTR_CHARDEV_TYPE, "uverbs"))
		err = netlink_ask(socket, question, take_chardev, info);
	nlmsg_free(question);
	if (!err && !info->uverbs_name[0])
		err = EBADMSG; /* an acknowledgement and no answer */
	return err;
}

/*
 * A device that has no char device (ENODEV: it is for the kernel's own use, or goes away) is not
 * one that programs can open. Any other refusal means an old kernel: let sysfs answer.
 */
static int complete_devices(struct nl_sock *socket, struct discovery *found)
{
	size_t kept = 0;
	int err;

	for (size_t i = 0; i < found->count; i++) {
		struct verbs_device_info *info = &found->devices[i];

		err = ask_chardev(socket, info);
		if (err == ENODEV || err == ENOENT)
			continue;
		if (!err)
			err = discovery_complete(info);
		if (err)
			return err;
		found->devices[kept++] = *info;
	}
	found->count = kept;
	return 0;
}

int discovery_by_netlink(struct discovery *found)
{
	struct nl_sock *socket;
	int err;

	err = netlink_open(NETLINK_RDMA, &socket);
	if (err)
		return err;
	err = ask_devices(socket, found);
	if (!err)
		err = complete_devices(socket, found);
	nl_socket_free(socket);
	return err;
}
