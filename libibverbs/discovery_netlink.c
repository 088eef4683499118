/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Devices from the kernel's RDMA netlink family: one dump of all devices, then one question per
 * device for its uverbs char device. It knows the driver's number, which sysfs does not tell.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/netlink.h>
#include <rdma/rdma_netlink.h>

#include "libibverbs/discovery.h"
#include "libibverbs/library.h"
#include "libibverbs/netlink.h"

#define NLDEV_MESSAGE(command) RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, RDMA_NLDEV_CMD_##command)

static void take_device(struct verbs_device_info *info, const struct nlattr *attr)
{
	switch (attr->nla_type & NLA_TYPE_MASK) {
	case RDMA_NLDEV_ATTR_DEV_INDEX:
		info->ibdev_index = netlink_u32(attr);
		break;
	case RDMA_NLDEV_ATTR_DEV_NAME:
		netlink_string(attr, info->ibdev_name, sizeof(info->ibdev_name));
		break;
	case RDMA_NLDEV_ATTR_NODE_GUID:
		info->node_guid = netlink_u64(attr);
		break;
	case RDMA_NLDEV_ATTR_DEV_NODE_TYPE:
		info->node_type = netlink_u8(attr);
		break;
	}
}

static int add_device(const struct nlmsghdr *message, void *arg)
{
	struct verbs_device_info *info = discovery_add(arg);
	const struct nlattr *attr;
	size_t left;

	if (!info)
		return ENOMEM;
	netlink_for_each_attr (attr, message, 0, left)
		take_device(info, attr);
	if (info->ibdev_index < 0 || !info->ibdev_name[0])
		return EBADMSG;
	info->transport_type = discovery_transport(info->node_type);
	return 0;
}

static int take_chardev(const struct nlmsghdr *message, void *arg)
{
	struct verbs_device_info *info = arg;
	const struct nlattr *attr;
	size_t left;

	netlink_for_each_attr (attr, message, 0, left) {
		switch (attr->nla_type & NLA_TYPE_MASK) {
		case RDMA_NLDEV_ATTR_CHARDEV:
			info->uverbs_dev = netlink_dev(netlink_u64(attr));
			break;
		case RDMA_NLDEV_ATTR_CHARDEV_ABI:
			info->abi_version = netlink_u64(attr);
			break;
		case RDMA_NLDEV_ATTR_CHARDEV_NAME:
			netlink_string(attr, info->uverbs_name, sizeof(info->uverbs_name));
			break;
		case RDMA_NLDEV_ATTR_UVERBS_DRIVER_ID:
			info->driver_id = netlink_u32(attr);
			break;
		}
	}
	return info->uverbs_name[0] ? 0 : EBADMSG;
}

static int ask_chardev(int socket, struct verbs_device_info *info)
{
	struct netlink_request request;

	netlink_begin(&request, NLDEV_MESSAGE(GET_CHARDEV), 0, NULL, 0);
	netlink_put_u32(&request, RDMA_NLDEV_ATTR_DEV_INDEX, info->ibdev_index);
	netlink_put_string(&request, RDMA_NLDEV_ATTR_CHARDEV_TYPE, "uverbs");
	return netlink_ask(socket, &request, take_chardev, info);
}

/*
 * A device that has no char device (ENODEV: it is for the kernel's own use, or goes away) is not
 * one that programs can open. Any other refusal means an old kernel: let sysfs answer.
 */
static int complete_devices(int socket, struct discovery *found)
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
	struct netlink_request request;
	int fd, err;

	err = netlink_open(NETLINK_RDMA, &fd);
	if (err)
		return err;
	netlink_begin(&request, NLDEV_MESSAGE(GET), NLM_F_DUMP, NULL, 0);
	err = netlink_ask(fd, &request, add_device, found);
	if (!err)
		err = complete_devices(fd, found);
	close(fd);
	return err;
}
